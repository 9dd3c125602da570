"""One's own profile and password."""

from __future__ import annotations

from attrs import evolve, frozen

from flowcore.errors import InvalidInputError
from flowcore.model import User
from flowcore.ports.security import PasswordHasher
from flowcore.ports.storage import Repository
from flowcore.ports.system import Clock
from flowcore.usecases._changing import change
from flowcore.usecases.passwords import LONGEST, password_findings
from flowcore.usecases.sessions import NOWHERE, Device, Sessions, SignedIn


@frozen(kw_only=True)
class ChangeProfile:
    """Change one's own name."""

    users: Repository[User]
    clock: Clock

    async def __call__(self, user: User, *, name: str) -> User:
        """Return the changed user.

        Raises:
            InvalidInputError: the name is empty.
        """
        name = name.strip()
        if not name:
            raise InvalidInputError.of("Name is required", path="name")
        now = self.clock.now()
        return await change(self.users, user.id, lambda stored: evolve(stored, name=name, updated_at=now))


@frozen(kw_only=True)
class ChangePassword:
    """Change one's own password; every session and API token from before it has ended afterwards."""

    users: Repository[User]
    hasher: PasswordHasher
    sessions: Sessions
    clock: Clock

    async def __call__(self, user: User, *, current: str, new: str, device: Device = NOWHERE) -> SignedIn:
        """Return a new session.

        Raises:
            InvalidInputError: the account has no password, the current one is wrong, or the new one is too short.
        """
        findings = password_findings(new, "newPassword")
        if findings:
            raise InvalidInputError(findings)
        if not user.password_hash:
            raise InvalidInputError.of("Password login is not available for OAuth accounts", path="currentPassword")
        if not (await self.hasher.verify(current[:LONGEST], user.password_hash)).matches:
            raise InvalidInputError.of("Current password is incorrect", path="currentPassword")
        fresh = await self.hasher.hash(new)
        now = self.clock.now()
        changed = await change(
            self.users,
            user.id,
            lambda stored: evolve(stored, password_hash=fresh, tokens_from=now, updated_at=now),
        )
        await self.sessions.end_all(user.id)
        return await self.sessions.open(changed, device)
