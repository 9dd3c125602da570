"""Connections of our own making: kept alive, and only to addresses that the guard has checked."""

from __future__ import annotations

import socket
from datetime import datetime, timedelta
from ipaddress import ip_address
from ssl import SSLContext
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from attrs import define, field
from yarl import URL

from flowcore.errors import FlowcoreError, ForbiddenError, InvalidInputError, NotFoundError, UnavailableError
from flowcore.ports.network import AddressGuard, Reachable
from flowcore.ports.system import Clock

#: Notices in a minute that the other side is gone, also while nothing is sent: seconds idle, between probes, probes.
_KEEPALIVE = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}

#: How long checked addresses are used for new connections. Servers of clouds move, so it is not for ever.
_PINNED = timedelta(seconds=60)


class AddressRefusedError(OSError):
    """The address may not be reached."""


@define(eq=False)
class GuardedRoute:
    """The checked way to one server: what its name leads to is asked once a minute, and always checked.

    Made by ``open_route``, which checks for the first time.
    """

    _guard: AddressGuard
    _clock: Clock
    _reachable: Reachable
    _asked_at: datetime
    _checked: set[str] = field(factory=set)

    def __attrs_post_init__(self) -> None:
        self._checked.update(map(_normal, self._reachable.addresses))

    async def addresses(self) -> tuple[str, ...]:
        """Return the addresses to connect to now.

        Raises:
            OSError: there are none, or one is not allowed any more; an ``AddressRefusedError`` then.
        """
        now = self._clock.now()
        if now - self._asked_at > _PINNED:
            try:
                self._reachable = await self._guard.admit(self._reachable.host, self._reachable.port)
            except (ForbiddenError, InvalidInputError):
                raise AddressRefusedError("the address is not allowed") from None
            except FlowcoreError:
                raise OSError("the name has no address") from None
            self._asked_at = now
            self._checked.update(map(_normal, self._reachable.addresses))
        return self._reachable.addresses

    def has_checked(self, address: str) -> bool:
        """Say whether an address is one of those that the guard let through; what is no address is not."""
        try:
            return _normal(address) in self._checked
        except ValueError:
            return False


async def open_route(guard: AddressGuard, clock: Clock, server: str) -> GuardedRoute:
    """Return the way to a server.

    Args:
        guard: asked now, and again when what it said is old.
        clock: tells how old that is.
        server: address, read as the client reads it.

    Raises:
        InvalidInputError: the address has no usable host or port (code ``network.host_invalid`` or the like).
        ForbiddenError: it is not allowed (code ``network.forbidden_address``).
        UnavailableError: the name has no address, or the resolver does not answer.
    """
    url = _url(server)
    asked_at = clock.now()
    try:
        reachable = await guard.admit(url.raw_host or "", url.port or 0)
    except NotFoundError as error:
        # A cluster that cannot be found is there all the same: only its server does not answer.
        raise UnavailableError(f"the cluster does not answer: {error.message}", code="cluster.unavailable") from None
    return GuardedRoute(guard, clock, reachable, asked_at)


def _url(server: str) -> URL:
    try:
        return URL(server)
    except ValueError:
        raise InvalidInputError.of(
            "it is not the address of an API server",
            rule="network-host",
            path="server",
            code="network.host_invalid",
            fix="write it like https://203.0.113.7:6443",
        ) from None


def connector_of(context: SSLContext, route: GuardedRoute | None) -> aiohttp.TCPConnector:
    """Return a connector.

    With a *route* it connects to the addresses of that and to nothing else, whatever name it is given; the name still
    is what TLS checks. Without one it asks the system's resolver and connects anywhere.
    """

    def make(info: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, address = info
        # Numbers never come through the resolver, so the last look is here.
        if route is not None and not route.has_checked(str(address[0])):
            raise AddressRefusedError("the address is not allowed")
        made = socket.socket(family, kind, protocol)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEPALIVE.items():
            if hasattr(socket, name):
                made.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        return made

    resolver = None if route is None else _CheckedResolver(route)
    # No limit: the transport limits its requests itself, and watches must not wait for each other. A cache of names
    # would keep what the route has given up.
    return aiohttp.TCPConnector(
        limit=0, ssl=context, socket_factory=make, resolver=resolver, use_dns_cache=route is None
    )


@define(eq=False)
class _CheckedResolver(AbstractResolver):
    """Hands a route's addresses to aiohttp."""

    route: GuardedRoute

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in await self.route.addresses()
        ]

    async def close(self) -> None:
        """Nothing is open."""


def _normal(address: str) -> str:
    return str(ip_address(address))
