"""How much one caller may ask for: every route has a class, and every caller a bucket of tokens for each class."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime
from enum import StrEnum
from typing import Any

from attrs import define, evolve, field, frozen
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.types import Message, Scope

from entrypoints.bootstrap import App
from entrypoints.http.client_address import client_address
from entrypoints.settings.limits import RateLimits
from flowcore.errors import LimitExceededError
from flowcore.model import User
from flowcore.policy import Scope as TokenScope
from flowcore.ports.system import Clock
from flowcore.usecases.accounts.locking import network_of

_MINUTE = 60.0
_READING = ("GET", "HEAD", "OPTIONS")
_API = "/v1/api"
#: Beginnings of paths whose changes are work for this machine or others: repositories, clusters, plans.
_HEAVY = (f"{_API}/import", f"{_API}/clusters")
_HEAVY_ENDS = ("/plan", "/run", "/test", "/validate")
#: Key of the request's state under which the answer finds what was spent.
_SPENT = "flowcore.rate"


class RateClass(StrEnum):
    """What a request costs; the words of ``FLOWCORE_RATE_LIMITS``."""

    SIGN_IN = "sign_in"
    READ = "read"
    WRITE = "write"
    EXPENSIVE = "expensive"
    STREAM = "stream"


@frozen
class Bucket:
    """Tokens of a caller, as of a moment; they come back with time."""

    tokens: float
    at: datetime


@frozen
class Spent:
    """What a request left in its bucket.

    Attributes:
        limit: tokens of a full bucket.
        remaining: tokens that are left.
        reset: seconds until it is full again.
        wait: seconds until there is a token again; 0 when there was one.
    """

    limit: int
    remaining: int
    reset: float
    wait: float = 0


@define(eq=False)
class Buckets:
    """The buckets of this process. How many are remembered is limited: the one that was not used for longest goes
    first, and is full when it comes back.

    Attributes:
        most: how many are remembered.
    """

    limits: RateLimits
    most: int = 50_000
    _kept: OrderedDict[str, Bucket] = field(factory=OrderedDict)

    def spend(self, class_: RateClass, caller: str, clock: Clock) -> Spent | None:
        """Take a token out of a caller's bucket and tell what is left; None where there is no limit."""
        limit: int = getattr(self.limits, class_)
        if not limit:
            return None
        key, now, rate = f"{class_} {caller}", clock.now(), limit / _MINUTE
        known = self._kept.pop(key, None) or Bucket(limit, now)
        tokens = min(known.tokens + max((now - known.at).total_seconds(), 0) * rate, limit)
        wait = 0.0 if tokens >= 1 else (1 - tokens) / rate
        tokens = tokens if wait else tokens - 1
        self._kept[key] = evolve(known, tokens=tokens, at=now)
        if len(self._kept) > self.most:
            self._kept.popitem(last=False)
        return Spent(limit, int(tokens), (limit - tokens) / rate, wait)


async def limit_strangers(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Let a request to a route that asks for no token pass, by its address; a guard that runs first.

    Raises:
        LimitExceededError: there were too many.
    """
    if handler.opt.get("public"):
        _spend(connection, RateClass.SIGN_IN, f"at {network_of(client_address(connection))}")


async def limit_callers(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Let a request pass, by who makes it; a guard that runs when that is known.

    Raises:
        LimitExceededError: there were too many.
    """
    if not handler.opt.get("public"):
        user: User = connection.user
        _spend(connection, class_of(handler, connection.scope), f"by {user.id}")


def class_of(handler: BaseRouteHandler, scope: Scope) -> RateClass:
    """Return what a request costs."""
    path, method = str(scope.get("path_template", "")), str(scope.get("method", "GET"))
    if path.endswith("/stream"):
        return RateClass.STREAM
    if method in _READING:
        return RateClass.READ
    is_heavy = path.startswith(_HEAVY) or path.endswith(_HEAVY_ENDS)
    return RateClass.EXPENSIVE if is_heavy or handler.opt.get("scope") is TokenScope.DEPLOY else RateClass.WRITE


async def tell_limits(message: Message, scope: Scope) -> None:
    """Write into an answer what is left; a hook of the application."""
    spent: Spent | None = scope.get("state", {}).get(_SPENT)
    if spent is None or message["type"] != "http.response.start":
        return
    told = (
        (b"ratelimit-limit", spent.limit),
        (b"ratelimit-remaining", spent.remaining),
        (b"ratelimit-reset", -int(-spent.reset // 1)),
    )
    message["headers"] = [*message["headers"], *((name, str(number).encode()) for name, number in told)]


def _spend(connection: ASGIConnection[Any, Any, Any, Any], class_: RateClass, caller: str) -> None:
    app: App = connection.app.state.flowcore
    buckets: Buckets = connection.app.state.buckets
    spent = buckets.spend(class_, caller, app.clock)
    if spent is None:
        return
    connection.scope["state"][_SPENT] = spent
    if spent.wait:
        text = "Too many requests; try again later"
        raise LimitExceededError(text, code="rate_limit", retry_after=max(spent.wait, 1))
