"""Accounts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from attrs import evolve

from flowcore.errors import ConflictError, ForbiddenError, InvalidInputError, LimitExceededError, UnauthenticatedError
from flowcore.model import Role, User
from flowcore.ports.storage import Repository
from flowcore.usecases.enrolling import SignUpPolicy
from flowcore.usecases.profiles import ChangePassword, ChangeProfile
from flowcore.usecases.registering import Newcomer
from flowcore.usecases.sessions import Device
from flowcore.usecases.throttling import Throttle
from tests.doubles_accounts import AccountDesk, somebody

pytestmark = pytest.mark.anyio


@pytest.fixture
def desk() -> AccountDesk:
    return AccountDesk()


async def test_the_first_user_is_the_administrator_and_the_second_is_not(desk: AccountDesk) -> None:
    first = await desk.register()(somebody())
    second = await desk.register()(somebody("bob@example.com"))
    assert (first.user.role, second.user.role) == (Role.ADMIN, Role.USER)
    assert desk.welcomed == ["Ann@example.com", "bob@example.com"]


class Slow:
    """A repository that counts slowly: others have their turn before the answer is there."""

    def __init__(self, users: Repository[User]) -> None:
        self.get, self.add, self.replace = users.get, users.add, users.replace
        self.remove, self.find, self._count = users.remove, users.find, users.count

    async def count(self, where: Mapping[str, Any]) -> int:
        counted = await self._count(where)
        for _ in range(5):
            await asyncio.sleep(0)
        return counted


async def test_of_many_who_register_at_once_exactly_one_is_the_administrator(desk: AccountDesk) -> None:
    desk.users = Slow(desk.users)
    sessions = await asyncio.gather(*(desk.register()(somebody(f"u{n}@example.com")) for n in range(10)))
    assert sorted(session.user.role for session in sessions) == [Role.ADMIN] + [Role.USER] * 9


async def test_one_address_registers_once_however_it_is_written(desk: AccountDesk) -> None:
    await desk.register()(somebody())
    with pytest.raises(ConflictError, match="User already exists"):
        await desk.register()(somebody("ANN@EXAMPLE.COM"))


async def test_the_invite_code_is_asked_of_all_but_the_first_and_before_an_address_is_told_to_be_taken(
    desk: AccountDesk,
) -> None:
    register = desk.register(invite_code="123456")
    await register(somebody())
    with pytest.raises(ForbiddenError, match="invite code"):
        await register(somebody())
    invited = await register(somebody("bob@example.com", invite_code="123456"))
    assert invited.user.role is Role.USER


async def test_sign_up_can_be_switched_off_and_limited_to_domains(desk: AccountDesk) -> None:
    with pytest.raises(ForbiddenError, match="disabled"):
        await desk.register(is_enabled=False)(somebody())
    with pytest.raises(ForbiddenError, match="domain"):
        await desk.register(allowed_domains=("corp.example",))(somebody())
    assert (await desk.register(allowed_domains=("Example.com",))(somebody())).user.email == "Ann@example.com"


async def test_every_problem_of_a_registration_is_told_at_once(desk: AccountDesk) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await desk.register()(Newcomer(email="nobody", password="short", name=" "))
    assert [finding.place.path for finding in caught.value.findings] == ["password", "email", "name"]


async def test_signing_in_takes_the_same_work_for_unknown_addresses(desk: AccountDesk) -> None:
    await desk.register()(somebody())
    assert (await desk.sign_in("ann@example.COM", "secret1")).user.email == "Ann@example.com"
    for email in ("ann@example.com", "nobody@example.com"):
        with pytest.raises(UnauthenticatedError, match="Invalid email or password"):
            await desk.sign_in(email, "wrong!")
    assert desk.hasher.verified == ["hash of secret1", "hash of secret1", ""]


async def test_who_guesses_passwords_is_slowed_down_and_nobody_else(desk: AccountDesk) -> None:
    await desk.register()(somebody())
    for _ in range(10):
        with pytest.raises(UnauthenticatedError):
            await desk.sign_in("ann@example.com", "wrong!", device=Device("6.6.6.6"))
    with pytest.raises(LimitExceededError) as caught:
        await desk.sign_in("ANN@example.com", "secret1", device=Device("6.6.6.6"))
    assert caught.value.retry_after == 300
    await desk.sign_in("ann@example.com", "secret1", device=Device("1.1.1.1"))
    desk.clock.advance(301)
    await desk.sign_in("ann@example.com", "secret1", device=Device("6.6.6.6"))


async def test_who_guesses_many_passwords_at_once_is_slowed_down_too(desk: AccountDesk) -> None:
    await desk.register()(somebody())
    tries = [desk.sign_in("ann@example.com", f"wrong{number}") for number in range(50)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(answer, UnauthenticatedError) for answer in answers) == 10
    assert sum(isinstance(answer, LimitExceededError) for answer in answers) == 40


async def test_a_throttle_remembers_a_limited_number_of_keys(desk: AccountDesk) -> None:
    throttle = Throttle(desk.clock, limit=1, keys=2)
    for key in ("a", "b", "c"):
        throttle.fail(key)
    throttle.require("a")
    for key in ("b", "c"):
        with pytest.raises(LimitExceededError):
            throttle.require(key)
    throttle.forget("b")
    throttle.require("b")


async def test_an_old_hash_is_made_anew_at_sign_in(desk: AccountDesk) -> None:
    user = (await desk.register()(somebody())).user
    await desk.users.replace(evolve(user, password_hash="old hash of secret1"))
    await desk.sign_in("ann@example.com", "secret1")
    assert (await desk.users.get(user.id)).password_hash == "hash of secret1"


async def test_changing_the_password_refuses_older_tokens(desk: AccountDesk) -> None:
    old = await desk.register()(somebody())
    change = ChangePassword(users=desk.users, hasher=desk.hasher, sessions=desk.sessions, clock=desk.clock)
    desk.clock.advance(60)
    with pytest.raises(InvalidInputError, match="Current password is incorrect"):
        await change(old.user, current="wrong!", new="secret2")
    new = await change(old.user, current="secret1", new="secret2")
    with pytest.raises(UnauthenticatedError):
        await desk.authenticate(old.token)
    assert (await desk.authenticate(new.token)).user.id == old.user.id
    assert (await desk.sign_in("ann@example.com", "secret2")).user.id == old.user.id


async def test_a_name_can_be_changed_but_not_emptied(desk: AccountDesk) -> None:
    user = (await desk.register()(somebody())).user
    change = ChangeProfile(users=desk.users, clock=desk.clock)
    assert (await change(user, name=" Anna ")).name == "Anna"
    with pytest.raises(InvalidInputError, match="Name is required"):
        await change(user, name="  ")


async def test_no_secret_is_shown_by_what_is_printed(desk: AccountDesk) -> None:
    session = await desk.register(invite_code="123456")(somebody())
    printed = f"{session!r} {somebody()!r} {SignUpPolicy(invite_code='123456')!r}"
    assert "secret1" not in printed
    assert session.token not in printed
    assert "123456" not in printed
