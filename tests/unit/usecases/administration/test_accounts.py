"""Administrators look at accounts and change what they may; there is always one administrator."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from attrs import define, evolve, field

from flowcore.errors import ConflictError, FlowcoreError, ForbiddenError, NotFoundError, UnauthenticatedError
from flowcore.model import Role, User
from flowcore.usecases.accounts.sessions import NOWHERE
from flowcore.usecases.administration.accounts import AdministerUser, Administrators, UserDirectory, UserFilter
from tests.doubles import START, settle
from tests.doubles_accounts import AccountDesk

pytestmark = pytest.mark.anyio


@define
class World:
    """Administration over memory: Ann and Bob run the service, Cem and Dana use it."""

    desk: AccountDesk = field(factory=AccountDesk)
    forgiven: list[str] = field(factory=list)
    administer: AdministerUser = field(init=False)
    directory: UserDirectory = field(init=False)

    def __attrs_post_init__(self) -> None:
        async def forgive(user: User) -> None:
            self.forgiven.append(user.id)

        self.directory = UserDirectory(users=self.desk.users)
        self.administer = AdministerUser(
            users=self.desk.users,
            sessions=self.desk.sessions,
            administrators=Administrators(users=self.desk.users, leases=self.desk.leases),
            clock=self.desk.clock,
            forgive=forgive,
        )

    async def user(self, name: str) -> User:
        return await self.desk.users.get(name.lower())


def somebody(name: str, **fields: object) -> User:
    address = f"{name.split()[0].lower()}@example.com"
    user = User(id=name.split()[0].lower(), email=address, email_key=address, name=name, created_at=START)
    return evolve(user, **fields)


@pytest.fixture
async def world() -> World:
    world = World()
    for user in (
        somebody("Cem", disabled_at=START),
        somebody("Bob Andrews", role=Role.ADMIN),
        somebody("Ann", role=Role.ADMIN),
        somebody("Dana Öz"),
    ):
        await world.desk.users.add(user)
    return world


@pytest.fixture
async def ann(world: World) -> User:
    return await world.user("Ann")


async def listed(world: World, admin: User, *, limit: int = 10, offset: int = 0, **wanted: object) -> tuple[str, int]:
    page = await world.directory.list(admin, UserFilter(**wanted), limit=limit, offset=offset)  # type: ignore[arg-type]
    return " ".join(user.id for user in page.users), page.total


# ---------------------------------------------------------------- looking


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, "ann bob cem dana"),
        ({"role": Role.ADMIN}, "ann bob"),
        ({"disabled": True}, "cem"),
        ({"disabled": False, "role": Role.USER}, "dana"),
        ({"search": "AN"}, "ann bob"),
        ({"search": " an ", "role": Role.USER}, ""),
        ({"search": "dana@ex"}, "dana"),
        ({"search": "öZ"}, "dana"),
        ({"search": "ndrews"}, ""),
    ],
)
async def test_accounts_are_found_by_address_and_words_of_the_name(
    world: World, ann: User, wanted: dict[str, object], found: str
) -> None:
    assert await listed(world, ann, **wanted) == (found, len(found.split()))


async def test_accounts_come_in_pages_with_the_number_of_all(world: World, ann: User) -> None:
    assert await listed(world, ann, limit=2, offset=1) == ("bob cem", 4)
    assert await listed(world, ann, search="a", limit=1, offset=1) == ("bob", 2)


async def test_a_search_looks_at_more_accounts_than_are_read_at_once(
    world: World, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flowcore.usecases.administration.accounts._BATCH", 1)
    assert await listed(world, ann, search="d") == ("dana", 1)


Asked = Callable[[World, User], Awaitable[object]]


@pytest.mark.parametrize(
    "asked",
    [
        lambda world, user: world.directory.list(user, UserFilter(), limit=1),
        lambda world, user: world.directory.get(user, "ann"),
        lambda world, user: world.administer.set_role(user, "dana", Role.ADMIN),
        lambda world, user: world.administer.disable(user, "ann"),
        lambda world, user: world.administer.enable(user, "cem"),
        lambda world, user: world.administer.sign_out(user, "ann"),
        lambda world, user: world.administer.unlock(user, "ann"),
    ],
)
@pytest.mark.parametrize(
    "user",
    [
        somebody("Dana"),
        somebody("Dana", role=Role.ADMIN, disabled_at=START),
    ],
)
async def test_who_is_no_administrator_may_do_nothing(world: World, asked: Asked, user: User) -> None:
    with pytest.raises(ForbiddenError, match="Admin access required"):
        await asked(world, user)
    assert world.forgiven == []
    assert (await world.user("Dana")).role is Role.USER


@pytest.mark.parametrize(
    "asked",
    [
        lambda world, user: world.directory.get(user, "nobody"),
        lambda world, user: world.administer.set_role(user, "nobody", Role.USER),
        lambda world, user: world.administer.disable(user, "nobody"),
        lambda world, user: world.administer.enable(user, "nobody"),
        lambda world, user: world.administer.sign_out(user, "nobody"),
        lambda world, user: world.administer.unlock(user, "nobody"),
    ],
)
async def test_an_account_that_is_not_there_is_not_found(world: World, ann: User, asked: Asked) -> None:
    with pytest.raises(NotFoundError) as refused:
        await asked(world, ann)
    assert refused.value.code == "user.not_found"


# ---------------------------------------------------------------- roles


async def test_a_role_is_given_and_taken(world: World, ann: User) -> None:
    world.desk.clock.advance(60)
    assert (await world.administer.set_role(ann, "dana", Role.ADMIN)).role is Role.ADMIN
    assert (await world.user("Dana")).updated_at == world.desk.clock.now()
    assert (await world.administer.set_role(ann, "dana", Role.USER)).role is Role.USER


async def test_the_last_administrator_stays(world: World, ann: User) -> None:
    await world.administer.disable(ann, "bob")
    for attempt in (world.administer.set_role(ann, "ann", Role.USER), world.administer.disable(ann, "ann")):
        with pytest.raises(ConflictError):
            await attempt
    assert (await world.user("Ann")) == ann


class Slow:
    """A repository that lets others go first before every answer, as databases do."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        async def answer(*arguments: Any, **named: Any) -> Any:
            await settle()
            return await getattr(self._real, name)(*arguments, **named)

        return answer


