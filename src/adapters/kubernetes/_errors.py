"""The API server's answers as our errors; nothing of the request is ever quoted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flowcore.errors import FlowcoreError, ForbiddenError, UnauthenticatedError, UnavailableError
from flowcore.ports.cluster import RejectedError

#: What a later try may get another answer to.
_PASSING = frozenset({408, 429, 500, 502, 503, 504})

#: Code of the error for a kind that the cluster does not serve.
UNKNOWN_KIND = "cluster.unknown_kind"

_LONGEST_MESSAGE = 2000

#: How an authorizer's refusal reads; an admission plugin's says what is wrong with the object instead.
_NO_RIGHT = re.compile(r'is forbidden: User "[^"]*" cannot |^forbidden: User "[^"]*" cannot ')

#: How a server says, with status 500, that an applied object does not fit its schema.
_NOT_TYPED = re.compile(r"failed to create typed patch object|field not declared in schema")


def is_status(body: object) -> bool:
    """Say whether a body is a Kubernetes ``Status`` rather than a proxy's page."""
    return isinstance(body, Mapping) and body.get("kind") == "Status"


def details_of(body: object) -> Mapping[str, Any]:
    """Return the details of a ``Status``, nothing when there are none."""
    details = body.get("details") if isinstance(body, Mapping) and is_status(body) else None
    return details if isinstance(details, Mapping) else {}


def may_pass(status: int, body: object) -> bool:
    """Say whether a later try may get another answer."""
    if status not in _PASSING:
        return False
    said = str(body.get("message")) if isinstance(body, Mapping) and is_status(body) else ""
    return not (status == 500 and _NOT_TYPED.search(said))


def error_of(status: int, body: object) -> FlowcoreError:
    """Return the error that an answer stands for.

    Args:
        status: HTTP status, or the code of a ``Status`` in a stream.
        body: the parsed body; what is no ``Status`` is not trusted to say anything.
    """
    said: Mapping[str, Any] = body if isinstance(body, Mapping) and is_status(body) else {}
    message = str(said.get("message") or f"the API server answered {status}")[:_LONGEST_MESSAGE]
    if status == 401:
        return UnauthenticatedError("the cluster does not accept the credentials", code="cluster.unauthenticated")
    if status == 403 and (not said or _NO_RIGHT.search(message)):
        return ForbiddenError(message, code="cluster.forbidden")
    if may_pass(status, body):
        return UnavailableError(message, code="cluster.unavailable")
    return RejectedError(message, reason=str(said.get("reason") or ""), causes=_causes(said))


def retry_after(headers: Mapping[str, str], body: object = None) -> float:
    """Return the seconds that an answer asks to wait, 0 when it asks for none."""
    said = headers.get("Retry-After", "")
    if said.isascii() and said.isdigit():
        return float(said[:6])
    seconds = details_of(body).get("retryAfterSeconds")
    return float(seconds) if isinstance(seconds, int) and 0 < seconds < 10**6 else 0.0


def is_lost_race(status: int, body: object) -> bool:
    """Say whether an apply only came second to another writer; a conflict over who owns a field does not pass."""
    if status != 409 or not is_status(body):
        return False
    return not any(cause.get("reason") == "FieldManagerConflict" for cause in _raw_causes(body))


def must_list_again(status: int, body: object) -> bool:
    """Say whether the server cannot go on from the resource version or continue token it was asked about.

    It has forgotten it, or (a replica that lags behind a write) does not know it yet.
    """
    if status == 410 or (isinstance(body, Mapping) and body.get("reason") in ("Expired", "Gone")):
        return True
    return is_status(body) and isinstance(body, Mapping) and "Too large resource version" in str(body.get("message"))


def unknown_kind(api_version: str, kind: str) -> RejectedError:
    """Return the error for a kind that the cluster does not serve."""
    error = RejectedError(
        f'the cluster knows no kind "{kind}" in "{api_version}"',
        reason="NotFound",
        causes=(f"kind: no matches for {kind} in version {api_version}",),
    )
    error.code = UNKNOWN_KIND
    return error


def mask(error: FlowcoreError, secrets: tuple[str, ...]) -> None:
    """Take every one of *secrets* out of an error's texts: servers and their webhooks quote what they refuse."""
    error.message = _masked(error.message, secrets)
    error.args = (error.message,)
    if isinstance(error, RejectedError):
        error.causes = tuple(_masked(cause, secrets) for cause in error.causes)


def _masked(text: str, secrets: tuple[str, ...]) -> str:
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def _raw_causes(body: object) -> list[Mapping[str, Any]]:
    causes = details_of(body).get("causes")
    return [cause for cause in causes if isinstance(cause, Mapping)] if isinstance(causes, list) else []


def _causes(body: object) -> tuple[str, ...]:
    return tuple(
        ": ".join(str(part) for part in (cause.get("field"), cause.get("message")) if part)[:_LONGEST_MESSAGE]
        for cause in _raw_causes(body)
    )
