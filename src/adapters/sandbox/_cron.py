"""Cron schedules: five fields, names, steps and ranges, and the usual words like ``@daily``."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

from attrs import frozen

_WORDS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, start=1)}
_DAYS = {name: number for number, name in enumerate(["sun", "mon", "tue", "wed", "thu", "fri", "sat"])}
_UNITS = {"h": "hours", "m": "minutes", "s": "seconds", "ms": "milliseconds"}
_DISTANCE = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
#: No schedule that ever fires waits longer (29 February over a century year).
_HORIZON = timedelta(days=366 * 9)


@frozen
class Schedule:
    """When something happens.

    Attributes:
        minutes, hours, days, months, weekdays: the numbers that match; Sunday is 0.
        any_day: whether the field of days is a star, so that weekdays alone decide.
        any_weekday: the same the other way round.
        every: the distance of ``@every``, which leaves the fields without meaning.
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool
    any_weekday: bool
    every: timedelta | None = None

    @classmethod
    def parse(cls, text: str) -> Schedule:
        """Read a schedule.

        Raises:
            ValueError: it is none; the text says why.
        """
        if text.startswith("@every "):
            nothing: frozenset[int] = frozenset()
            return cls(nothing, nothing, nothing, nothing, nothing, True, True, _distance(text.split()[1]))
        fields = _WORDS.get(text.strip().lower(), text).split()
        if len(fields) != 5:
            raise ValueError(f"expected exactly 5 fields, found {len(fields)}: [{' '.join(fields)}]")
        minute, hour, day, month, weekday = fields
        return cls(
            _numbers(minute, 0, 59, {}),
            _numbers(hour, 0, 23, {}),
            _numbers(day, 1, 31, {}),
            _numbers(month, 1, 12, _MONTHS),
            frozenset(number % 7 for number in _numbers(weekday, 0, 7, _DAYS)),
            any_day=day.startswith(("*", "?")),
            any_weekday=weekday.startswith(("*", "?")),
        )

    def next_after(self, moment: datetime, zone: tzinfo = UTC) -> datetime | None:
        """Return the first time after *moment* in UTC; None when there is none for years."""
        if self.every is not None:
            return moment.replace(microsecond=0) + self.every
        local = moment.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0) + timedelta(minutes=1)
        end = local + _HORIZON
        while local < end:
            step = self._skip(local)
            if step is not None:
                local = step
                continue
            found = local.replace(tzinfo=zone).astimezone(UTC)
            exists = found.astimezone(zone).replace(tzinfo=None) == local
            if exists and found > moment:
                return found
            local += timedelta(minutes=1)
        return None

    def _skip(self, local: datetime) -> datetime | None:
        """Return where to go on when this time does not match, else None."""
        midnight = local.replace(hour=0, minute=0)
        if local.month not in self.months:
            return (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)
        if not self._takes_day(local):
            return midnight + timedelta(days=1)
        if local.hour not in self.hours:
            return local.replace(minute=0) + timedelta(hours=1)
        return None if local.minute in self.minutes else local + timedelta(minutes=1)

    def _takes_day(self, local: datetime) -> bool:
        day, weekday = local.day in self.days, local.isoweekday() % 7 in self.weekdays
        return day and weekday if self.any_day or self.any_weekday else day or weekday


def _numbers(text: str, low: int, high: int, names: dict[str, int]) -> frozenset[int]:
    result: set[int] = set()
    for part in text.split(","):
        body, slash, step = part.partition("/")
        if slash and (not step.isdigit() or int(step) == 0):
            raise ValueError(f"failed to parse step in {part!r}")
        if body in ("*", "?"):
            first, last = low, high
        else:
            start, dash, stop = body.partition("-")
            first = _number(start, names)
            last = _number(stop, names) if dash else high if slash else first
        if not low <= first <= last <= high:
            raise ValueError(f"{part!r} is not between {low} and {high}")
        result.update(range(first, last + 1, int(step) if slash else 1))
    return frozenset(result)


def _distance(text: str) -> timedelta:
    parts = _DISTANCE.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"failed to parse duration {text!r}")
    distance = sum((timedelta(**{_UNITS[unit]: float(number)}) for number, unit in parts), timedelta())
    return max(distance, timedelta(seconds=1))


def _number(text: str, names: dict[str, int]) -> int:
    number = names.get(text.lower())
    if number is None and not text.isdigit():
        raise ValueError(f"failed to parse number {text!r}")
    return int(text) if number is None else number


def schedule_problem(text: str) -> str:
    """Return why a schedule cannot be read, or an empty text."""
    try:
        Schedule.parse(text)
    except (ValueError, IndexError) as error:
        return str(error)
    return ""
