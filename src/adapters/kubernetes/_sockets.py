"""Connections of our own making: kept alive, and only to addresses that may be reached."""

from __future__ import annotations

import socket
from collections.abc import Callable
from ssl import SSLContext
from typing import Any

import aiohttp

#: Says whether an IP address may be connected to.
MayReach = Callable[[str], bool]

#: Notices in a minute that the other side is gone, also while nothing is sent: seconds idle, between probes, probes.
_KEEPALIVE = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}


class AddressRefusedError(OSError):
    """The address may not be reached."""


def connector_of(context: SSLContext, may_reach: MayReach | None) -> aiohttp.TCPConnector:
    """Return a connector; it asks *may_reach* for the very address it connects to, so no name can point elsewhere."""

    def make(info: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, address = info
        if may_reach is not None and not may_reach(str(address[0])):
            raise AddressRefusedError("the address is not allowed")
        made = socket.socket(family, kind, protocol)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEPALIVE.items():
            if hasattr(socket, name):
                made.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        return made

    # No limit: the transport limits its requests itself, and watches must not wait for each other.
    return aiohttp.TCPConnector(limit=0, ssl=context, socket_factory=make)
