"""One's own profile and password."""

from __future__ import annotations

import pytest
from attrs import evolve

from flowcore.errors import ConflictError, ForbiddenError, InvalidInputError, LimitExceededError, UnauthenticatedError
from flowcore.usecases.accounts.enrolling import SignUpPolicy
from flowcore.usecases.accounts.profiles import ChangeEmail, ChangePassword, ChangeProfile
from tests.doubles_accounts import AccountDesk, somebody

pytestmark = pytest.mark.anyio

RIGHT, NEW = "correct horse 7", "correct horse 8"


@pytest.fixture
def desk() -> AccountDesk:
    return AccountDesk()


def password_change(desk: AccountDesk) -> ChangePassword:
    return ChangePassword(users=desk.users, confirm=desk.confirm, sessions=desk.sessions, clock=desk.clock)


async def test_changing_the_password_refuses_older_tokens(desk: AccountDesk) -> None:
    old = await desk.register()(somebody())
    change = password_change(desk)
    desk.clock.advance(60)
    with pytest.raises(InvalidInputError, match="Current password is incorrect"):
        await change(old.user, current="wrong!", new=NEW)
    new = await change(old.user, current=RIGHT, new=NEW)
    with pytest.raises(UnauthenticatedError):
        await desk.authenticate(old.token)
    assert (await desk.authenticate(new.token)).user.id == old.user.id
    assert (await desk.sign_in("ann@example.com", NEW)).user.id == old.user.id


async def test_who_finds_an_open_screen_cannot_guess_the_password(desk: AccountDesk) -> None:
    user = (await desk.register()(somebody())).user
    change = password_change(desk)
    for number in range(5):
        with pytest.raises(InvalidInputError, match="incorrect"):
            await change(user, current=f"wrong{number}", new=NEW)
    with pytest.raises(LimitExceededError):
        await change(user, current=RIGHT, new=NEW)


async def test_a_new_password_keeps_the_rules_and_an_account_without_one_has_none_to_change(desk: AccountDesk) -> None:
    user = (await desk.register()(somebody())).user
    for new in ("short", "password1", "ann@example.com"):
        with pytest.raises(InvalidInputError) as caught:
            await password_change(desk)(user, current=RIGHT, new=new)
        assert caught.value.findings[0].place.path == "newPassword"
    await desk.users.replace(evolve(user, password_hash=""))
    with pytest.raises(InvalidInputError, match="not available for OAuth accounts"):
        await password_change(desk)(user, current=RIGHT, new=NEW)


async def test_a_name_can_be_changed_but_not_emptied(desk: AccountDesk) -> None:
    user = (await desk.register()(somebody())).user
    change = ChangeProfile(users=desk.users, clock=desk.clock)
    assert (await change(user, name=" Anna ")).name == "Anna"
    with pytest.raises(InvalidInputError, match="Name is required"):
        await change(user, name="  ")
    with pytest.raises(InvalidInputError, match="one line"):
        await change(user, name="Ann\nLee")


async def test_the_address_changes_with_the_password_only_and_by_the_rules_of_signing_up(desk: AccountDesk) -> None:
    user = (await desk.register()(somebody())).user
    await desk.register()(somebody("bob@example.com"))
    policy = SignUpPolicy(allowed_domains=("example.com",))
    change = ChangeEmail(users=desk.users, confirm=desk.confirm, policy=policy, clock=desk.clock)
    with pytest.raises(InvalidInputError, match="not an e-mail address"):
        await change(user, email="nobody", password=RIGHT)
    with pytest.raises(ForbiddenError, match="domain"):
        await change(user, email="ann@evil.example", password=RIGHT)
    with pytest.raises(InvalidInputError, match="incorrect"):
        await change(user, email="anna@example.com", password="wrong!")
    with pytest.raises(ConflictError, match="already exists"):
        await change(user, email="BOB@example.com", password=RIGHT)
    assert (await change(user, email="Anna@example.com", password=RIGHT)).email_key == "anna@example.com"
    assert (await desk.sign_in("anna@example.com", RIGHT)).user.id == user.id
