"""The three stores as the contract tests see them: something that can be opened, perhaps again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias

import pymongo
from attrs import field, frozen

from adapters.memory import open_memory
from adapters.mongo import open_mongo
from adapters.sqlite import open_sqlite
from flowcore.ports.storage import Entity, Store

Opener: TypeAlias = Callable[[], AbstractAsyncContextManager[Store]]

NAMES = ("memory", "sqlite", "mongo")

#: A moment for tests.
MOMENT = datetime(2026, 3, 1, 8, 30, 15, 250_000, tzinfo=UTC)

_databases = count(1)


class Colour(StrEnum):
    """A word of a closed list."""

    RED = "red"
    BLUE = "blue"


@frozen(kw_only=True)
class Part:
    """A value inside a thing."""

    size: int = 0
    seen_at: datetime | None = None
    data: Mapping[str, Any] = field(factory=dict)


@frozen(kw_only=True)
class Thing:
    """An entity with a field of every sort."""

    id: str
    name: str = ""
    team: str | None = None
    number: int = 0
    weight: float = 0.0
    done: bool = False
    at: datetime | None = None
    colour: Colour = Colour.RED
    tags: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(factory=dict)
    data: Mapping[str, Any] = field(factory=dict)
    parts: tuple[Part, ...] = ()
    named_parts: Mapping[str, Part] = field(factory=dict)
    revision: int = 0


THINGS = Entity(name="things", type=Thing, indexes=(("number", "at"), ("colour",)))

#: Things of which a team has one of each name.
NAMED = Entity(name="named_things", type=Thing, unique=(("team", "name"), ("number",)))


@frozen
class Backend:
    """One kind of store with data of its own.

    Attributes:
        name: memory, sqlite or mongo.
        open: opens it; what was stored is still there, except in memory.
    """

    name: str
    open: Opener


@contextmanager
def new_mongo_database(url: str) -> Iterator[str]:
    """Yield the name of an empty database; it is dropped afterwards."""
    name = f"flowcore_test_{os.getpid()}_{next(_databases)}"
    with pymongo.MongoClient[dict[str, Any]](url, serverSelectionTimeoutMS=5_000) as client:
        client.drop_database(name)
        yield name
        client.drop_database(name)


@contextmanager
def new_backend(name: str, folder: Path, mongo_url: Callable[[], str]) -> Iterator[Backend]:
    """Yield an empty backend of this name; *mongo_url* is only asked when it is needed."""
    if name == "memory":
        yield Backend(name, open_memory)
    elif name == "sqlite":
        path = str(folder / "flowcore.db")
        yield Backend(name, lambda: open_sqlite(path))
    else:
        url = mongo_url()
        with new_mongo_database(url) as database:
            yield Backend(name, lambda: open_mongo(url, database=database))
