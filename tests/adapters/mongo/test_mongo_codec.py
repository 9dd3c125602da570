"""Keys of any JSON object become names that MongoDB leaves alone, and come back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import bson
import pytest
from bson.codec_options import CodecOptions
from hypothesis import given
from hypothesis import strategies as st

from adapters.mongo._codec import decoded_key, encoded_key, from_bson, to_bson
from adapters.mongo._errors import address_of

keys = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.text("%$.\0025E4", max_size=6)


@given(key=keys)
def test_a_key_comes_back(key: str) -> None:
    assert decoded_key(encoded_key(key)) == key


@given(one=keys, other=keys)
def test_different_keys_stay_different(one: str, other: str) -> None:
    assert (encoded_key(one) == encoded_key(other)) is (one == other)


@given(key=keys)
def test_an_encoded_key_means_nothing_to_mongodb(key: str) -> None:
    encoded = encoded_key(key)

    assert encoded
    assert not set(encoded) & set("$.\0")


@pytest.mark.parametrize("key", ["web", "app/name", "_id", "größe", "a b"])
def test_a_plain_key_stays_readable(key: str) -> None:
    assert encoded_key(key) == key


def test_a_document_survives_bson_with_its_types() -> None:
    moment = datetime(2026, 3, 1, 8, 30, 15, 250_000, tzinfo=UTC)
    document: dict[str, Any] = {
        "id": "a",
        "at": moment,
        "data": {"$ref": "x", "$id": {"id": 2**40, "_id": 1}, "": [{"a.b": None}, [True, 1, 1.0]]},
    }
    options: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True, tzinfo=UTC)

    stored = bson.decode(bson.encode(to_bson(document)), options)

    assert stored["_id"] == "a"
    assert stored["at"] == moment
    assert repr(from_bson(stored)) == repr(document)
    assert type(from_bson(stored)["data"]["$id"]["id"]) is int


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("mongodb://localhost", "localhost"),
        ("mongodb://user:hush@db.example.org:27017/flow?authSource=admin", "db.example.org:27017"),
        ("mongodb://user:hush@a:1,b:2/?replicaSet=rs0", "a:1,b:2"),
        ("mongodb+srv://user:hush@cluster.example.org", "cluster.example.org"),
        ("mongodb://user:hu/sh@db", "db"),
        ("mongodb://user:hu@sh@db/x", "db"),
    ],
)
def test_an_address_shows_no_credentials(url: str, address: str) -> None:
    assert address_of(url) == address
