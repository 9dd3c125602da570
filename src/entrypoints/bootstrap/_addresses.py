"""Where identity providers may be connected to: hosts that the settings name, and public addresses."""

from __future__ import annotations

import asyncio
import ipaddress
import socket

from attrs import frozen

from flowcore.errors import ForbiddenError, NotFoundError
from flowcore.ports.network import Reachable


@frozen
class ProviderAddresses:
    """An ``AddressGuard`` for hosts that an administrator named, and for those that these hosts' documents name.

    A document may not lead into the own network: a host that only it names must have public addresses. No name
    leads to link-local addresses, where clouds keep their metadata services.

    Attributes:
        named: hosts in the settings.
    """

    named: frozenset[str]

    async def admit(self, host: str, port: int) -> Reachable:
        """Return where to connect to.

        Raises:
            ForbiddenError: one of its addresses is not allowed.
            NotFoundError: the name has no address.
        """
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError:
            raise NotFoundError("the name has no address", code="network.unknown_host") from None
        addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not all(self._is_allowed(host, address) for address in addresses):
            raise ForbiddenError("the address is not allowed", code="network.forbidden_address")
        return Reachable(host, port, addresses)

    def _is_allowed(self, host: str, text: str) -> bool:
        address = ipaddress.ip_address(text)
        inner = getattr(address, "ipv4_mapped", None) or address
        if inner.is_link_local or inner.is_multicast or inner.is_unspecified:
            return False
        return host in self.named or inner.is_global
