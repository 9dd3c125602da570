"""Entities of one kind in a dictionary."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Generic, TypeAlias, TypeVar

from attrs import define, frozen

from flowcore.ports.records import Query, Scalar, Shape, from_text, to_text

E = TypeVar("E")


@frozen
class Kept:
    """One stored entity: its searchable fields, and all of it as text, so that nobody can change what is stored."""

    scalars: Mapping[str, Scalar]
    text: str


#: What is stored of one kind, by id.
Shelf: TypeAlias = dict[str, Kept]


@define
class MemoryRepository(Generic[E]):
    """A repository over a dictionary. No method awaits anything, so every one is atomic."""

    _shape: Shape[E]
    _shelf: Shelf
    _require_open: Callable[[], None]

    async def add(self, entity: E) -> E:
        """Store a new entity and return it with revision 1."""
        self._require_open()
        kept = self._keep(entity, revision=1)
        if self._id(kept) in self._shelf:
            raise self._shape.taken(["id"])
        return self._put(kept)

    async def get(self, entity_id: str) -> E:
        """Return the entity."""
        self._require_open()
        kept = self._shelf.get(entity_id)
        if kept is None:
            raise self._shape.not_found()
        return self._restore(kept)

    async def replace(self, entity: E) -> E:
        """Store a changed entity and return it with the next revision."""
        self._shape.require_changeable()
        self._require_open()
        revision = self._shape.revision_of(entity)
        kept = self._keep(entity, revision=revision + 1)
        stored = self._shelf.get(self._id(kept))
        if stored is None:
            raise self._shape.not_found()
        if stored.scalars["revision"] != revision:
            raise self._shape.stale()
        return self._put(kept)

    async def remove(self, entity_id: str) -> bool:
        """Forget the entity; say whether there was one."""
        self._shape.require_changeable()
        self._require_open()
        return self._shelf.pop(entity_id, None) is not None

    async def find(
        self, where: Mapping[str, Any], *, order_by: Sequence[str] = (), limit: int = 0, offset: int = 0
    ) -> list[E]:
        """Return the entities whose fields equal *where*."""
        self._require_open()
        query = self._shape.query(where, order_by, limit, offset)
        found = self._matching(query)
        for name, descending in reversed(query.order):
            found.sort(key=partial(_rank, name), reverse=descending)
        end = offset + limit if limit else None
        return [self._restore(kept) for kept in found[offset:end]]

    async def count(self, where: Mapping[str, Any]) -> int:
        """Return how many entities match."""
        self._require_open()
        return len(self._matching(self._shape.query(where)))

    def _keep(self, entity: E, *, revision: int) -> Kept:
        document = self._shape.document(entity, revision=revision)
        return Kept({name: document[name] for name in self._shape.scalars}, to_text(document))

    def _put(self, kept: Kept) -> E:
        own_id = self._id(kept)
        for group in self._shape.entity.unique:
            values = [kept.scalars[name] for name in group]
            others = (other for other_id, other in self._shelf.items() if other_id != own_id)
            if any([other.scalars[name] for name in group] == values for other in others):
                raise self._shape.taken(group)
        self._shelf[own_id] = kept
        return self._restore(kept)

    def _restore(self, kept: Kept) -> E:
        return self._shape.restore(from_text(kept.text))

    def _matching(self, query: Query) -> list[Kept]:
        return [
            kept
            for kept in self._shelf.values()
            if all(kept.scalars[name] in wanted for name, wanted in query.where.items())
            and all(_lies_in(kept.scalars[name], limits) for name, limits in query.ranges.items())
        ]

    @staticmethod
    def _id(kept: Kept) -> str:
        return str(kept.scalars["id"])


def _lies_in(value: Any, limits: tuple[Any, Any]) -> bool:
    low, high = limits
    return value is not None and (low is None or value >= low) and (high is None or value < high)


def _rank(name: str, kept: Kept) -> tuple[bool, Any]:
    # Nothing sorts before everything, as in the databases.
    value = kept.scalars[name]
    return (value is not None, value)
