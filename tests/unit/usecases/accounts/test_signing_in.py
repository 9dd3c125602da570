"""Signing in with a password, and who is slowed down."""

from __future__ import annotations

import asyncio

import pytest
from attrs import evolve

from flowcore.errors import LimitExceededError, UnauthenticatedError
from flowcore.model import User
from flowcore.ports.security import PasswordVerdict
from flowcore.usecases.accounts.passwords import PasswordRules, Passwords
from flowcore.usecases.accounts.sessions import Device
from tests.doubles_accounts import AccountDesk, somebody

pytestmark = pytest.mark.anyio

RIGHT = "correct horse 7"
THERE, HERE = Device("6.6.6.6"), Device("1.1.1.1")


@pytest.fixture
def desk() -> AccountDesk:
    return AccountDesk()


async def fail(desk: AccountDesk, device: Device, times: int = 1, email: str = "ann@example.com") -> None:
    for _ in range(times):
        with pytest.raises(UnauthenticatedError):
            await desk.sign_in(email, "wrong!", device=device)


async def wait_for(desk: AccountDesk, device: Device, email: str = "ann@example.com") -> float:
    with pytest.raises(LimitExceededError) as caught:
        await desk.sign_in(email, RIGHT, device=device)
    return caught.value.retry_after


async def test_signing_in_takes_the_same_work_for_unknown_addresses(desk: AccountDesk) -> None:
    await desk.register()(somebody())
    assert (await desk.sign_in("ann@example.COM", RIGHT)).user.email == "Ann@example.com"
    for email in ("ann@example.com", "nobody@example.com", "no\ud800body"):
        with pytest.raises(UnauthenticatedError, match="Invalid email or password"):
            await desk.sign_in(email, "wrong!")
    assert desk.hasher.verified == [f"hash of {RIGHT}", f"hash of {RIGHT}", "", ""]


async def test_who_guesses_waits_twice_as_long_every_time_and_nobody_else_does(desk: AccountDesk) -> None:
    await desk.register()(somebody())
    await fail(desk, THERE, times=5)
    assert await wait_for(desk, THERE) == 30
    assert await wait_for(desk, THERE, "ANN@example.com") == 30
    await desk.sign_in("ann@example.com", RIGHT, device=HERE)
    waits = []
    for _ in range(7):
        desk.clock.advance(await wait_for(desk, THERE))
        await fail(desk, THERE)
        waits.append(await wait_for(desk, THERE))
    assert waits == [60, 120, 240, 480, 900, 900, 900]
    desk.clock.advance(900)
    await desk.sign_in("ann@example.com", RIGHT, device=THERE)
    await fail(desk, THERE)
    await desk.sign_in("ann@example.com", RIGHT, device=THERE)


async def test_a_refused_try_is_not_counted(desk: AccountDesk) -> None:
    await desk.register()(somebody())
    await fail(desk, THERE, times=5)
    for _ in range(100):
        assert await wait_for(desk, THERE) == 30
    desk.clock.advance(30)
    await desk.sign_in("ann@example.com", RIGHT, device=THERE)


async def test_unknown_accounts_are_locked_like_others(desk: AccountDesk) -> None:
    await fail(desk, THERE, times=5, email="nobody@example.com")
    assert await wait_for(desk, THERE, "nobody@example.com") == 30


async def test_who_guesses_many_passwords_at_once_is_slowed_down_too(desk: AccountDesk) -> None:
    await desk.register()(somebody())
    tries = [desk.sign_in("ann@example.com", f"wrong{number}", device=THERE) for number in range(50)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(answer, UnauthenticatedError) for answer in answers) == 5
    assert sum(isinstance(answer, LimitExceededError) for answer in answers) == 45


async def test_guessing_from_many_addresses_is_slow_and_does_not_keep_the_owner_out(desk: AccountDesk) -> None:
    await desk.register()(somebody())
    await desk.sign_in("ann@example.com", RIGHT, device=HERE)
    for number in range(50):
        await fail(desk, Device(f"6.6.{number}.6"))
    assert await wait_for(desk, Device("7.7.7.7")) == 5
    desk.clock.advance(5)
    await fail(desk, Device("8.8.8.8"))
    for number in range(20):
        desk.clock.advance(await wait_for(desk, Device("7.7.7.7")))
        await fail(desk, Device(f"9.9.{number}.9"))
    assert await wait_for(desk, Device("7.7.7.7")) == 60
    await desk.sign_in("ann@example.com", RIGHT, device=HERE)


