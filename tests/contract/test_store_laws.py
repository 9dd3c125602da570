"""Every store behaves like a dictionary with revisions, and keeps any JSON: laws, tried on all three."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import pytest
from attrs import evolve, frozen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from flowcore.errors import ConflictError, NotFoundError
from flowcore.ports.storage import Between, Repository, Store, beginning_with
from tests.backends import NAMED, NAMES, THINGS, Colour, Part, Thing, new_backend

T = TypeVar("T")


@frozen
class Opened:
    """An open store, and the event loop it lives in, which waits while Hypothesis thinks."""

    store: Store
    runner: asyncio.Runner

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(call)


@pytest.fixture(params=NAMES)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    with (
        new_backend(request.param, tmp_path, lambda: request.getfixturevalue("mongo_url")) as backend,
        asyncio.Runner() as runner,
    ):
        stack = AsyncExitStack()
        yield Opened(runner.run(stack.enter_async_context(backend.open())), runner)
        runner.run(stack.aclose())


MODEST = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

# ------------------------------------------------------------------------------------------------ any JSON is kept

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["", "$", "$ref", "$id", "_id", "id", "a.b", ".", "%", "%2E", "%00", "a\0b", "__proto__", "revision", "nginx.conf"]
)
integers = st.integers(-(2**63), 2**63 - 1)
floats = st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | integers | floats | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)
json_maps = st.dictionaries(texts, json_values, max_size=5)
moments = st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(9999, 1, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC, fold=0)
)
parts = st.builds(Part, size=integers, seen_at=st.none() | moments, data=json_maps)
things = st.builds(
    Thing,
    id=texts.filter(bool),
    name=texts,
    team=st.none() | texts,
    number=integers,
    weight=floats,
    done=st.booleans(),
    at=st.none() | moments,
    colour=st.sampled_from(Colour),
    tags=st.lists(texts, max_size=3).map(tuple),
    labels=st.dictionaries(texts, texts, max_size=3),
    data=json_maps,
    parts=st.lists(parts, max_size=2).map(tuple),
    named_parts=st.dictionaries(texts, parts, max_size=2),
)


def exactly(value: Any) -> str:
    """Text that differs where ``==`` is too kind: 1 and True, 1 and 1.0, 0.0 and -0.0, and the order of keys."""
    return repr(value)


def test_any_thing_is_read_back_exactly(opened: Opened) -> None:
    repository = opened.store.repository(THINGS)

    @MODEST
    @given(thing=things)
    def law(thing: Thing) -> None:
        added = opened.run(repository.add(thing))
        try:
            expected = exactly(evolve(thing, revision=1))
            assert exactly(added) == expected
            assert exactly(opened.run(repository.get(thing.id))) == expected
            wanted = {"name": thing.name, "team": thing.team, "number": thing.number, "at": thing.at}
            assert [exactly(found) for found in opened.run(repository.find(wanted))] == [expected]
        finally:
            opened.run(repository.remove(thing.id))

    law()


def test_any_text_is_found_by_its_beginnings_and_by_no_other(opened: Opened) -> None:
    repository = opened.store.repository(THINGS)
    edges = st.text(st.sampled_from("a\0\ud7ff\ue000\uffff\U00010000\U0010ffff"), max_size=3)

    @MODEST
    @given(name=texts | edges, beginning=texts | edges, at=st.none() | moments, limits=st.tuples(moments, moments))
    def law(name: str, beginning: str, at: datetime | None, limits: tuple[datetime, datetime]) -> None:
        opened.run(repository.add(Thing(id="a", name=name, at=at)))
        try:
            asked = {"name": beginning_with(beginning)}
            assert bool(opened.run(repository.count(asked))) == name.startswith(beginning)
            assert opened.run(repository.count({"name": beginning_with(name)})) == 1
            within = {"at": Between(low=limits[0], high=limits[1])}
            assert bool(opened.run(repository.count(within))) == (at is not None and limits[0] <= at < limits[1])
        finally:
            opened.run(repository.remove("a"))

    law()


# ------------------------------------------------------------------------------------------------ like a dictionary

few_ids = st.sampled_from(["a", "b", "c", "d"])
few_names = st.sampled_from(["x", "y", "z"])
few_teams = st.sampled_from([None, "", "t"])
few_gaps = st.sampled_from([0, 0, 0, 1, -1])
few_numbers = st.integers(-2, 3)
few_ranges = st.builds(Between, low=st.none() | few_numbers, high=st.none() | few_numbers)
orders = st.lists(st.sampled_from(["name", "-name", "team", "-team", "number", "-number", "-id"]), max_size=3)

_machines = count(1)


class StoreMachine(RuleBasedStateMachine):
    """Does the same to a repository and to a dictionary, and compares after every step."""

    opened: Opened

    def __init__(self) -> None:
        super().__init__()
        self.entity = evolve(NAMED, name=f"machine_{next(_machines)}")
        self.repository: Repository[Thing] = self.opened.store.repository(self.entity)
        self.model: dict[str, Thing] = {}

    def run(self, call: Coroutine[Any, Any, T]) -> T | str:
        """Return what the call returns, or the code of its error."""
        try:
            return self.opened.run(call)
        except (ConflictError, NotFoundError) as error:
            return error.code

    def _is_taken(self, thing: Thing) -> bool:
        return any(
            other.id != thing.id
            and ((other.team, other.name) == (thing.team, thing.name) or other.number == thing.number)
            for other in self.model.values()
        )

    @rule(entity_id=few_ids, name=few_names, team=few_teams, number=few_numbers)
    def add(self, entity_id: str, name: str, team: str | None, number: int) -> None:
        thing = Thing(id=entity_id, name=name, team=team, number=number)
        result = self.run(self.repository.add(thing))
        if entity_id in self.model or self._is_taken(thing):
            assert result == f"{self.entity.name}.exists"
        else:
            assert result == evolve(thing, revision=1)
            self.model[entity_id] = evolve(thing, revision=1)

    @rule(
        entity_id=few_ids, name=few_names, team=few_teams, number=few_numbers, behind=st.sampled_from([0, 0, 0, 1, -1])
    )
    def replace(self, entity_id: str, name: str, team: str | None, number: int, behind: int) -> None:
        stored = self.model.get(entity_id)
        revision = (stored.revision if stored else 1) - behind
        thing = Thing(id=entity_id, name=name, team=team, number=number, revision=revision)
        result = self.run(self.repository.replace(thing))
        if stored is None:
            assert result == f"{self.entity.name}.not_found"
        elif behind:
            assert result == f"{self.entity.name}.stale"
        elif self._is_taken(thing):
            assert result == f"{self.entity.name}.exists"
        else:
            assert result == evolve(thing, revision=revision + 1)
            self.model[entity_id] = evolve(thing, revision=revision + 1)

    @rule(entity_id=few_ids)
    def remove(self, entity_id: str) -> None:
        assert self.run(self.repository.remove(entity_id)) is (self.model.pop(entity_id, None) is not None)

    @rule(entity_id=few_ids)
    def get(self, entity_id: str) -> None:
        expected = self.model.get(entity_id, f"{self.entity.name}.not_found")
        assert self.run(self.repository.get(entity_id)) == expected

    @rule(
        team=st.sampled_from(
            ["unasked", None, "", "t", (None, "t"), (), Between(), Between(low="t"), Between(high="t")]
        ),
        number=st.none() | few_numbers | st.tuples(few_numbers, few_numbers) | few_ranges,
        order_by=orders,
        limit=st.integers(0, 3),
        offset=st.integers(0, 2),
    )
    def find(self, team: Any, number: Any, order_by: list[str], limit: int, offset: int) -> None:
        where = ({} if team == "unasked" else {"team": team}) | ({} if number is None else {"number": number})
        matching = [thing for thing in self.model.values() if _matches(thing, where)]
        matching.sort(key=lambda thing: thing.id)
        for word in reversed(order_by):
            matching.sort(key=lambda thing: _rank(thing, word.removeprefix("-")), reverse=word.startswith("-"))

        page = matching[offset : offset + limit if limit else None]
        assert self.run(self.repository.find(where, order_by=order_by, limit=limit, offset=offset)) == page
        assert self.run(self.repository.count(where)) == len(matching)

    @invariant()
    def all_is_as_in_the_model(self) -> None:
        expected = sorted(self.model.values(), key=lambda thing: thing.id)
        assert self.run(self.repository.find({})) == expected


def _matches(thing: Thing, where: dict[str, Any]) -> bool:
    return all(_is_wanted(getattr(thing, name), wanted) for name, wanted in where.items())


def _is_wanted(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, Between):
        above = value is not None and (wanted.low is None or value >= wanted.low)
        return above and (wanted.high is None or value < wanted.high)
    return value in (wanted if isinstance(wanted, tuple) else (wanted,))


def _rank(thing: Thing, name: str) -> tuple[bool, Any]:
    value = getattr(thing, name)
    return (value is not None, value)


def test_a_store_behaves_like_a_dictionary(opened: Opened) -> None:
    machine = type("Machine", (StoreMachine,), {"opened": opened})

    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=25, stateful_step_count=25, suppress_health_check=[HealthCheck.too_slow]),
    )
