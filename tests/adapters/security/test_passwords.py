"""What is special to argon2 and bcrypt: costs, old hashes, threads."""

from __future__ import annotations

import asyncio
import threading

import bcrypt
import pytest
from argon2 import extract_parameters
from argon2.low_level import Type

from adapters.security import Argon2BcryptHasher, Argon2Cost, PasswordScheme, is_common_password
from flowcore.errors import InvalidInputError, LimitExceededError
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
    assert "argon2id$" not in repr(Argon2BcryptHasher(cost=CHEAP))


async def test_with_bcrypt_by_setting_new_hashes_are_bcrypt_and_either_kind_matches() -> None:
    hasher = Argon2BcryptHasher(scheme=PasswordScheme.BCRYPT, bcrypt_cost=5, cost=CHEAP)
    kept = await hasher.hash("secret")
    assert kept.startswith("$2b$05$")
    assert await hasher.verify("secret", kept) == YES
    assert await hasher.verify("Secret", kept) == NO
    strong = await Argon2BcryptHasher(cost=Argon2Cost(memory_kib=128, passes=1)).hash("secret")
    assert await hasher.verify("secret", strong) == YES  # nothing is made weaker than it is


def test_bcrypt_costs_12_unless_said_otherwise() -> None:
    assert Argon2BcryptHasher(scheme=PasswordScheme.BCRYPT)._nobody.startswith("$2b$12$")


async def test_a_cheaper_bcrypt_hash_is_made_anew_and_a_dearer_one_is_kept() -> None:
    hasher = Argon2BcryptHasher(scheme=PasswordScheme.BCRYPT, bcrypt_cost=5)
    cheap, dear = (bcrypt.hashpw(b"secret", bcrypt.gensalt(cost)).decode() for cost in (4, 6))
    assert (await hasher.verify("secret", cheap)).needs_rehash
    assert await hasher.verify("secret", dear) == YES


@pytest.mark.parametrize(("password", "told"), [("x" * 73, "72 bytes"), ("é" * 37, "72 bytes"), ("x\0y", "NUL")])
async def test_what_bcrypt_would_cut_is_refused(password: str, told: str) -> None:
    with pytest.raises(InvalidInputError, match=told):
        await Argon2BcryptHasher(scheme=PasswordScheme.BCRYPT, bcrypt_cost=4).hash(password)


@pytest.mark.parametrize("scheme", PasswordScheme)
@pytest.mark.parametrize("password", ["secret", "", "x\0y", "x" * 1024, "\ud800"])
async def test_nobody_matches_nothing_with_either_scheme(scheme: PasswordScheme, password: str) -> None:
    hasher = Argon2BcryptHasher(scheme=scheme, bcrypt_cost=4, cost=CHEAP)
    for encoded in ("", "$2b$04$short", "$argon2id$", "plain"):
        assert await hasher.verify(password, encoded) == NO


async def test_more_than_can_wait_are_sent_away_and_those_who_wait_get_their_turn() -> None:
    hasher = Argon2BcryptHasher(cost=CHEAP, queue=3)
    answers = await asyncio.gather(*(hasher.hash(str(number)) for number in range(20)), return_exceptions=True)
    away = [answer for answer in answers if isinstance(answer, LimitExceededError)]
    assert len(away) == 15
    assert away[0].retry_after > 0
    assert (await hasher.verify("19", await hasher.hash("19"))).matches


def test_common_passwords_are_known() -> None:
    for common in ("password", "12345678", "qwerty123", "iloveyou", "letmein"):
        assert is_common_password(common)
    for other in ("correct horse 7", "", "# common passwords"):
        assert not is_common_password(other)
