"""Users and sessions as the wire shows them."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TypeVar

import msgspec
from litestar import Response

from entrypoints.http.cookies import session_cookie
from entrypoints.settings import Settings
from flowcore.model import Session, User
from flowcore.usecases.accounts.sessions import SignedIn

T = TypeVar("T")

#: Answers with a token are for nobody's cache.
NOT_STORED = {"Cache-Control": "no-store"}


class UserOut(msgspec.Struct, rename="camel"):
    """A user as the wire shows one."""

    id: str
    email: str
    name: str
    role: str
    avatar_url: str
    created_at: datetime
    auth_provider: str

    @classmethod
    def of(cls, user: User) -> UserOut:
        """Translate a user."""
        digest = hashlib.md5(user.email_key.encode(), usedforsecurity=False).hexdigest()
        return cls(
            id=user.id,
            email=user.email,
            name=user.name,
            role=str(user.role),
            avatar_url=f"https://www.gravatar.com/avatar/{digest}?s=200&d=identicon",
            created_at=user.created_at,
            auth_provider=user.auth_provider,
        )


class SignedInOut(msgspec.Struct, rename="camel"):
    """A session: whose it is, and its token; who asked for a cookie gets ``csrfToken`` in the token's place."""

    user: UserOut
    token: str | msgspec.UnsetType = msgspec.UNSET
    csrf_token: str | msgspec.UnsetType = msgspec.UNSET

    @classmethod
    def of(cls, signed_in: SignedIn, *, in_cookie: bool) -> SignedInOut:
        """Translate a session."""
        user = UserOut.of(signed_in.user)
        return cls(user, csrf_token=signed_in.session.csrf) if in_cookie else cls(user, token=signed_in.token)


class SessionOut(msgspec.Struct, rename="camel"):
    """Where somebody is signed in."""

    id: str
    address: str
    agent: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    is_current: bool

    @classmethod
    def of(cls, session: Session, current: Session | None) -> SessionOut:
        """Translate a session; *current* is the one that asks."""
        return cls(
            id=session.id,
            address=session.address,
            agent=session.agent,
            created_at=session.created_at,
            last_used_at=session.last_used_at,
            expires_at=session.expires_at,
            is_current=current is not None and session.id == current.id,
        )


def answer_with(
    signed_in: SignedIn, settings: Settings, *, in_cookie: bool, status_code: int = 200
) -> Response[SignedInOut]:
    """Answer with a session: its token in the body, or in a cookie."""
    body = SignedInOut.of(signed_in, in_cookie=in_cookie)
    answer = Response(body, status_code=status_code, headers=NOT_STORED)
    return with_cookie(answer, signed_in, settings, in_cookie=in_cookie)


def with_cookie(answer: Response[T], signed_in: SignedIn, settings: Settings, *, in_cookie: bool) -> Response[T]:
    """Return an answer that sets the session's cookie where one was asked for."""
    if in_cookie:
        answer.set_cookie(session_cookie(settings, signed_in.token))
    return answer
