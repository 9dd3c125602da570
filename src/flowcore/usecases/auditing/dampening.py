"""Keep one noisy source from filling what everybody has to read."""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import define, evolve, field, frozen

from flowcore.ports.system import Clock


@frozen
class _Window:
    """What a key has done since a moment, and how much of it was left out."""

    since: datetime
    admitted: int = 0
    left_out: int = 0


@define(eq=False)
class Dampener:
    """Lets so many through per key and window, and counts the rest.

    Attributes:
        limit: how many are let through in a window.
        window: seconds.
        keys: how many keys are remembered; the oldest is forgotten first.
    """

    clock: Clock
    limit: int = 30
    window: float = 60
    keys: int = 10_000
    _windows: dict[str, _Window] = field(factory=dict)

    def admit(self, key: str) -> int | None:
        """Let one through and return how many were left out before it, or leave it out and return None."""
        now = self.clock.now()
        known = self._windows.get(key)
        if known is None or now - known.since >= timedelta(seconds=self.window):
            self._windows.pop(key, None)
            self._windows[key] = _Window(now, admitted=1)
            if len(self._windows) > self.keys:
                del self._windows[next(iter(self._windows))]
            return known.left_out if known is not None else 0
        if known.admitted < self.limit:
            self._windows[key] = evolve(known, admitted=known.admitted + 1)
            return 0
        self._windows[key] = evolve(known, left_out=known.left_out + 1)
        return None
