"""What the service tells about itself: request ids, a log line and numbers for every request, health."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from attrs import define, field
from litestar import MediaType, Response, get
from litestar.di import NamedDependency
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from entrypoints.bootstrap import App
from entrypoints.http.access import PUBLIC
from flowcore.errors import UnavailableError
from flowcore.model import AuditEntry, to_document

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_REQUEST_ID_HEADER = b"x-request-id"
_SERVER_ERROR = 500
#: Words that the numbers tell apart; anybody can send others, and every new one would take memory.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@define(eq=False)
class Numbers:
    """The Prometheus series of one service."""

    registry: CollectorRegistry = field(factory=CollectorRegistry)
    requests: Counter = field(init=False)
    seconds: Histogram = field(init=False)
    in_flight: Gauge = field(init=False)
    audit_lost: Counter = field(init=False)
    audit_left_out: Counter = field(init=False)

    def __attrs_post_init__(self) -> None:
        labels = ("method", "path")
        self.requests = Counter("http_requests_total", "Requests", (*labels, "status"), registry=self.registry)
        self.seconds = Histogram("http_request_duration_seconds", "Durations", labels, registry=self.registry)
        self.in_flight = Gauge("http_requests_in_flight", "Requests at work", registry=self.registry)
        lost, left_out = (
            "Audit entries that could not be stored; the log has them",
            "Refusals of strangers, not audited",
        )
        self.audit_lost = Counter("audit_entries_lost_total", lost, registry=self.registry)
        self.audit_left_out = Counter("audit_entries_left_out_total", left_out, registry=self.registry)

    def count_unrecorded(self, action: str, error: Exception) -> None:
        """Count a request that could not be recorded in the audit log by a mistake of ours."""
        self.audit_lost.inc()
        structlog.get_logger("flowcore.audit").error("request not audited", action=action, exc_info=error)

    def count_loss(self, entry: AuditEntry, error: BaseException | None) -> None:
        """Count an entry of the audit log that could not be stored, and write it into the log of the service."""
        self.audit_lost.inc()
        told = {key: value for key, value in to_document(entry).items() if value and key != "expires_at"}
        structlog.get_logger("flowcore.audit").error("audit entry lost", entry=told, reason=str(error or "no place"))


@define(eq=False)
class Observe(ASGIMiddleware):
    """Gives every request an id, counts it, and logs one line when its answer is complete. Queries are never logged:
    older clients send tokens in them."""

    scopes = (ScopeType.HTTP,)

    numbers: Numbers
    logger: Any

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Observe one request."""
        request_id = _request_id(scope)
        status = _SERVER_ERROR
        began = time.perf_counter()

        async def tell(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (_REQUEST_ID_HEADER, request_id.encode())]
            await send(message)

        self.numbers.in_flight.inc()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await next_app(scope, receive, tell)
            finally:
                self.numbers.in_flight.dec()
                self._count(scope, status, time.perf_counter() - began)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        path, method = str(scope.get("path_template") or "unknown"), _method(scope)
        self.numbers.requests.labels(method, path, str(status)).inc()
        self.numbers.seconds.labels(method, path).observe(seconds)
        tell = self.logger.warning if status >= _SERVER_ERROR else self.logger.info
        tell("request", method=method, path=_told_path(scope), status=status, ms=round(seconds * 1000))


def observe_unrouted(numbers: Numbers, logger: Any) -> Callable[[Message, Scope], Awaitable[None]]:
    """Return what observes answers that are made before a route is found, which no middleware sees."""

    async def observe(message: Message, scope: Scope) -> None:
        if message["type"] != "http.response.start":
            return
        if any(name.lower() == _REQUEST_ID_HEADER for name, _ in message["headers"]):
            return
        request_id, method, status = _request_id(scope), _method(scope), message["status"]
        message["headers"] = [*message["headers"], (_REQUEST_ID_HEADER, request_id.encode())]
        numbers.requests.labels(method, "unknown", str(status)).inc()
        logger.info("request", method=method, path=_told_path(scope), status=status, request_id=request_id)

    return observe


def _method(scope: Scope) -> str:
    method = str(scope.get("method", ""))
    return method if method in _METHODS else "other"


def _told_path(scope: Scope) -> str:
    """Return a path that cannot fake other lines of the log."""
    return scope["path"].encode("unicode_escape").decode()


def metrics_of(numbers: Numbers) -> Any:
    """Make the handler that shows the numbers to Prometheus."""

    @get("/metrics", opt=PUBLIC, include_in_schema=False, sync_to_thread=False)
    def metrics() -> Response[bytes]:
        """Show the numbers."""
        return Response(generate_latest(numbers.registry), media_type=CONTENT_TYPE_LATEST)

    return metrics


@get("/health", opt=PUBLIC, tags=["service"])
async def health(app: NamedDependency[App]) -> Response[dict[str, str]]:
    """Say whether the service and its store answer."""
    try:
        await app.store.ping()
    except UnavailableError:
        return Response({"status": "unavailable", "store": "unavailable"}, status_code=503)
    return Response({"status": "ok", "store": "ok"})


@get("/v1", opt=PUBLIC, tags=["service"], media_type=MediaType.JSON, sync_to_thread=False)
def hello() -> dict[str, str]:
    """Say hello."""
    return {"message": "Hello from flowcore!", "status": "success"}


def _request_id(scope: Scope) -> str:
    given = next((value.decode("latin-1") for name, value in scope["headers"] if name == _REQUEST_ID_HEADER), "")
    return given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
