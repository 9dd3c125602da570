"""Outgoing connections: who may be reached, and at which address."""

from __future__ import annotations

from typing import Protocol

from attrs import frozen


@frozen
class Reachable:
    """A host that may be connected to, pinned to the addresses that were checked.

    Attributes:
        host: the name as it belongs into TLS and the ``Host`` header: lower case, ASCII, no dot at its end; an IPv6
            address without brackets.
        port: TCP port.
        addresses: the checked IP addresses, in the resolver's order; connect to one of these and to nothing else.
    """

    host: str
    port: int
    addresses: tuple[str, ...]


class Resolver(Protocol):
    """Names to addresses."""

    async def resolve(self, host: str, port: int) -> tuple[str, ...]:
        """Return the IP addresses of a host, in the order to try them, each once.

        Raises:
            NotFoundError: the name has no address (code ``network.unknown_host``).
            UnavailableError: the resolver does not answer (code ``network.resolver``).
        """
        ...


class AddressGuard(Protocol):
    """The one gate that every address given by a user passes before anything connects to it."""

    async def admit(self, host: str, port: int) -> Reachable:
        """Return where to connect to.

        Raises:
            InvalidInputError: it is no host (code ``network.host_invalid``) or no port (code
                ``network.port_invalid``).
            ForbiddenError: the host, or any of its addresses, is loopback, private, link-local, a metadata service or
                otherwise not allowed (code ``network.forbidden_address``).
            NotFoundError: the name has no address (code ``network.unknown_host``).
            UnavailableError: the resolver does not answer (code ``network.resolver``).
        """
        ...
