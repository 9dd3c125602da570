"""Settings of what one caller may ask for in a minute, and of the proxies that are believed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TypeAlias

from attrs import evolve, fields, frozen

#: Network of a proxy that is believed.
Network: TypeAlias = IPv4Network | IPv6Network

_MOST = 1_000_000


@frozen(kw_only=True)
class RateLimits:
    """Requests that one caller may make per minute, by what they cost; 0 for any number.

    All of a minute's can be made at once; then they come back one by one.

    Attributes:
        sign_in: routes that ask for no token, like signing in and registering; by address.
        read: looking at things.
        write: changing them.
        expensive: runs, plans, imports, and connections to clusters.
        stream: opening streams.
    """

    sign_in: int = 60
    read: int = 1200
    write: int = 300
    expensive: int = 60
    stream: int = 120


#: No limits at all.
UNLIMITED = RateLimits(sign_in=0, read=0, write=0, expensive=0, stream=0)


def read_rates(words: Sequence[str]) -> RateLimits:
    """Return the limits that entries like ``read=600`` say; what is not said keeps its default.

    Raises:
        ValueError: with what is wrong with an entry.
    """
    known = [each.name for each in fields(RateLimits)]
    given: dict[str, int] = {}
    for word in words:
        name, _, number = (part.strip() for part in word.partition("="))
        if name not in known:
            raise ValueError(f"must name some of {', '.join(known)}, like read=600")
        if not number.isascii() or not number.isdigit() or int(number) > _MOST:
            raise ValueError(f"must say requests per minute, like {name}=600, from 0 (no limit) to {_MOST}")
        given[name] = int(number)
    return evolve(RateLimits(), **given)


def read_networks(words: Sequence[str]) -> tuple[str, ...]:
    """Return entries like ``10.0.0.0/8`` or ``192.0.2.7`` when every one is a network.

    Raises:
        ValueError: an entry is none.
    """
    try:
        networks_of(tuple(words))
    except ValueError:
        raise ValueError("must be addresses and networks like 10.1.0.0/16 or fd00::1, separated by commas") from None
    return tuple(words)


@lru_cache(maxsize=16)
def networks_of(words: tuple[str, ...]) -> tuple[Network, ...]:
    """Return the networks of entries that were looked at before."""
    return tuple(ip_network(word) for word in words)
