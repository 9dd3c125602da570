"""What is special to argon2 and bcrypt: costs, old hashes, threads."""

from __future__ import annotations

import asyncio
import threading

import bcrypt
import pytest
from argon2 import extract_parameters
from argon2.low_level import Type

from adapters.security import Argon2BcryptHasher, Argon2Cost
from flowcore.ports.security import PasswordVerdict

pytestmark = pytest.mark.anyio

CHEAP = Argon2Cost(memory_kib=64, passes=1)
YES, NO = PasswordVerdict(matches=True), PasswordVerdict(matches=False)


async def test_new_hashes_are_argon2id_with_the_cost_that_owasp_names() -> None:
    parameters = extract_parameters(await Argon2BcryptHasher().hash("secret"))
    assert parameters.type is Type.ID
    assert (parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (19456, 2, 1)


async def test_a_hash_of_another_cost_still_matches_and_asks_for_a_new_one() -> None:
    old = await Argon2BcryptHasher(cost=CHEAP).hash("secret")
    dearer = Argon2BcryptHasher(cost=Argon2Cost(memory_kib=128, passes=1))
    assert await dearer.verify("secret", old) == PasswordVerdict(matches=True, needs_rehash=True)
    assert await dearer.verify("wrong", old) == NO


@pytest.mark.parametrize("prefix", ["$2a$", "$2b$", "$2y$"])
async def test_bcrypt_hashes_of_cost_12_match_and_ask_for_a_new_one(prefix: str) -> None:
    stored = prefix + bcrypt.hashpw(b"secret", bcrypt.gensalt(12)).decode()[4:]
    hasher = Argon2BcryptHasher(cost=CHEAP)
    assert await hasher.verify("secret", stored) == PasswordVerdict(matches=True, needs_rehash=True)
    assert await hasher.verify("Secret", stored) == NO


async def test_bcrypt_hashes_are_kept_while_the_setting_says_so() -> None:
    stored = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
    assert await Argon2BcryptHasher(cost=CHEAP, keep_bcrypt=True).verify("secret", stored) == YES


async def test_a_password_longer_than_bcrypt_reads_does_not_match_by_its_beginning() -> None:
    stored = bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()
    hasher = Argon2BcryptHasher(cost=CHEAP)
    assert (await hasher.verify("x" * 72, stored)).matches
    assert await hasher.verify("x" * 73, stored) == NO
    assert await hasher.verify("x" * 71 + "\0" + "y", stored) == NO


async def test_an_unknown_hash_costs_as_much_as_a_real_one() -> None:
    hasher = Argon2BcryptHasher(cost=CHEAP)
    assert extract_parameters(hasher._nobody) == extract_parameters(await hasher.hash("secret"))


async def test_hashing_leaves_the_loop_free_and_never_uses_more_than_its_threads() -> None:
    before = set(threading.enumerate())
    hasher = Argon2BcryptHasher(cost=CHEAP)
    await asyncio.gather(*(hasher.hash(str(number)) for number in range(50)))
    fresh = set(threading.enumerate()) - before
    assert sum(thread.name.startswith("passwords") for thread in fresh) <= 2
    assert threading.current_thread() is threading.main_thread()
    hasher.close()


def test_nothing_secret_is_shown() -> None:
    assert "argon2id" not in repr(Argon2BcryptHasher(cost=CHEAP))
