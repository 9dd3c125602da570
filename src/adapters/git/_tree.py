"""The tree of one commit, read from Git's objects: there is no work tree, so no filter, hook or symlink can act."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from contextlib import suppress
from threading import Lock

from attrs import field, frozen

from adapters.git._errors import too_large
from flowcore.errors import ForbiddenError, LimitExceededError, NotFoundError, UnavailableError
from flowcore.files import Entry, EntryKind, inside

_SYMLINK = "120000"
_MOST_HOPS = 40  # as many as Linux follows
_LONGEST_TARGET = 4096


@frozen
class Leaf:
    """What a path of the tree holds: a file or a symlink.

    Attributes:
        mode: Git's mode, six digits.
        object_id: the hash.
        size: bytes.
    """

    mode: str
    object_id: str
    size: int


def parse_tree(listing: bytes, most: int) -> dict[str, Leaf]:
    """Return the leaves of ``git ls-tree -r -z -l``; submodules are left out.

    Raises:
        LimitExceededError: there are more than *most*.
    """
    leaves: dict[str, Leaf] = {}
    for record in listing.split(b"\0"):
        about, _, path = record.partition(b"\t")
        words = about.decode().split()
        if len(words) == 4 and words[1] == "blob":
            leaves[path.decode(errors="replace")] = Leaf(words[0], words[2], int(words[3]))
        if len(leaves) > most:
            raise too_large(f"it has more than {most} files")
    return leaves


class BlobReader:
    """Reads objects through one ``git cat-file --batch``, which starts with the first read and ends with ``close``."""

    def __init__(self, git: str, environment: Mapping[str, str]) -> None:
        self._git = git
        self._environment = environment
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_closed = False

    def read(self, object_id: str) -> bytes:
        """Return the bytes of an object.

        Raises:
            NotFoundError: the reader is closed.
            UnavailableError: Git does not give it.
        """
        with self._lock:
            pipes = self._start()
            assert pipes.stdin is not None
            assert pipes.stdout is not None
            try:
                pipes.stdin.write(f"{object_id}\n".encode())
                pipes.stdin.flush()
                header = pipes.stdout.readline().split()
                size = int(header[2])
                content = pipes.stdout.read(size + 1)
            except (OSError, IndexError, ValueError) as error:
                raise UnavailableError("Git cannot read a file of the repository", code="git.unreadable") from error
            if len(content) != size + 1:
                raise UnavailableError("Git cannot read a file of the repository", code="git.unreadable")
            return content[:-1]

    def _start(self) -> subprocess.Popen[bytes]:
        if self._is_closed:
            raise NotFoundError("the checkout was left; its files are gone", code="files.not_found")
        if self._process is None:
            self._process = subprocess.Popen(  # noqa: S603 - by argument list, and nothing of it is given by a user
                [self._git, "cat-file", "--batch"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=dict(self._environment),
                start_new_session=True,
            )
        return self._process

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._is_closed = True
            if self._process is None:
                return
            self._process.kill()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()
            self._process.wait()
            self._process = None


def _folders(leaves: Mapping[str, Leaf]) -> dict[str, set[str]]:
    """Return the names in each folder; the root is the empty path."""
    folders: dict[str, set[str]] = {"": set()}
    for path in leaves:
        while True:
            parent, _, name = path.rpartition("/")
            names = folders.setdefault(parent, set())
            if name in names or not name:
                break
            names.add(name)
            if not parent:
                break
            path = parent
    return folders


@frozen
class TreeFiles:
    """The files of one commit; see ``Files``. A symlink that leaves the tree, or goes in a circle, is outside."""

    leaves: Mapping[str, Leaf] = field(repr=False)
    reader: BlobReader = field(repr=False)
    most_bytes: int
    folders: Mapping[str, set[str]] = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "folders", _folders(self.leaves))

    def look(self, path: str) -> Entry:
        """See ``Files.look``."""
        real = self._find(path)
        if real is None:
            return Entry(EntryKind.OUTSIDE)
        if real in self.leaves:
            return Entry(EntryKind.FILE, self.leaves[real].size)
        return Entry(EntryKind.FOLDER if real in self.folders else EntryKind.MISSING)

    def read(self, path: str) -> bytes:
        """See ``Files.read``; LimitExceededError when the file is larger than ``most_bytes``."""
        real = self._find(path)
        if real is None:
            raise ForbiddenError(f"{path} is outside the repository", code="files.outside")
        leaf = self.leaves.get(real)
        if leaf is None:
            raise NotFoundError(f"{path} is not a file of the repository", code="files.not_found")
        if leaf.size > self.most_bytes:
            text = f"{path} is larger than {self.most_bytes} bytes; take a smaller file"
            raise LimitExceededError(text, code="files.too_large")
        return self.reader.read(leaf.object_id)

    def names(self, path: str) -> tuple[str, ...]:
        """See ``Files.names``."""
        real = self._find(path)
        return () if real is None else tuple(sorted(self.folders.get(real, ())))

    def _find(self, path: str) -> str | None:
        """Return the path without symlinks, empty for the root; None when it is outside."""
        clean = inside(path)
        if clean is None:
            return None
        left = [] if clean == "." else clean.split("/")[::-1]
        real: list[str] = []
        hops = 0
        while left:
            part = left.pop()
            if part == "..":
                if not real:
                    return None
                real.pop()
                continue
            here = "/".join((*real, part))
            leaf = self.leaves.get(here)
            if leaf is None or leaf.mode != _SYMLINK:
                real.append(part)
                continue
            hops += 1
            target = self._target(leaf)
            if target is None or hops > _MOST_HOPS:
                return None
            left.extend(reversed([step for step in target.split("/") if step not in ("", ".")]))
        return "/".join(real)

    def _target(self, leaf: Leaf) -> str | None:
        """Return where a symlink points, relative to its folder; None when that is no place in the tree."""
        if leaf.size > _LONGEST_TARGET:
            return None
        target = self.reader.read(leaf.object_id).decode(errors="replace")
        return None if target.startswith("/") or "\0" in target else target
