"""The MongoDB store keeps documents that operators can read, makes its indexes, and never shows a password."""

from __future__ import annotations

import asyncio
import gc
import traceback
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC
from typing import Any

import pymongo
import pytest
from bson.codec_options import CodecOptions
from pymongo.collection import Collection

from adapters.mongo import open_mongo
from flowcore.errors import FlowcoreError, InvalidInputError, UnavailableError
from flowcore.ports.storage import ENTITIES, Entity
from tests.backends import MOMENT, NAMED, THINGS, Thing, new_mongo_database
from tests.mongo_server import free_port

pytestmark = [
    pytest.mark.anyio,
    # A monitor of the driver that is stopped while it connects leaves its socket to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Collect such sockets where they are expected, not in the tests that follow."""
    yield
    gc.collect()


@pytest.fixture
def database(mongo_url: str) -> Iterator[str]:
    with new_mongo_database(mongo_url) as name:
        yield name


@pytest.fixture
def driver(mongo_url: str) -> Iterator[pymongo.MongoClient[dict[str, Any]]]:
    with pymongo.MongoClient[dict[str, Any]](mongo_url) as client:
        yield client


def collection_of(
    driver: pymongo.MongoClient[dict[str, Any]], database: str, entity: Entity[Any]
) -> Collection[dict[str, Any]]:
    options: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True, tzinfo=UTC)
    return driver[database].get_collection(entity.name, options)


async def test_a_stored_document_has_its_id_as_text_and_its_moments_as_dates(
    mongo_url: str, database: str, driver: pymongo.MongoClient[dict[str, Any]]
) -> None:
    async with open_mongo(mongo_url, database=database) as store:
        await store.repository(THINGS).add(Thing(id="a", at=MOMENT, data={"x.y": 1}, labels={"k": "v"}))

    stored = collection_of(driver, database, THINGS).find_one()
    assert stored is not None
    assert stored["_id"] == "a"
    assert "id" not in stored
    assert stored["at"] == MOMENT
    assert stored["revision"] == 1
    assert stored["colour"] == "red"
    assert stored["data"] == {"x%2Ey": 1}
    assert stored["labels"] == {"k": "v"}


async def test_the_indexes_are_made_when_a_repository_is_first_used(
    mongo_url: str, database: str, driver: pymongo.MongoClient[dict[str, Any]]
) -> None:
    tickets = Entity(name="tickets", type=Thing, unique=(("team", "name"),), indexes=(("number",),), expires="at")
    async with open_mongo(mongo_url, database=database) as store:
        await store.repository(tickets).find({})

    indexes = collection_of(driver, database, tickets).index_information()
    assert indexes["unique__team__name"]["unique"] is True
    assert indexes["unique__team__name"]["key"] == [("team", 1), ("name", 1)]
    assert indexes["by__number"]["key"] == [("number", 1)]
    assert indexes["expires"]["key"] == [("at", 1)]
    assert indexes["expires"]["expireAfterSeconds"] == 0


async def test_a_group_that_an_index_covers_already_gets_no_second_one(
    mongo_url: str, database: str, driver: pymongo.MongoClient[dict[str, Any]]
) -> None:
    tickets = Entity(
        name="tickets", type=Thing, unique=(("id",), ("name",)), indexes=(("id",), ("name",), ("at",)), expires="at"
    )
    async with open_mongo(mongo_url, database=database) as store:
        await store.repository(tickets).add(Thing(id="a"))

    assert set(collection_of(driver, database, tickets).index_information()) == {"_id_", "unique__name", "expires"}


async def test_processes_that_start_together_make_the_indexes_once(mongo_url: str, database: str) -> None:
    async with (
        open_mongo(mongo_url, database=database) as one,
        open_mongo(mongo_url, database=database) as other,
    ):
        calls = [store.repository(entity).count({}) for store in (one, other) for entity in ENTITIES for _ in range(3)]

        assert await asyncio.gather(*calls) == [0] * len(calls)


async def test_a_unique_index_that_the_data_forbids_is_reported_and_tried_again(
    mongo_url: str, database: str, driver: pymongo.MongoClient[dict[str, Any]]
) -> None:
    collection = collection_of(driver, database, NAMED)
    collection.insert_many([{"_id": "a", "name": "hush"}, {"_id": "b", "name": "hush"}])
    async with open_mongo(mongo_url, database=database) as store:
        with pytest.raises(UnavailableError) as refused:
            await store.repository(NAMED).find({})
        assert "hush" not in "".join(traceback.format_exception(refused.value)).replace('"hush"', "")

        collection.delete_many({})
        assert await store.repository(NAMED).find({}) == []


