"""Values that remember where they stood: mappings and lists with the position of every entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

from flowcore.errors import Place

#: A YAML value: None, bool, int, float, str, or a list or dict (with string keys) of them.
Value: TypeAlias = Any


class Mark(NamedTuple):
    """A position in a source, lines and columns from 1; zeros where it is not known.

    The first pair is the key's (or the list item's), the second the value's.
    """

    file: str = ""
    line: int = 0
    column: int = 0
    value_line: int = 0
    value_column: int = 0

    def place(self, path: str = "") -> Place:
        """Return the key's position as a place."""
        return Place(file=self.file, line=self.line, column=self.column, path=path)

    def value_place(self, path: str = "") -> Place:
        """Return the value's position as a place."""
        return Place(
            file=self.file,
            line=self.value_line or self.line,
            column=self.value_column or self.column,
            path=path,
        )


NOWHERE = Mark()


class Block(dict[str, Value]):
    """A mapping that knows where it and each of its keys stood."""

    __slots__ = ("mark", "marks")

    def __init__(self, items: Mapping[str, Value] | None = None, *, mark: Mark = NOWHERE) -> None:
        super().__init__(items or {})
        self.mark = mark
        self.marks: dict[str, Mark] = dict(items.marks) if isinstance(items, Block) else {}

    def put(self, key: str, value: Value, mark: Mark) -> None:
        """Set a key together with its position."""
        self[key] = value
        self.marks[key] = mark


class Rows(list[Value]):
    """A list that knows where it and each of its items stood."""

    __slots__ = ("mark", "marks")

    def __init__(self, items: Iterable[Value] = (), *, mark: Mark = NOWHERE, marks: Iterable[Mark] = ()) -> None:
        super().__init__(items)
        self.mark = mark
        self.marks: list[Mark] = list(marks)

    def add(self, value: Value, mark: Mark) -> None:
        """Append an item together with its position."""
        self.append(value)
        self.marks.append(mark)


def mark_of(container: Value, key: str | int | None = None) -> Mark:
    """Return where *container*, or the entry *key* of it, stood; ``NOWHERE`` for plain values."""
    if isinstance(container, Block):
        found = container.marks.get(key) if isinstance(key, str) else None
        return found or container.mark
    if isinstance(container, Rows):
        inside = isinstance(key, int) and 0 <= key < len(container.marks)
        return container.marks[key] if inside and isinstance(key, int) else container.mark
    return NOWHERE


def plain(value: Value) -> Value:
    """Return *value* as ordinary dicts and lists, without positions."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value
