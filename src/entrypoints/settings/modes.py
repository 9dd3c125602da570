"""Whom a process serves: the person at this machine, or everybody who reaches it."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import urlsplit


class Mode(StrEnum):
    """How much a start forgives: development makes keys where there are none, production refuses what is unsafe."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Risk(StrEnum):
    """What production refuses unless ``FLOWCORE_ACCEPTED_RISKS`` names it."""

    MEMORY_STORE = "memory-store"
    SANDBOX = "sandbox"
    ANY_ORIGIN = "any-origin"
    ANY_ADDRESS = "any-address"
    PLAIN_HTTP = "plain-http"
    UNVERIFIED_TLS = "unverified-tls"


def usual_mode(host: str, public_url: str) -> Mode:
    """Return the mode of a start that names none: production as soon as others can reach it.

    Args:
        host: address that it listens on.
        public_url: address that browsers reach it at; empty when nobody said.
    """
    public_host = urlsplit(public_url).hostname
    is_private = is_loopback(host) and (public_host is None or is_loopback(public_host))
    return Mode.DEVELOPMENT if is_private else Mode.PRODUCTION


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach what listens there."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
