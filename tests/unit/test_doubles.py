"""The stand-ins for time and chance do what tests rely on."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.doubles import START, FrozenClock, SequentialIds, settle

pytestmark = pytest.mark.anyio


async def test_a_frozen_clock_stands_until_it_is_moved() -> None:
    clock = FrozenClock()

    assert clock.now() == clock.now() == START
    clock.advance(1.5)
    assert clock.now() == START + timedelta(seconds=1.5)


async def test_a_sleeper_wakes_when_the_clock_has_moved_far_enough() -> None:
    clock = FrozenClock()
    sleeper = asyncio.create_task(clock.sleep(10))
    await clock.until_sleeping()

    clock.advance(9)
    await settle()
    assert not sleeper.done()

    clock.advance(1)
    await sleeper
    assert clock.sleepers == 0


async def test_a_hurried_clock_moves_itself() -> None:
    clock = FrozenClock(hurried=True)

    await clock.sleep(30)

    assert clock.now() == START + timedelta(seconds=30)
    assert clock.slept == [30]


async def test_passing_time_stops_at_every_waking() -> None:
    clock = FrozenClock()
    wakings = []

    async def tick() -> None:
        while True:
            await clock.sleep(4)
            wakings.append((clock.now() - START).total_seconds())

    ticking = asyncio.create_task(tick())
    await clock.pass_time(10)
    ticking.cancel()

    assert wakings == [4, 8]
    assert clock.now() == START + timedelta(seconds=10)


async def test_a_cancelled_sleeper_is_forgotten() -> None:
    clock = FrozenClock()
    sleeper = asyncio.create_task(clock.sleep(10))
    await clock.until_sleeping()
    sleeper.cancel()
    await settle()

    assert clock.sleepers == 0
    await clock.pass_time(20)
    assert sleeper.cancelled()


def test_sequential_ids_are_counted_and_sort_in_order() -> None:
    ids = SequentialIds()

    assert [ids.new_id(), ids.new_id()] == ["0" * 23 + "1", "0" * 23 + "2"]


def test_sequential_secrets_differ_and_have_the_length() -> None:
    ids = SequentialIds()

    first, second = ids.new_secret(), ids.new_secret()

    assert first != second
    assert len(first) == len(second) == 32
