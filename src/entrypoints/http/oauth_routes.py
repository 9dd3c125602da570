"""Sign-in with identity providers."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import msgspec
import structlog
from litestar import Request, Response, Router, delete, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.response import Redirect

from entrypoints.bootstrap import App
from entrypoints.http.access import PUBLIC, needs
from entrypoints.http.account_shapes import SignedInOut, answer_with
from entrypoints.http.auditing import audited, tell_failure, tell_signed_in
from entrypoints.http.client_address import client_address, device_of
from entrypoints.http.cookies import require_own_origin
from entrypoints.settings import Settings
from flowcore.model import User
from flowcore.policy import Scope
from flowcore.usecases.accounts.oauth import STATE_LASTS, Landing, Return


class ExchangeIn(msgspec.Struct):
    """What the front end found in its address; ``cookie`` asks for the token in a cookie."""

    code: str = ""
    cookie: bool = False


class LinkOut(msgspec.Struct):
    """Where to send the browser to link an identity."""

    url: str


class IdentityOut(msgspec.Struct, rename="camel"):
    """An identity that opens one's own account."""

    provider: str
    display_name: str
    email: str
    linked_at: datetime


class IdentitiesOut(msgspec.Struct):
    """Every identity that opens one's own account."""

    identities: list[IdentityOut]


@get("/auth/oauth/{provider:str}/authorize", opt=PUBLIC, status_code=307)
async def authorize(request: Request[Any, Any, Any], provider: FromPath[str], app: NamedDependency[App]) -> Redirect:
    """Send the browser to a provider; ``next`` is a page of the front end, ``inviteCode`` is for signing up."""
    query = request.query_params
    beginning = await app.oauth.begin(
        provider, next_path=query.get("next", ""), invite_code=query.get("inviteCode", "")
    )
    return _redirect(beginning.url, _keepsake(app.settings, beginning.keepsake))


@get("/auth/oauth/{provider:str}/callback", opt=PUBLIC | audited("auth.provider.return"), status_code=307)
async def callback(request: Request[Any, Any, Any], provider: FromPath[str], app: NamedDependency[App]) -> Redirect:
    """Take the browser back from a provider, and send it on to the front end with a code or with what went wrong."""
    query = request.query_params
    answer = Return(
        state=query.get("state", ""),
        code=query.get("code", ""),
        error=query.get("error", ""),
        issuer=query.get("iss", ""),
        address=client_address(request),
    )
    landing = await app.oauth.finish(provider, answer, request.cookies.get(_cookie_name(app.settings), ""))
    _tell(landing, provider if provider in app.oauth.providers.by_name else "unknown")
    is_over = landing.failure is not None or "code" not in landing.query
    # The keepsake is asked for once more when the code is exchanged.
    forget = (_keepsake(app.settings, ""),) if is_over else ()
    return _redirect(f"{app.settings.frontend}{landing.path}?{urlencode(landing.query)}", *forget)


@post("/auth/oauth/exchange", opt=PUBLIC | audited("auth.sign_in"), status_code=200)
async def exchange(
    data: JSONBody[ExchangeIn], request: Request[Any, Any, Any], app: NamedDependency[App]
) -> Response[SignedInOut]:
    """Trade the code of a finished sign-in for a token."""
    if data.cookie:
        require_own_origin(request, app.settings)
    keepsake = request.cookies.get(_cookie_name(app.settings), "")
    signed_in = await app.oauth.exchange(data.code, keepsake, device_of(request))
    tell_signed_in(signed_in)
    answer = answer_with(signed_in, app.settings, in_cookie=data.cookie)
    answer.set_cookie(_keepsake(app.settings, ""))
    return answer


@get("/profile/identities", opt=needs(Scope.ACCOUNT))
async def identities(user: NamedDependency[User], app: NamedDependency[App]) -> IdentitiesOut:
    """List the identities that open one's own account."""
    linked = await app.oauth.identities.of(user)
    return IdentitiesOut(
        [IdentityOut(each.provider, _display_name(app, each.provider), each.email, each.created_at) for each in linked]
    )


@post(
    "/profile/identities/{provider:str}/link",
    status_code=200,
    opt=needs(Scope.ACCOUNT) | audited("identity.link.begin"),
)
async def link(provider: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]) -> Response[LinkOut]:
    """Begin to link an identity to one's own account; the browser goes to ``url`` next."""
    beginning = await app.oauth.begin(provider, linker=user)
    answer = Response(LinkOut(beginning.url), headers={"Cache-Control": "no-store"})
    answer.set_cookie(_keepsake(app.settings, beginning.keepsake))
    return answer


@delete("/profile/identities/{provider:str}", status_code=200, opt=needs(Scope.ACCOUNT) | audited("identity.unlink"))
async def unlink(provider: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]) -> dict[str, str]:
    """Unlink an identity, as long as another way into the account remains."""
    await app.oauth.identities.remove(user, provider)
    return {"message": "Identity unlinked"}


def _redirect(url: str, *cookies: Cookie) -> Redirect:
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Redirect(url, status_code=307, headers=headers, cookies=cookies)


def _cookie_name(settings: Settings) -> str:
    # The prefix makes browsers refuse the cookie from a neighbouring host or over plain HTTP.
    return "__Host-flowcore-oauth" if settings.public_url.startswith("https:") else "flowcore-oauth"


def _keepsake(settings: Settings, value: str) -> Cookie:
    """Return the browser's keepsake as a cookie; an empty one makes it forget."""
    return Cookie(
        key=_cookie_name(settings),
        value=value,
        path="/",
        max_age=int(STATE_LASTS.total_seconds()) if value else 0,
        httponly=True,
        secure=settings.public_url.startswith("https:"),
        samesite="lax",
    )


def _display_name(app: App, name: str) -> str:
    provider = app.oauth.providers.by_name.get(name)
    return provider.display_name if provider else name


def _tell(landing: Landing, provider: str) -> None:
    if landing.failure is not None:
        tell_failure(landing.failure.code)
        reason = getattr(landing.failure, "reason", "")
        structlog.get_logger("flowcore.http").warning(
            "sign-in refused", provider=provider, code=landing.failure.code, reason=reason
        )


router = Router("/", route_handlers=[authorize, callback, exchange, identities, link, unlink], tags=["accounts"])
