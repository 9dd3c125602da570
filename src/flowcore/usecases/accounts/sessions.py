"""Sessions: begun by every way to sign in, listed, and ended."""

from __future__ import annotations

from datetime import timedelta

from attrs import evolve, field, frozen

from flowcore.errors import NotFoundError, UnauthenticatedError
from flowcore.model import Session, User
from flowcore.ports.security import Claims, TokenIssuer
from flowcore.ports.storage import Repository
from flowcore.ports.system import Clock, IdSource
from flowcore.usecases._changing import change

#: How long an access token is good.
TOKEN_LASTS = timedelta(hours=24)
#: How long a session lasts at most, however often its token is refreshed.
SESSION_LASTS = timedelta(days=30)
#: Sessions that a user has at the same time; the oldest ends for one more.
MOST_SESSIONS = 100
_LONGEST_AGENT = 200
_SECRET = 43  # letters and digits, more than 256 bits


@frozen
class Device:
    """What is known of the place that somebody signs in from.

    Attributes:
        address: of the client; empty when nobody knows.
        agent: the program, as it calls itself.
    """

    address: str = ""
    agent: str = ""


#: For who signs in from a place that nobody knows.
NOWHERE = Device()


@frozen
class SignedIn:
    """A signed-in user and the token that proves it."""

    token: str = field(repr=False)
    user: User
    session: Session


@frozen(kw_only=True)
class Sessions:
    """Everybody's sessions.

    Attributes:
        lasts: how long a session lasts at most.
    """

    kept: Repository[Session]
    tokens: TokenIssuer
    clock: Clock
    ids: IdSource
    lasts: timedelta = SESSION_LASTS

    async def open(self, user: User, device: Device) -> SignedIn:
        """Begin a session of a user who has proved who they are.

        Raises:
            UnauthenticatedError: the account is disabled.
        """
        require_enabled(user)
        now = self.clock.now()
        fresh = Session(
            id=self.ids.new_id(),
            user_id=user.id,
            address=device.address,
            agent="".join(filter(str.isprintable, device.agent))[:_LONGEST_AGENT],
            csrf=self.ids.new_secret(_SECRET),
            token_id=self.ids.new_secret(_SECRET),
            token_from=now,
            # The clock of the process that ended all sessions before may be a little ahead of this one's.
            created_at=max(now, user.tokens_from or now),
            last_used_at=now,
            expires_at=now + self.lasts,
        )
        opened = await self.kept.add(fresh)
        await self._end_the_oldest(user)
        return self.signed(user, opened)

    def signed(self, user: User, session: Session) -> SignedIn:
        """Return the newest token of a session; the same session gives the same token."""
        claims = Claims(
            user_id=user.id,
            email=user.email,
            role=user.role,
            session_id=session.id,
            token_id=session.token_id,
            issued_at=session.token_from,
            expires_at=min(session.token_from + TOKEN_LASTS, session.expires_at),
        )
        return SignedIn(self.tokens.issue(claims), user, session)

    async def list(self, user: User) -> list[Session]:
        """Return the user's sessions that have not ended, the last used first."""
        found = await self.kept.find({"user_id": user.id}, order_by=("-last_used_at",))
        now = self.clock.now()
        return [session for session in found if now < session.expires_at]

    async def _end_the_oldest(self, user: User) -> None:
        """Keep no more sessions than somebody can look through: programs that sign in each time leave theirs behind."""
        found = await self.kept.find({"user_id": user.id}, order_by=("-created_at",), offset=MOST_SESSIONS)
        for session in found:
            await self.kept.remove(session.id)

    async def end(self, user: User, session_id: str) -> None:
        """End one session of the user at once.

        Raises:
            NotFoundError: the user has none of this id.
        """
        found = await self.kept.find({"id": session_id, "user_id": user.id}, limit=1)
        if not found:
            raise NotFoundError("Session not found", code="session.not_found")
        await self.kept.remove(session_id)

    async def end_all(self, user_id: str, *, but: str = "") -> int:
        """End every session of a user, but for one; return how many there were."""
        others = [session for session in await self.kept.find({"user_id": user_id}) if session.id != but]
        for session in others:
            await self.kept.remove(session.id)
        return len(others)


@frozen(kw_only=True)
class SignOutEverywhere:
    """End every session of one's own, and every API token."""

    users: Repository[User]
    sessions: Sessions
    clock: Clock

    async def __call__(self, user: User) -> None:
        """Refuse every token that was issued up to now."""
        now = self.clock.now()
        await change(self.users, user.id, lambda stored: evolve(stored, tokens_from=now, updated_at=now))
        await self.sessions.end_all(user.id)


def require_enabled(user: User) -> None:
    """Let only accounts pass that are not disabled.

    Raises:
        UnauthenticatedError: it is disabled (code ``account.disabled``).
    """
    if user.disabled_at is not None:
        raise UnauthenticatedError("This account is disabled; ask an administrator", code="account.disabled")
