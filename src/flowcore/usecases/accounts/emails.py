"""E-mail addresses: which will do, and which are the same."""

from __future__ import annotations

import re
import unicodedata

from flowcore.addresses import parse_host
from flowcore.errors import InvalidInputError

#: Most characters of an address that mail can be sent to (RFC 5321).
_LONGEST = 254
_LONGEST_LOCAL = 64
#: What a local part may have without quotes (RFC 5322), and letters beyond ASCII (RFC 6531).
_LOCAL = re.compile(r"[^\s()<>@,;:\\\"\[\]\x00-\x1f\x7f\ud800-\udfff]+")


def is_email(text: str) -> bool:
    """Say whether a text looks like an address that mail can be sent to."""
    local, _, domain = text.strip().rpartition("@")
    if len(text.strip()) > _LONGEST or len(local) > _LONGEST_LOCAL or not _LOCAL.fullmatch(local):
        return False
    if not local.isprintable() or local.startswith(".") or local.endswith(".") or ".." in local:
        return False
    try:
        host = parse_host(domain)
    except InvalidInputError:
        return False
    return host.address is None and ("." in host.name or host.name == "localhost") and not domain.endswith(".")


def key_of_email(email: str) -> str:
    """Return what an address is compared by: neither case nor the way that letters are spelt counts."""
    local, at, domain = email.strip().rpartition("@")
    return f"{unicodedata.normalize('NFC', local).lower()}{at}{key_of_domain(domain)}"


def key_of_domain(domain: str) -> str:
    """Return what a domain is compared by: its ASCII spelling, in lower case; one that is none stays what it is."""
    try:
        return parse_host(domain.strip()).name
    except InvalidInputError:
        return unicodedata.normalize("NFC", domain.strip()).lower()
