"""Files beside a description of an application: in a folder, in memory, or in a tree somebody fetched."""

from flowcore.files._files import Below, Entry, EntryKind, Files, FolderFiles, MemoryFiles, inside
from flowcore.files._names import COMPOSE_NAMES, OVERRIDE_NAMES

__all__ = [
    "COMPOSE_NAMES",
    "OVERRIDE_NAMES",
    "Below",
    "Entry",
    "EntryKind",
    "Files",
    "FolderFiles",
    "MemoryFiles",
    "inside",
]
