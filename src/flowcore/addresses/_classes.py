"""What kind of address it is: the special ones of IANA's registries, and where clouds keep their metadata."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

from flowcore.addresses._host import Host

Address: TypeAlias = IPv4Address | IPv6Address


class AddressClass(StrEnum):
    """What an address is for; the values are words for people."""

    PUBLIC = "public"
    LOOPBACK = "loopback"
    PRIVATE = "private"
    LINK_LOCAL = "link-local"
    SITE_LOCAL = "site-local"
    SHARED = "carrier-grade NAT"
    METADATA = "metadata service"
    MULTICAST = "multicast"
    BROADCAST = "broadcast"
    UNSPECIFIED = "unspecified"
    DOCUMENTATION = "documentation"
    BENCHMARKING = "benchmarking"
    RESERVED = "reserved"
    LOCAL_NAME = "local name"


#: Services of clouds that give credentials to whoever asks from inside; none is needed by what users name.
_METADATA = frozenset(
    ip_address(text)
    for text in (
        "169.254.169.254",  # AWS, Azure, Google, DigitalOcean, OpenStack and others
        "169.254.169.253",  # AWS, resolver
        "169.254.170.2",  # AWS, credentials of ECS tasks
        "169.254.170.23",  # AWS, credentials of EKS pods
        "169.254.0.23",  # Tencent
        "169.254.42.42",  # Scaleway
        "100.100.100.200",  # Alibaba
        "192.0.0.192",  # Oracle
        "168.63.129.16",  # Azure, host agent
        "fd00:ec2::254",  # AWS
        "fd00:ec2::253",
        "fd00:ec2::23",
        "fd20:ce::254",  # Google
        "fd00:c1::a9fe:a9fe",  # Oracle
        "fd00:42::42",  # Scaleway
        "fe80::a9fe:a9fe",  # OpenStack
    )
)

#: The first network that holds an address says its class. What is in none is public in IPv4, reserved in IPv6.
_NETWORKS: tuple[tuple[IPv4Network | IPv6Network, AddressClass], ...] = tuple(
    (ip_network(text), kind)
    for kind, texts in (
        (AddressClass.BROADCAST, ("255.255.255.255",)),
        (AddressClass.UNSPECIFIED, ("0.0.0.0/8", "::")),
        (AddressClass.LOOPBACK, ("127.0.0.0/8", "::1")),
        (AddressClass.PRIVATE, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "64:ff9b:1::/48")),
        (AddressClass.LINK_LOCAL, ("169.254.0.0/16", "fe80::/10")),
        (AddressClass.SITE_LOCAL, ("fec0::/10",)),
        (AddressClass.SHARED, ("100.64.0.0/10",)),
        (AddressClass.MULTICAST, ("224.0.0.0/4", "ff00::/8")),
        (
            AddressClass.DOCUMENTATION,
            ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"),
        ),
        (AddressClass.BENCHMARKING, ("198.18.0.0/15", "2001:2::/48")),
        (AddressClass.RESERVED, ("192.0.0.0/24", "192.88.99.0/24", "240.0.0.0/4", "2001::/23")),
        (AddressClass.PUBLIC, ("2000::/3",)),
    )
    for text in texts
)

#: Networks whose addresses hold an IPv4 address, and how far it stands from the right, in bits.
_EMBEDDING = tuple(
    (IPv6Network(text), shift)
    for text, shift in (
        ("::ffff:0:0/96", 0),  # IPv4-mapped
        ("::ffff:0:0:0/96", 0),  # IPv4-translated
        ("64:ff9b::/96", 0),  # NAT64
        ("::/96", 0),  # IPv4-compatible
        ("2002::/16", 80),  # 6to4
    )
)
_TEREDO = IPv6Network("2001::/32")
_ISATAP = (0x00005EFE, 0x02005EFE)
_32_BITS = 0xFFFFFFFF

#: Names that mean this machine or this network, without asking anybody; so do all that end in them.
#: ``svc`` ends the names of services in the cluster around this process.
_NEAR = ("localhost", "local", "localdomain", "internal", "intranet", "corp", "private", "lan")
_LOCAL_SUFFIXES = (*_NEAR, "home.arpa", "svc")
_METADATA_NAMES = frozenset(
    ("metadata.google.internal", "metadata.goog", "metadata.tencentyun.com", "instance-data.ec2.internal")
)


def classify(address: Address) -> AddressClass:
    """Return the class of an address; of one that holds others, the first class among them that is not public."""
    classes = [classify_alone(part) for part in parts_of(address)]
    return next((kind for kind in classes if kind is not AddressClass.PUBLIC), AddressClass.PUBLIC)


def classify_name(host: Host) -> AddressClass:
    """Return what a host's name says by itself: ``LOCAL_NAME``, ``METADATA``, or ``PUBLIC`` for all others."""
    if host.address is not None:
        return AddressClass.PUBLIC
    if host.name in _METADATA_NAMES:
        return AddressClass.METADATA
    is_local = "." not in host.name or any(host.name.endswith(f".{suffix}") for suffix in _LOCAL_SUFFIXES)
    return AddressClass.LOCAL_NAME if is_local else AddressClass.PUBLIC


def parts_of(address: Address) -> tuple[Address, ...]:
    """Return the addresses that decide about one: those that it embeds, and itself where it is reached as well."""
    if isinstance(address, IPv4Address):
        return (address,)
    number = int(address)
    if number <= 1:
        return (IPv6Address(number),)  # the unspecified one and loopback are no IPv4-compatible addresses
    if address in _TEREDO:
        return (_ipv4(number >> 64), _ipv4(~number))  # the server, and the client whose bits are turned
    for network, shift in _EMBEDDING:
        if address in network:
            return (_ipv4(number >> shift),)
    alone = IPv6Address(number)  # without a zone
    return (alone, _ipv4(number)) if number >> 32 & _32_BITS in _ISATAP else (alone,)


def classify_alone(address: Address) -> AddressClass:
    """Return the class of an address, whatever it holds."""
    if address in _METADATA:
        return AddressClass.METADATA
    fallback = AddressClass.PUBLIC if address.version == 4 else AddressClass.RESERVED
    return next((kind for network, kind in _NETWORKS if address in network), fallback)


def _ipv4(number: int) -> IPv4Address:
    return IPv4Address(number & _32_BITS)
