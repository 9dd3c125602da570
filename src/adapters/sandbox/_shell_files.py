"""The inside of a simulated container: files, processes, who one is and what time it is."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from datetime import datetime

from attrs import define, field, frozen

#: Bytes a container may write.
_ROOM = 4 * 1024 * 1024


class ShellFileError(Exception):
    """A file operation failed; the text is the operating system's."""


@frozen
class Process:
    """A process: number, who runs it, and its command line."""

    number: int
    user: str
    command: str


@define(kw_only=True)
class Machine:
    """What a shell finds inside a container.

    Attributes:
        hostname: the container's host name.
        user: name of the user.
        user_id: number of the user.
        environment: variables at the start.
        image_files: files that are there from the start, by path.
        directories: directories that are there though they may be empty.
        read_only: paths below which nothing can be written.
        disk: what was written since, by path; None marks what was removed. Shared by all shells of a container.
        processes: the processes of the container.
        now: tells the time.
        working_directory: where a shell starts.
        has_bash: whether there is a bash beside sh.
        has_shell: whether there is a shell at all.
    """

    hostname: str
    user: str = "root"
    user_id: int = 0
    environment: Mapping[str, str] = field(factory=dict)
    image_files: Mapping[str, bytes] = field(factory=dict)
    directories: frozenset[str] = frozenset()
    read_only: tuple[str, ...] = ()
    disk: dict[str, bytes | None] = field(factory=dict)
    processes: tuple[Process, ...] = ()
    now: Callable[[], datetime]
    working_directory: str = "/"
    has_bash: bool = True
    has_shell: bool = True

    def read(self, path: str) -> bytes:
        """Return a file's content.

        Raises:
            ShellFileError: it is no file.
        """
        content = self.disk[path] if path in self.disk else self.image_files.get(path)
        if content is None:
            raise ShellFileError("Is a directory" if self.is_directory(path) else "No such file or directory")
        return content

    def is_file(self, path: str) -> bool:
        """Whether there is such a file."""
        return (self.disk[path] if path in self.disk else self.image_files.get(path)) is not None

    def is_directory(self, path: str) -> bool:
        """Whether there is such a directory."""
        return path == "/" or path in self._all_directories()

    def _all_directories(self) -> set[str]:
        found = set(self.directories)
        for path in (*self._files(), *self.directories, *(path for path in self.disk if path.endswith("/"))):
            parent = posixpath.dirname(path)
            while parent not in ("/", ""):
                found.add(parent)
                parent = posixpath.dirname(parent)
        return found

    def _files(self) -> list[str]:
        kept = [path for path in self.image_files if path not in self.disk]
        return kept + [path for path, content in self.disk.items() if content is not None and not path.endswith("/")]

    def children(self, path: str) -> list[str]:
        """Return the names in a directory, sorted.

        Raises:
            ShellFileError: it is no directory.
        """
        if not self.is_directory(path):
            raise ShellFileError("Not a directory" if self.is_file(path) else "No such file or directory")
        prefix = path.rstrip("/") + "/"
        inside = [entry for entry in (*self._files(), *self._all_directories()) if entry.startswith(prefix)]
        return sorted({entry.removeprefix(prefix).partition("/")[0] for entry in inside} - {""})

    def write(self, path: str, content: bytes, *, append: bool = False) -> None:
        """Write a file.

        Raises:
            ShellFileError: it cannot be written there.
        """
        self._check_writable(path)
        if self.is_directory(path):
            raise ShellFileError("Is a directory")
        if not self.is_directory(posixpath.dirname(path)):
            raise ShellFileError("nonexistent directory")
        before = self.read(path) if append and self.is_file(path) else b""
        written = sum(len(kept) for other, kept in self.disk.items() if kept and other != path)
        if written + len(before) + len(content) > _ROOM:
            raise ShellFileError("No space left on device")
        self.disk[path] = before + content

    def make_directory(self, path: str) -> None:
        """Make a directory and those above it.

        Raises:
            ShellFileError: it cannot be made there.
        """
        self._check_writable(path)
        if self.is_file(path):
            raise ShellFileError("File exists")
        self.disk[path.rstrip("/") + "/"] = b""

    def remove(self, path: str) -> None:
        """Remove a file or a directory with all that is in it.

        Raises:
            ShellFileError: there is none, or it cannot be changed.
        """
        self._check_writable(path)
        if not self.is_file(path) and not self.is_directory(path):
            raise ShellFileError("No such file or directory")
        for inside in [entry for entry in self._files() if entry == path or entry.startswith(path + "/")]:
            self.disk[inside] = None
        for made in [entry for entry in self.disk if entry.endswith("/") and entry.startswith(path + "/")]:
            del self.disk[made]

    def _check_writable(self, path: str) -> None:
        if any(path == place or path.startswith(place.rstrip("/") + "/") for place in self.read_only):
            raise ShellFileError("Read-only file system")


def absolute(path: str, directory: str) -> str:
    """Return a path from the root, without dots and doubled slashes."""
    joined = posixpath.normpath(posixpath.join(directory, path))
    return "/" + joined.lstrip("/")
