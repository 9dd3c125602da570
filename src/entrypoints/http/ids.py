"""Ids in paths."""

from __future__ import annotations

import re

from flowcore.errors import InvalidInputError

_ID = re.compile(r"[0-9a-f]{24}", re.ASCII)


def checked_id(text: str, what: str) -> str:
    """Return an id from a path.

    Raises:
        InvalidInputError: it is not 24 hexadecimal digits.
    """
    if not _ID.fullmatch(text):
        raise InvalidInputError.of(f"Invalid {what} ID", path=f"{what}_id")
    return text


def clamped(value: int | None, *, low: int, high: int, default: int) -> int:
    """Return a number from a query, the default when it is missing or out of range, as older clients expect."""
    return value if value is not None and low <= value <= high else default
