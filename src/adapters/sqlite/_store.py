"""A store in one SQLite file: what runs without any server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast

from adapters.sqlite._database import Database
from adapters.sqlite._repository import SqliteRepository
from flowcore.errors import InvalidInputError
from flowcore.ports.records import shape_of
from flowcore.ports.storage import Entity, Repository, Store

E = TypeVar("E")


class SqliteStore:
    """One open file. Several processes may open the same file.

    Expired entities are cleared away when a table is first used and now and then while entities are added.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._repositories: dict[Entity[Any], SqliteRepository[Any]] = {}

    def repository(self, entity: Entity[E]) -> Repository[E]:
        """Return the repository of an entity; the same data however often it is asked."""
        if entity not in self._repositories:
            self._repositories[entity] = SqliteRepository(shape_of(entity), self._database)
        return cast(Repository[E], self._repositories[entity])

    async def ping(self) -> None:
        """Say that the file can be read.

        Raises:
            UnavailableError: it cannot.
        """
        await self._database.read(
            lambda connection: connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        )


@asynccontextmanager
async def open_sqlite(path: str) -> AsyncIterator[Store]:
    """Open the database file at *path*, making it (for its owner only) if there is none; ``:memory:`` needs no file.

    Raises:
        InvalidInputError: it is the file of another program, or of a newer flowcore.
        UnavailableError: it cannot be opened.
    """
    if not path:
        raise InvalidInputError.of("no database file is named", rule="store-file", path="path")
    database = Database(path)
    try:
        await database.open()
        yield SqliteStore(database)
    finally:
        await database.close()
