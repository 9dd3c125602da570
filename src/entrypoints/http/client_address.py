"""Where a request comes from. What a header says of it is believed only when a trusted proxy sent it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, TypeAlias

from litestar.connection import ASGIConnection

from entrypoints.bootstrap import App
from entrypoints.settings.limits import Network, networks_of
from flowcore.usecases.accounts.sessions import Device

_Address: TypeAlias = IPv4Address | IPv6Address

#: More hops than anybody has; what stands before them is not looked at.
_MOST_HOPS = 20
#: A pair of RFC 7239's ``Forwarded``: a token, and a token or a quoted text.
_PAIR = re.compile(r"""([\w!#$%&'*+.^`|~-]+)=("(?:[^"\\]|\\.)*"|[^\s",;]+)""", re.ASCII)


def client_address(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """Return the address of the client; empty when nobody knows.

    It is the one that the connection comes from. Where that is a trusted proxy of the settings, the header that the
    settings name tells who the proxy serves, and so on from right to left: the first address that is no trusted
    proxy's is the client's. What stands left of it could have been written by anybody.
    """
    peer = connection.client.host if connection.client is not None else ""
    peer = str(_address(peer) or peer)
    app: App = connection.app.state.flowcore
    trusted, header = app.settings.trusted_proxies, app.settings.forwarded_header
    if not trusted or header not in connection.headers:
        return peer
    values = connection.headers.getall(header)
    hops = _forwarded(values) if header == "forwarded" else _forwarded_for(values)
    return address_behind(peer, hops, networks_of(trusted))


def device_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Device:
    """Return what is known of the place that a request comes from."""
    return Device(client_address(connection), connection.headers.get("user-agent", ""))


def address_behind(peer: str, hops: Iterator[str], trusted: Sequence[Network]) -> str:
    """Return the address of the client.

    Args:
        peer: where the connection comes from.
        hops: what the header says, the last proxy's word first.
        trusted: the networks of the proxies that are believed.
    """
    found = peer
    for _, hop in zip(range(_MOST_HOPS), hops, strict=False):
        address = _address(found)
        if address is None or not any(address in network for network in trusted):
            break
        said = _address(hop)
        if said is None:  # a proxy that does not tell, or somebody's invention
            break
        found = str(said)
    return found


def _address(text: str) -> _Address | None:
    """Read an address, with or without a port; an IPv4 address inside an IPv6 one is what it is."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _forwarded_for(values: Sequence[str]) -> Iterator[str]:
    for value in reversed(values):
        for part in reversed(value.split(",")):
            yield part.strip()


def _forwarded(values: Sequence[str]) -> Iterator[str]:
    for value in reversed(values):
        for element in reversed(_elements(value)):
            named = {name.lower(): text for name, text in _PAIR.findall(element)}
            yield re.sub(r"\\(.)", r"\1", named.get("for", "").strip('"'))


def _elements(value: str) -> list[str]:
    """Split at commas outside of quotes."""
    return re.findall(r'(?:[^,"]|"(?:[^"\\]|\\.)*"?)+', value)
