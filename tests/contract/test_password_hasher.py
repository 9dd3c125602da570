"""What every password hasher promises."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapters.security import Argon2BcryptHasher, Argon2Cost
from flowcore.errors import InvalidInputError
from flowcore.ports.security import PasswordHasher, PasswordVerdict

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery staple"
NO = PasswordVerdict(matches=False)


@pytest.fixture
def hasher() -> Iterator[PasswordHasher]:
    hasher = Argon2BcryptHasher(cost=Argon2Cost(memory_kib=64, passes=1))
    yield hasher
    hasher.close()


@pytest.mark.parametrize("password", [PASSWORD, "", "ä🔑" * 20, "with\0zero", "\ud800", "x" * 1024])
async def test_a_password_matches_its_own_hash(hasher: PasswordHasher, password: str) -> None:
    assert await hasher.verify(password, await hasher.hash(password)) == PasswordVerdict(matches=True)


@pytest.mark.parametrize("other", ["", "Correct horse battery staple", PASSWORD + " ", PASSWORD + "\0"])
async def test_another_password_does_not_match(hasher: PasswordHasher, other: str) -> None:
    assert await hasher.verify(other, await hasher.hash(PASSWORD)) == NO


async def test_the_same_password_never_has_the_same_hash(hasher: PasswordHasher) -> None:
    assert await hasher.hash(PASSWORD) != await hasher.hash(PASSWORD)


@pytest.mark.parametrize(
    "encoded", ["", "plain", "$argon2id$", "$argon2id$v=19$m=64,t=1,p=1$$", "$2b$12$short", "$1$md5"]
)
async def test_an_empty_or_unknown_hash_never_matches(hasher: PasswordHasher, encoded: str) -> None:
    assert await hasher.verify(encoded, encoded) == NO
    assert await hasher.verify("", encoded) == NO


async def test_a_password_of_more_than_a_kilobyte_is_refused(hasher: PasswordHasher) -> None:
    with pytest.raises(InvalidInputError, match="1024 bytes") as refused:
        await hasher.hash("x" * 1025)
    assert refused.value.findings[0].place.path == "password"
    assert await hasher.verify("x" * 1025, await hasher.hash("x" * 1024)) == NO
