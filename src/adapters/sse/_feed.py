"""The feed: channels by name, ids, resuming, and forgetting what nobody listens to."""

from __future__ import annotations

import re
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from attrs import define, field
from attrs.validators import ge

from adapters.sse._channel import Channel, Listener
from flowcore.ports.events import Event, Heard

_ID = re.compile(r"([0-9a-f]{8,32})-([0-9]{12,18})", re.ASCII)


def _epoch() -> str:
    return secrets.token_hex(4)


@define(eq=False)
class InProcessEventFeed:
    """An ``EventFeed`` for the listeners of this process; call it from one event loop.

    Ids are ``<epoch>-<number>``: the epoch is drawn anew for every feed, so an id from before a restart or from another
    process leads to ``Lagged`` and never to a wrong resume. Numbers have twelve digits, so ids of a feed rise as texts.

    Attributes:
        keep: events kept per channel, for slow listeners and for resuming alike.
        idle_channels: channels without listeners whose events are kept for resuming; beyond it, the one that is silent
            for longest is forgotten.
    """

    keep: int = field(default=256, kw_only=True, validator=ge(1))
    idle_channels: int = field(default=1024, kw_only=True, validator=ge(0))
    _epoch: str = field(init=False, factory=_epoch)
    _channels: dict[str, Channel] = field(init=False, factory=dict)
    #: Names of channels without listeners, longest silent first.
    _idle: OrderedDict[str, None] = field(init=False, factory=OrderedDict)
    #: No forgotten channel had a higher number; new channels start behind it, so no id ever comes twice.
    _floor: int = field(init=False, default=0)
    _is_closed: bool = field(init=False, default=False)

    def publish(self, channel: str, event: Event) -> Event:
        """Hand an event to every listener without waiting for any, and return it with its id."""
        log = self._channel(channel)
        numbered = Event(
            type=event.type, data=event.data, id=f"{self._epoch}-{log.last + 1:012d}", is_terminal=event.is_terminal
        )
        log.append(numbered)
        if not log.listeners:
            self._keep_idle(channel)
        return numbered

    @asynccontextmanager
    async def subscribe(self, channel: str, *, last_event_id: str = "") -> AsyncIterator[AsyncIterator[Heard]]:
        """Listen from now on, or from behind *last_event_id*; see the port."""
        listener = self._listener(self._channel(channel), last_event_id)
        listener.channel.listeners.add(listener)
        self._idle.pop(channel, None)
        try:
            yield listener
        finally:
            listener.leave()
            if not listener.channel.listeners:
                self._keep_idle(channel)

    async def close(self) -> None:
        """End every iterator behind what it has not read yet."""
        self._is_closed = True
        for channel in self._channels.values():
            channel.close()

    def _channel(self, name: str) -> Channel:
        found = self._channels.get(name)
        if found is None:
            found = self._channels[name] = Channel(self.keep, self._floor, self._is_closed)
        return found

    def _listener(self, log: Channel, last_event_id: str) -> Listener:
        if not last_event_id:
            return Listener(log, log.last + 1)
        match = _ID.fullmatch(last_event_id)
        if match and match[1] == self._epoch and int(match[2]) <= log.last:
            return Listener(log, int(match[2]) + 1)
        return Listener(log, log.last + 1, is_lagging=True)

    def _keep_idle(self, name: str) -> None:
        self._idle[name] = None
        self._idle.move_to_end(name)
        if self._channels[name].is_blank:
            self._forget(name)
        elif len(self._idle) > self.idle_channels:
            self._forget(next(iter(self._idle)))

    def _forget(self, name: str) -> None:
        del self._idle[name]
        self._floor = max(self._floor, self._channels.pop(name).last)
