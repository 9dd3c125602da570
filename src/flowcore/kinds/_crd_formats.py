"""The formats of texts that the API server checks in custom resources; it passes over all others."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from datetime import date, datetime
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Final

#: Go's durations: a signed sequence of decimal numbers with units, like 1h30m.
_DURATION: Final = re.compile(r"[-+]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h|d|w))+)")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")


def _raises_nothing(parse: Callable[[str], object]) -> Callable[[str], bool]:
    def fits(text: str) -> bool:
        try:
            parse(text)
        except (ValueError, Base64Error):
            return False
        return True

    return fits


def _matches(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: pattern.fullmatch(text) is not None


def _moment(text: str) -> datetime:
    if "T" not in text.upper():
        raise ValueError(text)
    return datetime.fromisoformat(text)


_FORMS: Final[Mapping[str, tuple[str, Callable[[str], bool]]]] = {
    "date-time": ("a moment like 2026-01-31T12:00:00Z", _raises_nothing(_moment)),
    "date": ("a date like 2026-01-31", _raises_nothing(date.fromisoformat)),
    "duration": ("a duration like 1h30m", _matches(_DURATION)),
    "ipv4": ("an IPv4 address", _raises_nothing(IPv4Address)),
    "ipv6": ("an IPv6 address", _raises_nothing(IPv6Address)),
    "cidr": ("an address range like 10.0.0.0/8", lambda text: "/" in text and _raises_nothing(_range)(text)),
    "uuid": ("a UUID", _matches(_UUID)),
    "byte": ("base64", _raises_nothing(lambda text: b64decode(text, validate=True))),
}


def _range(text: str) -> object:
    return ip_network(text, strict=False)


def form_problem(form: str, text: str) -> str:
    """Return what a text must be to have a format, empty when it has it or the format is not checked."""
    known = _FORMS.get(form)
    if known is None or known[1](text):
        return ""
    return known[0]
