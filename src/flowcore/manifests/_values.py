"""Plain values: nothing but dicts, lists and scalars, as JSON knows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

#: Types that are copied by reference.
SCALARS: Final = frozenset({str, int, bool, type(None)})


class Absent:
    """The type of ``ABSENT``: there is no value, which is something else than null, false, zero or empty."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "ABSENT"

    def __bool__(self) -> bool:
        return False


ABSENT: Final = Absent()


def plain(value: Any) -> Any:
    """Return a deep copy of *value* in dicts, lists and scalars; whole floats become integers (``8080.0`` is 8080)."""
    kind = type(value)
    if kind in SCALARS:
        return value
    if kind is dict:
        return {key: item if type(item) in SCALARS else plain(item) for key, item in value.items()}
    if kind is list or kind is tuple:
        return [item if type(item) in SCALARS else plain(item) for item in value]
    if kind is float:
        return int(value) if value.is_integer() else value
    return _plain_unusual(value)


def _plain_unusual(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, str):
        return str(value)
    return value
