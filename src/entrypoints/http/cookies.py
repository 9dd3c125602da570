"""Sessions of browsers: a cookie that scripts cannot read, and the proof that our own page sent a request."""

from __future__ import annotations

import hmac
from typing import Any
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from entrypoints.settings import Settings
from flowcore.errors import ForbiddenError
from flowcore.model import Session
from flowcore.usecases.accounts.sessions import SESSION_LASTS

#: Header with what only our own page can know.
CSRF_HEADER = "X-CSRF-Token"

_PORTS = {"https": 443, "http": 80}


def cookie_name(settings: Settings) -> str:
    """Return the name of the session's cookie."""
    # The prefix makes browsers refuse the cookie from a neighbouring host or over plain HTTP.
    return "__Host-flowcore" if _is_secure(settings) else "flowcore"


def session_cookie(settings: Settings, token: str) -> Cookie:
    """Return the cookie with a session's token; an empty token makes the browser forget it."""
    return Cookie(
        key=cookie_name(settings),
        value=token,
        path="/",
        max_age=int(SESSION_LASTS.total_seconds()) if token else 0,
        httponly=True,
        secure=_is_secure(settings),
        samesite="strict",
    )


def require_own_origin(connection: ASGIConnection[Any, Any, Any, Any], settings: Settings) -> None:
    """Let a request pass only when no other site sent it: nobody is signed in by a page of somebody else's.

    Raises:
        ForbiddenError: another site sent it (code ``csrf.origin``).
    """
    origin = connection.headers.get("origin", "")
    if origin and not _is_ours(origin, connection.headers.get("host", ""), settings):
        raise ForbiddenError("The request comes from another site", code="csrf.origin")


def require_own_page(connection: ASGIConnection[Any, Any, Any, Any], session: Session, settings: Settings) -> None:
    """Let a request that came with a cookie pass only when our own page sent it.

    Raises:
        ForbiddenError: another site sent it (code ``csrf.origin``), or it does not show the session's token in
            ``X-CSRF-Token`` (code ``csrf.token``).
    """
    require_own_origin(connection, settings)
    shown = connection.headers.get(CSRF_HEADER, "")
    if not hmac.compare_digest(shown.encode(), session.csrf.encode()):
        text = f"The header {CSRF_HEADER} must hold csrfToken of GET /v1/api/auth/session"
        raise ForbiddenError(text, code="csrf.token")


def _is_ours(origin: str, host: str, settings: Settings) -> bool:
    named = (settings.public_url, settings.frontend_url, *settings.cors_origins)
    scheme, place = _origin(origin)
    if not scheme or not place:
        return False  # like "null", which sandboxed frames send
    if (scheme, place) in {_origin(url) for url in named}:
        return True
    return not settings.public_url and (scheme, place) == _origin(f"{scheme}://{host}")


def _origin(url: str) -> tuple[str, str]:
    """Return scheme and place of an address as browsers spell them; empty ones when it is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "", ""
    place = parts.netloc.lower()
    return parts.scheme, place.removesuffix(f":{port}") if port == _PORTS.get(parts.scheme) else place


def _is_secure(settings: Settings) -> bool:
    return settings.public_url.startswith("https:")
