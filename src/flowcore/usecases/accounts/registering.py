"""Registering: a new account with a password."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from attrs import field, frozen

from flowcore.errors import Finding, InvalidInputError
from flowcore.model import User
from flowcore.ports.system import Clock, IdSource
from flowcore.usecases.accounts.emails import is_email, key_of_email
from flowcore.usecases.accounts.enrolling import Enrol
from flowcore.usecases.accounts.passwords import Passwords, account_finding
from flowcore.usecases.accounts.sessions import NOWHERE, Device, Sessions, SignedIn

#: Most characters of a name.
LONGEST_NAME = 200


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

    enrol: Enrol
    passwords: Passwords
    sessions: Sessions
    clock: Clock
    ids: IdSource
    welcome: Callable[[User], Awaitable[None]] = welcome_nobody

    async def __call__(self, newcomer: Newcomer, device: Device = NOWHERE) -> SignedIn:
        """Return a session of the new account.

        Raises:
            InvalidInputError: e-mail, password or name will not do.
            ForbiddenError: sign-up is off, the domain is not allowed, or the invite code is wrong.
            ConflictError: there is an account with this e-mail.
            LimitExceededError: too many invite codes were wrong lately, or too many register at once.
        """
        policy = self.enrol.policy
        policy.require_open()
        findings = newcomer_findings(newcomer, self.passwords)
        if findings:
            raise InvalidInputError(findings)
        policy.require_domain(newcomer.email)
        draft = await drafted(newcomer, self.passwords, self.clock, self.ids)
        stored = await self.enrol(draft, newcomer.invite_code, address=device.address)
        await self.welcome(stored)
        return await self.sessions.open(stored, device)


async def drafted(newcomer: Newcomer, passwords: Passwords, clock: Clock, ids: IdSource) -> User:
    """Return the account that somebody wants, not stored yet."""
    return User(
        id=ids.new_id(),
        email=newcomer.email.strip(),
        email_key=key_of_email(newcomer.email),
        name=newcomer.name.strip(),
        password_hash=await passwords.hash(newcomer.password),
        created_at=clock.now(),
    )


def newcomer_findings(newcomer: Newcomer, passwords: Passwords) -> list[Finding]:
    """Return everything that is wrong with what somebody typed."""
    findings = passwords.rules.findings(newcomer.password, "password", email=newcomer.email, name=newcomer.name)
    if not is_email(newcomer.email):
        findings.append(account_finding("email", "is not an e-mail address"))
    problem = name_problem(newcomer.name)
    if problem:
        findings.append(account_finding("name", problem))
    return findings


def name_problem(name: str) -> str:
    """Return what is wrong with the name of a person; empty for nothing."""
    name = name.strip()
    if not name:
        return "is required"
    if len(name) > LONGEST_NAME or not name.isprintable():
        return f"must have at most {LONGEST_NAME} characters in one line"
    return ""
