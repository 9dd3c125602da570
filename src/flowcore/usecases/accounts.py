"""Accounts: register, sign in, refresh, and one's own profile."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

from attrs import evolve, field, frozen

from flowcore.errors import (
    Finding,
    InvalidInputError,
    NotFoundError,
    Place,
    UnauthenticatedError,
)
from flowcore.model import User
from flowcore.ports.security import PasswordHasher, TokenIssuer
from flowcore.ports.storage import Repository
from flowcore.ports.system import Clock, IdSource
from flowcore.usecases._changing import change
from flowcore.usecases.enrolling import Enrol, SignUpPolicy, key_of_email
from flowcore.usecases.leasing import Leases
from flowcore.usecases.throttling import Throttle

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+|[^@\s]+@localhost")
_SHORTEST_PASSWORD = 6
_LONGEST = 1024


@frozen
class Session:
    """A signed-in user and the token that proves it."""

    token: str = field(repr=False)
    user: User


@frozen(kw_only=True)
class Newcomer:
    """What somebody types to register."""

    email: str
    password: str = field(repr=False)
    name: str
    invite_code: str = field(default="", repr=False)


async def welcome_nobody(_: User) -> None:
    """Give nothing."""
    return


@frozen(kw_only=True)
class Register:
    """Make an account. The first one is the administrator's, even when two register at once.

    Attributes:
        welcome: what is given to everybody who signs up or in, like a cluster to play with.
    """

    users: Repository[User]
    hasher: PasswordHasher
    tokens: TokenIssuer
    clock: Clock
    ids: IdSource
    leases: Leases
    policy: SignUpPolicy = field(factory=SignUpPolicy)
    welcome: Callable[[User], Awaitable[None]] = welcome_nobody

    async def __call__(self, newcomer: Newcomer) -> Session:
        """Return a session of the new account.

        Raises:
            InvalidInputError: e-mail, password or name will not do.
            ForbiddenError: sign-up is off, the domain is not allowed, or the invite code is wrong.
            ConflictError: there is an account with this e-mail.
        """
        self.policy.require_open()
        _check(newcomer)
        self.policy.require_domain(newcomer.email)
        enrol = Enrol(users=self.users, leases=self.leases, policy=self.policy)
        stored = await enrol(await self._draft(newcomer), newcomer.invite_code)
        await self.welcome(stored)
        return session_of(self.tokens, stored)

    async def _draft(self, newcomer: Newcomer) -> User:
        return User(
            id=self.ids.new_id(),
            email=newcomer.email.strip(),
            email_key=key_of_email(newcomer.email),
            name=newcomer.name.strip(),
            password_hash=await self.hasher.hash(newcomer.password),
            created_at=self.clock.now(),
        )


@frozen(kw_only=True)
class SignIn:
    """Trade e-mail and password for a session."""

    users: Repository[User]
    hasher: PasswordHasher
    tokens: TokenIssuer
    throttle: Throttle
    welcome: Callable[[User], Awaitable[None]] = welcome_nobody

    async def __call__(self, email: str, password: str, *, caller: str = "") -> Session:
        """Return a session; an unknown e-mail takes as long as a wrong password.

        Args:
            email: in any case.
            password: as typed.
            caller: where the request comes from; one caller's failures do not lock others out.

        Raises:
            UnauthenticatedError: they do not match an account.
            LimitExceededError: the caller has failed too often with this e-mail lately.
        """
        key = f"{key_of_email(email)} {caller}"
        found = await self.users.find({"email_key": key_of_email(email)}, limit=1)
        user = found[0] if found else None
        # A try counts before it is known to fail: otherwise any number of them pass while the first is looked at.
        self.throttle.require(key)
        self.throttle.fail(key)
        verdict = await self.hasher.verify(password[:_LONGEST], user.password_hash if user else "")
        if user is None or not verdict.matches:
            raise UnauthenticatedError("Invalid email or password", code="account.wrong_password")
        self.throttle.forget(key)
        if verdict.needs_rehash:
            fresh = await self.hasher.hash(password)
            user = await change(self.users, user.id, lambda stored: evolve(stored, password_hash=fresh))
        await self.welcome(user)
        return session_of(self.tokens, user)


@frozen(kw_only=True)
class Authenticate:
    """Find out who a token belongs to; the account is read each time, so that its state counts and not the token's."""

    users: Repository[User]
    tokens: TokenIssuer

    async def __call__(self, token: str, *, leeway_after_expiry: float = 0) -> User:
        """Return the user.

        Raises:
            UnauthenticatedError: the token is not valid (any more), or its account is gone.
        """
        claims = self.tokens.verify(token, leeway_after_expiry=leeway_after_expiry)
        try:
            user = await self.users.get(claims.user_id)
        except NotFoundError:
            raise UnauthenticatedError("Invalid or expired token", code="token.invalid") from None
        if user.tokens_from is not None and claims.issued_at < user.tokens_from.replace(microsecond=0):
            raise UnauthenticatedError("Invalid or expired token", code="token.revoked")
        return user


