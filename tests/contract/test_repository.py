"""What every store promises: the same tests on memory, SQLite and MongoDB."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, fields

from flowcore.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    LimitExceededError,
    NotFoundError,
    UnavailableError,
)
from flowcore.model import Edge, Node, NodePhase, NodeState, Run, RunStatus, User, Version, Workflow
from flowcore.ports.storage import (
    ENTITIES,
    RUNS,
    USERS,
    VERSIONS,
    WORKFLOWS,
    Between,
    Entity,
    Store,
    beginning_with,
)
from tests.backends import MOMENT, NAMED, NAMES, THINGS, Backend, Colour, Part, Thing, new_backend

pytestmark = pytest.mark.anyio


@pytest.fixture(params=NAMES)
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    with new_backend(request.param, tmp_path, lambda: request.getfixturevalue("mongo_url")) as backend:
        yield backend


@pytest.fixture(params=[name for name in NAMES if name != "memory"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    """A backend whose data outlives the open store."""
    with new_backend(request.param, tmp_path, lambda: request.getfixturevalue("mongo_url")) as backend:
        yield backend


@pytest.fixture
async def store(backend: Backend) -> AsyncIterator[Store]:
    async with backend.open() as store:
        yield store


FULL = Thing(
    id="a",
    name="Grüße 🌱",
    team="blue team",
    number=-(2**63),
    weight=0.1,
    done=True,
    at=MOMENT,
    colour=Colour.BLUE,
    tags=("x", "y"),
    labels={"app.kubernetes.io/name": "web", "$set": "1", "": "empty"},
    data={
        "nginx.conf": {"$schema": [1, 2.5, None, True, False, "a\0b", [[], {}]], "": {"%2E": 2**63 - 1}},
        "a\0b": -0.0,
    },
    parts=(Part(size=1, seen_at=MOMENT, data={"$ref": "x", "$id": 1, "$date": "2026"}), Part()),
    named_parts={"node.1": Part(size=2, seen_at=MOMENT)},
)


# ------------------------------------------------------------------------------------------------ add and get


async def test_what_was_added_is_read_back_equal_with_revision_1(store: Store) -> None:
    things = store.repository(THINGS)

    added = await things.add(evolve(FULL, revision=7))

    assert added == evolve(FULL, revision=1)
    assert await things.get("a") == added


async def test_types_of_values_survive(store: Store) -> None:
    things = store.repository(THINGS)
    data = {"int": 1, "float": 1.0, "true": True, "zero": 0, "text": "1", "big": 2**40}

    await things.add(Thing(id="a", data=data))

    read = (await things.get("a")).data
    assert {key: type(value) for key, value in read.items()} == {key: type(value) for key, value in data.items()}


async def test_a_whole_number_in_a_float_field_is_kept_and_found_as_a_float(store: Store) -> None:
    things = store.repository(THINGS)

    added = await things.add(Thing(id="a", weight=2**53 + 1))

    assert added.weight == float(2**53)
    assert await things.find({"weight": 2**53 + 1}) == [added]


async def test_moments_are_read_back_in_utc_cut_to_milliseconds(store: Store) -> None:
    things = store.repository(THINGS)
    tokyo = datetime(2026, 3, 1, 9, 0, 0, 123_999, tzinfo=timezone(timedelta(hours=9)))

    added = await things.add(Thing(id="a", at=tokyo))

    assert added.at == datetime(2026, 3, 1, 0, 0, 0, 123_000, tzinfo=UTC)
    read = (await things.get("a")).at
    assert read == added.at
    assert read is not None
    assert read.utcoffset() == timedelta(0)


async def test_an_id_is_taken_once(store: Store) -> None:
    things = store.repository(THINGS)
    await things.add(Thing(id="a", name="first"))

    with pytest.raises(ConflictError) as refused:
        await things.add(Thing(id="a", name="second"))

    assert refused.value.code == "things.exists"
    assert (await things.get("a")).name == "first"


@pytest.mark.parametrize("entity_id", ["b", "", "A", "a\0", "\ud800", "../a", '"; DROP TABLE things', "$a", "ä"])
async def test_an_id_that_is_not_there_is_not_found(store: Store, entity_id: str) -> None:
    things = store.repository(THINGS)
    await things.add(Thing(id="a"))

    with pytest.raises(NotFoundError) as refused:
        await things.get(entity_id)
    assert refused.value.code == "things.not_found"
    assert await things.remove(entity_id) is False


@pytest.mark.parametrize("entity_id", ["a.b", "run:1", "$a", "a\0b", "🌱", " ", "x" * 5_000])
async def test_an_id_may_be_any_text(store: Store, entity_id: str) -> None:
    things = store.repository(THINGS)

    added = await things.add(Thing(id=entity_id))

    assert await things.get(entity_id) == added
    assert await things.find({"id": entity_id}) == [added]
    assert await things.remove(entity_id)


async def test_changing_what_was_handed_in_or_out_does_not_change_what_is_stored(store: Store) -> None:
    things = store.repository(THINGS)
    data: dict[str, Any] = {"list": [1]}
    added = await things.add(Thing(id="a", data=data))

    data["list"].append(2)
    added.data["list"].append(3)
    (await things.get("a")).data["list"].append(4)
    (await things.find({}))[0].data["list"].append(5)

    assert (await things.get("a")).data == {"list": [1]}


# ------------------------------------------------------------------------------------------------ unique groups


async def test_values_of_a_unique_group_occur_together_once(store: Store) -> None:
    things = store.repository(NAMED)
    await things.add(Thing(id="a", team="t1", name="web", number=1))
    await things.add(Thing(id="b", team="t2", name="web", number=2))
    await things.add(Thing(id="c", team="t1", name="api", number=3))

    with pytest.raises(ConflictError) as refused:
        await things.add(Thing(id="d", team="t1", name="web", number=4))

    assert refused.value.code == "named_things.exists"
    assert await things.count({}) == 3


async def test_nothing_is_a_value_of_a_unique_group_like_others(store: Store) -> None:
    things = store.repository(NAMED)
    await things.add(Thing(id="a", team=None, name="web", number=1))
    await things.add(Thing(id="b", team="", name="web", number=2))

    with pytest.raises(ConflictError):
        await things.add(Thing(id="c", team=None, name="web", number=3))


async def test_a_conflict_names_the_fields_and_not_the_values(store: Store) -> None:
    things = store.repository(NAMED)
    await things.add(Thing(id="a", team="hush", name="quiet", number=1))

    with pytest.raises(ConflictError) as by_names:
        await things.add(Thing(id="b", team="hush", name="quiet", number=2))
    with pytest.raises(ConflictError) as by_number:
        await things.add(Thing(id="b", team="hush", name="other", number=1))

    assert "same team and name" in by_names.value.message
    assert "same number" in by_number.value.message
    for refused in (by_names, by_number):
        assert "hush" not in "".join(map(str, (refused.value, refused.value.__cause__, refused.value.args)))


async def test_text_with_nul_differs_from_its_beginning(store: Store) -> None:
    things = store.repository(NAMED)

    await things.add(Thing(id="a", name="a", number=1))
    await things.add(Thing(id="b", name="a\0b", number=2))

    assert [thing.id for thing in await things.find({"name": "a\0b"})] == ["b"]


async def test_a_removed_or_renamed_entity_frees_its_values(store: Store) -> None:
    things = store.repository(NAMED)
    added = await things.add(Thing(id="a", name="one", number=1))
    await things.add(Thing(id="b", name="two", number=2))

    await things.replace(evolve(added, name="three"))
    await things.remove("b")

    await things.add(Thing(id="c", name="one", number=3))
    await things.add(Thing(id="d", name="two", number=2))


async def test_replacing_with_a_taken_value_changes_nothing(store: Store) -> None:
    things = store.repository(NAMED)
    await things.add(Thing(id="a", name="one", number=1))
    added = await things.add(Thing(id="b", name="two", number=2))

    with pytest.raises(ConflictError) as refused:
        await things.replace(evolve(added, name="one"))

    assert refused.value.code == "named_things.exists"
    assert await things.get("b") == added


# ------------------------------------------------------------------------------------------------ replace and remove


async def test_replacing_stores_the_change_under_the_next_revision(store: Store) -> None:
    things = store.repository(THINGS)
    added = await things.add(FULL)

    replaced = await things.replace(evolve(added, name="new", data={"k": 1}))

    assert replaced == evolve(added, name="new", data={"k": 1}, revision=2)
    assert await things.get("a") == replaced
    assert await things.replace(replaced) == evolve(replaced, revision=3)


@pytest.mark.parametrize("revision", [0, 1, 3, -1])
async def test_replacing_another_revision_than_the_stored_one_is_stale(store: Store, revision: int) -> None:
    things = store.repository(THINGS)
    stored = await things.replace(await things.add(Thing(id="a")))

    with pytest.raises(ConflictError) as refused:
        await things.replace(Thing(id="a", name="late", revision=revision))

    assert refused.value.code == "things.stale"
    assert await things.get("a") == stored


async def test_a_stale_change_is_called_stale_even_when_it_takes_a_taken_value(store: Store) -> None:
    things = store.repository(NAMED)
    await things.add(Thing(id="a", name="one", number=1))
    await things.add(Thing(id="b", name="two", number=2))

    with pytest.raises(ConflictError) as refused:
        await things.replace(Thing(id="b", name="one", number=2, revision=9))

    assert refused.value.code == "named_things.stale"


async def test_replacing_what_is_not_there_is_not_found(store: Store) -> None:
    with pytest.raises(NotFoundError) as refused:
        await store.repository(THINGS).replace(Thing(id="a", revision=1))

    assert refused.value.code == "things.not_found"


async def test_removing_says_whether_there_was_one(store: Store) -> None:
    things = store.repository(THINGS)
    await things.add(Thing(id="a"))

    assert await things.remove("a") is True
    assert await things.remove("a") is False
    assert await things.count({}) == 0


# ------------------------------------------------------------------------------------------------ find and count

NEW_YORK = timezone(timedelta(hours=-5))
LONG_AGO = MOMENT.replace(year=1615)

CROWD = (
    Thing(id="a", name="é", team=None, number=10, weight=1.5, done=True, at=MOMENT, colour=Colour.RED),
    Thing(id="b", name="Z", team="x", number=9, weight=-2, done=False, at=None, colour=Colour.BLUE),
    Thing(id="c", name="\uffff", team="", number=-1, weight=1e300, done=True, at=MOMENT + timedelta(milliseconds=1)),
    Thing(id="d", name="🌱", team="y", number=2**53 + 1, weight=0.0, done=False, at=LONG_AGO),
    Thing(id="e", name="z", team=None, number=2**53, weight=1.5, done=False, at=None, colour=Colour.BLUE),
    Thing(
        id="f", name="", team="x", number=9, weight=2, done=True, at=MOMENT.astimezone(timezone(timedelta(hours=-5)))
    ),
)


@pytest.fixture
async def crowd(store: Store) -> Store:
    for thing in (*CROWD[3:], *CROWD[:3]):
        await store.repository(THINGS).add(thing)
    return store


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ({}, "abcdef"),
        ({"id": "c"}, "c"),
        ({"id": ("c", "a", "nobody")}, "ac"),
        ({"name": "Z"}, "b"),
        ({"name": "nobody"}, ""),
        ({"name": "e"}, ""),
        ({"team": None}, "ae"),
        ({"team": ""}, "c"),
        ({"team": (None, "y")}, "ade"),
        ({"team": (None,)}, "ae"),
        ({"team": ()}, ""),
        ({"name": None}, ""),
        ({"number": 9}, "bf"),
        ({"number": 2**53}, "e"),
        ({"number": 2**53 + 1}, "d"),
        ({"revision": 1}, "abcdef"),
        ({"weight": 1.5}, "ae"),
        ({"weight": -2}, "b"),
        ({"weight": 0}, "d"),
        ({"done": True}, "acf"),
        ({"done": (True, False)}, "abcdef"),
        ({"at": MOMENT}, "af"),
        ({"at": MOMENT.astimezone(timezone(timedelta(hours=3)))}, "af"),
        ({"at": MOMENT + timedelta(microseconds=999)}, "af"),
        ({"at": (None, MOMENT)}, "abef"),
        ({"colour": Colour.BLUE}, "be"),
        ({"colour": "blue"}, "be"),
        ({"colour": ("blue", Colour.RED)}, "abcdef"),
        ({"colour": "bogus"}, ""),
        ({"number": 9, "done": True}, "f"),
        ({"number": (9, 10), "team": (None, "x"), "done": True}, "af"),
        ({"number": Between(low=9, high=2**53)}, "abf"),
        ({"number": Between(high=9)}, "c"),
        ({"number": Between(low=2**53)}, "de"),
        ({"weight": Between(low=0, high=1.6)}, "ade"),
        ({"at": Between()}, "acdf"),
        ({"at": Between(low=MOMENT)}, "acf"),
        ({"at": Between(low=MOMENT.astimezone(NEW_YORK), high=MOMENT + timedelta(milliseconds=1))}, "af"),
        ({"at": Between(high=MOMENT)}, "d"),
        ({"team": Between()}, "bcdf"),
        ({"team": Between(low="", high="x")}, "c"),
        ({"name": Between(low="Z", high="z")}, "b"),
        ({"name": Between(low="\uffff")}, "cd"),
        ({"id": Between(low="b", high="e"), "done": False}, "bd"),
        ({"number": Between(low=9), "at": Between(low=MOMENT), "team": None}, "a"),
    ],
)
async def test_finding_and_counting_take_what_equals(crowd: Store, where: dict[str, Any], ids: str) -> None:
    things = crowd.repository(THINGS)

    assert "".join(thing.id for thing in await things.find(where)) == ids
    assert await things.count(where) == len(ids)


@pytest.mark.parametrize(
    ("order_by", "ids"),
    [
        ([], "abcdef"),
        (["id"], "abcdef"),
        (["-id"], "fedcba"),
        (["name"], "fbeacd"),
        (["-name"], "dcaebf"),
        (["team"], "aecbfd"),
        (["-team"], "dbfcae"),
        (["number"], "cbfaed"),
        (["-number"], "deabfc"),
        (["weight"], "bdaefc"),
        (["done"], "bdeacf"),
        (["-done"], "acfbde"),
        (["at"], "bedafc"),
        (["-at"], "cafdbe"),
        (["colour", "-number"], "ebdafc"),
        (["team", "-id"], "eacfbd"),
        (["-number", "-name"], "deabfc"),
    ],
)
async def test_order_is_by_value_with_nothing_first_then_by_id(crowd: Store, order_by: list[str], ids: str) -> None:
    found = await crowd.repository(THINGS).find({}, order_by=order_by)

    assert "".join(thing.id for thing in found) == ids


@pytest.mark.parametrize(
    ("limit", "offset", "ids"),
    [(0, 0, "abcdef"), (2, 0, "ab"), (2, 3, "de"), (0, 4, "ef"), (10, 5, "f"), (1, 6, ""), (0, 99, "")],
)
async def test_limit_and_offset_cut_a_page(crowd: Store, limit: int, offset: int, ids: str) -> None:
    found = await crowd.repository(THINGS).find({}, limit=limit, offset=offset)

    assert "".join(thing.id for thing in found) == ids


@pytest.mark.parametrize(
    ("where", "order_by"),
    [
        ({"nothing": 1}, []),
        ({"data": {}}, []),
        ({"tags": "x"}, []),
        ({"data.k": 1}, []),
        ({"$where": "1"}, []),
        ({'id" OR 1=1 --': "x"}, []),
        ({}, ["nothing"]),
        ({}, ["--id"]),
        ({}, ["data"]),
        ({"number": "9"}, []),
        ({"number": True}, []),
        ({"number": 2**64}, []),
        ({"name": 1}, []),
        ({"name": "\ud800"}, []),
        ({"done": 1}, []),
        ({"at": "2026-03-01"}, []),
        ({"at": datetime(2026, 3, 1)}, []),  # noqa: DTZ001
        ({"weight": float("nan")}, []),
        ({"name": ["a"]}, []),
        ({"name": {"$gt": ""}}, []),
        ({"id": tuple(map(str, range(10_001)))}, []),
        ({"nothing": Between(low=1)}, []),
        ({"number": Between(low="1")}, []),
        ({"at": Between(high="2026")}, []),
        ({"done": Between(low=False)}, []),
    ],
)
async def test_a_question_that_cannot_be_asked_is_refused(
    store: Store, where: dict[str, Any], order_by: list[str]
) -> None:
    with pytest.raises(InvalidInputError):
        await store.repository(THINGS).find(where, order_by=order_by)


async def test_a_page_before_the_first_is_refused(store: Store) -> None:
    things = store.repository(THINGS)

    with pytest.raises(InvalidInputError):
        await things.find({}, limit=-1)
    with pytest.raises(InvalidInputError):
        await things.find({}, offset=-1)


async def test_thousands_of_alternatives_can_be_asked_for(crowd: Store) -> None:
    wanted = ("b", *map(str, range(9_999)))

    assert [thing.id for thing in await crowd.repository(THINGS).find({"id": wanted})] == ["b"]


# ------------------------------------------------------------------------------------------------ values

DEEP: dict[str, Any] = {}
_inner = DEEP
for _ in range(90):
    _inner["deeper"] = {}
    _inner = _inner["deeper"]

ENDLESS: dict[str, Any] = {}
ENDLESS["again"] = ENDLESS


@pytest.mark.parametrize(
    ("thing", "path"),
    [
        (Thing(id=""), "id"),
        (Thing(id="\ud800"), "id"),
        (Thing(id="a", name="\udfff"), "name"),
        (Thing(id="a", number=2**63), "number"),
        (Thing(id="a", number=-(2**63) - 1), "number"),
        (Thing(id="a", weight=float("inf")), "weight"),
        (Thing(id="a", at=datetime(2026, 3, 1)), "at"),  # noqa: DTZ001
        (Thing(id="a", tags=("ok", "\ud800")), "tags[1]"),
        (Thing(id="a", data={"list": [0, {"x": float("nan")}]}), "data.list[1].x"),
        (Thing(id="a", data={"x": 2**64}), "data.x"),
        (Thing(id="a", data={"x": "\ud800"}), "data.x"),
        (Thing(id="a", data={"x": {1: 2}}), "data.x"),
        (Thing(id="a", data={"x": {"\ud800": 2}}), "data.x"),
        (Thing(id="a", data={"x": {1, 2}}), "data.x"),
        (Thing(id="a", data={"x": b"1"}), "data.x"),
        (Thing(id="a", data={"x": MOMENT}), "data.x"),
        (Thing(id="a", parts=(Part(), Part(data={"x": object()}))), "parts[1].data.x"),
        (Thing(id="a", parts=(Part(seen_at=datetime(2026, 3, 1)),)), "parts[0].seen_at"),  # noqa: DTZ001
    ],
)
async def test_a_value_that_cannot_be_kept_is_refused_with_its_place(store: Store, thing: Thing, path: str) -> None:
    things = store.repository(THINGS)

    with pytest.raises(InvalidInputError) as refused:
        await things.add(thing)

    assert [finding.place.path for finding in refused.value.findings] == [path]
    assert await things.count({}) == 0


@pytest.mark.parametrize("data", [DEEP, ENDLESS])
async def test_nesting_without_measure_is_refused(store: Store, data: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError, match="nested"):
        await store.repository(THINGS).add(Thing(id="a", data=data))


async def test_replacing_with_values_that_cannot_be_kept_lists_them_all_and_changes_nothing(store: Store) -> None:
    things = store.repository(THINGS)
    added = await things.add(Thing(id="a"))

    with pytest.raises(InvalidInputError) as refused:
        await things.replace(evolve(added, name="\ud800", data={"x": {1, 2}}))

    assert [finding.place.path for finding in refused.value.findings] == ["name", "data.x"]
    assert await things.get("a") == added


async def test_nesting_within_measure_is_kept(store: Store) -> None:
    data: dict[str, Any] = {}
    for _ in range(70):
        data = {"deeper": data}
    things = store.repository(THINGS)

    added = await things.add(Thing(id="a", data=data))

    assert await things.get("a") == added


async def test_what_is_too_large_is_refused(store: Store) -> None:
    with pytest.raises(LimitExceededError) as refused:
        await store.repository(THINGS).add(Thing(id="a", name="x" * (17 * 2**20)))

    assert refused.value.code == "store.too_large"


async def test_megabytes_are_kept(store: Store) -> None:
    things = store.repository(THINGS)

    added = await things.add(Thing(id="a", tags=("x" * 1_000,) * 5_000))

    assert await things.get("a") == added


# ------------------------------------------------------------------------------------------------ repositories


async def test_every_repository_of_an_entity_sees_the_same_data(store: Store) -> None:
    added = await store.repository(THINGS).add(Thing(id="a"))

    assert await store.repository(THINGS).get("a") == added


async def test_entities_of_other_kinds_are_kept_apart(store: Store) -> None:
    await store.repository(THINGS).add(Thing(id="a"))

    with pytest.raises(NotFoundError):
        await store.repository(NAMED).get("a")


async def test_every_entity_of_the_system_can_be_searched_when_there_is_none(store: Store) -> None:
    for entity in ENTITIES:
        assert await store.repository(entity).find({}) == []


async def test_a_workflow_with_its_drawing_is_kept(store: Store) -> None:
    workflows = store.repository(WORKFLOWS)
    nodes = (Node(id="n1", type="configmap", data={"data": {"nginx.conf": "a: $b", "": ""}}), Node(id="n2", type="job"))
    drawn = Workflow(id="w", name="shop", nodes=nodes, edges=(Edge(id="e", source="n1", target="n2"),), tags=("a",))

    added = await workflows.add(evolve(drawn, created_at=MOMENT))

    assert added == evolve(drawn, created_at=MOMENT, revision=1)
    assert await workflows.find({"owner_id": "", "deleted_at": None}, order_by=["-updated_at"]) == [added]


async def test_a_run_is_found_by_its_status(store: Store) -> None:
    runs = store.repository(RUNS)
    states = {"node.1": NodeState(phase=NodePhase.HEALTHY, changed_at=MOMENT), "node.2": NodeState()}
    run = Run(id="r", workflow_id="w", version=1, started_at=MOMENT, node_states=states, logs=("one", "two"))

    added = await runs.add(run)

    assert added == evolve(run, revision=1)
    assert await runs.find({"status": (RunStatus.PENDING, RunStatus.RUNNING)}) == [added]


async def test_two_users_cannot_have_one_address(store: Store) -> None:
    users = store.repository(USERS)
    user = User(id="1", email="Ann@example.org", email_key="ann@example.org", name="Ann", created_at=MOMENT)
    await users.add(user)

    with pytest.raises(ConflictError) as refused:
        await users.add(evolve(user, id="2"))

    assert refused.value.code == "users.exists"


async def test_a_version_number_is_taken_once_in_a_workflow(store: Store) -> None:
    versions = store.repository(VERSIONS)
    await versions.add(Version(id="1", workflow_id="w", number=1, created_at=MOMENT))
    await versions.add(Version(id="2", workflow_id="other", number=1, created_at=MOMENT))

    with pytest.raises(ConflictError) as refused:
        await versions.add(Version(id="3", workflow_id="w", number=1, created_at=MOMENT))

    assert refused.value.code == "workflow_versions.exists"


async def test_an_entity_that_expires_is_there_until_its_moment(store: Store) -> None:
    things = store.repository(Entity(name="tickets", type=Thing, expires="at"))
    lasting = await things.add(Thing(id="a", at=datetime.now(UTC) + timedelta(hours=1)))
    endless = await things.add(Thing(id="b", at=None))

    assert await things.find({}) == [await things.get("a"), endless]
    assert (await things.get("a")).id == lasting.id


@pytest.mark.parametrize(
    ("beginning", "ids"),
    [("", "abcdef"), ("wor", "abc"), ("work", "ab"), ("work.", "a"), ("x", ""), ("\ud7ff", "d"), ("\U0010ffff", "ef")],
)
async def test_texts_are_found_by_their_beginning(store: Store, beginning: str, ids: str) -> None:
    things = store.repository(THINGS)
    for id_, name in zip("abcdef", ("work.x", "work", "worl", "\ud7ff!", "\U0010ffff", "\U0010ffffz"), strict=True):
        await things.add(Thing(id=id_, name=name))

    assert "".join(thing.id for thing in await things.find({"name": beginning_with(beginning)})) == ids


async def test_what_is_declared_append_only_is_neither_changed_nor_removed(store: Store) -> None:
    notes = store.repository(Entity(name="notes", type=Thing, append_only=True, expires="at"))
    first = await notes.add(Thing(id="a", name="first", at=datetime.now(UTC) + timedelta(hours=1)))
    second = await notes.add(Thing(id="b", name="second"))

    for attempt in (notes.replace(evolve(first, name="changed")), notes.remove("a"), notes.remove("nobody")):
        with pytest.raises(ForbiddenError) as refused:
            await attempt
        assert refused.value.code == "notes.append_only"

    assert await notes.find({}) == [first, second]


@pytest.mark.parametrize(
    "wrong",
    [
        Entity(name="Robert'); DROP TABLE", type=Thing),
        Entity(name="things", type=Part),
        Entity(name="things", type=Thing, unique=(("nothing",),)),
        Entity(name="things", type=Thing, indexes=(("data",),)),
        Entity(name="things", type=Thing, expires="name"),
    ],
)
async def test_a_wrong_declaration_is_refused_at_once(store: Store, wrong: Entity[Any]) -> None:
    with pytest.raises(TypeError):
        store.repository(wrong)


# ------------------------------------------------------------------------------------------------ many at once


async def test_of_twenty_changes_of_one_revision_exactly_one_wins(store: Store) -> None:
    things = store.repository(THINGS)
    added = await things.add(Thing(id="a"))

    async def change(number: int) -> Thing:
        return await things.replace(evolve(added, number=number))

    results = await asyncio.gather(*map(change, range(1, 21)), return_exceptions=True)

    won = [result for result in results if isinstance(result, Thing)]
    lost = [result for result in results if isinstance(result, ConflictError)]
    assert (len(won), len(lost)) == (1, 19)
    assert {error.code for error in lost} == {"things.stale"}
    assert await things.get("a") == won[0]


async def test_of_twenty_newcomers_with_one_name_exactly_one_gets_in(store: Store) -> None:
    things = store.repository(NAMED)

    async def arrive(number: int) -> Thing:
        return await things.add(Thing(id=f"n{number}", name="same", number=number))

    results = await asyncio.gather(*map(arrive, range(20)), return_exceptions=True)

    won = [result for result in results if isinstance(result, Thing)]
    lost = [result for result in results if isinstance(result, ConflictError)]
    assert (len(won), len(lost)) == (1, 19)
    assert {error.code for error in lost} == {"named_things.exists"}
    assert await things.find({}) == won


async def test_changes_that_start_from_what_was_read_are_never_lost(store: Store) -> None:
    things = store.repository(THINGS)
    await things.add(Thing(id="a"))

    async def increment() -> None:
        while True:
            read = await things.get("a")
            try:
                await things.replace(evolve(read, number=read.number + 1))
            except ConflictError:
                continue
            return

    async with asyncio.timeout(30):
        await asyncio.gather(*(increment() for _ in range(10)))

    assert (await things.get("a")).number == 10


async def test_a_write_that_returned_is_seen_by_every_read_that_follows(store: Store) -> None:
    things = store.repository(THINGS)

    async def write_and_read(number: int) -> None:
        added = await things.add(Thing(id=f"t{number}", number=number))
        assert await things.get(added.id) == added
        assert await things.find({"number": number}) == [added]
        assert await things.remove(added.id)
        assert await things.count({"number": number}) == 0

    await asyncio.gather(*map(write_and_read, range(30)))


async def test_a_cancelled_caller_leaves_the_store_usable(store: Store) -> None:
    things = store.repository(THINGS)
    await things.count({})

    writing = [asyncio.create_task(things.add(Thing(id=f"t{number}"))) for number in range(20)]
    await asyncio.sleep(0)
    for task in writing:
        task.cancel()
    await asyncio.gather(*writing, return_exceptions=True)

    added = await things.add(Thing(id="after"))
    assert added in await things.find({})


# ------------------------------------------------------------------------------------------------ opening and closing


async def test_an_open_store_answers(store: Store) -> None:
    await store.ping()


async def test_a_closed_store_is_unavailable(backend: Backend) -> None:
    async with backend.open() as store:
        things = store.repository(THINGS)
        await things.add(Thing(id="a"))

    for call in (store.ping, lambda: things.get("a"), lambda: things.find({}), lambda: things.add(Thing(id="b"))):
        with pytest.raises(UnavailableError):
            await call()


async def test_a_store_that_is_opened_again_shows_the_same_data(kept: Backend) -> None:
    async with kept.open() as store:
        added = await store.repository(NAMED).add(FULL)

    async with kept.open() as store:
        things = store.repository(NAMED)
        assert await things.find({}) == [added]
        with pytest.raises(ConflictError):
            await things.add(evolve(FULL, id="b"))
        assert await things.replace(added) == evolve(added, revision=2)


async def test_two_open_stores_share_their_data_and_their_conflicts(kept: Backend) -> None:
    async with kept.open() as one, kept.open() as other:
        results = await asyncio.gather(
            *(
                store.repository(NAMED).add(Thing(id=f"t{number}", name="same", number=number))
                for number, store in enumerate([one, other] * 5)
            ),
            return_exceptions=True,
        )
        won = [result for result in results if isinstance(result, Thing)]
        assert len(won) == 1
        assert all(isinstance(result, ConflictError) for result in results if result not in won)

        changed = await one.repository(NAMED).replace(evolve(won[0], done=True))
        assert await other.repository(NAMED).get(won[0].id) == changed
        with pytest.raises(ConflictError):
            await other.repository(NAMED).replace(won[0])


def test_every_field_of_the_thing_that_is_kept_is_filled_in_the_test() -> None:
    empty = Thing(id="")

    assert [a.name for a in fields(Thing) if getattr(FULL, a.name) == getattr(empty, a.name)] == ["revision"]
