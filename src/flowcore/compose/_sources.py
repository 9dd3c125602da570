"""What the caller hands in: paths, folders and texts."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Sequence
from pathlib import Path

from attrs import frozen

from flowcore.compose._limits import LimitedFiles
from flowcore.compose._yaml import MAX_SIZE
from flowcore.errors import Finding, InvalidInputError, Place
from flowcore.files import COMPOSE_NAMES, OVERRIDE_NAMES, Below, EntryKind, Files, FolderFiles, MemoryFiles, inside


@frozen(kw_only=True)
class Sources:
    """Compose texts with their names, and the files around them.

    Attributes:
        texts: (name for findings, text) in merge order.
        files: what they may read.
        folder: name of the project's folder; empty for texts.
        base: the project's folder as findings name it; empty for texts.
    """

    texts: tuple[tuple[str, str], ...]
    files: Files
    folder: str = ""
    base: str = ""


def is_text(source: str | Path) -> bool:
    """Whether a source is the Compose text itself and not a path to it."""
    if isinstance(source, Path):
        return False
    return not source.strip() or "\n" in source or "services:" in source or source.lstrip().startswith("{")


def open_sources(given: Sequence[str | Path], files: Files | None, root: Path | None = None) -> Sources:
    """Return the texts of *given* paths and texts; a folder stands for the Compose file in it, with its override.

    Args:
        given: paths and texts.
        files: where paths are looked up and what texts may read; None for this machine's disk.
        root: folder of this machine that may be read beside the first file's own; it must be in it.

    Raises:
        InvalidInputError: a path leads nowhere, or to something else than UTF-8 text.
    """
    if files is not None:
        return _inside(given, files)
    texts: list[tuple[str, str]] = []
    folder: Path | None = None
    base = ""
    for source in given:
        if is_text(source):
            texts.append(_named(source, len(texts), len(given)))
            continue
        for path in _paths(Path(source)):
            if folder is None:
                folder, base = _folder_of(path), posixpath.dirname(path.as_posix())
            texts.append((str(path), _text(path)))
    found = _disk(folder, root) if folder else MemoryFiles()
    return Sources(texts=tuple(texts), files=LimitedFiles(found), folder=folder.name if folder else "", base=base)


def _named(source: str | Path, position: int, count: int) -> tuple[str, str]:
    name = "compose.yaml" if count == 1 else f"compose.yaml #{position + 1}"
    return name, str(source).removeprefix("\ufeff")


def _disk(folder: Path, root: Path | None) -> Files:
    if root is None:
        return FolderFiles(folder)
    top = root.resolve()
    if top != folder and top not in folder.parents:
        raise _unreadable(folder, f"is not in {root}, where files may be read")
    return Below(FolderFiles(top), folder.relative_to(top).as_posix())


def _inside(given: Sequence[str | Path], files: Files) -> Sources:
    texts: list[tuple[str, str]] = []
    folder: str | None = None
    limited = LimitedFiles(files)
    for source in given:
        # Text that goes with files has no path; a path is never taken for a text.
        if is_text(source):
            texts.append(_named(source, len(texts), len(given)))
            continue
        for path in _names_inside(Path(source).as_posix(), limited):
            folder = posixpath.dirname(path) if folder is None else folder
            texts.append((path, _text_inside(path, limited)))
    name = posixpath.basename(folder or "")
    below = Below(limited, folder) if folder else limited
    return Sources(texts=tuple(texts), files=below, folder=name, base=folder or "")


def _names_inside(path: str, files: Files) -> list[str]:
    kind = files.look(path).kind
    if kind is not EntryKind.FOLDER:
        return [inside(path) or path]
    start = inside(path) or "."
    present = files.names(start)
    return [
        posixpath.normpath(posixpath.join(start, name))
        for name in _chosen(present, Path(path))
        if files.look(posixpath.join(start, name)).kind is EntryKind.FILE
    ]


def _chosen(names: Collection[str], folder: Path) -> list[str]:
    """Return the name of the Compose file among *names*, and that of its override if there is one."""
    main = next((name for name in COMPOSE_NAMES if name in names), "")
    if not main:
        raise _unreadable(folder, f"is a folder without {COMPOSE_NAMES[0]}")
    override = next((name for name in OVERRIDE_NAMES if name in names), "")
    return [main, override] if override else [main]


def _text_inside(path: str, files: Files) -> str:
    entry = files.look(path)
    if entry.kind is EntryKind.OUTSIDE:
        raise _unreadable(Path(path), "is outside the files that may be read")
    if entry.kind is not EntryKind.FILE:
        raise _unreadable(Path(path), "is a folder" if entry.kind is EntryKind.FOLDER else "is not there")
    if entry.size > 4 * MAX_SIZE:
        raise _unreadable(Path(path), f"is larger than the {MAX_SIZE} characters that are read")
    try:
        return files.read(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(Path(path), f"is not UTF-8 text (byte {error.start})") from error


def _unreadable(path: Path, problem: str) -> InvalidInputError:
    finding = Finding(rule="compose-unreadable", message=f"{path} {problem}", place=Place(file=str(path)))
    return InvalidInputError([finding], code="compose.invalid")


def _folder_of(path: Path) -> Path:
    try:
        return path.resolve().parent
    except (OSError, RuntimeError, ValueError) as error:
        raise _unreadable(path, "is not a path") from error


def _paths(path: Path) -> list[Path]:
    try:
        if not path.is_dir():
            return [path]
        present = [name for name in (*COMPOSE_NAMES, *OVERRIDE_NAMES) if (path / name).is_file()]
    except (OSError, ValueError) as error:
        raise _unreadable(path, "is not a path") from error
    return [path / name for name in _chosen(present, path)]


def _content(path: Path) -> bytes:
    """Return the bytes of a file or pipe; what is too large, like a device without an end, is not read to its end."""
    most = 4 * MAX_SIZE  # a character takes up to four bytes
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise _unreadable(path, f"is larger than the {MAX_SIZE} characters that are read")
    return content


def _text(path: Path) -> str:
    try:
        return _content(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(path, f"is not UTF-8 text (byte {error.start})") from error
    except (OSError, ValueError) as error:
        raise _unreadable(path, f"cannot be read: {getattr(error, 'strerror', None) or 'it is not a path'}") from error
