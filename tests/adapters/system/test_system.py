"""The machine's clock, ids and secrets keep the promises of their ports."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from adapters.system import SystemClock, SystemIds

pytestmark = pytest.mark.anyio


def test_now_is_the_current_moment_in_utc_cut_to_milliseconds() -> None:
    before = datetime.now(UTC)

    now = SystemClock().now()

    assert now.utcoffset() == timedelta(0)
    assert now.microsecond % 1000 == 0
    assert before - timedelta(milliseconds=1) <= now <= datetime.now(UTC)


async def test_sleeping_for_no_time_returns() -> None:
    await SystemClock().sleep(0)


def test_ids_are_24_hexadecimal_digits_that_begin_with_the_second() -> None:
    before = int(datetime.now(UTC).timestamp())

    new = SystemIds().new_id()

    assert re.fullmatch("[0-9a-f]{24}", new)
    assert before <= int(new[:8], 16) <= int(datetime.now(UTC).timestamp())


def test_ids_of_one_source_rise_strictly() -> None:
    ids = SystemIds()

    made = [ids.new_id() for _ in range(10_000)]

    assert made == sorted(set(made))


def test_ids_made_in_several_threads_are_unique() -> None:
    ids = SystemIds()

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: ids.new_id(), range(4_000)))

    assert len(set(made)) == 4_000


def test_two_sources_do_not_give_the_same_ids() -> None:
    one, other = SystemIds(), SystemIds()

    assert not {one.new_id() for _ in range(100)} & {other.new_id() for _ in range(100)}


@pytest.mark.parametrize("length", [1, 32, 100])
def test_secrets_are_as_many_letters_and_digits_as_asked_for(length: int) -> None:
    assert re.fullmatch(f"[A-Za-z0-9]{{{length}}}", SystemIds().new_secret(length))


def test_secrets_differ() -> None:
    ids = SystemIds()

    assert len({ids.new_secret() for _ in range(1_000)}) == 1_000


def test_a_secret_of_no_length_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        SystemIds().new_secret(0)