async def test_one_address_that_tries_many_accounts_is_slowed_down(desk: AccountDesk) -> None:
    for number in range(50):
        await fail(desk, THERE, email=f"u{number}@example.com")
    assert await wait_for(desk, THERE, "other@example.com") == 10
    await desk.register()(somebody())
    await desk.sign_in("ann@example.com", RIGHT, device=HERE)


async def test_the_addresses_of_one_ipv6_customer_are_one(desk: AccountDesk) -> None:
    for number in range(5):
        await fail(desk, Device(f"2001:db8:0:1::{number}"))
    assert await wait_for(desk, Device("2001:db8:0:1:ffff::9")) == 30
    await fail(desk, Device("2001:db8:0:2::1"))


async def test_ipv4_clients_at_a_socket_for_both_kinds_are_many(desk: AccountDesk) -> None:
    for number in range(5):
        await fail(desk, Device(f"::ffff:6.6.6.{number}"))
    for _ in range(4):
        await fail(desk, Device("6.6.6.0"))
    assert await wait_for(desk, Device("::ffff:6.6.6.0")) == 30


class Busy:
    """A hasher that has no time."""

    async def hash(self, password: str) -> str:
        raise LimitExceededError("busy", retry_after=1)

    async def verify(self, password: str, encoded: str) -> PasswordVerdict:
        raise LimitExceededError("busy", retry_after=1)


async def test_a_try_that_nobody_looked_at_is_not_counted(desk: AccountDesk) -> None:
    await desk.register()(somebody())
    busy = evolve(desk.sign_in, passwords=Passwords(hasher=Busy()))
    for _ in range(200):
        with pytest.raises(LimitExceededError, match="busy"):
            await busy("ann@example.com", RIGHT, device=THERE)
    await desk.sign_in("ann@example.com", RIGHT, device=THERE)


async def test_an_administrator_forgives(desk: AccountDesk) -> None:
    user = (await desk.register()(somebody())).user
    await fail(desk, THERE, times=5)
    await desk.lockout.forgive(user)
    await desk.sign_in("ann@example.com", RIGHT, device=THERE)


async def test_nothing_that_was_typed_is_kept(desk: AccountDesk) -> None:
    await fail(desk, THERE, email="my secret password")
    kept = repr(await desk.throttle.kept.find({}))
    assert "secret" not in kept
    assert "6.6.6.6" not in kept


async def test_an_old_hash_is_made_anew_at_sign_in(desk: AccountDesk) -> None:
    user = (await desk.register()(somebody())).user
    await desk.users.replace(evolve(user, password_hash=f"old hash of {RIGHT}"))
    await desk.sign_in("ann@example.com", RIGHT)
    assert (await desk.users.get(user.id)).password_hash == f"hash of {RIGHT}"


class Meddling:
    """A hasher during whose work something else happens."""

    def __init__(self, desk: AccountDesk, user: User, error: Exception | None = None) -> None:
        self.desk, self.user, self.error = desk, user, error

    async def hash(self, password: str) -> str:
        if self.error is not None:
            raise self.error
        stored = await self.desk.users.get(self.user.id)
        await self.desk.users.replace(evolve(stored, password_hash="hash of another"))
        return f"hash of {password}"

    async def verify(self, password: str, encoded: str) -> PasswordVerdict:
        return PasswordVerdict(matches=True, needs_rehash=True)


async def test_a_password_that_was_changed_meanwhile_is_not_changed_back(desk: AccountDesk) -> None:
    user = (await desk.register()(somebody())).user
    passwords = Passwords(hasher=Meddling(desk, user), rules=PasswordRules())
    await evolve(desk.sign_in, passwords=passwords)("ann@example.com", RIGHT)
    assert (await desk.users.get(user.id)).password_hash == "hash of another"


async def test_a_hash_that_cannot_be_made_anew_keeps_nobody_out(desk: AccountDesk) -> None:
    user = (await desk.register()(somebody())).user
    passwords = Passwords(hasher=Meddling(desk, user, LimitExceededError("busy")))
    await evolve(desk.sign_in, passwords=passwords)("ann@example.com", RIGHT)
    assert (await desk.users.get(user.id)).password_hash == f"hash of {RIGHT}"
