"""Slow down who guesses: failures are counted where every process sees them, and cost waiting time."""

from __future__ import annotations

import hashlib
import math
from datetime import timedelta

from attrs import evolve, frozen

from flowcore.errors import ConflictError, LimitExceededError, NotFoundError
from flowcore.model import Attempts
from flowcore.ports.storage import Repository
from flowcore.ports.system import Clock

#: Writers of one count that may be faster, before a caller gives up and is told to come again.
_TRIES = 200


@frozen(kw_only=True)
class Allowance:
    """How much may fail, and what it costs beyond that. Every further failure doubles the wait.

    Attributes:
        free: failures that cost nothing but the last one.
        first_wait: seconds to wait when these are used up.
        longest_wait: seconds to wait at most.
        drain: seconds after which one failure does not count any more.
    """

    free: int
    first_wait: float
    longest_wait: float
    drain: float


@frozen(kw_only=True)
class Throttle:
    """Counts failures by key, in the store. A try counts before it is known to fail: otherwise any number of them pass
    while the first is looked at. What succeeds is taken back.

    Attributes:
        remembers: how long a key that has succeeded is known.
    """

    kept: Repository[Attempts]
    clock: Clock
    remembers: timedelta = timedelta(days=90)

    async def require(self, key: str) -> Attempts | None:
        """Let a try pass, and return what is known of the key. Nothing is counted.

        Raises:
            LimitExceededError: the key is blocked; it says for how long.
        """
        found = await self.kept.find({"id": digest(key)}, limit=1)
        if not found or self.clock.now() >= found[0].expires_at:
            return None
        self._require_free(found[0])
        return found[0]

    async def charge(self, key: str, allowance: Allowance, *, subject: str = "") -> None:
        """Count a failure, in one atomic step with asking whether a try may pass.

        Args:
            key: what fails; only a digest of it is kept.
            allowance: what that costs.
            subject: whom it can be forgiven by, see ``forgive``.

        Raises:
            LimitExceededError: the key is blocked; it says for how long, and nothing is counted.
        """
        for _ in range(_TRIES):
            current = await self._current(key, subject)
            self._require_free(current)
            if await self._stored(self._failed(current, allowance)):
                return
        raise LimitExceededError("Too many tries at once; try again later", code="throttle.busy", retry_after=1)

    async def take_back(self, key: str, allowance: Allowance) -> None:
        """Count one failure less: what was counted before did not fail."""
        for _ in range(_TRIES):
            current = await self._current(key, "")
            level = self._drained(current, allowance)
            if not current.revision or await self._stored(
                evolve(current, level=max(level - 1, 0), counted_at=self.clock.now(), blocked_until=None)
            ):
                return

    async def succeed(self, key: str, *, subject: str = "") -> None:
        """Forget the failures of a key, and know it for a while."""
        now = self.clock.now()
        for _ in range(_TRIES):
            current = evolve(await self._current(key, subject), level=0.0, counted_at=now, blocked_until=None)
            if await self._stored(evolve(current, is_known=True, expires_at=now + self.remembers)):
                return

    async def forgive(self, subject: str) -> None:
        """Forget the failures of everything that has this subject."""
        for each in await self.kept.find({"subject": digest(subject)}):
            await self.kept.remove(each.id)

    async def _current(self, key: str, subject: str) -> Attempts:
        """Return what is kept of a key, or what would be; then the revision is 0."""
        now, id_ = self.clock.now(), digest(key)
        fresh = Attempts(id=id_, subject=digest(subject) if subject else "", counted_at=now, expires_at=now)
        try:
            kept = await self.kept.get(id_)
        except NotFoundError:
            return fresh
        return kept if now < kept.expires_at else evolve(fresh, revision=kept.revision)

    async def _stored(self, attempts: Attempts) -> bool:
        try:
            await (self.kept.replace(attempts) if attempts.revision else self.kept.add(attempts))
        except (ConflictError, NotFoundError):
            return False
        return True

    def _require_free(self, attempts: Attempts) -> None:
        until, now = attempts.blocked_until, self.clock.now()
        if until is not None and now < until:
            wait = max((until - now).total_seconds(), 1)
            raise LimitExceededError(
                "Too many failed attempts; try again later", code="throttle.blocked", retry_after=wait
            )

    def _failed(self, current: Attempts, allowance: Allowance) -> Attempts:
        now = self.clock.now()
        level = self._drained(current, allowance) + 1
        # Expiring late is no harm: what has drained away does not count.
        lasts = timedelta(seconds=allowance.longest_wait + level * allowance.drain)
        return evolve(
            current,
            level=level,
            counted_at=now,
            blocked_until=now + timedelta(seconds=wait) if (wait := _wait(level, allowance)) else None,
            expires_at=max(current.expires_at, now + lasts),
        )

    def _drained(self, current: Attempts, allowance: Allowance) -> float:
        passed = (self.clock.now() - current.counted_at).total_seconds()
        return max(current.level - max(passed, 0) / allowance.drain, 0.0)


def _wait(level: float, allowance: Allowance) -> float:
    # Between two failures a little has always drained away; that is no failure less.
    beyond = round(level) - allowance.free
    if beyond < 0:
        return 0
    # The exponent is bounded: a long row of failures must not overflow.
    return min(allowance.first_wait * math.pow(2, min(beyond, 64)), allowance.longest_wait)


def digest(text: str) -> str:
    """Return what is kept in place of a text that is nobody's business: people type passwords into wrong fields."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
