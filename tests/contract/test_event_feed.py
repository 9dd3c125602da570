"""What every event feed promises."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from adapters.sse import InProcessEventFeed
from flowcore.ports.events import Event, EventFeed, Heard, Lagged

pytestmark = pytest.mark.anyio

CHANNEL = "workflow:1"
MakeFeed = Callable[[int], EventFeed]


def in_process(keep: int) -> EventFeed:
    return InProcessEventFeed(keep=keep)


@pytest.fixture(params=[in_process])
def make_feed(request: pytest.FixtureRequest) -> MakeFeed:
    """Make a feed that keeps so many events."""
    make: MakeFeed = request.param
    return make


@pytest.fixture
def feed(make_feed: MakeFeed) -> EventFeed:
    return make_feed(4)


def note(number: int, *, is_terminal: bool = False) -> Event:
    return Event(type="note", data={"number": number}, is_terminal=is_terminal)


async def next_of(heard: AsyncIterator[Heard]) -> Heard:
    async with asyncio.timeout(5):
        return await anext(heard)


async def rest_of(heard: AsyncIterator[Heard]) -> list[object]:
    """Everything until the end: numbers for events, the class for Lagged."""
    async with asyncio.timeout(5):
        return [item.data["number"] if isinstance(item, Event) else Lagged async for item in heard]


async def test_a_listener_hears_what_is_published_after_it_entered(feed: EventFeed) -> None:
    feed.publish(CHANNEL, note(1))
    async with feed.subscribe(CHANNEL) as heard:
        published = feed.publish(CHANNEL, note(2))
        assert await next_of(heard) == published


async def test_every_listener_of_the_channel_hears_it_and_no_other(feed: EventFeed) -> None:
    async with feed.subscribe(CHANNEL) as one, feed.subscribe(CHANNEL) as two, feed.subscribe("workflow:2") as other:
        feed.publish(CHANNEL, note(1))
        feed.publish("workflow:2", note(7))
        await feed.close()
        assert [await rest_of(one), await rest_of(two), await rest_of(other)] == [[1], [1], [7]]


async def test_a_waiting_listener_is_woken(feed: EventFeed) -> None:
    async with feed.subscribe(CHANNEL) as heard:
        waiting = asyncio.ensure_future(next_of(heard))
        await asyncio.sleep(0)
        published = feed.publish(CHANNEL, note(1))
        assert await waiting == published


async def test_publishing_returns_the_event_with_an_id_that_rises(feed: EventFeed) -> None:
    published = [feed.publish(CHANNEL, note(number)) for number in range(20)]
    ids = [event.id for event in published]
    assert ids == sorted(set(ids))
    assert [event.data["number"] for event in published] == list(range(20))
    assert all(event.type == "note" for event in published)


async def test_a_listener_resumes_behind_the_last_event_it_knows(feed: EventFeed) -> None:
    known = feed.publish(CHANNEL, note(1))
    feed.publish(CHANNEL, note(2))
    feed.publish(CHANNEL, note(3))
    async with feed.subscribe(CHANNEL, last_event_id=known.id) as heard:
        feed.publish(CHANNEL, note(4))
        await feed.close()
        assert await rest_of(heard) == [2, 3, 4]


async def test_resuming_at_the_newest_event_loses_and_repeats_nothing(feed: EventFeed) -> None:
    known = feed.publish(CHANNEL, note(1))
    async with feed.subscribe(CHANNEL, last_event_id=known.id) as heard:
        feed.publish(CHANNEL, note(2))
        await feed.close()
        assert await rest_of(heard) == [2]


async def test_resuming_behind_what_is_no_longer_kept_says_lagged_first(feed: EventFeed) -> None:
    known = feed.publish(CHANNEL, note(0))
    for number in range(1, 6):
        feed.publish(CHANNEL, note(number))
    async with feed.subscribe(CHANNEL, last_event_id=known.id) as heard:
        await feed.close()
        assert await rest_of(heard) == [Lagged, 2, 3, 4, 5]


@pytest.mark.parametrize("strange", ["17", "nonsense", "0" * 500, "-1", "\r\nid: 4", "00000000-000000000001"])
async def test_an_id_that_the_feed_never_gave_says_lagged_first(feed: EventFeed, strange: str) -> None:
    feed.publish(CHANNEL, note(1))
    async with feed.subscribe(CHANNEL, last_event_id=strange) as heard:
        feed.publish(CHANNEL, note(2))
        await feed.close()
        assert await rest_of(heard) == [Lagged, 2]


async def test_an_id_of_another_feed_says_lagged_first(make_feed: MakeFeed) -> None:
    before_restart, after_restart = make_feed(4), make_feed(4)
    known = before_restart.publish(CHANNEL, note(1))
    after_restart.publish(CHANNEL, note(1))
    after_restart.publish(CHANNEL, note(2))
    async with after_restart.subscribe(CHANNEL, last_event_id=known.id) as heard:
        assert await next_of(heard) == Lagged()


async def test_a_slow_listener_gets_one_lagged_in_place_of_what_it_lost(feed: EventFeed) -> None:
    async with feed.subscribe(CHANNEL) as heard:
        for number in range(100):
            feed.publish(CHANNEL, note(number))
        await feed.close()
        assert await rest_of(heard) == [Lagged, 96, 97, 98, 99]


async def test_a_slow_listener_does_not_slow_a_fast_one(feed: EventFeed) -> None:
    async with feed.subscribe(CHANNEL), feed.subscribe(CHANNEL) as fast:
        for number in range(50):
            feed.publish(CHANNEL, note(number))
            event = await next_of(fast)
            assert isinstance(event, Event)
            assert event.data["number"] == number


async def test_terminal_events_are_never_lost(feed: EventFeed) -> None:
    async with feed.subscribe(CHANNEL) as heard:
        for number in range(30):
            feed.publish(CHANNEL, note(number, is_terminal=number in (3, 10)))
        await feed.close()
        assert await rest_of(heard) == [Lagged, 3, 10, 26, 27, 28, 29]


async def test_a_terminal_event_that_was_read_does_not_come_twice(feed: EventFeed) -> None:
    async with feed.subscribe(CHANNEL) as heard:
        feed.publish(CHANNEL, note(0, is_terminal=True))
        await next_of(heard)
        for number in range(1, 9):
            feed.publish(CHANNEL, note(number))
        await feed.close()
        assert await rest_of(heard) == [Lagged, 5, 6, 7, 8]


async def test_closing_ends_listeners_that_wait_and_those_that_come_later(feed: EventFeed) -> None:
    async with feed.subscribe(CHANNEL) as heard:
        waiting = asyncio.ensure_future(rest_of(heard))
        await asyncio.sleep(0)
        await feed.close()
        assert await waiting == []
    async with feed.subscribe("workflow:never-seen") as late:
        assert await rest_of(late) == []


async def test_publishing_after_closing_does_not_raise(feed: EventFeed) -> None:
    await feed.close()
    assert feed.publish(CHANNEL, note(1)).id


async def test_leaving_the_context_ends_the_iterator_for_whoever_waits_in_it(feed: EventFeed) -> None:
    async with feed.subscribe(CHANNEL) as heard:
        waiting = asyncio.ensure_future(rest_of(heard))
        await asyncio.sleep(0)
    assert await waiting == []
    feed.publish(CHANNEL, note(1))
    assert await rest_of(heard) == []


async def test_a_cancelled_listener_harms_no_other(feed: EventFeed) -> None:
    async with feed.subscribe(CHANNEL) as one, feed.subscribe(CHANNEL) as two:
        cancelled, waiting = asyncio.ensure_future(next_of(one)), asyncio.ensure_future(next_of(two))
        await asyncio.sleep(0)
        cancelled.cancel()
        await asyncio.sleep(0)
        published = feed.publish(CHANNEL, note(1))
        assert await waiting == published
        assert cancelled.cancelled()
