"""Slow down who guesses: after some failures a key is refused for a while, in this process."""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import define, field

from flowcore.errors import LimitExceededError
from flowcore.ports.system import Clock


@define(eq=False)
class Throttle:
    """Counts failures by key.

    Attributes:
        limit: failures within the window after which a key is refused.
        window: seconds that a failure counts.
        keys: how many keys are remembered; the one whose last failure is oldest is forgotten first.
    """

    clock: Clock
    limit: int = 10
    window: float = 300
    keys: int = 10_000
    _failures: dict[str, list[datetime]] = field(factory=dict)

    def require(self, key: str) -> None:
        """Let a try pass.

        Raises:
            LimitExceededError: the key has failed too often; it says when the next try is free.
        """
        recent = self._recent(key)
        if len(recent) >= self.limit:
            wait = self.window - (self.clock.now() - recent[0]).total_seconds()
            raise LimitExceededError("Too many failed attempts; try again later", retry_after=max(wait, 1))

    def fail(self, key: str) -> None:
        """Count a failure."""
        recent = self._recent(key)
        self._failures.pop(key, None)
        self._failures[key] = [*recent, self.clock.now()]
        if len(self._failures) > self.keys:
            del self._failures[next(iter(self._failures))]

    def forget(self, key: str) -> None:
        """Forgive a key that has proved itself."""
        self._failures.pop(key, None)

    def _recent(self, key: str) -> list[datetime]:
        start = self.clock.now() - timedelta(seconds=self.window)
        return [moment for moment in self._failures.get(key, ()) if moment > start]
