"""The database file: made for its owner's eyes only, marked as ours, and refused when it is not."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import suppress
from pathlib import Path

from flowcore.errors import InvalidInputError

#: The path that means: in this process's memory.
MEMORY = ":memory:"

#: Version of the layout of tables that this code writes; a file with a higher one is refused.
SCHEMA = 1

#: What marks a file as ours in its header: the letters ``flow``.
APPLICATION = 0x666C6F77

#: Milliseconds that a statement waits for another process.
PATIENCE_MS = 5_000

_TRIES = 50
_PAUSE = 0.1


def connect(path: str, *, writes: bool) -> sqlite3.Connection:
    """Open a connection that may be closed from another thread; every statement is its own transaction."""
    if path != MEMORY:
        _make_private(Path(path))
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA busy_timeout = {PATIENCE_MS}")
    if not writes:
        connection.execute("PRAGMA query_only = ON")
    return connection


def _make_private(path: Path) -> None:
    for folder in reversed([folder for folder in path.absolute().parents if not folder.exists()]):
        folder.mkdir(mode=0o700, exist_ok=True)
    # Only a file that nobody has open is opened here: closing it again would drop the locks of this process.
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def prepare(connection: sqlite3.Connection) -> None:
    """Check the file's mark and set it up for readers beside a writer.

    Raises:
        InvalidInputError: it is another program's (code ``store.foreign``) or a newer flowcore's (``store.newer``).
    """
    _require_ours(connection)
    _write_ahead(connection)
    # With the log written ahead, a crash of the machine may cost the last writes but never the database.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA journal_size_limit = 67108864")
    connection.execute("BEGIN IMMEDIATE")
    try:
        _require_ours(connection)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {SCHEMA}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _require_ours(connection: sqlite3.Connection) -> None:
    try:
        (mark,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (things,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        raise _foreign("it is not an SQLite database") from error
    if mark != APPLICATION and (mark or things):
        raise _foreign("it is the database of another program")
    if version > SCHEMA:
        message = f"the database has layout {version}, this flowcore knows layouts up to {SCHEMA}"
        raise InvalidInputError.of(message, rule="store-file", code="store.newer", fix="use a newer flowcore")


def _foreign(message: str) -> InvalidInputError:
    return InvalidInputError.of(
        f"the database file cannot be used: {message}", rule="store-file", code="store.foreign", fix="name another file"
    )


def _write_ahead(connection: sqlite3.Connection) -> None:
    # Changing the journal needs the file alone, and SQLite does not wait for that by itself.
    for attempt in range(_TRIES):
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError:
            if attempt == _TRIES - 1:
                raise
            time.sleep(_PAUSE)
        else:
            return
