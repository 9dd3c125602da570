"""The service as an ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import structlog
from litestar import Litestar, Router
from litestar.config.cors import CORSConfig
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, YamlRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.types import ControllerRouterHandler

from entrypoints.bootstrap import App
from entrypoints.http import (
    account_routes,
    admin_routes,
    audit_routes,
    cluster_routes,
    git_routes,
    import_apply_routes,
    import_routes,
    import_streams,
    invite_routes,
    jwks_routes,
    oauth_routes,
    plugin_routes,
    preview_routes,
    run_routes,
    session_routes,
    sharing_routes,
    streams,
    team_routes,
    template_routes,
    token_routes,
    version_routes,
    workflow_routes,
)
from entrypoints.http.access import provide_app, provide_caller, provide_user, require_user
from entrypoints.http.auditing import Audit, note_error
from entrypoints.http.cookies import CSRF_HEADER
from entrypoints.http.errors import (
    answer_to_deep_nesting,
    answer_to_flowcore_error,
    answer_to_http_error,
    answer_to_mistake,
)
from entrypoints.http.hardening import Harden, headers_of
from entrypoints.http.limiting import Buckets, limit_callers, limit_strangers, tell_limits
from entrypoints.http.observing import Numbers, Observe, health, hello, metrics_of, observe_unrouted
from entrypoints.settings import Settings
from flowcore.errors import FlowcoreError

#: Opens the use cases for as long as the service runs.
OpenApp = Callable[[], AbstractAsyncContextManager[App]]

_ROUTERS = (
    account_routes.router,
    session_routes.router,
    team_routes.router,
    sharing_routes.router,
    token_routes.router,
    oauth_routes.router,
    workflow_routes.router,
    version_routes.router,
    run_routes.router,
    preview_routes.router,
    streams.router,
    cluster_routes.router,
    template_routes.router,
    plugin_routes.router,
    import_streams.router,
    import_apply_routes.router,
    import_routes.router,
    git_routes.router,
    admin_routes.router,
    audit_routes.router,
    invite_routes.router,
)


def create_app(open_app: OpenApp, settings: Settings, *, pages: Sequence[ControllerRouterHandler] = ()) -> Litestar:
    """Make the application.

    Args:
        open_app: opens the use cases when the service starts.
        settings: of this process.
        pages: further handlers, like those of a web client; they say themselves whether they are public.
    """
    logger = structlog.get_logger("flowcore.http")
    numbers, open_streams = Numbers(), streams.OpenStreams(settings.streams_per_user)
    api = Router(
        "/v1/api",
        route_handlers=list(_ROUTERS),
        guards=[limit_strangers, require_user, limit_callers],
        dependencies={
            "user": Provide(provide_user, sync_to_thread=False),
            "caller": Provide(provide_caller, sync_to_thread=False),
        },
        security=[{"bearer": []}],
    )

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with open_app() as opened:
            app.state.flowcore, app.state.buckets = opened, Buckets(settings.rate_limits)
            opened.audit.recorder.on_loss = numbers.count_loss
            yield

    return Litestar(
        route_handlers=[api, health, hello, jwks_routes.jwks, metrics_of(numbers), *pages],
        dependencies={
            "app": Provide(provide_app, sync_to_thread=False),
            "streams": Provide(lambda: open_streams, sync_to_thread=False),
        },
        lifespan=[lifespan],
        middleware=[
            Observe(numbers, logger),
            Harden(settings),
            Audit(numbers.audit_left_out.inc, numbers.count_unrecorded),
        ],
        after_exception=[note_error],
        before_send=[headers_of(settings), tell_limits, observe_unrouted(numbers, logger)],
        exception_handlers=_ANSWERS,
        cors_config=_cors(settings),
        openapi_config=_openapi(),
        request_max_body_size=settings.body_limit,
        logging_config=None,
    )


_ANSWERS: dict[int | type[Exception], Any] = {
    FlowcoreError: answer_to_flowcore_error,
    HTTPException: answer_to_http_error,
    RecursionError: answer_to_deep_nesting,
    Exception: answer_to_mistake,
}


def _cors(settings: Settings) -> CORSConfig | None:
    if not settings.cors_origins:
        return None
    return CORSConfig(
        allow_origins=list(settings.cors_origins),
        allow_methods=["GET", "POST", "PUT", "DELETE", "PATCH"],
        allow_headers=["Authorization", "Content-Type", "If-Match", "Last-Event-ID", "X-Request-ID", CSRF_HEADER],
        expose_headers=[
            "ETag",
            "RateLimit-Limit",
            "RateLimit-Remaining",
            "RateLimit-Reset",
            "Retry-After",
            "X-Request-ID",
        ],
        allow_credentials="*" not in settings.cors_origins,
        max_age=12 * 3600,
    )


def _openapi() -> OpenAPIConfig:
    bearer = SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")
    return OpenAPIConfig(
        title="flowcore",
        version="1",
        description="Draw a Kubernetes application as a graph; deploy, watch and version it.",
        path="/v1/api-docs",
        render_plugins=[
            YamlRenderPlugin(path=["/", "/openapi.yaml"]),
            JsonRenderPlugin(path=["/json", "/openapi.json"]),
        ],
        components=Components(security_schemes={"bearer": bearer}),
    )
