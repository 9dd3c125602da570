"""A store in MongoDB, shared by any number of processes."""

from adapters.mongo._store import MongoStore, open_mongo

__all__ = ["MongoStore", "open_mongo"]
