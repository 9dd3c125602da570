"""One noisy source does not fill what everybody has to read."""

from __future__ import annotations

from flowcore.usecases.auditing.dampening import Dampener
from tests.doubles import FrozenClock


def test_so_many_of_a_key_are_let_through_and_the_rest_is_counted() -> None:
    clock = FrozenClock()
    dampener = Dampener(clock, limit=2, window=60)

    assert [dampener.admit("a") for _ in range(5)] == [0, 0, None, None, None]
    assert dampener.admit("b") == 0
    clock.advance(59)
    assert dampener.admit("a") is None
    clock.advance(1)
    assert [dampener.admit("a") for _ in range(3)] == [4, 0, None]


def test_only_so_many_keys_are_remembered() -> None:
    dampener = Dampener(FrozenClock(), limit=1, keys=2)
    assert [dampener.admit(key) for key in ("a", "b", "c", "c", "a")] == [0, 0, 0, None, 0]
