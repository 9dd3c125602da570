"""Files beside a description of an application: in a folder, in memory, or in a tree somebody fetched."""

from flowcore.files._files import Entry, EntryKind, Files, FolderFiles, MemoryFiles, inside

__all__ = ["Entry", "EntryKind", "Files", "FolderFiles", "MemoryFiles", "inside"]
