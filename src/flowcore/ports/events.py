"""Live events: published without waiting, followed by any number of listeners."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeAlias

from attrs import field, frozen


@frozen(kw_only=True)
class Event:
    """One event on a channel.

    Attributes:
        type: the word clients switch on, like ``node_update``.
        data: plain JSON values, without secrets.
        id: position in the channel, assigned by the feed; rises; unique inside a channel of one feed.
        is_terminal: never dropped, whatever the listener's speed.
    """

    type: str
    data: Mapping[str, Any] = field(factory=dict)
    id: str = ""
    is_terminal: bool = False


@frozen
class Lagged:
    """Stands where events were lost: the listener was too slow, or asked to resume from what is no longer kept.

    Who sees it must read the current state; later events follow.
    """


Heard: TypeAlias = Event | Lagged


class EventFeed(Protocol):
    """Channels of events. Channel names are like ``workflow:<id>``."""

    def publish(self, channel: str, event: Event) -> Event:
        """Hand an event to every listener without waiting for any, and return it with its id."""
        ...

    def subscribe(self, channel: str, *, last_event_id: str = "") -> AbstractAsyncContextManager[AsyncIterator[Heard]]:
        """Listen from now on, or from behind *last_event_id* when that is still kept (else ``Lagged`` comes first).

        The iterator ends when the feed is closed; leaving the context stops listening. What is published
        after the context is entered is not missed.
        """
        ...

    async def close(self) -> None:
        """End every iterator."""
        ...
