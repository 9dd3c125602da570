"""Time of the simulated cluster: one that runs on the event loop, one that a test moves by hand."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from attrs import define, field, frozen

#: Something that happens later; it takes nothing and must not raise.
Action = Callable[[], None]


class Timer(Protocol):
    """An action that waits for its time."""

    def cancel(self) -> None:
        """Forget the action; without effect when it already ran."""
        ...


class Clock(Protocol):
    """The cluster's time."""

    def now(self) -> datetime:
        """Return the cluster's moment in UTC, aware."""
        ...

    def call_later(self, delay: float, action: Action) -> Timer:
        """Run *action* once, *delay* seconds of cluster time from now and never before this call returns."""
        ...


@define
class LoopClock:
    """Time on the running event loop.

    Attributes:
        speed: seconds of cluster time per real second; above 1 the cluster's clock runs ahead of the wall's.
    """

    speed: float = 1.0
    _epoch: datetime = field(init=False, factory=lambda: datetime.now(UTC))

    def __attrs_post_init__(self) -> None:
        if self.speed <= 0:
            raise ValueError("speed must be above 0")

    def now(self) -> datetime:
        """Return the wall's moment, stretched by the speed since the clock was made."""
        wall = datetime.now(UTC)
        return wall if self.speed == 1.0 else self._epoch + (wall - self._epoch) * self.speed

    def call_later(self, delay: float, action: Action) -> Timer:
        """Run *action* on the running loop."""
        loop = asyncio.get_running_loop()
        return loop.call_soon(action) if delay <= 0 else loop.call_later(delay / self.speed, action)


@frozen
class _Due:
    """An action in a virtual clock's queue."""

    actions: dict[int, Action]
    number: int

    def cancel(self) -> None:
        """Forget the action."""
        self.actions.pop(self.number, None)


@define
class VirtualClock:
    """Time that stands still until it is moved; actions run in order of their moments, ties in order of asking."""

    moment: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    _queue: list[tuple[datetime, int]] = field(init=False, factory=list)
    _actions: dict[int, Action] = field(init=False, factory=dict)
    _numbers: itertools.count[int] = field(init=False, factory=itertools.count)

    def now(self) -> datetime:
        """Return the moment the clock was moved to."""
        return self.moment

    def call_later(self, delay: float, action: Action) -> Timer:
        """Queue *action*."""
        number = next(self._numbers)
        self._actions[number] = action
        heapq.heappush(self._queue, (self.moment + timedelta(seconds=max(delay, 0)), number))
        return _Due(self._actions, number)

    def advance(self, seconds: float = 0) -> None:
        """Move the time on and run everything that becomes due on the way, at its own moment."""
        end = self.moment + timedelta(seconds=seconds)
        while self._queue and self._queue[0][0] <= end:
            moment, number = heapq.heappop(self._queue)
            action = self._actions.pop(number, None)
            if action is not None:
                self.moment = max(self.moment, moment)
                action()
        self.moment = end

    @property
    def pending(self) -> int:
        """How many actions wait."""
        return len(self._actions)
