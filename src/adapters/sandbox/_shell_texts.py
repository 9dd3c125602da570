"""Text as ``echo -e`` and ``printf`` make it."""

from __future__ import annotations

import re

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "e": "\x1b", "a": "\a", "0": "\0"}
_ESCAPE = re.compile(r"\\(033|x1b|.)", re.DOTALL)
_PLACE = re.compile(r"%(-?\d*)(?:\.\d+)?([sdxqb%])")


def unescaped(text: str) -> str:
    """Return a text with its backslash escapes replaced."""

    def one(match: re.Match[str]) -> str:
        return "\x1b" if match[1] in ("033", "x1b") else _ESCAPES.get(match[1], match[0])

    return _ESCAPE.sub(one, text)


def formatted(form: str, values: list[str]) -> str:
    """Return a format filled with values; it is repeated while values are left."""
    rest = list(values)

    def one(match: re.Match[str]) -> str:
        if match[2] == "%":
            return "%"
        value = rest.pop(0) if rest else ""
        if match[2] in "dx":
            number = int(value) if value.lstrip("-").isdigit() else 0
            value = str(number) if match[2] == "d" else f"{number:x}"
        width = int(match[1].lstrip("-") or 0) if match[1] not in ("", "-") else 0
        return value.ljust(width) if match[1].startswith("-") else value.rjust(width)

    result = _PLACE.sub(one, unescaped(form))
    while rest and _PLACE.search(form):
        left = len(rest)
        result += _PLACE.sub(one, unescaped(form))
        if len(rest) == left:
            break
    return result
