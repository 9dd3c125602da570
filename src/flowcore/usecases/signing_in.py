"""Signing in with a password."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from attrs import evolve, frozen

from flowcore.errors import UnauthenticatedError
from flowcore.model import User
from flowcore.ports.security import PasswordHasher
from flowcore.ports.storage import Repository
from flowcore.usecases._changing import change
from flowcore.usecases.enrolling import key_of_email
from flowcore.usecases.passwords import LONGEST
from flowcore.usecases.registering import welcome_nobody
from flowcore.usecases.sessions import NOWHERE, Device, Sessions, SignedIn
from flowcore.usecases.throttling import Throttle


@frozen(kw_only=True)
class SignIn:
    """Trade e-mail and password for a session."""

    users: Repository[User]
    hasher: PasswordHasher
    sessions: Sessions
    throttle: Throttle
    welcome: Callable[[User], Awaitable[None]] = welcome_nobody

    async def __call__(self, email: str, password: str, *, device: Device = NOWHERE) -> SignedIn:
        """Return a session; an unknown e-mail takes as long as a wrong password.

        Args:
            email: in any case.
            password: as typed.
            device: where the request comes from; failures from one address do not lock others out.

        Raises:
            UnauthenticatedError: they do not match an account, or it is disabled.
            LimitExceededError: the caller has failed too often with this e-mail lately.
        """
        key = f"{key_of_email(email)} {device.address}"
        found = await self.users.find({"email_key": key_of_email(email)}, limit=1)
        user = found[0] if found else None
        # A try counts before it is known to fail: otherwise any number of them pass while the first is looked at.
        self.throttle.require(key)
        self.throttle.fail(key)
        verdict = await self.hasher.verify(password[:LONGEST], user.password_hash if user else "")
        if user is None or not verdict.matches:
            raise UnauthenticatedError("Invalid email or password", code="account.wrong_password")
        self.throttle.forget(key)
        if verdict.needs_rehash:
            fresh = await self.hasher.hash(password)
            user = await change(self.users, user.id, lambda stored: evolve(stored, password_hash=fresh))
        await self.welcome(user)
        return await self.sessions.open(user, device)
