"""IPv4 addresses in every notation that some resolver understands."""

from __future__ import annotations

import re
from ipaddress import IPv4Address

_NUMBER = re.compile(r"0x(?P<hex>[0-9a-f]*)|0(?P<octal>[0-7]+)|(?P<decimal>0|[1-9][0-9]*)", re.ASCII)
_LIKE_A_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)


def ends_in_number(name: str) -> bool:
    """Say whether the last label is a number: then the whole must be an IPv4 address, for no name ends so."""
    return _LIKE_A_NUMBER.fullmatch(name.rpartition(".")[2]) is not None


def parse_ipv4(name: str) -> IPv4Address | None:
    """Return the address that one to four numbers stand for, as ``inet_aton`` reads them; None when they do not.

    Args:
        name: in lower case: ``127.0.0.1``, ``127.1``, ``2130706433``, ``0177.0.0.1``, ``0x7f.1``.
    """
    numbers = [_value(label) for label in name.split(".")]
    *front, last = (number if number is not None else -1 for number in numbers)
    if len(front) > 3 or any(not 0 <= number < 256 for number in front) or not 0 <= last < 256 ** (4 - len(front)):
        return None
    # The last number fills all the bytes that are left.
    return IPv4Address(sum(number << 8 * (3 - place) for place, number in enumerate(front)) + last)


def _value(label: str) -> int | None:
    match = _NUMBER.fullmatch(label)
    if match is None:
        return None
    if match["decimal"] is not None:
        return int(match["decimal"])
    return int(match["octal"], 8) if match["octal"] is not None else int(match["hex"] or "0", 16)
