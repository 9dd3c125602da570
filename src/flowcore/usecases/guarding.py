"""The gate that every host named by a user passes before anything connects to it."""

from __future__ import annotations

from ipaddress import ip_address

from attrs import field, frozen

from flowcore.addresses import Address, AddressClass, AddressPolicy, Host, classify_name, parse_host
from flowcore.errors import ForbiddenError, InvalidInputError, NotFoundError
from flowcore.ports.network import Reachable, Resolver


@frozen(kw_only=True)
class Guard:
    """An ``AddressGuard``: every address of a host must be allowed, and only those that were checked are returned.

    Attributes:
        resolver: asked once per admission.
        policy: decides on addresses.
    """

    resolver: Resolver
    policy: AddressPolicy = field(factory=AddressPolicy)

    async def admit(self, host: str, port: int) -> Reachable:
        """Return where to connect to; see the port.

        The error tells the class of the address and not the address: what the own resolver knows of inner names is
        nobody's business.
        """
        asked = parse_host(host)
        if not 0 < port < 65536:
            raise InvalidInputError.of(
                "the port is not a number from 1 to 65535",
                rule="network-port",
                path="port",
                code="network.port_invalid",
                fix="give the port that the server listens on",
            )
        addresses = await self._addresses(asked, port)
        for address in addresses:
            refusal = self.policy.refusal(asked, address, port)
            if refusal is not None:
                raise _forbidden(asked, refusal)
        return Reachable(asked.name, port, tuple(str(address) for address in addresses))

    async def _addresses(self, host: Host, port: int) -> tuple[Address, ...]:
        if host.address is not None:
            return (host.address,)
        is_local = classify_name(host) is not AddressClass.PUBLIC and not self.policy.lists_name(host, port)
        if is_local and not self.policy.networks:
            raise _forbidden(host, classify_name(host))
        try:
            found = await self.resolver.resolve(host.name, port)
        except NotFoundError:
            # Whether an inner name exists is not told to those who may not connect to it.
            if is_local:
                raise _forbidden(host, classify_name(host)) from None
            raise
        if not found:
            raise NotFoundError(f"{host.name} has no address; check its spelling", code="network.unknown_host")
        return tuple(ip_address(text) for text in found)


def _forbidden(host: Host, refusal: AddressClass) -> ForbiddenError:
    said = classify_name(host)
    kind = refusal if said is AddressClass.PUBLIC else said
    return ForbiddenError(
        f"{host.name} may not be connected to: {_reason(host, kind)}. An administrator can allow it in "
        "FLOWCORE_ALLOWED_ADDRESSES",
        code="network.forbidden_address",
    )


def _reason(host: Host, kind: AddressClass) -> str:
    if kind is AddressClass.LOCAL_NAME:
        return "it is a name of this machine or network"
    return f"{'it is' if host.address is not None else 'it leads to'} an address of the class {kind}"
