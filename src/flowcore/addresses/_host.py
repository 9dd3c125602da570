"""One spelling for every host: what two programs could read in two ways is refused."""

from __future__ import annotations

import re
import unicodedata
from ipaddress import IPv4Address, IPv6Address

from attrs import frozen

from flowcore.addresses._numbers import ends_in_number, parse_ipv4
from flowcore.errors import InvalidInputError

_LONGEST = 253
_LONGEST_TYPED = 1024  # composed letters and a trailing dot may go away
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)

#: IDNA 2003 and 2008 make different names of these.
_DISPUTED = frozenset("ßς\u200c\u200d")
#: CJK full stops that IDNA takes for dots; NFKC has already turned the full-width and half-width ones into these.
_DOT = "\u3002"


@frozen
class Host:
    """A host.

    Attributes:
        name: lower case, ASCII, without a dot at its end; for an address its usual spelling, without brackets.
        address: when the host is one and not a name.
    """

    name: str
    address: IPv4Address | IPv6Address | None = None


def parse_host(text: str) -> Host:
    """Return the host that a text stands for.

    Letters are folded as browsers and resolvers do (full-width digits, upper case, IDNA); numbers are read in every
    notation of IPv4.

    Args:
        text: a name, an IPv4 address, or an IPv6 address with or without brackets; no port.

    Raises:
        InvalidInputError: it is none, or can be read in two ways (code ``network.host_invalid``). The text is not
            repeated: it may hold a password.
    """
    if not text or len(text) > _LONGEST_TYPED:
        raise _invalid("it is empty or too long")
    name = _folded(text)
    if "%" in name:
        raise _invalid("it has a percent sign: zone ids and encoded letters are not taken")
    if name.startswith("[") or ":" in name:
        return _ipv6(name)
    name = name.removesuffix(".")
    if ends_in_number(name):
        address = parse_ipv4(name)
        if address is None:
            raise _invalid("it ends in a number and is no IPv4 address")
        return Host(str(address), address)
    if len(name) > _LONGEST or not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise _invalid("it is neither a name nor an address")
    return Host(name)


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    if _DISPUTED & set(text):
        raise _invalid("it has a letter that programs read in two ways; write the name as it is registered: xn--…")
    name = unicodedata.normalize("NFKC", text).replace(_DOT, ".").lower()
    if name.isascii():
        return name
    try:
        return name.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise _invalid("it has letters that no name can have") from None


def _ipv6(name: str) -> Host:
    inner = name[1:-1] if name.startswith("[") and name.endswith("]") else name
    try:
        address = IPv6Address(inner)
    except ValueError:
        raise _invalid("it is not an IPv6 address") from None
    return Host(str(address), address)


def _invalid(problem: str) -> InvalidInputError:
    return InvalidInputError.of(
        f"this is not a host: {problem}",
        rule="network-host",
        path="host",
        code="network.host_invalid",
        fix="give a name like git.example.org, or an address like 192.0.2.1 or 2001:db8::1",
    )
