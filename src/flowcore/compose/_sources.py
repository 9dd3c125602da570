"""What the caller hands in: paths, folders and texts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

from flowcore.compose._limits import LimitedFiles
from flowcore.compose._yaml import MAX_SIZE
from flowcore.errors import Finding, InvalidInputError, Place
from flowcore.files import Files, FolderFiles, MemoryFiles

#: Names that Compose looks for in a folder, the first wins; each with the names of its override.
_DEFAULTS = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")


@frozen(kw_only=True)
class Sources:
    """Compose texts with their names, and the files around them.

    Attributes:
        texts: (name for findings, text) in merge order.
        files: what they may read.
        folder: name of the project's folder; empty for texts.
    """

    texts: tuple[tuple[str, str], ...]
    files: Files
    folder: str = ""


def is_text(source: str | Path) -> bool:
    """Whether a source is the Compose text itself and not a path to it."""
    if isinstance(source, Path):
        return False
    return not source.strip() or "\n" in source or "services:" in source or source.lstrip().startswith("{")


def open_sources(given: Sequence[str | Path], files: Files | None) -> Sources:
    """Return the texts of *given* paths and texts; a folder stands for the Compose file in it, with its override.

    Raises:
        InvalidInputError: a path leads nowhere, or to something else than UTF-8 text.
    """
    texts: list[tuple[str, str]] = []
    folder: Path | None = None
    for source in given:
        if is_text(source):
            name = "compose.yaml" if len(given) == 1 else f"compose.yaml #{len(texts) + 1}"
            texts.append((name, str(source).removeprefix("\ufeff")))
            continue
        for path in _paths(Path(source)):
            folder = folder or _folder_of(path)
            texts.append((str(path), _text(path)))
    found = files or (FolderFiles(folder) if folder else MemoryFiles())
    return Sources(texts=tuple(texts), files=LimitedFiles(found), folder=folder.name if folder else "")


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
        for name in _DEFAULTS:
            if (path / name).is_file():
                stem, _, ending = name.rpartition(".")
                override = path / f"{stem}.override.{ending}"
                return [path / name, override] if override.is_file() else [path / name]
    except (OSError, ValueError) as error:
        raise _unreadable(path, "is not a path") from error
    raise _unreadable(path, f"is a folder without {_DEFAULTS[0]}")


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
