"""API tokens."""

from __future__ import annotations

from datetime import datetime

import msgspec
from litestar import Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from entrypoints.bootstrap import App
from entrypoints.http.access import needs
from entrypoints.http.auditing import audited, tell_target
from entrypoints.http.ids import checked_id
from flowcore.errors import ForbiddenError, NotFoundError
from flowcore.model import ApiToken, User
from flowcore.policy import Scope
from flowcore.usecases.accounts.authenticating import Caller


class TokenIn(msgspec.Struct):
    """What making an API token takes: what for, with which scopes, for how many days."""

    name: str
    scopes: list[str]
    days: int = 90


class TokenOut(msgspec.Struct, rename="camel"):
    """An API token, which itself is shown once."""

    id: str
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None

    @classmethod
    def of(cls, kept: ApiToken) -> TokenOut:
        """Translate what is kept of a token."""
        return cls(kept.id, kept.name, list(kept.scopes), kept.created_at, kept.expires_at, kept.last_used_at)


class MadeTokenOut(msgspec.Struct, rename="camel"):
    """A new API token; this is the only answer with it."""

    token: str
    api_token: TokenOut


class TokensOut(msgspec.Struct):
    """One's own API tokens."""

    tokens: list[TokenOut]


@get("/profile/tokens", opt=needs(Scope.ACCOUNT))
async def list_tokens(user: NamedDependency[User], app: NamedDependency[App]) -> TokensOut:
    """List one's own API tokens."""
    return TokensOut([TokenOut.of(kept) for kept in await app.accounts.api_tokens.list(user)])


@post("/profile/tokens", opt=needs(Scope.ACCOUNT) | audited("api_token.create"))
async def make_token(
    data: JSONBody[TokenIn], caller: NamedDependency[Caller], app: NamedDependency[App]
) -> MadeTokenOut:
    """Make an API token. It takes a session: a token cannot make others."""
    if caller.session is None:
        raise ForbiddenError("An API token cannot make others; sign in", code="token.no_session")
    made = await app.accounts.api_tokens.make(caller.user, name=data.name, scopes=tuple(data.scopes), days=data.days)
    tell_target("api_token", made.kept.id, made.kept.name, scopes=" ".join(made.kept.scopes))
    return MadeTokenOut(made.token, TokenOut.of(made.kept))


@delete("/profile/tokens/current", opt=needs(Scope.READ) | audited("api_token.revoke"))
async def revoke_own(caller: NamedDependency[Caller], app: NamedDependency[App]) -> None:
    """Make the API token that asks useless at once: whoever holds one may always give it up."""
    if caller.api_token is None:
        raise NotFoundError("You came with a session, not with an API token", code="api_token.not_found")
    tell_target("api_token", caller.api_token.id, caller.api_token.name)
    await app.accounts.api_tokens.revoke(caller.user, caller.api_token.id)


@delete("/profile/tokens/{token_id:str}", opt=needs(Scope.ACCOUNT) | audited("api_token.revoke"))
async def revoke_token(token_id: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]) -> None:
    """Make an API token useless at once."""
    await app.accounts.api_tokens.revoke(user, checked_id(token_id, "API token"))


router = Router("/", route_handlers=[list_tokens, make_token, revoke_own, revoke_token], tags=["accounts"])
