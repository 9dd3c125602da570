"""Errors on the wire: the one table from an error's class to a status, and the shape of every error answer."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, NotAuthorizedException, PermissionDeniedException, ValidationException
from litestar.status_codes import HTTP_500_INTERNAL_SERVER_ERROR

from flowcore.errors import (
    ConflictError,
    Finding,
    FlowcoreError,
    ForbiddenError,
    InvalidInputError,
    LimitExceededError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
)
from flowcore.ports.cluster import RejectedError
from flowcore.usecases.drawings.workflows import StaleWorkflowError

#: The status of every class of errors; the most special class that fits counts.
STATUSES: Mapping[type[FlowcoreError], int] = {
    InvalidInputError: 400,
    UnauthenticatedError: 401,
    ForbiddenError: 403,
    NotFoundError: 404,
    ConflictError: 409,
    LimitExceededError: 413,
    RejectedError: 422,
    FlowcoreError: 500,
    UnavailableError: 503,
}

_CODES = {400: "input.invalid", 404: "route.not_found", 405: "route.method", 413: "limit", 415: "input.media_type"}


def answer_to_flowcore_error(_: Request[Any, Any, Any], error: FlowcoreError) -> Response[dict[str, Any]]:
    """Answer an error of ours: ``{error, code, problems}``."""
    status = status_of(error)
    body: dict[str, Any] = {"error": error.message, "code": error.code, "problems": []}
    headers: dict[str, str] = {}
    if isinstance(error, InvalidInputError):
        body |= {"error": _summary(error), "problems": problems_of(error.findings)}
    if isinstance(error, StaleWorkflowError):
        body["revision"] = error.current.edition
        headers["ETag"] = f'"{error.current.edition}"'
    if isinstance(error, LimitExceededError) and error.retry_after:
        headers["Retry-After"] = f"{error.retry_after:.0f}"
    if status == HTTP_500_INTERNAL_SERVER_ERROR:
        body["error"] = "Internal error"
    if error.code == "store.unavailable":
        # Where the store is, and what is wrong with it, is for who runs the service.
        structlog.get_logger("flowcore.http").error("store unavailable", reason=error.message)
        body["error"] = "The store does not answer; try again later"
    if isinstance(error, UnauthenticatedError):
        headers["WWW-Authenticate"] = "Bearer"
    return Response(body, status_code=status, headers=headers)


def answer_to_http_error(_: Request[Any, Any, Any], error: HTTPException) -> Response[dict[str, Any]]:
    """Answer what the framework refuses by itself: unknown routes, bodies that cannot be read."""
    body: dict[str, Any] = {
        "error": error.detail or "The request cannot be answered",
        "code": _CODES.get(error.status_code, "http.refused"),
        "problems": [],
    }
    if isinstance(error, ValidationException):
        body["error"] = "Invalid request data"
        body["problems"] = [_problem_of(extra) for extra in error.extra or ()]
    if isinstance(error, NotAuthorizedException | PermissionDeniedException):
        body["code"] = "forbidden"
    return Response(body, status_code=error.status_code, headers=dict(error.headers or {}))


def answer_to_deep_nesting(_: Request[Any, Any, Any], error: RecursionError) -> Response[dict[str, Any]]:
    """Answer a body that is nested deeper than anybody draws."""
    body = {"error": "The body is nested too deeply", "code": "input.too_deep", "problems": []}
    return Response(body, status_code=400)


def answer_to_mistake(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
    """Answer a mistake of ours without telling what it was; the log has it."""
    structlog.get_logger("flowcore.http").error("request failed", path=request.url.path, exception=trace_of(error))
    body = {"error": "Internal error", "code": "internal", "problems": []}
    return Response(body, status_code=HTTP_500_INTERNAL_SERVER_ERROR)


def trace_of(error: BaseException) -> str:
    """Return where an error comes from, without values: renderers of logs may show those of all variables."""
    return "".join(traceback.format_exception(error)).rstrip()


def status_of(error: FlowcoreError) -> int:
    """Return the status of an error; what may work a little later is 429."""
    if isinstance(error, LimitExceededError) and error.retry_after:
        return 429
    return next(STATUSES[cls] for cls in type(error).__mro__ if cls in STATUSES)


def problems_of(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Return findings as the wire tells them; what is not said is left out."""
    return [_told(finding) for finding in findings]


def _summary(error: InvalidInputError) -> str:
    """Return one sentence: the error's own, or the first problem and how many more there are."""
    first, *more = [str(finding.message) for finding in error.findings] or [error.message]
    listed = "\n".join(str(finding) for finding in error.findings)
    if error.message != listed:
        return error.message
    return f"{first} (and {len(more)} more)" if more else first


def _told(finding: Finding) -> dict[str, Any]:
    place = finding.place
    said = {
        "rule": finding.rule,
        "severity": str(finding.severity),
        "message": finding.message,
        "node": place.node,
        "edge": place.edge,
        "path": place.path,
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "why": finding.why,
        "fix": finding.fix,
    }
    return {key: value for key, value in said.items() if value}


def _problem_of(extra: Any) -> dict[str, Any]:
    told = extra if isinstance(extra, Mapping) else {"message": str(extra)}
    return {
        "rule": "request",
        "severity": "error",
        "message": str(told.get("message", "")),
        **({"path": str(told["key"])} if told.get("key") else {}),
    }
