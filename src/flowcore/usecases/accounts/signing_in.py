"""Signing in with a password."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

from attrs import evolve, frozen

from flowcore.errors import InvalidInputError, LimitExceededError, NotFoundError, UnauthenticatedError
from flowcore.model import User
from flowcore.ports.storage import Repository
from flowcore.usecases._changing import change
from flowcore.usecases.accounts.emails import key_of_email
from flowcore.usecases.accounts.locking import Lockout
from flowcore.usecases.accounts.passwords import Passwords
from flowcore.usecases.accounts.registering import welcome_nobody
from flowcore.usecases.accounts.sessions import NOWHERE, Device, Sessions, SignedIn


@frozen(kw_only=True)
class SignIn:
    """Trade e-mail and password for a session."""

    users: Repository[User]
    passwords: Passwords
    sessions: Sessions
    lockout: Lockout
    welcome: Callable[[User], Awaitable[None]] = welcome_nobody

    async def __call__(self, email: str, password: str, *, device: Device = NOWHERE) -> SignedIn:
        """Return a session; an unknown e-mail takes as long as a wrong password.

        Args:
            email: in any case.
            password: as typed.
            device: where the request comes from; failures from one address do not lock others out.

        Raises:
            UnauthenticatedError: they do not match an account, or it is disabled.
            LimitExceededError: there were too many failures with this e-mail or from this address lately.
        """
        key = key_of_email(email)
        await self.lockout.begin(key, device.address)
        user = await self._account(key)
        try:
            verdict = await self.passwords.verify(password, user.password_hash if user else "")
        except LimitExceededError:
            await self.lockout.undo(key, device.address)
            raise
        if user is None or not verdict.matches:
            raise UnauthenticatedError("Invalid email or password", code="account.wrong_password")
        await self.lockout.succeed(key, device.address)
        signed_in = await self.sessions.open(user, device)
        await self._require_still_so(user, signed_in)
        if verdict.needs_rehash:
            await self._upgrade(user, password)
        await self.welcome(user)
        return signed_in

    async def _require_still_so(self, user: User, signed_in: SignedIn) -> None:
        """End the session when everything of the user was ended while the password was looked at: by a new password,
        say, and the one that was typed is the old one. Nobody would find this session to end it afterwards."""
        try:
            stored = await self.users.get(user.id)
        except NotFoundError:
            stored = None
        if stored is None or stored.tokens_from != user.tokens_from:
            await self.sessions.end(user, signed_in.session.id)
            raise UnauthenticatedError("Invalid email or password", code="account.wrong_password")

    async def _account(self, key: str) -> User | None:
        try:
            found = await self.users.find({"email_key": key}, limit=1)
        except InvalidInputError:
            return None  # no store keeps such a text
        return found[0] if found else None

    async def _upgrade(self, user: User, password: str) -> None:
        """Keep the password the way that new ones are kept; a reason against it is none against signing in."""
        with suppress(LimitExceededError, InvalidInputError):
            fresh, old = await self.passwords.hash(password), user.password_hash
            # Somebody may have changed the password meanwhile.
            await change(
                self.users,
                user.id,
                lambda stored: evolve(stored, password_hash=fresh) if stored.password_hash == old else stored,
            )
