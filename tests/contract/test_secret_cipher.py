"""What every secret cipher promises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.security import AesGcmCipher, Keys, generate_key
from flowcore.errors import InvalidInputError
from flowcore.ports.security import SecretCipher

CONTEXT = "cluster:1"


def make_cipher() -> SecretCipher:
    return AesGcmCipher(Keys.single(generate_key()))


@pytest.fixture
def cipher() -> SecretCipher:
    return make_cipher()


@given(text=st.text(st.characters(codec=None)), context=st.text())
def test_what_was_encrypted_comes_back(text: str, context: str) -> None:
    cipher = make_cipher()
    assert cipher.decrypt(cipher.encrypt(text, context=context), context=context) == text


def test_the_same_text_is_never_sealed_alike(cipher: SecretCipher) -> None:
    assert len({cipher.encrypt("secret", context=CONTEXT) for _ in range(100)}) == 100


def test_the_text_is_not_in_what_is_stored(cipher: SecretCipher) -> None:
    assert "secret" not in cipher.encrypt("secret", context=CONTEXT)


def test_what_belongs_to_one_thing_cannot_be_read_as_anothers(cipher: SecretCipher) -> None:
    sealed = cipher.encrypt("secret", context="cluster:1")
    with pytest.raises(InvalidInputError):
        cipher.decrypt(sealed, context="cluster:2")


def test_a_key_that_is_not_known_is_said(cipher: SecretCipher) -> None:
    with pytest.raises(InvalidInputError):
        make_cipher().decrypt(cipher.encrypt("secret", context=CONTEXT), context=CONTEXT)


@given(position=st.integers(0), letter=st.characters())
def test_changing_any_letter_is_noticed(position: int, letter: str) -> None:
    cipher = make_cipher()
    sealed = cipher.encrypt("hunter2", context=CONTEXT)
    at = position % len(sealed)
    changed = sealed[:at] + letter + sealed[at + 1 :]
    if changed != sealed:
        with pytest.raises(InvalidInputError) as refused:
            cipher.decrypt(changed, context=CONTEXT)
        assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("garbage", ["", "secret", "v1", "v1::", "v1:1:", "v1:1:AAAA", "v9:1:AAAA", ":" * 50, "v1:1:ä"])
def test_what_was_never_encrypted_is_refused(cipher: SecretCipher, garbage: str) -> None:
    with pytest.raises(InvalidInputError):
        cipher.decrypt(garbage, context=CONTEXT)


@pytest.mark.parametrize("cut", range(1, 30))
def test_what_was_cut_is_refused(cipher: SecretCipher, cut: int) -> None:
    sealed = cipher.encrypt("secret", context=CONTEXT)
    with pytest.raises(InvalidInputError):
        cipher.decrypt(sealed[:-cut], context=CONTEXT)
