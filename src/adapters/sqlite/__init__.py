"""A store in one SQLite file."""

from adapters.sqlite._store import SqliteStore, open_sqlite

__all__ = ["SqliteStore", "open_sqlite"]
