"""The use cases of accounts and sessions over memory."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta

from attrs import asdict, evolve

from adapters.memory import MemoryStore
from flowcore.errors import UnauthenticatedError
from flowcore.model import User
from flowcore.ports.security import Claims, PasswordVerdict
from flowcore.ports.storage import LEASES, SESSIONS, USERS, Repository
from flowcore.usecases.authenticating import Authenticate, RefreshToken
from flowcore.usecases.enrolling import SignUpPolicy
from flowcore.usecases.leasing import Leases
from flowcore.usecases.registering import Newcomer, Register
from flowcore.usecases.sessions import Sessions
from flowcore.usecases.signing_in import SignIn
from flowcore.usecases.throttling import Throttle
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


class AccountDesk:
    """The account use cases over memory."""

    def __init__(self) -> None:
        store = MemoryStore()
        self.clock = FrozenClock()
        self.users: Repository[User] = store.repository(USERS)
        self.hasher = PlainHasher()
        self.tokens = PlainTokens(self.clock)
        self.leases = Leases(store=store.repository(LEASES), clock=FrozenClock(hurried=True), holder="p1")
        self.welcomed: list[str] = []
        self.ids = SequentialIds()
        kept = store.repository(SESSIONS)
        self.sessions = Sessions(kept=kept, tokens=self.tokens, clock=self.clock, ids=self.ids)
        self.sign_in = SignIn(
            users=self.users,
            hasher=self.hasher,
            sessions=self.sessions,
            throttle=Throttle(self.clock),
            welcome=self.welcome,
        )
        self.authenticate = Authenticate(users=self.users, sessions=kept, tokens=self.tokens, clock=self.clock)
        self.refresh = RefreshToken(
            authenticate=self.authenticate, sessions=self.sessions, clock=self.clock, ids=self.ids
        )

    async def welcome(self, user: User) -> None:
        self.welcomed.append(user.email)

    def register(self, **policy: object) -> Register:
        return Register(
            users=self.users,
            hasher=self.hasher,
            sessions=self.sessions,
            clock=self.clock,
            ids=self.ids,
            leases=self.leases,
            policy=evolve(SignUpPolicy(), **policy),
            welcome=self.welcome,
        )


def somebody(email: str = "Ann@example.com", **fields: str) -> Newcomer:
    return evolve(Newcomer(email=email, password="secret1", name="Ann"), **fields)
