"""Key rotation, and the sealed text's form."""

from __future__ import annotations

import re

import pytest

from adapters.security import AesGcmCipher, Keys, generate_key
from flowcore.errors import InvalidInputError


def test_the_sealed_text_names_its_form_and_key() -> None:
    sealed = AesGcmCipher(Keys.single(generate_key(), "2026-01")).encrypt("secret", context="cluster:1")
    assert re.fullmatch(r"v1:2026-01:[A-Za-z0-9_-]+", sealed)


def test_what_an_older_key_sealed_is_read_and_marked_for_sealing_anew() -> None:
    keys = Keys.single(generate_key())
    old = AesGcmCipher(keys).encrypt("secret", context="cluster:1")
    cipher = AesGcmCipher(keys.rotated(generate_key(), "2"))
    new = cipher.encrypt(cipher.decrypt(old, context="cluster:1"), context="cluster:1")
    assert (cipher.is_current(old), cipher.is_current(new)) == (False, True)
    assert cipher.decrypt(new, context="cluster:1") == "secret"


def test_a_sealed_text_cannot_be_moved_to_another_key_id() -> None:
    key = generate_key()
    sealed = AesGcmCipher(Keys.single(key, "a")).encrypt("secret", context="cluster:1")
    with pytest.raises(InvalidInputError):
        AesGcmCipher(Keys("b", {"a": key, "b": key})).decrypt(sealed.replace("v1:a:", "v1:b:"), context="cluster:1")


def test_only_one_spelling_of_a_sealed_text_is_accepted() -> None:
    cipher = AesGcmCipher(Keys.single(generate_key()))
    sealed = cipher.encrypt("12", context="cluster:1")
    assert cipher.decrypt(sealed, context="cluster:1") == "12"
    for other in (sealed + "=", sealed + "\n", sealed[:9] + "\n" + sealed[9:], sealed[:9] + "!" + sealed[9:]):
        with pytest.raises(InvalidInputError):
            cipher.decrypt(other, context="cluster:1")


def test_every_problem_of_keys_is_said_at_once_and_none_is_shown() -> None:
    with pytest.raises(InvalidInputError) as refused:
        Keys("z", {"a:b": b"topsecret", "c": b""})
    assert len(refused.value.findings) == 4
    assert "topsecret" not in str(refused.value)


def test_an_unknown_key_is_named_with_what_to_do() -> None:
    sealed = AesGcmCipher(Keys.single(generate_key(), "2025-07")).encrypt("hunter2", context="cluster:1")
    with pytest.raises(InvalidInputError, match="its key 2025-07 is not in the keyring") as refused:
        AesGcmCipher(Keys.single(generate_key())).decrypt(sealed, context="cluster:1")
    assert refused.value.code == "secret.unknown_key"
    assert "flowcore keys check" in refused.value.findings[0].fix


def test_a_sealed_text_tells_its_key_and_nothing_else_does() -> None:
    cipher = AesGcmCipher(Keys.single(generate_key(), "k-1"))
    assert cipher.key_of(cipher.encrypt("a", context="")) == "k-1"
    for text in ("", "hunter2", "v1:k-1", "v2:k-1:AAAA", "v1:k 1:AAAA", "v1::AAAA", "v1:k-1:AA:AA"):
        assert cipher.key_of(text) == ""
        assert not cipher.is_current(text)


def test_what_is_no_sealed_text_is_not_quoted() -> None:
    with pytest.raises(InvalidInputError) as refused:
        AesGcmCipher(Keys.single(generate_key())).decrypt("v2:hunter2:hunter3", context="cluster:1")
    assert "hunter" not in str(refused.value)


def test_a_key_that_is_added_meanwhile_is_used_at_once() -> None:
    old = Keys.single(generate_key())
    known = [old]
    cipher = AesGcmCipher(lambda: known[-1])
    before = cipher.encrypt("secret", context="cluster:1")
    known.append(old.rotated(generate_key(), "2"))
    after = cipher.encrypt("secret", context="cluster:1")
    assert (cipher.key_of(before), cipher.key_of(after)) == ("1", "2")
    assert cipher.decrypt(before, context="cluster:1") == cipher.decrypt(after, context="cluster:1") == "secret"
