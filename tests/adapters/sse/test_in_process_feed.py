"""What is special to the feed of one process: memory, ids over a forgotten channel, and laws over any history."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sse import InProcessEventFeed
from flowcore.ports.events import Event, Heard, Lagged

pytestmark = pytest.mark.anyio


def note(number: int, *, is_terminal: bool = False) -> Event:
    return Event(type="note", data={"number": number}, is_terminal=is_terminal)


async def heard_until_close(feed: InProcessEventFeed, channel: str, last_event_id: str) -> list[Heard]:
    async with feed.subscribe(channel, last_event_id=last_event_id) as heard:
        await feed.close()
        return [item async for item in heard]


async def test_a_channel_nobody_publishes_on_is_forgotten_when_its_last_listener_leaves() -> None:
    feed = InProcessEventFeed()
    for number in range(1000):
        async with feed.subscribe(f"workflow:{number}"):
            assert len(feed._channels) == 1
    assert not feed._channels
    assert not feed._idle


async def test_a_cancelled_listener_is_unsubscribed() -> None:
    feed = InProcessEventFeed()

    async def listen() -> None:
        async with feed.subscribe("workflow:1") as heard:
            async for _ in heard:
                pass

    task = asyncio.ensure_future(listen())
    await asyncio.sleep(0)
    assert feed._channels
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not feed._channels


async def test_only_the_newest_silent_channels_are_kept_for_resuming() -> None:
    feed = InProcessEventFeed(idle_channels=2)
    known = {name: feed.publish(name, note(1)).id for name in ("a", "b")}
    feed.publish("a", note(2))
    feed.publish("c", note(1))
    assert set(feed._channels) == {"a", "c"}
    assert [type(item) for item in await heard_until_close(feed, "a", known["a"])] == [Event]


async def test_a_channel_with_a_listener_is_never_forgotten() -> None:
    feed = InProcessEventFeed(idle_channels=1)
    async with feed.subscribe("watched") as heard:
        feed.publish("watched", note(1))
        for number in range(20):
            feed.publish(f"other:{number}", note(number))
        assert set(feed._channels) == {"watched", "other:19"}
        assert await anext(heard) != Lagged()


async def test_a_channel_that_was_silent_before_it_got_a_listener_is_not_forgotten() -> None:
    feed = InProcessEventFeed(idle_channels=1)
    feed.publish("watched", note(1))
    async with feed.subscribe("watched") as heard:
        feed.publish("other", note(1))
        feed.publish("another", note(1))
        published = feed.publish("watched", note(2))
        assert await anext(heard) == published


async def test_an_id_that_was_not_given_yet_says_lagged_and_misses_nothing() -> None:
    feed = InProcessEventFeed()
    known = feed.publish("a", note(1))
    async with feed.subscribe("a", last_event_id=known.id[:-1] + "9") as heard:
        published = feed.publish("a", note(2))
        assert [await anext(heard), await anext(heard)] == [Lagged(), published]


async def test_ids_go_on_rising_when_a_channel_was_forgotten_and_returns() -> None:
    feed = InProcessEventFeed(idle_channels=0)
    first, second = feed.publish("a", note(1)), feed.publish("a", note(2))
    assert first.id < second.id < feed.publish("a", note(3)).id


async def test_resuming_in_a_forgotten_channel_says_lagged() -> None:
    feed = InProcessEventFeed(idle_channels=0)
    known = feed.publish("a", note(1))
    feed.publish("a", note(2))
    assert await heard_until_close(feed, "a", known.id) == [Lagged()]


@given(keep=st.integers(1, 5), steps=st.lists(st.sampled_from(["publish", "publish terminal", "read"]), max_size=60))
async def test_whatever_the_pace_nothing_is_lost_silently_and_no_terminal_event_at_all(
    keep: int, steps: list[str]
) -> None:
    feed = InProcessEventFeed(keep=keep)
    published: list[Event] = []
    heard: list[Heard] = []
    async with feed.subscribe("a") as listener:
        for step in steps:
            if step != "read":
                published.append(feed.publish("a", note(len(published), is_terminal=step == "publish terminal")))
            elif numbers_of(heard)[-1:] != [len(published) - 1] and published:
                heard.append(await anext(listener))
        await feed.close()
        heard.extend([item async for item in listener])
    numbers = numbers_of(heard)
    assert numbers == sorted(set(numbers))
    assert {event.data["number"] for event in published if event.is_terminal} <= set(numbers)
    assert numbers[-1:] == [event.data["number"] for event in published[-1:]]
    assert Lagged() in heard or numbers == list(range(len(published)))


def numbers_of(heard: list[Heard]) -> list[int]:
    return [item.data["number"] for item in heard if isinstance(item, Event)]
