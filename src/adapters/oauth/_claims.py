"""Claims to what the service asks: who, which address, which groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.oauth._config import ClaimNames
from flowcore.ports.identity import ProvenIdentity, unreadable

_LONGEST = 255
_LONGEST_EMAIL = 320
_MOST_GROUPS = 1000
_NAMES = ("name", "display_name", "preferred_username", "nickname", "login", "username", "given_name")


def identity_of(claims: Mapping[str, Any], names: ClaimNames) -> ProvenIdentity:
    """Return who the claims are about.

    Raises:
        ProviderError: they do not name anybody.
    """
    return ProvenIdentity(
        subject=_subject(claims, names),
        email=_email(claims, names),
        email_verified=_is_verified(claims, names),
        name=next(filter(None, (_text(claim_at(claims, each)) for each in (names.name, *_NAMES))), ""),
        groups=_groups(claim_at(claims, names.groups)) if names.groups else (),
    )


def claim_at(claims: Mapping[str, Any], path: str) -> Any:
    """Return a claim by its name, or by a dotted path; None when it is not there. Names may have dots themselves."""
    if path in claims:
        return claims[path]
    head, _, rest = path.rpartition(".")
    while head:
        inner = claims.get(head)
        if isinstance(inner, Mapping):
            return claim_at(inner, rest)
        head, _, more = head.rpartition(".")
        rest = f"{more}.{rest}"
    return None


def _subject(claims: Mapping[str, Any], names: ClaimNames) -> str:
    value = claim_at(claims, names.subject)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)  # exact, however large
    if not isinstance(value, str) or not value or len(value) > _LONGEST:
        raise unreadable(f"claim {names.subject}: no text and no whole number")
    return value


def _email(claims: Mapping[str, Any], names: ClaimNames) -> str:
    value = claim_at(claims, names.email)
    return value.strip() if isinstance(value, str) and len(value) <= _LONGEST_EMAIL else ""


def _is_verified(claims: Mapping[str, Any], names: ClaimNames) -> bool | None:
    value = claim_at(claims, names.email_verified) if names.email_verified else None
    if value is None:
        return None
    return value is True or value == "true"  # some providers write it as text


def _text(value: Any) -> str:
    return value.strip()[:_LONGEST] if isinstance(value, str) else ""


def _groups(value: Any) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else [value]
    return tuple(each for each in listed[:_MOST_GROUPS] if isinstance(each, str) and each)
