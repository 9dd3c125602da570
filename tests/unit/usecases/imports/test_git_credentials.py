"""Credentials for Git hosts."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from attrs import evolve

from adapters.memory import open_memory
from adapters.security import AesGcmCipher, Keys, generate_key
from flowcore.errors import InvalidInputError, NotFoundError
from flowcore.model import User
from flowcore.ports.storage import GIT_ACCESSES
from flowcore.usecases.imports.git_credentials import GitCredentials
from tests.doubles import START, FrozenClock, SequentialIds

pytestmark = pytest.mark.anyio

ANN = User(id="ann", email="ann@example.com", email_key="ann@example.com", name="Ann", created_at=START)
BOB = evolve(ANN, id="bob", email="bob@example.com", email_key="bob@example.com")
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nYWJj\nZGVm\n-----END OPENSSH PRIVATE KEY-----\n"


@pytest.fixture
async def credentials() -> AsyncIterator[GitCredentials]:
    cipher = AesGcmCipher(Keys.single(generate_key()))
    async with open_memory() as store:
        kept = store.repository(GIT_ACCESSES)
        yield GitCredentials(kept=kept, cipher=cipher, clock=FrozenClock(), ids=SequentialIds())


async def test_a_credential_is_for_its_owner_and_its_host_exactly(credentials: GitCredentials) -> None:
    await credentials.put(ANN, " Git.Example.com:8443 ", username="me", secret="planted")
    found = await credentials.for_host(ANN, "git.example.com:8443")
    assert found is not None
    assert (found.host, found.username, found.secret) == ("git.example.com:8443", "me", "planted")
    for user, host in (
        (BOB, "git.example.com:8443"),
        (ANN, "git.example.com"),
        (ANN, "example.com:8443"),
        (ANN, "git.example.com:8443.evil.example"),
        (ANN, ""),
    ):
        assert await credentials.for_host(user, host) is None


async def test_secrets_are_encrypted_and_bound_to_their_record(credentials: GitCredentials) -> None:
    await credentials.put(ANN, "a.example", username="me", secret="planted")
    await credentials.put(ANN, "b.example", username="me", secret="planted")
    first, second = await credentials.list(ANN)
    assert "planted" not in repr((first, second)) + first.secret + second.secret
    await credentials.kept.replace(evolve(first, secret=second.secret))
    with pytest.raises(InvalidInputError):
        await credentials.for_host(ANN, "a.example")


async def test_a_new_one_takes_the_place_of_the_old_one(credentials: GitCredentials) -> None:
    await credentials.put(ANN, "a.example", username="me", secret="old")
    await credentials.put(ANN, "A.example", username="", secret=KEY)
    [kept] = await credentials.list(ANN)
    found = await credentials.for_host(ANN, "a.example")
    assert found is not None
    assert (found.username, found.secret) == ("git", KEY)
    assert kept.updated_at is not None
    with pytest.raises(NotFoundError):
        await credentials.remove(BOB, "a.example")
    await credentials.remove(ANN, "a.example")
    assert await credentials.list(ANN) == []


@pytest.mark.parametrize(
    ("host", "username", "secret", "path"),
    [
        ("https://a.example", "me", "x", "host"),
        ("a.example/path", "me", "x", "host"),
        ("me@a.example", "me", "x", "host"),
        ("a.example:0", "me", "x", "host"),
        ("", "me", "x", "host"),
        ("a.example", "me", "", "secret"),
        ("a.example", "me", "two\nlines", "secret"),
        ("a.example", "me", f"{KEY}Header: injected\r\n", "secret"),
        ("a.example", "me", "x" * 20_000, "secret"),
        ("a.example", "me:you", "x", "username"),
        ("a.example", "me\nyou", "x", "username"),
    ],
)
async def test_what_will_not_do_is_refused(
    credentials: GitCredentials, host: str, username: str, secret: str, path: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        await credentials.put(ANN, host, username=username, secret=secret)
    assert refused.value.findings[0].place.path == path
    assert await credentials.list(ANN) == []