async def test_two_administrators_who_demote_each_other_leave_one(world: World) -> None:
    ann, bob = await world.user("Ann"), await world.user("Bob")
    users: Any = Slow(world.desk.users)
    administrators = Administrators(users=users, leases=world.desk.leases)
    administer = evolve(world.administer, users=users, administrators=administrators)

    async def demote(admin: User, other: User) -> str:
        try:
            await administer.set_role(admin, other.id, Role.USER)
        except FlowcoreError as error:
            return error.code
        return "done"

    told = await asyncio.gather(demote(ann, bob), demote(bob, ann))

    assert sorted(told) == ["account.not_admin", "done"]
    assert await world.desk.users.count({"role": Role.ADMIN}) == 1


async def test_an_administrator_who_was_demoted_meanwhile_may_not_go_on(world: World, ann: User) -> None:
    await world.administer.set_role(await world.user("Bob"), "ann", Role.USER)
    for attempt in (world.administer.enable(ann, "cem"), world.administer.sign_out(ann, "bob")):
        with pytest.raises(ForbiddenError):
            await attempt


# ---------------------------------------------------------------- shutting out


async def test_a_disabled_account_is_refused_at_once_and_keeps_the_moment(world: World, ann: User) -> None:
    dana = await world.user("Dana")
    signed_in = await world.desk.sessions.open(dana, NOWHERE)
    disabled = await world.administer.disable(ann, "dana")
    world.desk.clock.advance(60)

    assert (await world.administer.disable(ann, "dana")).disabled_at == disabled.disabled_at == START
    assert await world.desk.sessions.list(dana) == []
    with pytest.raises(UnauthenticatedError):
        await world.desk.authenticate(signed_in.token)
    with pytest.raises(UnauthenticatedError):
        await world.desk.sessions.open(disabled, NOWHERE)


async def test_an_account_that_is_enabled_again_signs_in_again(world: World, ann: User) -> None:
    enabled = await world.administer.enable(ann, "cem")
    assert enabled.disabled_at is None
    assert (await world.administer.enable(ann, "cem")).revision == enabled.revision
    await world.desk.sessions.open(enabled, NOWHERE)


async def test_nobody_disables_their_own_account(world: World, ann: User) -> None:
    with pytest.raises(ConflictError) as refused:
        await world.administer.disable(ann, "ann")
    assert refused.value.code == "user.yourself"


async def test_signing_somebody_out_ends_sessions_and_older_api_tokens(world: World, ann: User) -> None:
    dana = await world.user("Dana")
    await world.desk.sessions.open(dana, NOWHERE)
    signed_out = await world.administer.sign_out(ann, "dana")
    assert signed_out.tokens_from == START
    assert await world.desk.sessions.list(dana) == []


async def test_somebody_who_is_locked_out_is_forgiven(world: World, ann: User) -> None:
    await world.administer.unlock(ann, "dana")
    assert world.forgiven == ["dana"]
