"""A store kept in this process."""

from adapters.memory._store import MemoryStore, open_memory

__all__ = ["MemoryStore", "open_memory"]
