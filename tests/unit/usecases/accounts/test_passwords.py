"""Which passwords will do, and comparing them."""

from __future__ import annotations

import pytest

from flowcore.usecases.accounts.passwords import PasswordRules, Passwords
from tests.doubles_accounts import PlainHasher

RULES = PasswordRules(is_common={"password", "12345678", "letmein1"}.__contains__)


def problem(password: str, rules: PasswordRules = RULES) -> str:
    found = rules.findings(password, "password", email="Ann.Lee@Example.com", name="Ann Lee Smith")
    return str(found[0].message) if found else ""


@pytest.mark.parametrize(
    "password", ["correct horse 7", "Пароль очень длинный", "x7$kqP2v", "日本語のパスワード", " ab cd ef "]
)
def test_long_and_uncommon_is_all_that_is_asked(password: str) -> None:
    assert problem(password) == ""


@pytest.mark.parametrize(
    ("password", "told"),
    [
        ("x7$kqP2", "at least 8 characters"),
        ("", "at least 8 characters"),
        ("ééé".replace("é", "e\u0301") + "abc", "at least 8 characters"),
        ("x" * 1025, "at most 1024 bytes"),
        ("é" * 513, "at most 1024 bytes"),
        ("abc\0defgh", "NUL"),
        ("aaaaaaaaaa", "different characters"),
        ("PassWord", "many people use"),
        ("ｐａｓｓｗｏｒｄ", "many people use"),
        ("Password1!", "many people use"),
        ("password2024", "many people use"),
        ("12345678", "many people use"),
        ("ann.lee@example.COM", "name or e-mail"),
        ("ANN.LEE@example.com", "name or e-mail"),
        ("ann lee smith", "name or e-mail"),
        ("AnnLeeSmith", "name or e-mail"),
    ],
)
def test_a_password_that_will_not_do_is_told_why(password: str, told: str) -> None:
    assert told in problem(password)
    assert not password or password not in problem(password)


def test_the_limits_can_be_set() -> None:
    assert problem("x7$kqP", PasswordRules(shortest=6)) == ""
    assert "at most 72 bytes" in problem("x7$kqP2v" * 10, PasswordRules(longest=72))


@pytest.mark.anyio
async def test_the_same_characters_are_the_same_password_however_they_are_typed() -> None:
    passwords = Passwords(hasher=PlainHasher())
    kept = await passwords.hash("caf\u00e9 ﬁne horse")
    assert (await passwords.verify("cafe\u0301 fine horse", kept)).matches
    assert not (await passwords.verify("cafe fine horse", kept)).matches


@pytest.mark.anyio
async def test_a_hash_from_before_that_still_matches_and_is_made_anew() -> None:
    passwords = Passwords(hasher=PlainHasher())
    verdict = await passwords.verify("cafe\u0301 horse", "hash of cafe\u0301 horse")
    assert (verdict.matches, verdict.needs_rehash) == (True, True)


@pytest.mark.anyio
async def test_what_is_too_long_is_compared_with_nothing() -> None:
    hasher = PlainHasher()
    passwords = Passwords(hasher=hasher)
    assert not (await passwords.verify("x" * 2000, f"hash of {'x' * 1024}")).matches
    assert hasher.verified == []
