"""Registering: a new account with a password."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from attrs import field, frozen

from flowcore.errors import InvalidInputError
from flowcore.model import User
from flowcore.ports.security import PasswordHasher
from flowcore.ports.storage import Repository
from flowcore.ports.system import Clock, IdSource
from flowcore.usecases.enrolling import Enrol, SignUpPolicy, key_of_email
from flowcore.usecases.leasing import Leases
from flowcore.usecases.passwords import LONGEST, account_finding, password_findings
from flowcore.usecases.sessions import NOWHERE, Device, Sessions, SignedIn

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+|[^@\s]+@localhost")


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
    sessions: Sessions
    clock: Clock
    ids: IdSource
    leases: Leases
    policy: SignUpPolicy = field(factory=SignUpPolicy)
    welcome: Callable[[User], Awaitable[None]] = welcome_nobody

    async def __call__(self, newcomer: Newcomer, device: Device = NOWHERE) -> SignedIn:
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
        return await self.sessions.open(stored, device)

    async def _draft(self, newcomer: Newcomer) -> User:
        return User(
            id=self.ids.new_id(),
            email=newcomer.email.strip(),
            email_key=key_of_email(newcomer.email),
            name=newcomer.name.strip(),
            password_hash=await self.hasher.hash(newcomer.password),
            created_at=self.clock.now(),
        )


def _check(newcomer: Newcomer) -> None:
    findings = password_findings(newcomer.password, "password")
    if not _EMAIL.fullmatch(newcomer.email.strip()) or len(newcomer.email) > LONGEST:
        findings.append(account_finding("email", "is not an e-mail address"))
    if not newcomer.name.strip() or len(newcomer.name) > LONGEST:
        findings.append(account_finding("name", "is required"))
    if findings:
        raise InvalidInputError(findings)
