"""What one project may read and make, so that a small file cannot ask for more than a machine has."""

from __future__ import annotations

from attrs import define

from flowcore.compose._marks import Mark, Value
from flowcore.compose._report import Report
from flowcore.errors import Finding, InvalidInputError, Place
from flowcore.files import Entry, EntryKind, Files

#: Most bytes that one project reads, every reading counted.
MAX_READ = 64_000_000
#: Most services of one project.
MAX_SERVICES = 10_000
#: Most files that one project includes, every inclusion counted.
MAX_INCLUDES = 200
#: Most bytes of the Compose files that a project includes or extends, and of their env files, every reading counted.
MAX_FURTHER = 4_000_000
#: Most values in these files, and in the copies that services make of what they extend.
MAX_COPIED = 300_000


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


@define
class Room:
    """What the further Compose files of one project may still ask for; each bound is told once.

    Attributes:
        includes: files that may still be included.
        bytes: bytes of them that may still be read.
        values: values that may still be made, by files and by copies of services.
    """

    report: Report
    includes: int = MAX_INCLUDES
    bytes: int = MAX_FURTHER
    values: int = MAX_COPIED

    def include(self, count: int, mark: Mark) -> bool:
        """Whether *count* more files may be included."""
        was, self.includes = self.includes, self.includes - count
        return self._holds(
            was, self.includes, f"more than {MAX_INCLUDES} files are included", mark, "include fewer files"
        )

    def read(self, count: int, mark: Mark) -> bool:
        """Whether a file of *count* bytes may be read."""
        was, self.bytes = self.bytes, self.bytes - count
        message = f"the files that are included and extended have more than {MAX_FURTHER} bytes"
        return self._holds(was, self.bytes, message, mark, "use smaller files")

    def copy(self, count: int, mark: Mark) -> bool:
        """Whether *count* more values may be made."""
        was, self.values = self.values, self.values - count
        message = f"written out, what services extend and files include makes more than {MAX_COPIED} values"
        return self._holds(was, self.values, message, mark, "extend smaller services, and include smaller files")

    def _holds(self, was: int, left: int, message: str, mark: Mark, fix: str) -> bool:
        if was >= 0 and left < 0:
            self.report.error("compose-limit", message, mark, fix=fix)
        return left >= 0
