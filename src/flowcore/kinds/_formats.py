"""What texts may look like: Kubernetes' own rules for names, labels, paths, images and amounts."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Final

from attrs import frozen

from flowcore.kinds._cron import is_schedule
from flowcore.manifests import quantity


@frozen
class Format:
    """A form that a text must have.

    Attributes:
        name: the word that kind files use.
        meaning: what it is, for people; completes "must be …".
        fits: says whether a text has the form.
        pattern: the form as a regular expression for JSON Schema; empty when it cannot be said that way.
        limit: longest text, 0 for no limit.
    """

    name: str
    meaning: str
    fits: Callable[[str], bool]
    pattern: str = ""
    limit: int = 0


def _by_pattern(name: str, meaning: str, pattern: str, limit: int = 0) -> Format:
    compiled = re.compile(pattern, re.ASCII)

    def fits(text: str) -> bool:
        return compiled.fullmatch(text) is not None and (not limit or len(text) <= limit)

    return Format(name, meaning, fits, f"^(?:{pattern})$", limit)


_LABEL: Final = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN: Final = rf"{_LABEL}(?:\.{_LABEL})*"
_QUALIFIED: Final = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
#: Host part, path parts, tag and digest of an image reference, after the distribution project's grammar.
_HOST_PART: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_DOMAIN: Final = rf"(?:{_HOST_PART}(?:\.{_HOST_PART})*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?"
_IMAGE_PART: Final = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_IMAGE: Final = (
    rf"(?:{_DOMAIN}/)?{_IMAGE_PART}(?:/{_IMAGE_PART})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?"
    r"(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?"
)


def _is_quantity(text: str) -> bool:
    try:
        return quantity(text) >= 0
    except ValueError:
        return False


def _is_port_name(text: str) -> bool:
    fits = re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", text, re.ASCII) is not None
    return fits and len(text) <= 15 and any(character.isalpha() for character in text)


def _is_label_key(text: str) -> bool:
    prefix, slash, name = text.rpartition("/")
    if slash and not (re.fullmatch(_SUBDOMAIN, prefix, re.ASCII) and len(prefix) <= 253):
        return False
    return re.fullmatch(_QUALIFIED, name, re.ASCII) is not None


def _is_cidr(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return re.search(r"/(?:0|[1-9][0-9]*)\Z", text) is not None


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def _is_base64(text: str) -> bool:
    try:
        b64decode(text, validate=True)
    except (Base64Error, ValueError):
        return False
    return True


_ALL: Final = (
    _by_pattern(
        "dns-label", "at most 63 small letters, digits and hyphens, with a letter or digit at both ends", _LABEL, 63
    ),
    _by_pattern(
        "dns-subdomain",
        "at most 253 small letters, digits, hyphens and dots, with a letter or digit at the ends of every part",
        _SUBDOMAIN,
        253,
    ),
    _by_pattern(
        "service-name",
        "at most 63 small letters, digits and hyphens, starting with a letter",
        r"[a-z](?:[-a-z0-9]*[a-z0-9])?",
        63,
    ),
    _by_pattern("host", "a host name, with at most a leading *. as wildcard", rf"(?:\*\.)?{_SUBDOMAIN}", 253),
    _by_pattern(
        "label-value",
        "at most 63 letters, digits, '-', '_' and '.', with a letter or digit at both ends",
        rf"(?:{_QUALIFIED})?",
        63,
    ),
    Format("label-key", "a name of at most 63 characters, with or without a DNS prefix and a slash", _is_label_key),
    _by_pattern("image", "an image reference like nginx:1.27 or ghcr.io/me/app@sha256:…", _IMAGE),
    Format("quantity", "an amount like 500m, 0.5, 512Mi or 10Gi", _is_quantity),
    Format("port-name", "at most 15 small letters, digits and single hyphens, with at least one letter", _is_port_name),
    _by_pattern("env-name", "printable ASCII characters without '='", r"[ -<>-~]+"),
    _by_pattern(
        "config-key", "at most 253 letters, digits, '-', '_' and '.'", r"(?!\.\.?$)(?!\.\.)[-._A-Za-z0-9]+", 253
    ),
    _by_pattern("absolute-path", "a path that starts with / and holds no colon", r"/[^:\x00]*"),
    _by_pattern(
        "relative-path",
        "a path that does not start with / and does not leave its folder",
        r"(?!/)(?!(?:.*/)?\.\.(?:/|$)).+",
    ),
    _by_pattern("url-path", "a path that starts with /", r"/\S*"),
    Format("cidr", "an address range like 10.0.0.0/8 or fd00::/8", _is_cidr),
    Format("ip", "an address like 10.0.0.1 or fd00::1", _is_address),
    Format("cluster-ip", "an address like 10.96.0.10, or None", lambda text: text == "None" or _is_address(text)),
    _by_pattern("percentage", "a percentage like 25%", r"(?:0|[1-9][0-9]*)%"),
    Format("cron", "five cron fields like 0 3 * * 1-5 whose day can come, or a word like @daily", is_schedule),
    _by_pattern(
        "time-zone",
        "the name of a time zone like Europe/Berlin or Etc/UTC",
        r"(?!Local$)[A-Za-z](?:[A-Za-z0-9_+-]*[A-Za-z0-9])?(?:/[A-Za-z](?:[A-Za-z0-9_+-]*[A-Za-z0-9])?){0,2}",
        64,
    ),
    Format("base64", "base64", _is_base64),
)

#: Every format by its name.
FORMATS: Final = {known.name: known for known in _ALL}
