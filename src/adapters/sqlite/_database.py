"""One SQLite file, worked on by threads so that the event loop never waits for the disk."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from adapters.sqlite._file import MEMORY, connect, prepare
from flowcore.errors import UnavailableError

T = TypeVar("T")

#: Threads that read beside the one that writes; SQLite allows any number, the disk and the interpreter few.
READERS = 3


class Database:
    """The connections to one file: one that writes, a few that read.

    Every piece of work runs wholly in its thread and has ended its transaction when it returns, so a caller that
    is cancelled while it waits leaves nothing open. Work that had begun then is finished, work that had not is dropped.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._writer = ThreadPoolExecutor(1, "flowcore-sqlite-writer")
        # A database in memory is one connection's own: whoever reads shares it with the writer.
        self._readers = self._writer if path == MEMORY else ThreadPoolExecutor(READERS, "flowcore-sqlite-reader")
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []

    async def open(self) -> None:
        """Make the file if there is none, and check that it is ours.

        Raises:
            InvalidInputError: it is another program's, or a newer flowcore's.
            UnavailableError: it cannot be opened.
        """
        await self._run(self._writer, prepare)

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run *work* after all writes that were asked for before.

        Raises:
            UnavailableError: SQLite reports a problem, or the store was closed.
        """
        return await self._run(self._writer, work)

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run *work* beside other reads; it sees every write that has returned.

        Raises:
            UnavailableError: SQLite reports a problem, or the store was closed.
        """
        return await self._run(self._readers, work)

    async def close(self) -> None:
        """Finish what has begun and close the file; goes on when the caller is cancelled meanwhile."""
        await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, self._close))

    def _close(self) -> None:
        for pool in (self._writer, self._readers):
            pool.shutdown(wait=True)
        for connection in self._connections:
            connection.close()

    async def _run(self, pool: ThreadPoolExecutor, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            working = asyncio.get_running_loop().run_in_executor(pool, self._call, work, pool is self._writer)
        except RuntimeError as error:
            raise UnavailableError(f"the database {self._path} was closed", code="store.unavailable") from error
        return await working

    def _call(self, work: Callable[[sqlite3.Connection], T], writes: bool) -> T:
        try:
            return work(self._connection(writes))
        except (sqlite3.Error, OSError) as error:
            message = f"the database {self._path} does not answer: {error}"
            raise UnavailableError(message, code="store.unavailable") from error

    def _connection(self, writes: bool) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = connect(self._path, writes=writes)
            self._local.connection = connection
            self._connections.append(connection)
        return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Take the only place to write, and commit all or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
