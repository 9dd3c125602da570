"""The API server's refusals: one exception that carries a Kubernetes Status, and a constructor per reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import frozen

Object = dict[str, Any]


@frozen
class Cause:
    """One field's problem inside a Status: the reason, a sentence and the field's path."""

    reason: str
    message: str
    field: str = ""

    def to_dict(self) -> Object:
        """The wire shape of the cause."""
        cause = {"reason": self.reason, "message": self.message}
        return cause | {"field": self.field} if self.field else cause


class StatusError(Exception):
    """A request that the API refuses.

    `code` is the HTTP status, `reason` the machine-readable word, `details` what the reason is about.
    """

    def __init__(self, code: int, reason: str, message: str, details: Object | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details or {}

    def to_dict(self) -> Object:
        """The wire shape: a `v1` Status with status Failure."""
        status: Object = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "details": self.details,
            "code": self.code,
        }
        if not self.reason:
            del status["reason"]
        if not self.details:
            del status["details"]
        return status


def qualified(plural: str, group: str) -> str:
    """`deployments.apps`, or only `pods` for the core group."""
    return f"{plural}.{group}" if group else plural


def _about(plural: str, group: str, name: str) -> Object:
    details: Object = {"name": name} if name else {}
    if group:
        details["group"] = group
    return details | {"kind": plural}


def not_found(plural: str, group: str, name: str) -> StatusError:
    """404: there is no such object."""
    message = f'{qualified(plural, group)} "{name}" not found'
    return StatusError(404, "NotFound", message, _about(plural, group, name))


def unknown_path() -> StatusError:
    """404: nothing is served at this path."""
    return StatusError(404, "NotFound", "the server could not find the requested resource")


def already_exists(plural: str, group: str, name: str) -> StatusError:
    """409: the name is taken."""
    message = f'{qualified(plural, group)} "{name}" already exists'
    return StatusError(409, "AlreadyExists", message, _about(plural, group, name))


def conflict(plural: str, group: str, name: str, why: str = "") -> StatusError:
    """409: the caller's copy is old, or a precondition fails."""
    why = why or ("the object has been modified; please apply your changes to the latest version and try again")
    message = f'Operation cannot be fulfilled on {qualified(plural, group)} "{name}": {why}'
    return StatusError(409, "Conflict", message, _about(plural, group, name))


def apply_conflict(causes: Sequence[Cause], message: str) -> StatusError:
    """409: other field managers own what a server-side apply wants to set."""
    return StatusError(409, "Conflict", message, {"causes": [cause.to_dict() for cause in causes]})


def invalid(kind: str, group: str, name: str, causes: Sequence[Cause]) -> StatusError:
    """422: the object is understood but not allowed; one cause for each field at fault."""
    texts = list(dict.fromkeys(f"{cause.field}: {cause.message}" for cause in causes))
    text = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    subject = f'{kind}.{group} "{name}"' if group else f'{kind} "{name}"'
    details = _about(kind, group, name) | {"causes": [cause.to_dict() for cause in causes]}
    return StatusError(422, "Invalid", f"{subject} is invalid: {text}", details)


def bad_request(message: str) -> StatusError:
    """400: the request cannot be understood."""
    return StatusError(400, "BadRequest", message)


def forbidden(plural: str, group: str, name: str, why: str, causes: Iterable[Cause] = ()) -> StatusError:
    """403: understood, and never allowed."""
    message = f'{qualified(plural, group)} "{name}" is forbidden: {why}'
    details = _about(plural, group, name)
    listed = [cause.to_dict() for cause in causes]
    return StatusError(403, "Forbidden", message, details | ({"causes": listed} if listed else {}))


def unauthorized() -> StatusError:
    """401: no token, or a wrong one."""
    return StatusError(401, "Unauthorized", "Unauthorized")


def method_not_allowed(plural: str, group: str) -> StatusError:
    """405: the resource does not support this verb."""
    message = "the server does not allow this method on the requested resource"
    return StatusError(405, "MethodNotAllowed", message, _about(plural, group, "") if plural else None)


def not_acceptable(supported: Sequence[str]) -> StatusError:
    """406: none of the caller's media types is offered."""
    message = f"only the following media types are accepted: {', '.join(supported)}"
    return StatusError(406, "NotAcceptable", message)


def unsupported_media_type(media_type: str, supported: Sequence[str]) -> StatusError:
    """415: the body's media type is not understood here."""
    message = f"the body of the request was in an unknown format - accepted media types include: {', '.join(supported)}"
    return StatusError(415, "UnsupportedMediaType", message, {"mediaType": media_type} if media_type else None)


def expired(message: str) -> StatusError:
    """410: the resourceVersion or continue token is too old."""
    return StatusError(410, "Expired", message)


def future_version(asked: int, current: int) -> StatusError:
    """504: the resourceVersion lies in the future."""
    details: Object = {
        "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
        "retryAfterSeconds": 1,
    }
    return StatusError(504, "Timeout", f"Too large resource version: {asked}, current: {current}", details)


def too_large(limit: int) -> StatusError:
    """413: the body is above the limit, in bytes."""
    return StatusError(413, "RequestEntityTooLarge", f"Request entity too large: limit is {limit}")


def success(details: Mapping[str, Any]) -> Object:
    """The Status answered by a completed deletion."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": dict(details),
    }
