"""What one project may read and make, so that a small file cannot ask for more than a machine has."""

from __future__ import annotations

from attrs import define

from flowcore.compose._marks import Value
from flowcore.errors import Finding, InvalidInputError, Place
from flowcore.files import Entry, EntryKind, Files

#: Most bytes that one project reads, every reading counted.
MAX_READ = 64_000_000
#: Most services of one project.
MAX_SERVICES = 10_000


@define
class LimitedFiles:
    """Files of which one project reads only so many bytes altogether; see ``Files``."""

    files: Files
    room: int = MAX_READ

    def look(self, path: str) -> Entry:
        """See ``Files.look``."""
        return self.files.look(path)

    def read(self, path: str) -> bytes:
        """See ``Files.read``.

        Raises:
            InvalidInputError: with this file, the project reads too much.
        """
        entry = self.files.look(path)
        if entry.kind is EntryKind.FILE and entry.size > self.room:
            finding = Finding(
                rule="compose-limit",
                message=f"with {path}, the project reads more than {MAX_READ} bytes of files",
                place=Place(file=path),
                fix="leave large files out of the project, or copy them into an image",
            )
            raise InvalidInputError([finding], code="compose.limit")
        content = self.files.read(path)
        self.room -= len(content)
        return content

    def names(self, path: str) -> tuple[str, ...]:
        """See ``Files.names``."""
        return self.files.names(path)


def weight(value: Value, known: dict[int, int]) -> int:
    """Return the number of values in *value*, looking once at what is in it several times.

    Args:
        value: what is weighed; it must stay alive as long as *known*.
        known: weights by identity, filled on the way.
    """
    found = known.get(id(value))
    if found is None:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        found = 1 + sum(weight(item, known) if isinstance(item, (dict, list)) else 1 for item in inner)
        known[id(value)] = found
    return found
