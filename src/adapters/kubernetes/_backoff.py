"""Waits between tries: growing, with full jitter."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from attrs import define, field

#: Draws from 0 (included) to 1 (excluded).
Jitter = Callable[[], float]

system_jitter: Jitter = secrets.SystemRandom().random


#: Seconds that a server may ask to wait.
_LONGEST_WISH = 60.0


@define
class Backoff:
    """Bounds that double from *first* to *last* seconds; a wait is drawn evenly below the bound of its try.

    Attributes:
        failures: tries that failed since the last good one.
    """

    first: float
    last: float
    jitter: Jitter = system_jitter
    failures: int = field(default=0, init=False)

    def reset(self) -> None:
        """Begin anew, because something worked."""
        self.failures = 0

    def next(self, at_least: float = 0) -> float:
        """Count a failure and return the seconds to wait; *at_least* is what the server asked for, heeded up to 60."""
        # The exponent is bounded, or the power would outgrow a float in a long outage.
        bound = min(self.last, self.first * 2.0 ** min(self.failures, 30))
        self.failures += 1
        return max(self.jitter() * bound, min(at_least, _LONGEST_WISH))
