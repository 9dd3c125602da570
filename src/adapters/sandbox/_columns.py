"""Printer columns: what one is, and the ways to make one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from attrs import frozen

from adapters.sandbox._status import Object
from adapters.sandbox._times import age

Cell = Callable[[Object, datetime], Any]
NONE = "<none>"


@frozen
class Column:
    """One column: its title, what stands in it for an object at a moment, and whether only `-o wide` shows it (1)."""

    name: str
    cell: Cell
    priority: int = 0
    type: str = "string"


def at(obj: Object, *path: str, default: Any = None) -> Any:
    """The value at a path of fields, or the default."""
    value: Any = obj
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return default if value is None else value


def text(name: str, *path: str, default: Any = NONE, wide: bool = False) -> Column:
    """A column that shows a field."""
    return Column(name, lambda obj, now: str(at(obj, *path, default=default)), int(wide))


def number(name: str, *path: str) -> Column:
    """A column that shows a number, 0 where there is none."""
    return Column(name, lambda obj, now: at(obj, *path, default=0), 0, "integer")


def made(name: str, cell: Callable[[Object], Any], *, wide: bool = False, kind: str = "string") -> Column:
    """A column that is computed from the object alone."""
    return Column(name, lambda obj, now: cell(obj), int(wide), kind)


def since(name: str, *path: str) -> Column:
    """A column that shows how long ago a moment was."""
    return Column(name, lambda obj, now: age(at(obj, *path), now) if at(obj, *path) else NONE)


def joined(labels: Object) -> str:
    """Labels as one text."""
    return ",".join(f"{name}={value}" for name, value in sorted(labels.items())) or NONE


def first_three(found: list[str]) -> str:
    """The first three of some texts, and how many more there are."""
    more = f" + {len(found) - 3} more..." if len(found) > 3 else ""
    return ",".join(found[:3]) + more if found else NONE


AGE = Column("Age", lambda obj, now: age(at(obj, "metadata", "creationTimestamp"), now))
CREATED = text("Created At", "metadata", "creationTimestamp")
