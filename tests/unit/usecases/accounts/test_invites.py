"""Invites."""

from __future__ import annotations

import asyncio

import pytest
from attrs import evolve

from flowcore.errors import ConflictError, ForbiddenError, InvalidInputError, LimitExceededError, NotFoundError
from flowcore.model import Role, User
from flowcore.usecases.accounts.invites import is_same
from flowcore.usecases.accounts.registering import Register
from flowcore.usecases.accounts.sessions import Device
from tests.doubles_accounts import AccountDesk, somebody

pytestmark = pytest.mark.anyio


@pytest.fixture
def desk() -> AccountDesk:
    return AccountDesk()


@pytest.fixture
async def admin(desk: AccountDesk) -> User:
    return (await desk.register()(somebody())).user


async def enter(register: Register, name: str, code: str, address: str = "") -> User:
    newcomer = somebody(f"{name}@example.com", invite_code=code)
    return (await register(newcomer, Device(address))).user


async def test_an_invite_lets_so_many_in_and_no_more(desk: AccountDesk, admin: User) -> None:
    register = desk.register(invite_required=True)
    made = await desk.invites.make(admin, uses=2, note="the new team")
    assert (await enter(register, "bob", made.code)).role is Role.USER
    await enter(register, "cid", f" {made.code} ")
    with pytest.raises(ForbiddenError, match="Valid invite code required"):
        await enter(register, "dan", made.code)
    assert [(each.note, each.uses_left) for each in await desk.invites.list(admin)] == [("the new team", 0)]


async def test_of_two_who_use_the_last_place_at_once_one_gets_in(desk: AccountDesk, admin: User) -> None:
    register = desk.register(invite_required=True)
    code = (await desk.invites.make(admin)).code
    tries = [enter(register, f"u{number}", code) for number in range(5)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["ForbiddenError"] * 4 + ["User"]


async def test_a_place_that_was_not_taken_is_given_back(desk: AccountDesk, admin: User) -> None:
    register = desk.register(invite_required=True)
    code = (await desk.invites.make(admin)).code
    with pytest.raises(ConflictError, match="already exists"):
        await enter(register, "ann", code)
    await enter(register, "bob", code)


async def test_an_invite_ends_with_its_day_or_when_it_is_revoked(desk: AccountDesk, admin: User) -> None:
    register = desk.register(invite_required=True)
    first, second = await desk.invites.make(admin, days=1), await desk.invites.make(admin, days=2)
    desk.clock.advance(24 * 3600)
    with pytest.raises(ForbiddenError):
        await enter(register, "bob", first.code)
    assert [each.id for each in await desk.invites.list(admin)] == [second.kept.id]
    await desk.invites.revoke(admin, second.kept.id)
    with pytest.raises(ForbiddenError):
        await enter(register, "bob", second.code)
    with pytest.raises(NotFoundError):
        await desk.invites.revoke(admin, second.kept.id)


async def test_a_code_is_kept_as_a_digest_and_never_printed(desk: AccountDesk, admin: User) -> None:
    made = await desk.invites.make(admin)
    assert made.code.startswith("fci_")
    assert made.code not in f"{made!r} {await desk.invites.list(admin)!r}"
    assert made.code not in repr([each.digest for each in await desk.invites.list(admin)])
    six = await desk.house.show(admin)
    [kept] = await desk.house.kept.find({})
    assert six not in f"{kept!r} {kept.code}"


async def test_every_problem_of_an_invite_is_told_at_once(desk: AccountDesk, admin: User) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await desk.invites.make(admin, uses=0, days=91, note="two\nlines")
    assert [finding.place.path for finding in caught.value.findings] == ["uses", "days", "note"]


async def test_only_administrators_have_to_do_with_invites(desk: AccountDesk, admin: User) -> None:
    bob = (await desk.register()(somebody("bob@example.com"))).user
    for nobody in (bob, evolve(admin, disabled_at=desk.clock.now())):
        for asked in (
            desk.invites.make(nobody),
            desk.invites.list(nobody),
            desk.invites.revoke(nobody, "x"),
            desk.house.show(nobody),
            desk.house.renew(nobody),
            desk.house.changes_after_use(nobody),
            desk.house.set_changes_after_use(nobody, changes=True),
        ):
            with pytest.raises(ForbiddenError, match="Admin access required"):
                await asked


async def test_the_code_of_the_house_has_six_digits_and_lets_in_until_it_is_renewed(
    desk: AccountDesk, admin: User
) -> None:
    register = desk.register(invite_required=True)
    code = await desk.house.show(admin)
    assert len(code) == 6
    assert code.isdigit()
    assert await desk.house.show(admin) == code
    await enter(register, "bob", code)
    await enter(register, "cid", code)
    renewed = await desk.house.renew(admin)
    with pytest.raises(ForbiddenError):
        await enter(register, "dan", code)
    await enter(register, "dan", renewed)


async def test_the_code_of_the_house_can_be_good_for_one(desk: AccountDesk, admin: User) -> None:
    register = desk.register(invite_required=True)
    await desk.house.set_changes_after_use(admin, changes=True)
    code = await desk.house.show(admin)
    assert await desk.house.changes_after_use(admin)
    tries = [enter(register, f"u{number}", code) for number in range(4)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(answer, User) for answer in answers) == 1
    assert await desk.house.show(admin) != code


async def test_nobody_gets_in_by_an_empty_code(desk: AccountDesk, admin: User) -> None:
    register = desk.register(invite_required=True)
    for code in ("", "  "):
        with pytest.raises(ForbiddenError):
            await enter(register, "bob", code)
    await desk.house.set_changes_after_use(admin, changes=False)  # there is a record, and no code in it
    with pytest.raises(ForbiddenError):
        await enter(register, "bob", "")


async def test_no_code_is_like_no_other() -> None:
    assert is_same("123456", "123456")
    assert not is_same("123456", "123457")
    assert not is_same("", "")


async def test_guessing_codes_is_slow(desk: AccountDesk, admin: User) -> None:
    register, code = desk.register(invite_required=True), await desk.house.show(admin)
    for number in range(10):
        with pytest.raises(ForbiddenError):
            await enter(register, "bob", f"x{number}", "6.6.6.6")
    with pytest.raises(LimitExceededError) as caught:
        await enter(register, "bob", code, "6.6.6.6")
    assert caught.value.retry_after == 30
    await enter(register, "bob", code, "1.1.1.1")


async def test_guessing_from_everywhere_slows_down_short_codes_and_not_the_strong_ones(
    desk: AccountDesk, admin: User
) -> None:
    register, strong = desk.register(invite_required=True), (await desk.invites.make(admin)).code
    for number in range(200):
        with pytest.raises(ForbiddenError):
            await enter(register, "bob", f"x{number}", f"6.6.{number}.6")
    with pytest.raises(LimitExceededError):
        await enter(register, "bob", await desk.house.show(admin), "1.1.1.1")
    await enter(register, "bob", strong, "1.1.1.1")
