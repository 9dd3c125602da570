"""Registering."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from flowcore.errors import ConflictError, ForbiddenError, InvalidInputError
from flowcore.model import Role, User
from flowcore.ports.storage import Repository
from flowcore.usecases.accounts.enrolling import FOUNDER
from flowcore.usecases.accounts.registering import Newcomer
from tests.doubles_accounts import AccountDesk, somebody

pytestmark = pytest.mark.anyio


@pytest.fixture
def desk() -> AccountDesk:
    return AccountDesk()


async def test_the_first_user_is_the_administrator_and_the_second_is_not(desk: AccountDesk) -> None:
    first = await desk.register()(somebody())
    second = await desk.register()(somebody("bob@example.com"))
    assert (first.user.role, second.user.role) == (Role.ADMIN, Role.USER)
    assert first.user.id == FOUNDER != second.user.id
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


async def test_of_two_who_register_at_once_the_second_needs_an_invite(desk: AccountDesk) -> None:
    desk.users = Slow(desk.users)
    register = desk.register(invite_required=True)
    tries = [register(somebody(f"u{number}@example.com")) for number in range(2)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["ForbiddenError", "SignedIn"]


async def test_one_address_registers_once_however_it_is_written(desk: AccountDesk) -> None:
    await desk.register()(somebody())
    for same in ("ANN@EXAMPLE.COM", " ann@example.com ", "ann@ｅxample.com"):
        with pytest.raises(ConflictError, match="User already exists"):
            await desk.register()(somebody(same))


async def test_the_invite_code_is_asked_of_all_but_the_first_and_before_an_address_is_told_to_be_taken(
    desk: AccountDesk,
) -> None:
    register = desk.register(invite_code="123456")
    await register(somebody())
    with pytest.raises(ForbiddenError, match="Valid invite code required"):
        await register(somebody())
    invited = await register(somebody("bob@example.com", invite_code="123456"))
    assert invited.user.role is Role.USER


async def test_sign_up_can_be_switched_off_and_limited_to_domains(desk: AccountDesk) -> None:
    with pytest.raises(ForbiddenError, match="disabled"):
        await desk.register(is_enabled=False)(somebody())
    with pytest.raises(ForbiddenError, match="domain"):
        await desk.register(allowed_domains=("corp.example",))(somebody())
    with pytest.raises(ForbiddenError, match="domain"):
        await desk.register(allowed_domains=("example.com",))(somebody("ann@evil-example.com"))
    assert (await desk.register(allowed_domains=("Example.com",))(somebody())).user.email == "Ann@example.com"
    other = await desk.register(allowed_domains=("bücher.example",))(somebody("ann@xn--bcher-kva.example"))
    assert other.user.email_key == "ann@xn--bcher-kva.example"


async def test_every_problem_of_a_registration_is_told_at_once(desk: AccountDesk) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await desk.register()(Newcomer(email="nobody", password="short", name=" "))
    assert [finding.place.path for finding in caught.value.findings] == ["password", "email", "name"]
    with pytest.raises(InvalidInputError, match="name must have at most 200 characters in one line"):
        await desk.register()(somebody(name="x" * 201))


async def test_no_secret_is_shown_by_what_is_printed(desk: AccountDesk) -> None:
    register = desk.register(invite_code="123456")
    session = await register(somebody())
    printed = f"{session!r} {somebody()!r} {register.enrol.admission!r}"
    assert "correct horse 7" not in printed
    assert session.token not in printed
    assert "123456" not in printed
