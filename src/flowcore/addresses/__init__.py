"""Hosts as people write them, what kind of address is behind them, and which of these may be connected to."""

from flowcore.addresses._classes import Address, AddressClass, classify, classify_name
from flowcore.addresses._host import Host, parse_host
from flowcore.addresses._policy import AddressPolicy, AllowedName, AllowedNetwork

__all__ = [
    "Address",
    "AddressClass",
    "AddressPolicy",
    "AllowedName",
    "AllowedNetwork",
    "Host",
    "classify",
    "classify_name",
    "parse_host",
]
