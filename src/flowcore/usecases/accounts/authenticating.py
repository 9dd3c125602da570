"""Who calls: by a session's token or by an API token."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from attrs import evolve, frozen

from flowcore.errors import FlowcoreError, ForbiddenError, NotFoundError, UnauthenticatedError
from flowcore.model import ApiToken, Session, User
from flowcore.policy import Scope, covers
from flowcore.ports.security import Claims, TokenIssuer
from flowcore.ports.storage import Repository
from flowcore.ports.system import Clock, IdSource
from flowcore.usecases._changing import change
from flowcore.usecases.accounts.api_tokens import PREFIX, ApiTokens
from flowcore.usecases.accounts.sessions import Sessions, SignedIn, require_enabled

#: How long after its issue a token can be traded for the next one.
REFRESH_WINDOW = timedelta(days=7)
#: Requests of the same moment may try to trade the same token; this long, they get the same new one.
_SAME_MOMENT = timedelta(seconds=30)
_NOTE_EVERY = timedelta(hours=1)
_SECRET = 43


@frozen(kw_only=True)
class Caller:
    """Who calls, and by what.

    Attributes:
        session: the session; None with an API token.
        api_token: the API token; None with a session.
    """

    user: User
    session: Session | None = None
    api_token: ApiToken | None = None


@frozen(kw_only=True)
class Authenticate:
    """Find out who a session's token belongs to.

    Account and session are read each time, so that their state counts and not the token's: signing out, a new role
    and a disabled account act at once.
    """

    users: Repository[User]
    sessions: Repository[Session]
    tokens: TokenIssuer
    clock: Clock

    async def __call__(self, token: str) -> Caller:
        """Return who it is, and note that the session was used.

        Raises:
            UnauthenticatedError: the token is not valid (any more), its session has ended, or its account is gone or
                disabled.
        """
        caller = await self.caller_of(self.tokens.verify(token))
        session, now = caller.session, self.clock.now()
        if session is not None and now - session.last_used_at >= _NOTE_EVERY:
            with suppress(FlowcoreError):  # when it was used is good to know, and no reason to refuse it
                await change(self.sessions, session.id, lambda stored: evolve(stored, last_used_at=now))
        return caller

    async def caller_of(self, claims: Claims) -> Caller:
        """Return whom verified claims mean.

        Raises:
            UnauthenticatedError: the session has ended, or the account is gone or disabled.
        """
        try:
            session = await self.sessions.get(claims.session_id)
            user = await self.users.get(session.user_id)
        except NotFoundError:
            raise invalid_token("token.revoked") from None
        has_ended = self.clock.now() >= session.expires_at or ended_by_owner(user, session.created_at)
        if user.id != claims.user_id or has_ended:
            raise invalid_token("token.revoked")
        require_enabled(user)
        return Caller(user=user, session=session)


@frozen(kw_only=True)
class RefreshToken:
    """Trade a session's newest token, even one that expired lately, for the next one.

    Every token can be traded once. Whoever shows one that was traded before has it from somewhere else, or somebody
    else has: the session ends for both.
    """

    authenticate: Authenticate
    sessions: Sessions
    clock: Clock
    ids: IdSource
    window: timedelta = REFRESH_WINDOW

    async def __call__(self, token: str, admit: Callable[[Session], None] = lambda _: None) -> SignedIn:
        """Return the session with a new token, which shows the account's present role.

        Args:
            token: the newest one of its session.
            admit: may refuse the session before anything is changed.

        Raises:
            UnauthenticatedError: the token is not valid, was issued too long ago, or was traded before.
        """
        claims = self.authenticate.tokens.verify(token, leeway_after_expiry=self.window.total_seconds())
        if self.clock.now() >= claims.issued_at + self.window:
            raise invalid_token("token.expired")
        caller = await self.authenticate.caller_of(claims)
        if caller.session is not None:
            admit(caller.session)
        try:
            session = await change(self.sessions.kept, claims.session_id, lambda stored: self._next(stored, claims))
        except NotFoundError:
            raise invalid_token("token.revoked") from None
        except _ReusedError:
            await self.sessions.kept.remove(claims.session_id)
            raise invalid_token("token.reused") from None
        return self.sessions.signed(caller.user, session)

    def _next(self, stored: Session, claims: Claims) -> Session:
        now = self.clock.now()
        if claims.token_id == stored.token_id:
            return evolve(
                stored,
                token_id=self.ids.new_secret(_SECRET),
                token_from=now,
                replaced_id=stored.token_id,
                last_used_at=now,
            )
        if claims.token_id == stored.replaced_id and now - stored.token_from < _SAME_MOMENT:
            return stored
        raise _ReusedError


@frozen(kw_only=True)
class Identify:
    """Find out who calls, by a session's token or an API token, and whether that is good enough for what they want."""

    authenticate: Authenticate
    api_tokens: ApiTokens
    users: Repository[User]

    async def __call__(self, token: str, needed: Scope) -> Caller:
        """Return who it is.

        Raises:
            UnauthenticatedError: the token is not valid (any more), or its account is gone or disabled.
            ForbiddenError: it is an API token whose scopes do not cover what is *needed* (code ``token.scope``).
        """
        caller = await self.whoever(token)
        require_scope(caller, needed)
        return caller

    async def whoever(self, token: str) -> Caller:
        """Return who it is, whatever they want.

        Raises:
            UnauthenticatedError: the token is not valid (any more), or its account is gone or disabled.
        """
        if not token.startswith(PREFIX):
            return await self.authenticate(token)
        kept = await self.api_tokens.recognise(token)
        try:
            user = await self.users.get(kept.user_id)
        except NotFoundError:
            raise invalid_token() from None
        if ended_by_owner(user, kept.created_at):
            raise invalid_token()
        require_enabled(user)
        return Caller(user=user, api_token=kept)


class _ReusedError(Exception):
    """A token was traded a second time."""


def require_scope(caller: Caller, needed: Scope) -> None:
    """Let an API token pass that is for what is needed, and every session.

    Raises:
        ForbiddenError: its scopes do not cover it (code ``token.scope``).
    """
    if caller.api_token is not None and not covers([Scope(scope) for scope in caller.api_token.scopes], needed):
        scopes = ", ".join(caller.api_token.scopes)
        text = f"this API token is for {scopes}; what you ask needs the scope {needed}"
        raise ForbiddenError(text, code="token.scope")


def ended_by_owner(user: User, made_at: datetime) -> bool:
    """Say whether a session or API token was made before everything of its user ended, as with a new password.

    The record of it may still be there: whoever removes all of them may have died in the middle.
    """
    return user.tokens_from is not None and made_at < user.tokens_from


def invalid_token(code: str = "token.invalid") -> UnauthenticatedError:
    """Make the one answer for every token that is not accepted."""
    return UnauthenticatedError("Invalid or expired token", code=code)
