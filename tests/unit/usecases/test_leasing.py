"""Leases between processes."""

from __future__ import annotations

import asyncio

import pytest

from adapters.memory import MemoryStore
from flowcore.ports.storage import LEASES
from flowcore.usecases.leasing import Leases
from tests.doubles import FrozenClock

pytestmark = pytest.mark.anyio


class Two:
    """Two processes over one store."""

    def __init__(self) -> None:
        self.clock = FrozenClock()
        store = MemoryStore().repository(LEASES)
        self.one, self.two = (
            Leases(store=store, clock=self.clock, holder=holder, seconds=15) for holder in ("one", "two")
        )


async def test_one_holds_a_lease_until_it_expires_and_the_token_rises_with_the_next() -> None:
    both = Two()
    lease = await both.one.acquire("run:1")
    assert lease is not None
    assert lease.token == 1
    assert await both.two.acquire("run:1") is None
    both.clock.advance(16)
    taken = await both.two.acquire("run:1")
    assert taken is not None
    assert (taken.holder, taken.token) == ("two", 2)
    assert await both.one.renew(lease) is None


async def test_a_renewed_lease_lasts_longer_and_one_given_back_is_free_at_once() -> None:
    both = Two()
    lease = await both.one.acquire("run:1")
    assert lease is not None
    both.clock.advance(10)
    lease = await both.one.renew(lease)
    assert lease is not None
    both.clock.advance(10)
    assert await both.two.acquire("run:1") is None
    await both.one.release(lease)
    taken = await both.two.acquire("run:1")
    assert taken is not None
    assert taken.token == 2


async def test_of_many_who_try_at_once_one_gets_the_lease() -> None:
    both = Two()
    won = await asyncio.gather(*(leases.acquire("run:1") for leases in (both.one, both.two) * 5))
    assert sum(lease is not None for lease in won) == 1


async def test_a_lease_can_be_waited_for() -> None:
    both = Two()
    order: list[str] = []

    async def work(leases: Leases, name: str) -> None:
        async with leases.waiting("first"):
            order.append(name)
            await both.clock.sleep(1)
            order.append(name)

    tasks = [asyncio.create_task(work(both.one, "a")), asyncio.create_task(work(both.two, "b"))]
    await both.clock.pass_time(5)
    await asyncio.gather(*tasks)
    assert order in (["a", "a", "b", "b"], ["b", "b", "a", "a"])
