"""Entities of one kind in a collection."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Generic, TypeVar

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError

from adapters.mongo._codec import field_of, from_bson, to_bson
from adapters.mongo._errors import translated
from flowcore.ports.records import Query, Shape, is_possible_id

E = TypeVar("E")


class MongoRepository(Generic[E]):
    """A repository over one collection, whose indexes are made when it is first used."""

    def __init__(self, shape: Shape[E], collection: AsyncCollection[dict[str, Any]], address: str) -> None:
        self._shape = shape
        self._collection = collection
        self._address = address
        self._is_made = False
        self._making = asyncio.Lock()

    async def add(self, entity: E) -> E:
        """Store a new entity and return it with revision 1."""
        document = self._shape.document(entity, revision=1)
        await self._make()
        with self._translated():
            try:
                await self._collection.insert_one(to_bson(document))
            except DuplicateKeyError as error:
                raise self._shape.taken(self._group(error)) from None
        return self._shape.restore(document)

    async def get(self, entity_id: str) -> E:
        """Return the entity."""
        if not is_possible_id(entity_id):
            raise self._shape.not_found()
        await self._make()
        with self._translated():
            stored = await self._collection.find_one({"_id": entity_id})
        if stored is None:
            raise self._shape.not_found()
        return self._shape.restore(from_bson(stored))

    async def replace(self, entity: E) -> E:
        """Store a changed entity and return it with the next revision."""
        self._shape.require_changeable()
        revision = self._shape.revision_of(entity)
        document = self._shape.document(entity, revision=revision + 1)
        entity_id = document["id"]
        await self._make()
        with self._translated():
            try:
                result = await self._collection.replace_one({"_id": entity_id, "revision": revision}, to_bson(document))
            except DuplicateKeyError as error:
                raise self._shape.taken(self._group(error)) from None
            if not result.matched_count:
                stored = await self._collection.find_one({"_id": entity_id}, {"_id": 1})
                raise self._shape.not_found() if stored is None else self._shape.stale()
        return self._shape.restore(document)

    async def remove(self, entity_id: str) -> bool:
        """Forget the entity; say whether there was one."""
        self._shape.require_changeable()
        if not is_possible_id(entity_id):
            return False
        await self._make()
        with self._translated():
            result = await self._collection.delete_one({"_id": entity_id})
        return result.deleted_count > 0

    async def find(
        self, where: Mapping[str, Any], *, order_by: Sequence[str] = (), limit: int = 0, offset: int = 0
    ) -> list[E]:
        """Return the entities whose fields equal *where*."""
        query = self._shape.query(where, order_by, limit, offset)
        order = [(field_of(name), DESCENDING if descending else ASCENDING) for name, descending in query.order]
        await self._make()
        with self._translated():
            async with self._collection.find(_filter(query), sort=order, skip=offset, limit=limit) as cursor:
                stored = await cursor.to_list()
        return [self._shape.restore(from_bson(each)) for each in stored]

    async def count(self, where: Mapping[str, Any]) -> int:
        """Return how many entities match."""
        query = self._shape.query(where)
        await self._make()
        with self._translated():
            return await self._collection.count_documents(_filter(query))

    async def _make(self) -> None:
        if self._is_made:
            return
        async with self._making:
            indexes = list(_indexes(self._shape))
            if not self._is_made and indexes:
                with self._translated():
                    await self._collection.create_indexes(indexes)
            self._is_made = True

    def _translated(self) -> AbstractContextManager[None]:
        return translated(self._address)

    def _group(self, error: DuplicateKeyError) -> Sequence[str]:
        details = error.details or {}
        taken = list(details.get("keyPattern") or ())
        text = str(details.get("errmsg", ""))
        for group in self._shape.entity.unique:
            if taken == [field_of(name) for name in group] or f"index: {_index_name('unique', group)} " in text:
                return group
        return ["id"]


def _filter(query: Query) -> dict[str, Any]:
    equal = {
        field_of(name): wanted[0] if len(wanted) == 1 else {"$in": list(wanted)} for name, wanted in query.where.items()
    }
    return equal | {field_of(name): _range(limits) for name, limits in query.ranges.items()}


def _range(limits: tuple[Any, Any]) -> dict[str, Any]:
    given = {sign: limit for sign, limit in zip(("$gte", "$lt"), limits, strict=True) if limit is not None}
    return given or {"$ne": None}


def _indexes(shape: Shape[E]) -> list[IndexModel]:
    entity = shape.entity
    indexes = [
        IndexModel([(field_of(name), ASCENDING) for name in group], name=_index_name("unique", group), unique=True)
        for group in entity.unique
        if group != ("id",)
    ]
    indexes += [
        IndexModel([(field_of(name), ASCENDING) for name in group], name=_index_name("by", group))
        for group in entity.indexes
        if group not in [("id",), (entity.expires,), *entity.unique]
    ]
    if entity.expires:
        indexes.append(IndexModel([(entity.expires, ASCENDING)], name=_index_name("expires", ()), expireAfterSeconds=0))
    return indexes


def _index_name(word: str, group: Sequence[str]) -> str:
    return "__".join([word, *group])