@frozen(kw_only=True)
class RefreshToken:
    """Trade a token, even one that expired lately, for a new one with the account's present role.

    Attributes:
        window: seconds after its expiry that a token can still be refreshed.
    """

    authenticate: Authenticate
    tokens: TokenIssuer
    window: float = 7 * 24 * 3600

    async def __call__(self, token: str) -> Session:
        """Return a session with a new token.

        Raises:
            UnauthenticatedError: the token is not valid, or expired too long ago.
        """
        user = await self.authenticate(token, leeway_after_expiry=self.window)
        return session_of(self.tokens, user)


@frozen(kw_only=True)
class SignOutEverywhere:
    """End every session of one's own, and every API token."""

    users: Repository[User]
    clock: Clock

    async def __call__(self, user: User) -> None:
        """Refuse every token that was issued up to now."""
        now = self.clock.now()
        # Tokens say the second they were issued in, so that those of this second end, too.
        end = now.replace(microsecond=0) + timedelta(seconds=1)
        await change(self.users, user.id, lambda stored: evolve(stored, tokens_from=end, updated_at=now))


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
    """Change one's own password; tokens from before it are refused afterwards."""

    users: Repository[User]
    hasher: PasswordHasher
    tokens: TokenIssuer
    clock: Clock

    async def __call__(self, user: User, *, current: str, new: str) -> Session:
        """Return a session with a token that stays valid.

        Raises:
            InvalidInputError: the account has no password, the current one is wrong, or the new one is too short.
        """
        findings = _password_findings(new, "newPassword")
        if findings:
            raise InvalidInputError(findings)
        if not user.password_hash:
            raise InvalidInputError.of("Password login is not available for OAuth accounts", path="currentPassword")
        if not (await self.hasher.verify(current[:_LONGEST], user.password_hash)).matches:
            raise InvalidInputError.of("Current password is incorrect", path="currentPassword")
        fresh = await self.hasher.hash(new)
        now = self.clock.now()
        changed = await change(
            self.users,
            user.id,
            lambda stored: evolve(stored, password_hash=fresh, tokens_from=now, updated_at=now),
        )
        return session_of(self.tokens, changed)


def session_of(tokens: TokenIssuer, user: User) -> Session:
    """Return a new session of a user who has proved who they are."""
    return Session(tokens.issue(user_id=user.id, email=user.email, role=user.role), user)


def _check(newcomer: Newcomer) -> None:
    findings = _password_findings(newcomer.password, "password")
    if not _EMAIL.fullmatch(newcomer.email.strip()) or len(newcomer.email) > _LONGEST:
        findings.append(_finding("email", "is not an e-mail address"))
    if not newcomer.name.strip() or len(newcomer.name) > _LONGEST:
        findings.append(_finding("name", "is required"))
    if findings:
        raise InvalidInputError(findings)


def _password_findings(password: str, path: str) -> list[Finding]:
    if not _SHORTEST_PASSWORD <= len(password) <= _LONGEST:
        return [_finding(path, f"must have {_SHORTEST_PASSWORD} to {_LONGEST} characters")]
    return []


def _finding(path: str, problem: str) -> Finding:
    return Finding(rule="account", message=f"{path} {problem}", place=Place(path=path))
