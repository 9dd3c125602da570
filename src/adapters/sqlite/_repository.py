"""Entities of one kind in a table."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from adapters.sqlite._database import Database, transaction
from adapters.sqlite._table import Table
from flowcore.ports.records import Shape, from_text, is_possible_id

E = TypeVar("E")

#: How many entities are added before the ones that have expired are cleared away once.
ADDS_PER_SWEEP = 1_000


class SqliteRepository(Generic[E]):
    """A repository over one table, which is made when it is first used."""

    def __init__(self, shape: Shape[E], database: Database) -> None:
        self._shape = shape
        self._table = Table(shape)
        self._database = database
        self._is_made = False
        self._adds = 0

    async def add(self, entity: E) -> E:
        """Store a new entity and return it with revision 1."""

        def work(connection: sqlite3.Connection) -> E:
            document = self._shape.document(entity, revision=1)
            self._sweep(connection)
            return self._restored(self._table.insert(connection, document))

        await self._make()
        return await self._database.write(work)

    async def get(self, entity_id: str) -> E:
        """Return the entity."""

        def work(connection: sqlite3.Connection) -> E:
            text = self._table.text(connection, entity_id)
            if text is None:
                raise self._shape.not_found()
            return self._restored(text)

        if not is_possible_id(entity_id):
            raise self._shape.not_found()
        await self._make()
        return await self._database.read(work)

    async def replace(self, entity: E) -> E:
        """Store a changed entity and return it with the next revision."""
        self._shape.require_changeable()

        def work(connection: sqlite3.Connection) -> E:
            revision = self._shape.revision_of(entity)
            document = self._shape.document(entity, revision=revision + 1)
            return self._restored(self._table.update(connection, document, revision=revision))

        await self._make()
        return await self._database.write(work)

    async def remove(self, entity_id: str) -> bool:
        """Forget the entity; say whether there was one."""
        self._shape.require_changeable()
        if not is_possible_id(entity_id):
            return False
        await self._make()
        return await self._database.write(lambda connection: self._table.delete(connection, entity_id))

    async def find(
        self, where: Mapping[str, Any], *, order_by: Sequence[str] = (), limit: int = 0, offset: int = 0
    ) -> list[E]:
        """Return the entities whose fields equal *where*."""
        query = self._shape.query(where, order_by, limit, offset)

        def work(connection: sqlite3.Connection) -> list[E]:
            return [self._restored(text) for text in self._table.texts(connection, query)]

        await self._make()
        return await self._database.read(work)

    async def count(self, where: Mapping[str, Any]) -> int:
        """Return how many entities match."""
        query = self._shape.query(where)
        await self._make()
        return await self._database.read(lambda connection: self._table.count(connection, query))

    def _restored(self, text: str) -> E:
        return self._shape.restore(from_text(text))

    async def _make(self) -> None:
        if not self._is_made:
            await self._database.write(self._make_table)

    def _make_table(self, connection: sqlite3.Connection) -> None:
        if self._is_made:
            return
        with transaction(connection):
            self._table.make(connection)
            self._table.delete_expired(connection, datetime.now(UTC))
        self._is_made = True

    def _sweep(self, connection: sqlite3.Connection) -> None:
        self._adds += 1
        if self._adds % ADDS_PER_SWEEP == 0:
            self._table.delete_expired(connection, datetime.now(UTC))
