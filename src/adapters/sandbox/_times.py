"""Moments and durations as Kubernetes reads and prints them."""

from __future__ import annotations

from datetime import UTC, datetime

_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86400, 365 * 86400


def moment(text: str) -> datetime:
    """A timestamp's moment. Raises ValueError when it is none."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def age(text: str | None, now: datetime) -> str:
    """How long ago a timestamp was, in at most two units."""
    if not text:
        return "<unknown>"
    try:
        return between(moment(text), now)
    except ValueError:
        return "<unknown>"


def between(start: datetime, end: datetime) -> str:
    """The time from one moment to another, in at most two units: `45s`, `3m12s`, `5d4h`."""
    seconds = int((end - start).total_seconds())
    if seconds < -1:
        return "<invalid>"
    if seconds < 2 * _MINUTE:
        return f"{max(seconds, 0)}s"
    if seconds < 10 * _MINUTE:
        return _two(seconds, _MINUTE, "m", 1, "s")
    if seconds < 3 * _HOUR:
        return f"{seconds // _MINUTE}m"
    if seconds < 8 * _HOUR:
        return _two(seconds, _HOUR, "h", _MINUTE, "m")
    return _long(seconds)


def _long(seconds: int) -> str:
    if seconds < 2 * _DAY:
        return f"{seconds // _HOUR}h"
    if seconds < 8 * _DAY:
        return _two(seconds, _DAY, "d", _HOUR, "h")
    if seconds < 2 * _YEAR:
        return f"{seconds // _DAY}d"
    return _two(seconds, _YEAR, "y", _DAY, "d") if seconds < 8 * _YEAR else f"{seconds // _YEAR}y"


def _two(seconds: int, large: int, large_name: str, small: int, small_name: str) -> str:
    rest = seconds % large // small
    return f"{seconds // large}{large_name}" + (f"{rest}{small_name}" if rest else "")
