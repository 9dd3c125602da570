"""A store in MongoDB: what several processes share."""

from __future__ import annotations

import re
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC
from typing import Any, TypeVar, cast

from bson.codec_options import CodecOptions
from pymongo import AsyncMongoClient, ReadPreference, WriteConcern
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ConfigurationError, InvalidName

from adapters.mongo._errors import address_of, translated
from adapters.mongo._repository import MongoRepository
from flowcore.errors import InvalidInputError
from flowcore.ports.records import shape_of
from flowcore.ports.storage import Entity, Repository, Store

E = TypeVar("E")

#: Milliseconds to wait, unless the URL says otherwise: for a server, for a connection, for an answer.
PATIENCE_MS = {"serverSelectionTimeoutMS": 5_000, "connectTimeoutMS": 5_000, "socketTimeoutMS": 30_000}

#: A write has happened when most members of the replica set have it, and has failed when they take this long.
_DURABLE = WriteConcern("majority", wtimeout=10_000)


class MongoStore:
    """One open connection. MongoDB forgets expired entities by itself, within about a minute."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], address: str) -> None:
        self._database = database
        self._address = address
        self._repositories: dict[Entity[Any], MongoRepository[Any]] = {}

    def repository(self, entity: Entity[E]) -> Repository[E]:
        """Return the repository of an entity; the same data however often it is asked."""
        if entity not in self._repositories:
            collection = self._database[entity.name]
            self._repositories[entity] = MongoRepository(shape_of(entity), collection, self._address)
        return cast(Repository[E], self._repositories[entity])

    async def ping(self) -> None:
        """Say that a server answers.

        Raises:
            UnavailableError: none does.
        """
        with translated(self._address):
            await self._database.command("ping")


@asynccontextmanager
async def open_mongo(url: str, *, database: str = "flowcore") -> AsyncIterator[Store]:
    """Connect to MongoDB (4.4 or newer).

    Reads go to the primary and writes wait for the majority, whatever the URL says, so that what was written is read.

    Args:
        url: a ``mongodb://`` or ``mongodb+srv://`` URL; its options hold, except the ones above.
        database: name of the database; it is made when something is stored.

    Raises:
        InvalidInputError: the URL or the name is wrong.
        UnavailableError: no server answers within five seconds, or it refuses the credentials.
    """
    address = address_of(url)
    client = _client(url)
    try:
        store = MongoStore(_chosen(client, database), address)
        await store.ping()
        yield store
    finally:
        await client.close()


def _client(url: str) -> AsyncMongoClient[dict[str, Any]]:
    given = {name.lower() for name in re.findall(r"[?&](\w+)=", url)}
    patience: dict[str, Any] = {name: value for name, value in PATIENCE_MS.items() if name.lower() not in given}
    if not url.startswith(("mongodb://", "mongodb+srv://")):
        raise _wrong_url()
    try:
        with warnings.catch_warnings():
            # The driver only warns of options that it does not know, and leaves them out.
            warnings.simplefilter("error", UserWarning)
            return AsyncMongoClient(url, appname="flowcore", connect=False, **patience)
    except (ConfigurationError, ValueError, UserWarning):
        raise _wrong_url() from None


def _wrong_url() -> InvalidInputError:
    # The driver's text may quote the URL with its password: it is left out.
    return InvalidInputError.of(
        "the MongoDB URL, or one of its options, is wrong",
        rule="store-url",
        path="url",
        fix="write it like mongodb://host:27017/?replicaSet=rs0, special characters of user and password as %XX",
    )


def _chosen(client: AsyncMongoClient[dict[str, Any]], name: str) -> AsyncDatabase[dict[str, Any]]:
    options: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True, tzinfo=UTC)
    try:
        return client.get_database(name, options, read_preference=ReadPreference.PRIMARY, write_concern=_DURABLE)
    except (InvalidName, ValueError, TypeError):
        message = f"{name!a} cannot be the name of a MongoDB database"
        raise InvalidInputError.of(message, rule="store-url", path="database") from None
