"""Who calls: every route asks for a token unless it says that it is public."""

from __future__ import annotations

from typing import Any

from attrs import field, frozen
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler

from entrypoints.bootstrap import App
from entrypoints.http.cookies import cookie_name, require_own_page
from entrypoints.settings import Settings
from flowcore.errors import UnauthenticatedError
from flowcore.model import User
from flowcore.policy import Scope
from flowcore.usecases.access import require_administrator
from flowcore.usecases.accounts.authenticating import Caller, require_scope

#: Options of a route: it asks for no token; it takes one in the query too.
PUBLIC: dict[str, Any] = {"public": True}
TOKEN_IN_QUERY: dict[str, Any] = {"token_in_query": True}
#: Option of a route for who runs the service; the use case asks the policy, too.
ADMIN: dict[str, Any] = {"admin": True, "scope": Scope.ADMIN}

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
        ForbiddenError: it is an API token that is not for this, a cookie that another site sent, or somebody who does
            not run the service asks for what only they may.
    """
    if handler.opt.get("public"):
        return
    app: App = connection.app.state.flowcore
    method = str(connection.scope.get("method", "GET"))
    shown = shown_by(connection, handler, app.settings)
    caller = await app.accounts.identify.whoever(shown.token)
    # Who is refused below is known, and the audit log says who it was; no handler runs then.
    connection.scope["user"], connection.scope["auth"] = caller.user, caller
    require_scope(caller, scope_of(handler, method))
    if handler.opt.get("admin"):
        require_administrator(caller.user)
    if shown.is_cookie and caller.session is not None and method not in _READING:
        require_own_page(connection, caller.session, app.settings)


def provide_user(request: Request[User, Any, Any]) -> User:
    """Hand the caller to a handler."""
    return request.user


def provide_caller(request: Request[User, Caller, Any]) -> Caller:
    """Hand the caller to a handler, with the session or API token that they came with."""
    return request.auth


def provide_app(state: State) -> App:
    """Hand the use cases to a handler."""
    app: App = state.flowcore
    return app


@frozen
class Shown:
    """A token that came with a request, and whether a browser added it by itself."""

    token: str = field(repr=False)
    is_cookie: bool = False


def shown_by(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler, settings: Settings) -> Shown:
    """Return the caller's token: from the header, the cookie, or the query where the route and the settings allow it.

    Raises:
        UnauthenticatedError: there is none.
    """
    if "authorization" in connection.headers:
        return Shown(_bearer_of(connection))
    in_query = connection.query_params.get("token", "")
    if in_query and handler.opt.get("token_in_query") and settings.token_in_query:
        return Shown(str(in_query))
    cookie = connection.cookies.get(cookie_name(settings), "")
    if not cookie:
        raise UnauthenticatedError("Authorization token is required", code="token.missing")
    return Shown(cookie, is_cookie=True)


def _bearer_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise UnauthenticatedError("Authorization header must start with 'Bearer '", code="token.missing")
    return token.strip()
