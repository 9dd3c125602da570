"""One's own profile and password."""

from __future__ import annotations

from attrs import evolve, frozen

from flowcore.errors import ConflictError, InvalidInputError, LimitExceededError
from flowcore.model import User
from flowcore.ports.storage import Repository
from flowcore.ports.system import Clock
from flowcore.usecases._changing import change
from flowcore.usecases.accounts.emails import is_email, key_of_email
from flowcore.usecases.accounts.enrolling import SignUpPolicy
from flowcore.usecases.accounts.locking import Lockout
from flowcore.usecases.accounts.passwords import Passwords, account_finding
from flowcore.usecases.accounts.registering import name_problem
from flowcore.usecases.accounts.sessions import NOWHERE, Device, Sessions, SignedIn


@frozen(kw_only=True)
class ConfirmPassword:
    """Ask for the password again, before what somebody at an open screen must not be able to do."""

    users: Repository[User]
    passwords: Passwords
    lockout: Lockout

    async def __call__(self, user: User, password: str, *, path: str, device: Device) -> User:
        """Return the account as it is stored now, when the password is its.

        Args:
            user: whose account.
            password: as typed.
            path: the field it came in.
            device: where the request comes from.

        Raises:
            InvalidInputError: the account has no password, or it is another one.
            LimitExceededError: it was another one too often lately.
        """
        stored = await self.users.get(user.id)
        if not stored.password_hash:
            raise InvalidInputError.of("Password login is not available for OAuth accounts", path=path)
        await self.lockout.begin(stored.email_key, device.address)
        try:
            verdict = await self.passwords.verify(password, stored.password_hash)
        except LimitExceededError:
            await self.lockout.undo(stored.email_key, device.address)
            raise
        if not verdict.matches:
            raise InvalidInputError.of("Current password is incorrect", path=path)
        await self.lockout.succeed(stored.email_key, device.address)
        return stored


@frozen(kw_only=True)
class ChangeProfile:
    """Change one's own name."""

    users: Repository[User]
    clock: Clock

    async def __call__(self, user: User, *, name: str) -> User:
        """Return the changed user.

        Raises:
            InvalidInputError: the name is empty or too long.
        """
        name = name.strip()
        if not name:
            raise InvalidInputError.of("Name is required", path="name")
        if problem := name_problem(name):
            raise InvalidInputError([account_finding("name", problem)])
        now = self.clock.now()
        return await change(self.users, user.id, lambda stored: evolve(stored, name=name, updated_at=now))


@frozen(kw_only=True)
class ChangeEmail:
    """Change the address that one signs in with. Nobody has proved it to be theirs, like when they registered."""

    users: Repository[User]
    confirm: ConfirmPassword
    policy: SignUpPolicy
    clock: Clock

    async def __call__(self, user: User, *, email: str, password: str, device: Device = NOWHERE) -> User:
        """Return the changed user.

        Raises:
            InvalidInputError: it is no address, or the password is wrong.
            ForbiddenError: its domain is not allowed.
            ConflictError: there is an account with this address.
            LimitExceededError: the password was wrong too often lately.
        """
        if not is_email(email):
            raise InvalidInputError([account_finding("email", "is not an e-mail address")])
        self.policy.require_domain(email)
        await self.confirm(user, password, path="currentPassword", device=device)
        typed, key, now = email.strip(), key_of_email(email), self.clock.now()
        try:
            return await change(
                self.users, user.id, lambda stored: evolve(stored, email=typed, email_key=key, updated_at=now)
            )
        except ConflictError as error:
            if not error.code.endswith(".exists"):
                raise
            raise ConflictError("User already exists", code="account.exists") from None


@frozen(kw_only=True)
class ChangePassword:
    """Change one's own password; every session and API token from before it has ended afterwards."""

    users: Repository[User]
    confirm: ConfirmPassword
    sessions: Sessions
    clock: Clock

    async def __call__(self, user: User, *, current: str, new: str, device: Device = NOWHERE) -> SignedIn:
        """Return a new session.

        Raises:
            InvalidInputError: the account has no password, the current one is wrong, or the new one will not do.
            LimitExceededError: the current one was wrong too often lately.
        """
        passwords = self.confirm.passwords
        findings = passwords.rules.findings(new, "newPassword", email=user.email, name=user.name)
        if findings:
            raise InvalidInputError(findings)
        await self.confirm(user, current, path="currentPassword", device=device)
        fresh = await passwords.hash(new)
        now = self.clock.now()
        changed = await change(
            self.users,
            user.id,
            lambda stored: evolve(stored, password_hash=fresh, tokens_from=now, updated_at=now),
        )
        await self.sessions.end_all(user.id)
        return await self.sessions.open(changed, device)
