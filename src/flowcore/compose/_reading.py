"""Text files that a Compose file names: read, or told why not."""

from __future__ import annotations

from collections.abc import Callable

from flowcore.errors import FlowcoreError, InvalidInputError
from flowcore.files import EntryKind, Files

_TOLD = {EntryKind.OUTSIDE: "is outside the folder that may be read", EntryKind.FOLDER: "is a folder"}
_FIXES = {
    EntryKind.OUTSIDE: "move it into the project, or allow reading a wider folder as root",
    EntryKind.FOLDER: "name a file in it",
}


def read_text(files: Files, path: str, *, most: int, tell: Callable[[str, str], None]) -> str | None:
    """Return the text of a file of at most *most* bytes, or None after telling a problem and its fix.

    Raises:
        InvalidInputError: with this file, the project reads too much.
    """
    entry = files.look(path)
    if entry.kind is not EntryKind.FILE:
        fix = _FIXES.get(entry.kind, "check the path; it starts at the project's folder")
        tell(_TOLD.get(entry.kind, "is not there"), fix)
        return None
    if entry.size > most:
        tell(f"has {entry.size} bytes, more than {most}", "use a smaller file")
        return None
    try:
        return files.read(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        tell(f"is not UTF-8 text (byte {error.start})", "save it as UTF-8")
    except InvalidInputError:
        raise
    except FlowcoreError:
        tell("cannot be read", "check who may read it")
    return None