async def test_a_document_with_fewer_fields_gets_the_defaults(
    mongo_url: str, database: str, driver: pymongo.MongoClient[dict[str, Any]]
) -> None:
    collection_of(driver, database, THINGS).insert_one({"_id": "a", "revision": 3, "unknown": True})

    async with open_mongo(mongo_url, database=database) as store:
        assert await store.repository(THINGS).get("a") == Thing(id="a", revision=3)
        assert await store.repository(THINGS).find({"at": None}) == [Thing(id="a", revision=3)]


async def test_a_stored_document_that_does_not_fit_says_so(
    mongo_url: str, database: str, driver: pymongo.MongoClient[dict[str, Any]]
) -> None:
    collection_of(driver, database, THINGS).insert_one({"_id": "a", "number": "no"})

    async with open_mongo(mongo_url, database=database) as store:
        with pytest.raises(FlowcoreError) as refused:
            await store.repository(THINGS).get("a")

    assert refused.value.code == "things.unreadable"


async def test_a_server_that_is_not_there_is_unavailable_and_named_without_credentials() -> None:
    port = free_port()
    url = f"mongodb://ann:hush@127.0.0.1:{port}/?directConnection=true&serverSelectionTimeoutMS=100"

    with pytest.raises(UnavailableError) as refused:
        async with open_mongo(url):
            pass

    assert refused.value.message == f"MongoDB at 127.0.0.1:{port} does not answer"
    assert refused.value.code == "store.unavailable"
    assert "hush" not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost",
        "http://ann:hush@db",
        "mongodb://",
        "mongodb://ann:hu:sh@db",
        "mongodb://ann:hush@db:port",
        "mongodb://ann:hush@db/?authMechanism=hush",
        "mongodb://ann:hush@db/?replicaset=rs&serverSelectionTimeoutMs=soon",
        "mongodb://ann:hush@db/?unknownOption=hush",
    ],
)
async def test_a_wrong_url_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        async with open_mongo(url):
            pass

    assert refused.value.findings[0].place.path == "url"
    assert "hush" not in "".join(traceback.format_exception(refused.value)).replace(repr(url), "")


@pytest.mark.parametrize("name", ["", "a.b", "a/b", "a b", "$x", "a\0"])
async def test_a_wrong_database_name_is_refused(mongo_url: str, name: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        async with open_mongo(mongo_url, database=name):
            pass

    assert refused.value.findings[0].place.path == "database"


async def test_a_server_that_stops_answering_is_unavailable(mongo_url: str) -> None:
    async with await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0) as deaf:
        port = deaf.sockets[0].getsockname()[1]
        with pytest.raises(UnavailableError, match=f"127.0.0.1:{port} does not answer"):
            async with open_mongo(f"mongodb://127.0.0.1:{port}/?directConnection=true&serverSelectionTimeoutMS=100"):
                pass


@asynccontextmanager
async def relay(target: tuple[str, int], port: int) -> AsyncIterator[None]:
    """Pass on what is sent to *port* while it lasts, then cut every connection: a server that goes away."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
        finally:
            writer.transport.abort()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*target)
        pumps = [asyncio.create_task(pump(reader, far_writer)), asyncio.create_task(pump(far_reader, writer))]
        running.update(pumps)
        await asyncio.gather(*pumps, return_exceptions=True)

    running: set[asyncio.Task[None]] = set()
    server = await asyncio.start_server(connected, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()
        for each in running:
            each.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def test_a_server_that_goes_away_is_unavailable_until_it_is_back(
    mongo_url: str, database: str, driver: pymongo.MongoClient[dict[str, Any]]
) -> None:
    if "@" in mongo_url:
        pytest.skip("the relay does not sign in")
    driver.admin.command("ping")
    target = driver.address
    assert target is not None
    port = free_port()
    url = f"mongodb://127.0.0.1:{port}/?directConnection=true&serverSelectionTimeoutMS=800&heartbeatFrequencyMS=500"
    stack = AsyncExitStack()
    async with relay(target, port):
        store = await stack.enter_async_context(open_mongo(url, database=database))
        things = store.repository(THINGS)
        added = await things.add(Thing(id="a"))

    async with stack:
        for call in (store.ping, lambda: things.get("a"), lambda: things.replace(added)):
            with pytest.raises(UnavailableError):
                await call()

        async with relay(target, port):
            assert await until_answered(lambda: things.get("a")) == added


async def until_answered(call: Callable[[], Coroutine[Any, Any, Thing]], tries: int = 10) -> Thing:
    """Call until the driver has noticed that the server is back; every try waits inside the driver."""
    for _ in range(tries):
        with suppress(UnavailableError):
            return await call()
    raise AssertionError("the server was not noticed")
