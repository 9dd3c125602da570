"""Who calls: every route asks for a token unless it says that it is public."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler

from entrypoints.bootstrap import App
from flowcore.errors import UnauthenticatedError
from flowcore.model import User
from flowcore.policy import Scope

#: Options of a route: it asks for no token; it takes one in the query too.
PUBLIC: dict[str, Any] = {"public": True}
TOKEN_IN_QUERY: dict[str, Any] = {"token_in_query": True}

_READING = ("GET", "HEAD", "OPTIONS")


def needs(scope: Scope) -> dict[str, Any]:
    """Return the option of a route that says which scope an API token needs for it.

    Without it, reading needs ``read`` and everything else ``write``.
    """
    return {"scope": scope}


def scope_of(handler: BaseRouteHandler, method: str) -> Scope:
    """Return the scope that an API token needs for a route."""
    scope: Scope | None = handler.opt.get("scope")
    return scope or (Scope.READ if method in _READING else Scope.WRITE)


async def require_user(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Find out who calls; a guard of every route.

    Raises:
        UnauthenticatedError: there is no valid token.
        ForbiddenError: it is an API token that is not for this.
    """
    if handler.opt.get("public"):
        return
    app: App = connection.app.state.flowcore
    needed = scope_of(handler, str(connection.scope.get("method", "GET")))
    connection.scope["user"] = await app.identify(token_of(connection, handler, app), needed)


def provide_user(request: Request[User, Any, Any]) -> User:
    """Hand the caller to a handler."""
    return request.user


def provide_app(state: State) -> App:
    """Hand the use cases to a handler."""
    app: App = state.flowcore
    return app


def bearer_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """Return the token of the ``Authorization`` header.

    Raises:
        UnauthenticatedError: there is none.
    """
    header = connection.headers.get("authorization", "")
    scheme, _, token = header.partition(" ")
    if not header:
        raise UnauthenticatedError("Authorization token is required", code="token.missing")
    if scheme.lower() != "bearer" or not token.strip():
        raise UnauthenticatedError("Authorization header must start with 'Bearer '", code="token.missing")
    return token.strip()


def token_of(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler, app: App) -> str:
    """Return the caller's token, from the header, or from the query where the route and the settings allow it.

    Raises:
        UnauthenticatedError: there is none.
    """
    in_query = connection.query_params.get("token", "")
    accepts_query = handler.opt.get("token_in_query") and app.settings.token_in_query
    if in_query and accepts_query and "authorization" not in connection.headers:
        return str(in_query)
    return bearer_of(connection)
