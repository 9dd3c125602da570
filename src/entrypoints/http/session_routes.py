"""Sessions: which there are, and their end."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from entrypoints.bootstrap import App
from entrypoints.http.access import PUBLIC, needs, shown_by
from entrypoints.http.account_shapes import NOT_STORED, SessionOut, SignedInOut, UserOut, answer_with
from entrypoints.http.auditing import audited, tell_signed_in
from entrypoints.http.cookies import require_own_page, session_cookie
from entrypoints.http.ids import checked_id
from entrypoints.http.token_routes import TokenOut
from flowcore.model import Session, User
from flowcore.policy import Scope
from flowcore.usecases.accounts.authenticating import Caller


class CurrentOut(msgspec.Struct, rename="camel"):
    """Who calls and by what: by a session, or by an API token of these scopes."""

    user: UserOut
    session: SessionOut | None
    csrf_token: str | msgspec.UnsetType = msgspec.UNSET
    scopes: list[str] | None = None
    api_token: TokenOut | None = None


class SessionsOut(msgspec.Struct):
    """Everywhere one is signed in."""

    sessions: list[SessionOut]


@post("/auth/refresh", opt=PUBLIC | audited("session.refresh"), status_code=200)
async def refresh(request: Request[Any, Any, Any], app: NamedDependency[App]) -> Response[SignedInOut]:
    """Trade a token, even one that expired lately, for a new one; each can be traded once."""
    shown = shown_by(request, request.route_handler, app.settings)

    def admit(session: Session) -> None:
        if shown.is_cookie:
            require_own_page(request, session, app.settings)

    signed_in = await app.accounts.refresh_token(shown.token, admit)
    tell_signed_in(signed_in)
    return answer_with(signed_in, app.settings, in_cookie=shown.is_cookie)


@get("/auth/session")
async def current(caller: NamedDependency[Caller]) -> Response[CurrentOut]:
    """Tell who calls; a browser finds here what it must send with every change."""
    session, token = caller.session, caller.api_token
    told = CurrentOut(
        user=UserOut.of(caller.user),
        session=SessionOut.of(session, session) if session is not None else None,
        csrf_token=session.csrf if session is not None else msgspec.UNSET,
        scopes=list(token.scopes) if token is not None else None,
        api_token=TokenOut.of(token) if token is not None else None,
    )
    return Response(told, headers=NOT_STORED)


@post("/auth/logout", status_code=204, opt=needs(Scope.ACCOUNT) | audited("auth.sign_out"))
async def sign_out(caller: NamedDependency[Caller], app: NamedDependency[App]) -> Response[None]:
    """End the session that asks; an API token stays, and is revoked among the tokens."""
    if caller.session is not None:
        await app.accounts.sessions.end(caller.user, caller.session.id)
    return _forgotten(app)


@post("/auth/logout-all", status_code=204, opt=needs(Scope.ACCOUNT) | audited("auth.sign_out_everywhere"))
async def sign_out_everywhere(user: NamedDependency[User], app: NamedDependency[App]) -> Response[None]:
    """End all of one's sessions and API tokens."""
    await app.accounts.sign_out_everywhere(user)
    return _forgotten(app)


@get("/profile/sessions", opt=needs(Scope.ACCOUNT))
async def list_sessions(caller: NamedDependency[Caller], app: NamedDependency[App]) -> SessionsOut:
    """List everywhere one is signed in."""
    return SessionsOut([SessionOut.of(each, caller.session) for each in await app.accounts.sessions.list(caller.user)])


@delete("/profile/sessions/{session_id:str}", opt=needs(Scope.ACCOUNT) | audited("session.end"))
async def end_session(session_id: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]) -> None:
    """End one of one's sessions at once."""
    await app.accounts.sessions.end(user, checked_id(session_id, "session"))


def _forgotten(app: App) -> Response[None]:
    answer = Response(None, status_code=204)
    answer.set_cookie(session_cookie(app.settings, ""))
    return answer


router = Router(
    "/",
    route_handlers=[refresh, current, sign_out, sign_out_everywhere, list_sessions, end_session],
    tags=["accounts"],
)
