"""Wait: for whichever comes first, for the store, for a turn."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import TypeVar

from attrs import define, field

from flowcore.errors import UnavailableError
from flowcore.ports.system import Clock

T = TypeVar("T")

#: Seconds before a store that did not answer is asked again.
_STORE_PAUSE = 1.0


async def until_answered(clock: Clock, ask: Callable[[], Awaitable[T]]) -> T:
    """Return what the store answers, asking again for as long as it does not answer; other errors come through."""
    while True:
        try:
            return await ask()
        except UnavailableError:
            await clock.sleep(_STORE_PAUSE)


async def first_of(*works: Coroutine[None, None, object]) -> None:
    """Return when one of *works* has ended; the others are cancelled."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


@define(eq=False)
class Turns:
    """Wakes the runs of this process that wait for others to end."""

    _ended: asyncio.Event = field(factory=asyncio.Event)

    def tell(self) -> None:
        """Say that a run has ended."""
        ended, self._ended = self._ended, asyncio.Event()
        ended.set()

    async def wait(self, clock: Clock, seconds: float) -> None:
        """Return when a run of this process has ended, or after *seconds*: other processes do not tell."""
        await first_of(self._ended.wait(), clock.sleep(seconds))
