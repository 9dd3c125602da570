"""Compose's units to Kubernetes': sizes, processors, durations, numbers and yes/no."""

from __future__ import annotations

import math
import re

from flowcore.compose._marks import Value

_SIZE = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*([kmgtp]?)i?b?\Z", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_SUFFIXES = ((1024**4, "Ti"), (1024**3, "Gi"), (1024**2, "Mi"), (1024, "Ki"))
_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)(h|ms|us|µs|ns|m|s|d|w))")
_LONG = {"w": 604800.0, "d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
_SECONDS = {**_LONG, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


def bytes_of(value: Value) -> int | None:
    """Return a size (``512m``, ``1.5gb``, 1024) in bytes; None when it is not one. Units are powers of 1024."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return int(value) if math.isfinite(value) and value >= 0 else None
    match = _SIZE.match(str(value).strip())
    if not match or len(str(value)) > 40:
        return None
    return int(float(match.group(1)) * 1024 ** _POWERS[match.group(2).lower()])


def memory_of(value: Value) -> str | None:
    """Return a size as a Kubernetes quantity (``512m`` -> ``512Mi``); None when it is not a size."""
    size = bytes_of(value)
    if size is None:
        return None
    for unit, suffix in _SUFFIXES:
        if size and size % unit == 0:
            return f"{size // unit}{suffix}"
    return str(size)


def cpus_of(value: Value) -> str | None:
    """Return a number of processors as a quantity (``0.5`` -> ``500m``, 2 -> ``2``); None when it is not one."""
    try:
        cpus = float(value) if not isinstance(value, bool) else math.nan
    except (TypeError, ValueError):
        return None
    if not math.isfinite(cpus) or cpus < 0 or cpus > 1e6:
        return None
    return str(int(cpus)) if cpus.is_integer() else f"{max(1, round(cpus * 1000))}m"


def seconds_of(value: Value) -> float | None:
    """Return a duration (``1m30s``, ``500ms``; a bare number counts seconds) in seconds; None when it is not one."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, float)):
        return float(value) if math.isfinite(value) and value >= 0 else None
    text = str(value).strip()
    if re.fullmatch(r"\d{1,12}(\.\d+)?", text):
        return float(text)
    if len(text) > 60 or not text or _DURATION.sub("", text):
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in _DURATION.findall(text))


def whole_seconds(value: Value, least: int = 1) -> int | None:
    """Return a duration in whole seconds, rounded up and at least *least*; None when it is not a duration."""
    seconds = seconds_of(value)
    return None if seconds is None else max(least, math.ceil(min(seconds, 2**31 - 1)))


def whole_number(value: Value) -> int | None:
    """Return a whole number, also from a text like ``"2"`` or a float like 2.0; None when it is not one."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if math.isfinite(value) and value.is_integer() else None
    text = str(value).strip()
    return int(text) if re.fullmatch(r"[-+]?\d{1,18}", text) else None


def yes_or_no(value: Value) -> bool | None:
    """Return a yes/no value, also from a text; None when it is neither."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in ("true", "yes", "y", "on", "1"):
        return True
    return False if word in ("false", "no", "n", "off", "0") else None
