"""One channel: a bounded log that every listener reads at its own pace."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from attrs import define, field

from flowcore.ports.events import Event, Heard, Lagged


@define(eq=False)
class Channel:
    """The newest events of a channel under their numbers, and who listens.

    Listeners share the log instead of owning queues: publishing costs the same for one listener and for a thousand.

    Attributes:
        keep: how many events are kept; a listener further behind than this has lost some.
        last: number of the newest event; numbers rise by one.
        arrival: set when something happened that waiting listeners must look at.
    """

    keep: int
    last: int
    is_closed: bool = False
    listeners: set[Listener] = field(factory=set)
    arrival: asyncio.Event = field(factory=asyncio.Event)
    _kept: dict[int, Event] = field(factory=dict)

    @property
    def first(self) -> int:
        """Number of the oldest event that is kept, the next number when none is."""
        return self.last - len(self._kept) + 1

    @property
    def is_blank(self) -> bool:
        """Whether forgetting this channel loses nothing."""
        return not self._kept and not self.listeners

    def at(self, number: int) -> Event:
        """Return a kept event."""
        return self._kept[number]

    def append(self, event: Event) -> None:
        """Take an event under the next number and wake who waits."""
        self.last += 1
        self._kept[self.last] = event
        if len(self._kept) > self.keep:
            self._evict(self.last - self.keep)
        self.arrival.set()

    def close(self) -> None:
        """Let every listener read what is kept, then end."""
        self.is_closed = True
        self.arrival.set()

    def _evict(self, number: int) -> None:
        event = self._kept.pop(number)
        if event.is_terminal:
            for listener in self.listeners:
                listener.owe(number, event)


@define(eq=False)
class Listener(AsyncIterator[Heard]):
    """Reads a channel from a position on.

    Attributes:
        position: number of the next event to read.
        is_lagging: ``Lagged`` comes next.
    """

    channel: Channel
    position: int
    is_lagging: bool = False
    _has_left: bool = False
    _owed: deque[Event] = field(factory=deque)

    def owe(self, number: int, event: Event) -> None:
        """Keep a terminal event that leaves the log before this listener has read it."""
        if self.position <= number:
            self._owed.append(event)

    def leave(self) -> None:
        """Stop listening; somebody who waits in this iterator gets its end."""
        self._has_left = True
        self.channel.listeners.discard(self)
        self.channel.arrival.set()

    async def __anext__(self) -> Heard:
        while not self._has_left:
            heard = self._take()
            if heard is not None:
                return heard
            if self.channel.is_closed:
                break
            # Whoever set the event has already resolved every waiter, so clearing it here takes nobody's wake-up.
            self.channel.arrival.clear()
            await self.channel.arrival.wait()
        raise StopAsyncIteration

    def _take(self) -> Heard | None:
        channel = self.channel
        if self.position < channel.first:
            self.position, self.is_lagging = channel.first, True
        if self.is_lagging:
            self.is_lagging = False
            return Lagged()
        if self._owed:
            return self._owed.popleft()
        if self.position > channel.last:
            return None
        event = channel.at(self.position)
        self.position += 1
        return event
