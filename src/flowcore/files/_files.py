"""The files around a description of an application: read below one folder, and nothing outside of it."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Protocol

from attrs import field, frozen

from flowcore.errors import ForbiddenError, NotFoundError


class EntryKind(StrEnum):
    """What a path leads to."""

    FILE = "file"
    FOLDER = "folder"
    MISSING = "missing"
    OUTSIDE = "outside"


@frozen
class Entry:
    """What stands at a path; ``size`` in bytes is that of a file, else 0."""

    kind: EntryKind
    size: int = 0


class Files(Protocol):
    """Reads below a folder; paths are relative to it (``./conf/a.txt``)."""

    def look(self, path: str) -> Entry:
        """Return what stands at *path*; a path that leaves the folder (``..``, absolute, symlink) is outside."""

    def read(self, path: str) -> bytes:
        """Return a file's bytes.

        Raises:
            NotFoundError: there is no such file.
            ForbiddenError: the path leaves the folder.
        """

    def names(self, path: str) -> tuple[str, ...]:
        """Return the sorted names in a folder; empty when it is none, or outside."""


def inside(path: str) -> str | None:
    """Return *path* without ``.`` and ``..``, or None when it leaves the folder; the folder itself is ``.``."""
    if not path or "\0" in path or "\\" in path or path.startswith(("/", "~")) or path[1:2] == ":":
        return None
    parts: list[str] = []
    for part in PurePosixPath(path).parts:
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts) or "."


def _real(path: str | Path) -> Path:
    return Path(path).resolve()


@frozen
class FolderFiles:
    """The files below a folder of this machine."""

    root: Path = field(converter=_real)

    def _find(self, path: str) -> Path | None:
        """Return the real path, or None when it is outside."""
        clean = inside(path)
        if clean is None:
            return None
        try:
            real = (self.root / clean).resolve()
        except (OSError, RuntimeError, ValueError):
            return None  # a circle of symlinks, or no name that a disk can hold
        return real if real == self.root or self.root in real.parents else None

    def look(self, path: str) -> Entry:
        """See ``Files.look``."""
        real = self._find(path)
        if real is None:
            return Entry(EntryKind.OUTSIDE)
        try:
            if real.is_dir():
                return Entry(EntryKind.FOLDER)
            return Entry(EntryKind.FILE, real.stat().st_size) if real.is_file() else Entry(EntryKind.MISSING)
        except (OSError, ValueError):
            return Entry(EntryKind.MISSING)

    def read(self, path: str) -> bytes:
        """See ``Files.read``."""
        real = self._find(path)
        if real is None:
            raise ForbiddenError(f"{path} is outside the project's folder", code="files.outside")
        try:
            return real.read_bytes()
        except OSError as error:
            raise NotFoundError(f"{path} cannot be read: {error.strerror}", code="files.not_found") from error

    def names(self, path: str) -> tuple[str, ...]:
        """See ``Files.names``."""
        real = self._find(path)
        try:
            return tuple(sorted(entry.name for entry in real.iterdir())) if real else ()
        except OSError:
            return ()


def _as_bytes(contents: Mapping[str, str | bytes]) -> dict[str, bytes]:
    return {inside(path) or path: text.encode() if isinstance(text, str) else text for path, text in contents.items()}


@frozen
class MemoryFiles:
    """Files given as a mapping from path to content, for texts that come without a folder."""

    contents: Mapping[str, bytes] = field(factory=dict, converter=_as_bytes, repr=False)

    def look(self, path: str) -> Entry:
        """See ``Files.look``."""
        clean = inside(path)
        if clean is None:
            return Entry(EntryKind.OUTSIDE)
        if clean in self.contents:
            return Entry(EntryKind.FILE, len(self.contents[clean]))
        return Entry(EntryKind.FOLDER if self.names(clean) else EntryKind.MISSING)

    def read(self, path: str) -> bytes:
        """See ``Files.read``."""
        clean = inside(path)
        if clean is None:
            raise ForbiddenError(f"{path} is outside the project's folder", code="files.outside")
        if clean not in self.contents:
            raise NotFoundError(f"{path} was not given with the text", code="files.not_found")
        return self.contents[clean]

    def names(self, path: str) -> tuple[str, ...]:
        """See ``Files.names``."""
        clean = inside(path)
        start = "" if clean == "." else f"{clean}/"
        if clean is None:
            return ()
        return tuple(sorted({name[len(start) :].split("/")[0] for name in self.contents if name.startswith(start)}))


def _clean(path: str) -> str:
    return inside(path) or path


@frozen
class Below:
    """Files seen from a folder in them: paths are relative to it, and may climb up to where *files* end.

    Attributes:
        files: all that may be read.
        folder: where paths start, relative to the root of *files*.
    """

    files: Files
    folder: str = field(converter=_clean)

    def _path(self, path: str) -> str:
        # What is not relative stays what it is, and is refused.
        return path if path.startswith(("/", "~")) or path[1:2] == ":" else posixpath.join(self.folder, path)

    def look(self, path: str) -> Entry:
        """See ``Files.look``."""
        return self.files.look(self._path(path)) if path else Entry(EntryKind.OUTSIDE)

    def read(self, path: str) -> bytes:
        """See ``Files.read``."""
        return self.files.read(self._path(path))

    def names(self, path: str) -> tuple[str, ...]:
        """See ``Files.names``."""
        return self.files.names(self._path(path)) if path else ()
