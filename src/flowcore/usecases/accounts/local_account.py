"""The account of the person at this machine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from attrs import frozen

from flowcore.model import User
from flowcore.ports.storage import Repository
from flowcore.ports.system import Clock, IdSource
from flowcore.usecases.accounts.registering import welcome_nobody


@frozen(kw_only=True)
class ActLocally:
    """Stand for the person at this machine, who needs no sign-in: for commands that serve nobody else."""

    users: Repository[User]
    clock: Clock
    ids: IdSource
    welcome: Callable[[User], Awaitable[None]] = welcome_nobody

    async def __call__(self) -> User:
        """Return their account, made on first use; it has no password, so nobody can sign in with it."""
        email = "local@localhost"
        known = await self.users.find({"email_key": email}, limit=1)
        if known:
            user = known[0]
        else:
            now = self.clock.now()
            fresh = User(id=self.ids.new_id(), email=email, email_key=email, name="Local", created_at=now)
            user = await self.users.add(fresh)
        await self.welcome(user)
        return user
