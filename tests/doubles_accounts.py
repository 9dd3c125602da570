"""The use cases of accounts and sessions over memory."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any

from attrs import asdict, evolve

from adapters.memory import MemoryStore
from flowcore.errors import InvalidInputError, UnauthenticatedError
from flowcore.model import User
from flowcore.ports.security import Claims, PasswordVerdict
from flowcore.ports.storage import ATTEMPTS, HOUSE_CODES, INVITES, LEASES, SESSIONS, USERS, Repository, Store
from flowcore.usecases.accounts.authenticating import Authenticate, RefreshToken
from flowcore.usecases.accounts.enrolling import Enrol, SignUpPolicy
from flowcore.usecases.accounts.invites import Admission, HouseCodes, Invites
from flowcore.usecases.accounts.locking import Lockout
from flowcore.usecases.accounts.passwords import PasswordRules, Passwords
from flowcore.usecases.accounts.profiles import ConfirmPassword
from flowcore.usecases.accounts.registering import Newcomer, Register
from flowcore.usecases.accounts.sessions import Sessions
from flowcore.usecases.accounts.signing_in import SignIn
from flowcore.usecases.accounts.throttling import Throttle
from flowcore.usecases.leasing import Leases
from tests.doubles import FrozenClock, SequentialIds


class PlainHasher:
    """Hashes that can be read; some are old."""

    def __init__(self) -> None:
        self.verified: list[str] = []

    async def hash(self, password: str) -> str:
        await asyncio.sleep(0)
        return f"hash of {password}"

    async def verify(self, password: str, encoded: str) -> PasswordVerdict:
        self.verified.append(encoded)
        await asyncio.sleep(0)
        return PasswordVerdict(encoded.removeprefix("old ") == f"hash of {password}", encoded.startswith("old"))


class PlainTokens:
    """Tokens that can be read: JSON."""

    def __init__(self, clock: FrozenClock) -> None:
        self.clock = clock

    def issue(self, claims: Claims) -> str:
        return json.dumps(asdict(claims), default=str)

    def verify(self, token: str, *, leeway_after_expiry: float = 0) -> Claims:
        told = json.loads(token)
        moments = {name: datetime.fromisoformat(told.pop(name)) for name in ("issued_at", "expires_at")}
        claims = Claims(**told, **moments)
        if self.clock.now() >= claims.expires_at + timedelta(seconds=leeway_after_expiry):
            raise UnauthenticatedError("expired")
        return claims

    def public_keys(self) -> list[dict[str, str]]:
        return []


class ReversingCipher:
    """Sealed texts that can be read: backwards, with their context."""

    def encrypt(self, text: str, *, context: str) -> str:
        return f"{context}|{text[::-1]}"

    def decrypt(self, sealed: str, *, context: str) -> str:
        if not sealed.startswith(f"{context}|"):
            raise InvalidInputError.of("sealed for something else")
        return sealed.removeprefix(f"{context}|")[::-1]

    def key_of(self, sealed: str) -> str:
        return "key"

    def is_current(self, sealed: str) -> bool:
        return True


class AccountDesk:
    """The account use cases over a store, in memory unless another one is given."""

    def __init__(
        self, store: Store | None = None, *, ids: SequentialIds | None = None, clock: FrozenClock | None = None
    ) -> None:
        self.store = store = store or MemoryStore()
        self.clock = clock or FrozenClock()
        self.users: Repository[User] = store.repository(USERS)
        self.hasher = PlainHasher()
        self.passwords = Passwords(hasher=self.hasher, rules=PasswordRules(is_common={"password1"}.__contains__))
        self.tokens = PlainTokens(self.clock)
        self.leases = Leases(store=store.repository(LEASES), clock=FrozenClock(hurried=True), holder="p1")
        self.welcomed: list[str] = []
        self.ids = ids or SequentialIds()
        kept = store.repository(SESSIONS)
        self.sessions = Sessions(kept=kept, tokens=self.tokens, clock=self.clock, ids=self.ids)
        self.throttle = Throttle(kept=store.repository(ATTEMPTS), clock=self.clock)
        self.lockout = Lockout(throttle=self.throttle)
        self.sign_in = SignIn(
            users=self.users,
            passwords=self.passwords,
            sessions=self.sessions,
            lockout=self.lockout,
            welcome=self.welcome,
        )
        self.confirm = ConfirmPassword(users=self.users, passwords=self.passwords, lockout=self.lockout)
        self.invites = Invites(kept=store.repository(INVITES), clock=self.clock, ids=self.ids)
        self.house = HouseCodes(
            kept=store.repository(HOUSE_CODES), cipher=ReversingCipher(), clock=self.clock, ids=self.ids
        )
        self.authenticate = Authenticate(users=self.users, sessions=kept, tokens=self.tokens, clock=self.clock)
        self.refresh = RefreshToken(
            authenticate=self.authenticate, sessions=self.sessions, clock=self.clock, ids=self.ids
        )

    async def welcome(self, user: User) -> None:
        self.welcomed.append(user.email)

    def enrol(self, *, invite_code: str = "", invite_required: bool = False, **policy: object) -> Enrol:
        admission = Admission(
            invites=self.invites.kept,
            house=self.house,
            throttle=self.throttle,
            clock=self.clock,
            is_required=invite_required,
            fixed_code=invite_code,
        )
        return Enrol(users=self.users, admission=admission, policy=evolve(SignUpPolicy(), **policy))

    def register(self, **policy: Any) -> Register:
        return Register(
            enrol=self.enrol(**policy),
            passwords=self.passwords,
            sessions=self.sessions,
            clock=self.clock,
            ids=self.ids,
            welcome=self.welcome,
        )


def somebody(email: str = "Ann@example.com", **fields: str) -> Newcomer:
    return evolve(Newcomer(email=email, password="correct horse 7", name="Ann"), **fields)
