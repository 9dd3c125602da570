"""Cron schedules as Kubernetes reads them: five fields or an @word, no time zone inside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_WORDS: Final = frozenset({"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"})
_EVERY: Final = re.compile(r"@every (?:\d+(?:\.\d+)?(?:h|ms|m|s|us|µs|ns))+", re.ASCII)
_RANGE: Final = re.compile(r"(?P<all>[*?])|(?P<low>[0-9A-Za-z]+)(?:-(?P<high>[0-9A-Za-z]+))?", re.ASCII)
_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_WEEKDAYS: Final = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
#: Smallest and largest number and the names of every field: minute, hour, day, month, weekday.
_FIELDS: Final[tuple[tuple[int, int, dict[str, int]], ...]] = (
    (0, 59, {}),
    (0, 23, {}),
    (1, 31, {}),
    (1, 12, _MONTHS),
    (0, 6, _WEEKDAYS),
)
#: Most days a month can have, by its number less one.
_LONGEST: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_schedule(text: str) -> bool:
    """Say whether Kubernetes accepts a schedule, and whether its day can ever come (the 30th of February cannot)."""
    if text.startswith("@"):
        return text in _WORDS or _EVERY.fullmatch(text) is not None
    fields = text.split()
    if len(fields) != len(_FIELDS):
        return False
    try:
        chosen = [set(_numbers(field, *limits)) for field, limits in zip(fields, _FIELDS, strict=True)]
    except ValueError:
        return False
    any_weekday = fields[4][0] in "*?"
    return not any_weekday or any(min(chosen[2]) <= _LONGEST[month - 1] for month in chosen[3])


def _numbers(field: str, low: int, high: int, names: dict[str, int]) -> Iterator[int]:
    """Yield the numbers that a field stands for.

    Raises:
        ValueError: it is no list of ranges within the limits.
    """
    for part in field.split(","):
        span, slash, step_text = part.partition("/")
        match = _RANGE.fullmatch(span)
        if match is None or (slash and not (step_text.isascii() and step_text.isdecimal())):
            raise ValueError(part)
        step = int(step_text) if slash else 1
        first, last = low, high
        if not match["all"]:
            first = _number(match["low"], names)
            last = _number(match["high"], names) if match["high"] else (high if slash else first)
        if not (low <= first <= last <= high and step > 0):
            raise ValueError(part)
        yield from range(first, last + 1, step)


def _number(text: str, names: dict[str, int]) -> int:
    return names[text.lower()] if text.lower() in names else int(text)
