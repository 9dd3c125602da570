"""Which addresses may be connected to: the public ones, and what an administrator lists."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network

from attrs import frozen

from flowcore.addresses._classes import Address, AddressClass, classify_alone, classify_name, parts_of
from flowcore.addresses._host import Host, parse_host
from flowcore.errors import Finding, InvalidInputError

_MAPPED = IPv6Network("::ffff:0:0/96")
_WILDCARD = "*."

#: Where a listed name may lead. Who runs the name's DNS may be somebody else than who runs this service, so the rest
#: is for addresses that are listed themselves.
_BEHIND_NAMES = frozenset(
    {
        AddressClass.PUBLIC,
        AddressClass.LOOPBACK,
        AddressClass.PRIVATE,
        AddressClass.SHARED,
        AddressClass.SITE_LOCAL,
        AddressClass.BENCHMARKING,
        AddressClass.DOCUMENTATION,
    }
)


@frozen
class AllowedNetwork:
    """Addresses that may be connected to.

    Attributes:
        network: all of them.
        port: the only port; 0 for any.
    """

    network: IPv4Network | IPv6Network
    port: int = 0

    def lists(self, address: Address, port: int, *, exactly: bool = False) -> bool:
        """Say whether it holds an address, or with *exactly* whether it is that address and no other."""
        if self.port not in (0, port) or address not in self.network:
            return False
        return not exactly or self.network.num_addresses == 1


@frozen
class AllowedName:
    """A host that may be connected to wherever it is in the own networks.

    Attributes:
        name: of the host.
        is_suffix: it stands for every name below it, and not for itself.
        port: the only port; 0 for any.
    """

    name: str
    is_suffix: bool = False
    port: int = 0

    def lists(self, name: str, port: int, *, exactly: bool = False) -> bool:
        """Say whether it names a host, or with *exactly* whether it does so without a wildcard."""
        if self.port not in (0, port):
            return False
        if self.is_suffix:
            return not exactly and name.endswith(f".{self.name}")
        return name == self.name


@frozen
class AddressPolicy:
    """Rules for outgoing connections to hosts that users name.

    Public addresses are allowed, others when they are listed. An address of a metadata service is allowed only when
    it is listed by itself, never as part of a network or behind a name.

    Attributes:
        networks: addresses that are allowed.
        names: hosts that are allowed.
    """

    networks: tuple[AllowedNetwork, ...] = ()
    names: tuple[AllowedName, ...] = ()

    @classmethod
    def of(cls, entries: Iterable[str]) -> AddressPolicy:
        """Return the policy that lists: addresses, networks, names, ``*.`` before a name, each perhaps with a port.

        With a port: ``10.0.0.0/8:443``, ``[fd00::/8]:443``, ``git.corp.example:8443``.

        Raises:
            InvalidInputError: some entries are none of these; every one is named (code ``network.allowed_invalid``).
        """
        networks: list[AllowedNetwork] = []
        names: list[AllowedName] = []
        findings: list[Finding] = []
        for entry in entries:
            try:
                allowed = _entry(entry)
            except ValueError as error:
                message = f'"{entry[:100]}" is not an address, a network or a host: {error}'
                findings.append(Finding(rule="allowed-address", message=message, fix=_FIX))
                continue
            if isinstance(allowed, AllowedNetwork):
                networks.append(allowed)
            else:
                names.append(allowed)
        if findings:
            raise InvalidInputError(findings, code="network.allowed_invalid")
        return cls(tuple(networks), tuple(names))

    def lists_name(self, host: Host, port: int) -> bool:
        """Say whether a host is listed by its name."""
        exactly = classify_name(host) is AddressClass.METADATA
        return any(allowed.lists(host.name, port, exactly=exactly) for allowed in self.names)

    def refusal(self, host: Host, address: Address, port: int) -> AddressClass | None:
        """Return why a host may not be connected to at one of its addresses, None when it may."""
        for part in parts_of(address):
            kind = classify_alone(part)
            if not self._allows(host, part, port, kind):
                return classify_name(host) if kind is AddressClass.PUBLIC else kind
        return None

    def _allows(self, host: Host, part: Address, port: int, kind: AddressClass) -> bool:
        is_metadata = kind is AddressClass.METADATA
        if any(allowed.lists(part, port, exactly=is_metadata) for allowed in self.networks):
            return True
        if self.lists_name(host, port):
            return kind in _BEHIND_NAMES
        return kind is AddressClass.PUBLIC and classify_name(host) is AddressClass.PUBLIC


_FIX = "write entries like 10.0.0.0/8, 192.168.1.10:6443, git.corp.example or *.corp.example"


def _entry(text: str) -> AllowedNetwork | AllowedName:
    what, port = _split(text.strip())
    if "/" in what:
        return AllowedNetwork(_network(what), port)
    is_suffix = what.startswith(_WILDCARD)
    try:
        host = parse_host(what.removeprefix(_WILDCARD))
    except InvalidInputError as error:
        raise ValueError(error.message) from None
    if host.address is None:
        return AllowedName(host.name, is_suffix, port)
    if is_suffix:
        raise ValueError("an address has nothing below it")
    return AllowedNetwork(_network(str(host.address)), port)


def _split(text: str) -> tuple[str, int]:
    """Return an entry without its port, and the port."""
    if text.startswith("["):
        what, closed, rest = text[1:].partition("]")
        if not closed or (rest and not rest.startswith(":")):
            raise ValueError("the brackets do not fit")
        return what, _port(rest[1:]) if rest else 0
    if text.count(":") == 1:
        what, _, port = text.partition(":")
        return what, _port(port)
    return text, 0


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65536):
        raise ValueError("its port is not a number from 1 to 65535")
    return int(text)


def _network(text: str) -> IPv4Network | IPv6Network:
    network = ip_network(text)
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        # Addresses are judged by the IPv4 address that they hold.
        return IPv4Network((int(network.network_address) & 0xFFFFFFFF, network.prefixlen - _MAPPED.prefixlen))
    return network
