"""Walking a tree of files, within bounds."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from attrs import frozen

from flowcore.errors import ForbiddenError, NotFoundError
from flowcore.files import EntryKind, Files, inside

DEEPEST = 6  # folders below the start
MOST_FOLDERS = 2_000
MOST_LOOKS = 20_000  # names that are looked at, over all folders

#: Folders of other people's code and of tools; nothing in them is the project's own.
SKIPPED = frozenset({"node_modules", "bower_components", "vendor", "__pycache__", "venv", "site-packages"})
#: Hidden folders in which projects do keep files of their own; all other hidden ones are caches or settings.
SHOWN = frozenset({".devcontainer", ".docker"})
#: Folders whose content shows or tests something; what is in them comes last.
ASIDE = frozenset(
    {"test", "tests", "__tests__", "testdata", "fixtures", "spec", "e2e", "example", "examples", "samples"}
)


@frozen
class Folder:
    """A folder of the walk: its path (empty for the root), the names in it, and its depth below the start."""

    path: str
    names: tuple[str, ...]
    depth: int = 0


def start_of(files: Files, path: str) -> tuple[str, EntryKind]:
    """Return the clean form of *path* (empty for the root) and what stands there.

    Raises:
        NotFoundError: nothing stands there.
        ForbiddenError: the path leaves the tree.
    """
    clean = inside(path or ".")
    kind = EntryKind.OUTSIDE if clean is None else files.look(clean).kind
    if clean is None or kind is EntryKind.OUTSIDE:
        raise ForbiddenError("the path is outside the tree", code="files.outside")
    if kind is EntryKind.MISSING and clean != ".":
        raise NotFoundError(f"the tree has no {clean}", code="files.not_found")
    return ("", EntryKind.FOLDER) if clean == "." else (clean, kind)


def join(folder: str, name: str) -> str:
    """Return the path of a name in a folder; the root is the empty path."""
    return f"{folder}/{name}" if folder else name


def is_aside(path: str) -> bool:
    """Whether a path goes through a folder of tests or examples."""
    return any(part.lower() in ASIDE for part in path.split("/"))


def names_in(files: Files, path: str) -> tuple[str, ...]:
    """Return the sorted names in a folder, without those that no text can show (control characters, no UTF-8)."""
    return tuple(sorted(name for name in files.names(path or ".") if name.isprintable()))


def walk(files: Files, start: str = "") -> Iterator[Folder]:
    """Yield the folders from *start* on, nearest first and by name; what exceeds the bounds is left out."""
    waiting = deque([(start, 0)])
    looks, seen = 0, 0
    while waiting and seen < MOST_FOLDERS:
        path, depth = waiting.popleft()
        names = names_in(files, path)
        seen += 1
        yield Folder(path, names, depth)
        if depth == DEEPEST:
            continue
        for name in names:
            if name in SKIPPED or (name.startswith(".") and name not in SHOWN):
                continue
            looks += 1
            if looks > MOST_LOOKS:
                return
            if files.look(join(path, name)).kind is EntryKind.FOLDER:
                waiting.append((join(path, name), depth + 1))
