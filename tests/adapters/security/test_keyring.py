"""The keyring: its text, what may be told of it, and keys that come and go."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve

from adapters.security import Keyring, Keys, generate_key
from flowcore.errors import ConflictError, InvalidInputError
from flowcore.ports.security import KeyPurpose

NOW = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
LATER = NOW + timedelta(days=90)
TOKENS, ENCRYPTION = KeyPurpose.TOKENS, KeyPurpose.ENCRYPTION


def test_a_fresh_keyring_has_a_key_of_its_own_for_everything() -> None:
    fresh = Keyring.fresh(NOW)
    assert fresh.tokens.newest != fresh.encryption.newest
    assert [(key.purpose, key.is_current, key.made_at) for key in fresh.facts()] == [
        (TOKENS, True, NOW),
        (ENCRYPTION, True, NOW),
    ]


@pytest.mark.parametrize("algorithm", ["HS256", "EdDSA"])
def test_what_is_written_is_what_is_read(algorithm: str) -> None:
    ring = Keyring.fresh(NOW).rotated(ENCRYPTION, LATER).rotated(TOKENS, LATER, algorithm)
    assert Keyring.of(ring.text(), "the file") == ring


def test_a_keyring_of_an_older_version_is_read() -> None:
    old = json.loads(Keyring(Keys.single(generate_key()), Keys.single(generate_key())).text())
    assert old.keys() == {"tokens", "encryption"}
    ring = Keyring.of(json.dumps(old), "the file")
    assert [key.made_at for key in ring.facts()] == [None, None]


@pytest.mark.parametrize("purpose", list(KeyPurpose))
def test_a_new_key_is_current_and_the_old_one_stays_for_what_it_made(purpose: KeyPurpose) -> None:
    first = Keyring.fresh(NOW)
    ring = first.rotated(purpose, LATER)
    old, new = [key for key in ring.facts() if key.purpose is purpose]
    assert (old.is_current, old.made_at, old.replaced_at) == (False, NOW, LATER)
    assert (new.is_current, new.made_at, new.replaced_at) == (True, LATER, None)
    assert [key for key in ring.facts() if key.purpose is not purpose] == [
        key for key in first.facts() if key.purpose is not purpose
    ]


def test_the_keys_of_tokens_are_those_of_the_algorithm_in_use() -> None:
    ring = Keyring.fresh(NOW).rotated(TOKENS, LATER, "EdDSA")
    plain, pair = [key for key in ring.facts("EdDSA") if key.purpose is TOKENS]
    assert (plain.algorithm, plain.is_current) == ("HS256", False)
    assert (pair.algorithm, pair.is_current) == ("EdDSA", True)
    assert ring.facts("HS256")[0].is_current


def test_an_old_key_can_go_and_a_current_one_cannot() -> None:
    ring = Keyring.fresh(NOW).rotated(ENCRYPTION, LATER).rotated(TOKENS, LATER)
    old = [key for key in ring.facts() if not key.is_current]
    left = ring.without(old)
    assert [key.is_current for key in left.facts()] == [True, True]
    assert all(key.id not in left.text() for key in old)
    with pytest.raises(ConflictError):
        ring.without([evolve(key, is_current=False) for key in ring.facts() if key.is_current])


def test_ids_tell_the_day_and_are_never_the_same() -> None:
    ring = Keyring.fresh(NOW)
    for _ in range(20):
        ring = ring.rotated(ENCRYPTION, NOW)
    ids = list(ring.encryption.by_id)
    assert len(set(ids)) == 21
    assert all(key_id.startswith("20260301-") for key_id in ids)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "nonsense",
        '{"tokens": {}}',
        '{"tokens": 1, "encryption": 2}',
        "[" * 100_000,
        "\0",
        '{"wrapped": "bm9uc2Vuc2U="}',
    ],
)
def test_what_is_no_keyring_is_refused_by_its_source_and_not_quoted(text: str) -> None:
    with pytest.raises(InvalidInputError, match="FLOWCORE_KEYRING is not a keyring") as refused:
        Keyring.of(text, "FLOWCORE_KEYRING")
    assert "nonsense" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("made", [3, {"encryption": {"1": "yesterday"}}, {"encryption": {"1": "2026-01-01T00:00:00"}}])
def test_a_note_that_cannot_be_read_is_refused(made: object) -> None:
    document = json.loads(Keyring.fresh(NOW).text()) | {"made": made}
    with pytest.raises(InvalidInputError, match="not a keyring"):
        Keyring.of(json.dumps(document), "the file")


def test_a_damaged_key_is_refused() -> None:
    document = json.loads(Keyring.fresh(NOW).text())
    document["encryption"]["keys"] = {document["encryption"]["current"]: "c2hvcnQ="}
    with pytest.raises(InvalidInputError, match="32 bytes"):
        Keyring.of(json.dumps(document), "the file")


def test_the_keyring_shows_no_key() -> None:
    assert repr(Keyring.fresh(NOW).rotated(TOKENS, NOW, "EdDSA")) == "Keyring()"
