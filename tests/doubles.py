"""Stand-ins for time and chance, so that tests never sleep and never guess."""

from __future__ import annotations

import asyncio
import heapq
from datetime import UTC, datetime, timedelta
from itertools import count

#: When every frozen clock starts.
START = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)

#: Real seconds after which a test that waits for something that never comes fails.
PATIENCE = 5.0


class FrozenClock:
    """A clock that moves when it is told to.

    ``sleep`` waits until the clock has been moved far enough. With *hurried* it moves the clock itself and returns,
    which suits code that only sleeps between two tries.
    """

    def __init__(self, now: datetime = START, *, hurried: bool = False) -> None:
        self._now = now
        self._hurried = hurried
        self._order = count()
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._arrivals = asyncio.Event()
        #: Every duration that was slept for, in seconds, oldest first.
        self.slept: list[float] = []

    def now(self) -> datetime:
        """Return the moment the clock stands at."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has moved on by *seconds*; hurried, move it."""
        self.slept.append(seconds)
        if self._hurried or seconds <= 0:
            self.advance(max(seconds, 0))
            await asyncio.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + timedelta(seconds=seconds), next(self._order), woken))
        self._arrivals.set()
        await woken

    @property
    def sleepers(self) -> int:
        """How many are asleep now."""
        return sum(not woken.done() for _, _, woken in self._sleepers)

    def set(self, moment: datetime) -> None:
        """Put the clock to *moment*, also backwards, and wake who has slept long enough."""
        self._now = moment
        while self._sleepers and self._sleepers[0][0] <= moment:
            _, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                woken.set_result(None)

    def advance(self, seconds: float) -> None:
        """Move the clock on in one step; who is woken runs when the test next awaits something."""
        self.set(self._now + timedelta(seconds=seconds))

    async def pass_time(self, seconds: float) -> None:
        """Let *seconds* pass as they would: stop at every waking and let the woken work before going on.

        Work that needs more than the event loop (a thread, a socket) is not waited for.
        """
        end = self._now + timedelta(seconds=seconds)
        await settle()
        while (due := self._next_waking()) is not None and due <= end:
            self.set(max(due, self._now))
            await settle()
        self.set(end)
        await settle()

    def _next_waking(self) -> datetime | None:
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    async def until_sleeping(self, number: int = 1) -> None:
        """Return as soon as *number* are asleep, so that moving the clock reaches them.

        Raises:
            TimeoutError: it does not come to that.
        """
        async with asyncio.timeout(PATIENCE):
            while self.sleepers < number:
                self._arrivals.clear()
                await self._arrivals.wait()


class SequentialIds:
    """Ids and secrets that are counted: the first id is ``000000000000000000000001``."""

    def __init__(self) -> None:
        self._ids = count(1)
        self._secrets = count(1)

    def new_id(self) -> str:
        """Return the next number as 24 hexadecimal digits."""
        return f"{next(self._ids):024x}"

    def new_secret(self, length: int = 32) -> str:
        """Return the next number after the word ``secret``, filled up with ``x``."""
        return f"secret{next(self._secrets)}".ljust(length, "x")[-length:]


async def settle(rounds: int = 20) -> None:
    """Let every task of the event loop run until it waits for something that only the test can bring."""
    for _ in range(rounds):
        await asyncio.sleep(0)
