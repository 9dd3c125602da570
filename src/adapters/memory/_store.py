"""A store kept in this process: for tests, and for trying things out without a file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from adapters.memory._repository import MemoryRepository, Shelf
from flowcore.errors import UnavailableError
from flowcore.ports.records import shape_of
from flowcore.ports.storage import Entity, Repository, Store

E = TypeVar("E")


class MemoryStore:
    """Everything is gone when it is closed. Entities with ``expires`` are kept until then."""

    def __init__(self) -> None:
        self._shelves: dict[str, Shelf] = {}
        self._is_open = True

    def repository(self, entity: Entity[E]) -> Repository[E]:
        """Return the repository of an entity; the same data however often it is asked."""
        shelf = self._shelves.setdefault(entity.name, {})
        return MemoryRepository(shape_of(entity), shelf, self._require_open)

    async def ping(self) -> None:
        """Say that the store is open.

        Raises:
            UnavailableError: it was closed.
        """
        self._require_open()

    def close(self) -> None:
        """Forget everything."""
        self._shelves.clear()
        self._is_open = False

    def _require_open(self) -> None:
        if not self._is_open:
            raise UnavailableError("the store was closed", code="store.unavailable")


@asynccontextmanager
async def open_memory() -> AsyncIterator[Store]:
    """Open an empty store."""
    store = MemoryStore()
    try:
        yield store
    finally:
        store.close()
