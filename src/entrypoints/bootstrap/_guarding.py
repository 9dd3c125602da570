"""The gate for outgoing connections, from the settings to what adapters ask."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from attrs import frozen

from adapters.system import SystemResolver
from entrypoints.settings import Settings
from flowcore.addresses import AddressClass, AddressPolicy, classify, parse_host
from flowcore.errors import InvalidInputError
from flowcore.ports.network import AddressGuard, Reachable
from flowcore.usecases.clusters.keeping import ClusterDraft
from flowcore.usecases.guarding import Guard

#: Addresses that such a host may have; everything else, like metadata services, must be listed itself.
_NAMED_LIVE_AT = frozenset({AddressClass.LOOPBACK, AddressClass.PRIVATE, AddressClass.SHARED})


@frozen
class GiftGuard:
    """An ``AddressGuard`` that also lets through to the cluster that this process gives to everybody.

    Attributes:
        guard: asked for everything else.
        address: of the given cluster; exactly this spelling.
        port: of the given cluster.
    """

    guard: AddressGuard
    address: str
    port: int

    async def admit(self, host: str, port: int) -> Reachable:
        """Return where to connect to; see the port."""
        if (host, port) == (self.address, self.port):
            return Reachable(host, port, (self.address,))
        return await self.guard.admit(host, port)


def open_guard(settings: Settings) -> AddressGuard:
    """Return the gate that the settings describe; nothing is asked of the resolver yet."""
    return Guard(resolver=SystemResolver(), policy=AddressPolicy.of(settings.allowed_addresses))


def guard_of_named(settings: Settings, hosts: Iterable[str]) -> AddressGuard:
    """Return the gate for *hosts* that an administrator, or the person at this machine, named.

    They may be in the own networks. What only their documents name may be connected to like anything else.
    """
    named = (host for host in hosts if _may_be_named(host))
    return Guard(resolver=SystemResolver(), policy=AddressPolicy.of([*settings.allowed_addresses, *named]))


def _may_be_named(host: str) -> bool:
    try:
        address = parse_host(host).address
    except InvalidInputError:
        return False  # the gate refuses it with the reason
    return address is None or classify(address) in _NAMED_LIVE_AT


def guard_of_clusters(guard: AddressGuard, gift: ClusterDraft | None) -> AddressGuard:
    """Return the gate for clusters: the sandbox listens on loopback, and is no secret from anybody."""
    parts = urlsplit(gift.server if gift is not None else "")
    try:
        address = str(ip_address(parts.hostname or ""))
    except ValueError:
        return guard
    return GiftGuard(guard, address, parts.port or {"https": 443}.get(parts.scheme, 80))
