"""Which account a proven identity gets, and which it never gets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from attrs import define, evolve

from adapters.memory import open_memory
from flowcore.errors import ConflictError, FlowcoreError, ForbiddenError, NotFoundError, UnauthenticatedError
from flowcore.model import LinkedIdentity, Role, User
from flowcore.ports.identity import ProvenIdentity, ProviderError
from flowcore.ports.storage import IDENTITIES, LEASES, USERS, Repository
from flowcore.usecases.accounts.enrolling import FOUNDER, Enrol, SignUpPolicy
from flowcore.usecases.accounts.oauth_accounts import AdmitIdentity, Provider, ProviderPolicy
from flowcore.usecases.accounts.oauth_linking import Identities
from flowcore.usecases.leasing import Leases
from tests.doubles import START, FrozenClock, SequentialIds
from tests.doubles_accounts import AccountDesk
from tests.doubles_identity import PlayedProvider

pytestmark = pytest.mark.anyio

ANN = ProvenIdentity(subject="ann-1", email="Ann@example.com", email_verified=True, name="Ann")


@define
class World:
    users: Repository[User]
    linked: Repository[LinkedIdentity]
    leases: Leases
    clock: FrozenClock
    ids: SequentialIds

    def admit(self, **signup: Any) -> AdmitIdentity:
        admission = evolve(AccountDesk().enrol().admission, fixed_code=signup.pop("invite_code", ""))
        enrol = Enrol(users=self.users, admission=admission, policy=SignUpPolicy(**signup))
        return AdmitIdentity(
            users=self.users, identities=self.linked, leases=self.leases, enrol=enrol, clock=self.clock, ids=self.ids
        )

    def identities(self) -> Identities:
        return Identities(identities=self.linked, users=self.users, leases=self.leases, clock=self.clock, ids=self.ids)

    async def user(self, email: str = "ann@example.com", **fields: Any) -> User:
        user = User(
            id=self.ids.new_id(), email=email, email_key=email, name="Ann", created_at=START, password_hash="hash"
        )
        return await self.users.add(evolve(user, **fields))


@pytest.fixture
async def world() -> AsyncIterator[World]:
    clock = FrozenClock(hurried=True)
    async with open_memory() as store:
        leases = Leases(store=store.repository(LEASES), clock=clock, holder="here")
        yield World(store.repository(USERS), store.repository(IDENTITIES), leases, clock, SequentialIds())


def idp(name: str = "idp", **policy: Any) -> Provider:
    return Provider(name=name, display_name="IdP", gate=PlayedProvider(), policy=ProviderPolicy(**policy))


async def test_the_first_to_come_is_the_administrator_and_the_next_is_not(world: World) -> None:
    first = await world.admit(invite_code="x")(idp(), ANN, "")
    assert (first.role, first.email_key, first.auth_provider) == (Role.ADMIN, "ann@example.com", "idp")
    bob = evolve(ANN, subject="bob-1", email="bob@example.com")
    assert (await world.admit()(idp(), bob, "")).role is Role.USER


async def test_two_returns_at_once_make_one_account(world: World) -> None:
    found = await asyncio.gather(*(world.admit()(idp(), ANN, "") for _ in range(5)))
    assert len({user.id for user in found}) == 1
    assert await world.users.count({}) == await world.linked.count({}) == 1


async def test_the_subject_counts_and_not_the_address(world: World) -> None:
    ann = await world.admit()(idp(), ANN, "")
    moved = evolve(ANN, email="new@example.com")
    assert (await world.admit()(idp(), moved, "")).id == ann.id
    with pytest.raises(ConflictError) as refused:
        await world.admit()(idp(), evolve(ANN, subject="another"), "")
    assert refused.value.code == "oauth.link_required"
    with pytest.raises(ConflictError):
        await world.admit()(idp("other"), ANN, "")


@pytest.mark.parametrize(
    ("signup", "code"),
    [
        ({"is_enabled": False}, "account.signup_disabled"),
        ({"allowed_domains": ("corp.example",)}, "account.domain"),
        ({"invite_code": "come-in"}, "account.invite_required"),
    ],
)
async def test_sign_up_follows_the_rules_of_the_house(world: World, signup: dict[str, Any], code: str) -> None:
    await world.user("first@example.com")
    with pytest.raises(ForbiddenError) as refused:
        await world.admit(**signup)(idp(), ANN, "wrong")
    assert refused.value.code == code
    assert await world.linked.count({}) == 0
    assert await world.users.count({}) == 1


async def test_who_has_an_account_needs_no_sign_up(world: World) -> None:
    ann = await world.admit()(idp(), ANN, "")
    assert (await world.admit(is_enabled=False, invite_code="x")(idp(), ANN, "")).id == ann.id


@pytest.mark.parametrize("verified", [False, None])
async def test_an_address_that_is_not_verified_opens_nothing(world: World, verified: bool | None) -> None:
    with pytest.raises(ForbiddenError) as refused:
        await world.admit()(idp(), evolve(ANN, email_verified=verified), "")
    assert refused.value.code == "oauth.email_unverified"


async def test_silence_may_be_taken_for_verified_but_a_no_is_a_no(world: World) -> None:
    provider = idp(assume_email_verified=True)
    await world.admit()(provider, evolve(ANN, email_verified=None), "")
    with pytest.raises(ForbiddenError):
        await world.admit()(provider, evolve(ANN, email_verified=False), "")


@pytest.mark.parametrize("email", ["", "ann", "@example.com", "ann@"])
async def test_without_an_address_nobody_comes_in(world: World, email: str) -> None:
    with pytest.raises(ProviderError):
        await world.admit()(idp(), evolve(ANN, email=email), "")


async def test_only_domains_of_the_provider_come_in_every_time(world: World) -> None:
    await world.admit()(idp(allowed_domains=("EXAMPLE.com",)), ANN, "")
    for domain in ("corp.example", "com", "notexample.com"):
        with pytest.raises(ForbiddenError) as refused:
            await world.admit()(idp(allowed_domains=(domain,)), ANN, "")
        assert refused.value.code == "oauth.domain"


async def test_linking_by_address_ends_every_other_way_in(world: World) -> None:
    squatter = await world.user()
    await world.identities().add(idp("other"), evolve(ANN, subject="eve-1", email="eve@example.com"), squatter.id)
    world.clock.advance(60)
    ann = await world.admit()(idp(link_verified_email=True), ANN, "")
    assert ann.id == squatter.id
    assert (ann.password_hash, ann.tokens_from) == ("", world.clock.now())
    assert [each.provider for each in await world.identities().of(ann)] == ["idp"]


async def test_groups_decide_on_the_role_at_every_sign_in(world: World) -> None:
    await world.user("root@example.com", role=Role.ADMIN)
    provider = idp(admin_groups=frozenset({"ops"}), user_groups=frozenset({"staff"}), default_role=None)
    for groups, role in ((("ops",), Role.ADMIN), (("staff", "x"), Role.USER), (("staff", "ops"), Role.ADMIN)):
        assert (await world.admit()(provider, evolve(ANN, groups=groups), "")).role is role
    with pytest.raises(ForbiddenError) as refused:
        await world.admit()(provider, evolve(ANN, groups=("x",)), "")
    assert refused.value.code == "oauth.group"


async def test_the_last_administrator_stays_one(world: World) -> None:
    provider = idp(admin_groups=frozenset({"ops"}))
    await world.admit()(provider, ANN, "")
    assert (await world.admit()(provider, ANN, "")).role is Role.ADMIN
    await world.user("root@example.com", role=Role.ADMIN)
    assert (await world.admit()(provider, ANN, "")).role is Role.USER


async def test_groups_say_nothing_about_accounts_of_others_making(world: World) -> None:
    ann = await world.user(role=Role.ADMIN)
    await world.user("root@example.com", role=Role.ADMIN)
    provider = idp(admin_groups=frozenset({"ops"}))
    await world.identities().add(provider, ANN, ann.id)
    assert (await world.admit()(provider, ANN, "")).role is Role.ADMIN


async def test_without_a_mapping_a_role_is_left_alone(world: World) -> None:
    await world.user("root@example.com", role=Role.ADMIN)
    assert (await world.admit()(idp(default_role=Role.ADMIN), ANN, "")).role is Role.ADMIN
    assert (await world.admit()(idp(), ANN, "")).role is Role.ADMIN


async def test_the_first_account_has_its_own_id_and_is_found_again(world: World) -> None:
    ann = await world.admit()(idp(), ANN, "")
    assert (ann.id, ann.role) == (FOUNDER, Role.ADMIN)
    assert (await world.admit()(idp(), ANN, "")).id == FOUNDER


async def test_the_identity_of_a_deleted_account_opens_a_new_one(world: World) -> None:
    await world.user("first@example.com")
    gone = await world.admit()(idp(), ANN, "")
    await world.users.remove(gone.id)
    ann = await world.admit()(idp(), ANN, "")
    assert ann.id != gone.id
    assert await world.linked.count({}) == 1


async def test_an_identity_opens_one_account_and_an_account_has_one_per_provider(world: World) -> None:
    ann, bob = await world.user(), await world.user("bob@example.com")
    await world.identities().add(idp(), ANN, ann.id)
    await world.identities().add(idp(), ANN, ann.id)
    assert await world.linked.count({}) == 1
    for person, user, code in (
        (ANN, bob, "oauth.linked_elsewhere"),
        (evolve(ANN, subject="x"), ann, "oauth.linked_already"),
    ):
        with pytest.raises(ConflictError) as refused:
            await world.identities().add(idp(), person, user.id)
        assert refused.value.code == code


@pytest.mark.parametrize(
    ("provider", "person", "error"),
    [
        (idp(allowed_domains=("corp.example",)), ANN, ForbiddenError),
        (idp(default_role=None), ANN, ForbiddenError),
        (idp(), evolve(ANN, email_verified=False), ForbiddenError),
    ],
)
async def test_linking_asks_what_signing_in_asks(
    world: World, provider: Provider, person: ProvenIdentity, error: type[FlowcoreError]
) -> None:
    ann = await world.user()
    with pytest.raises(error):
        await world.identities().add(provider, person, ann.id)


async def test_nothing_is_linked_to_an_account_that_is_gone(world: World) -> None:
    with pytest.raises(UnauthenticatedError):
        await world.identities().add(idp(), ANN, "000000000000000000000099")


async def test_the_only_way_into_an_account_stays(world: World) -> None:
    ann = await world.admit()(idp(), ANN, "")
    with pytest.raises(ConflictError) as refused:
        await world.identities().remove(ann, "idp")
    assert refused.value.code == "oauth.last_way_in"
    await world.identities().add(idp("other"), ANN, ann.id)
    removals = (world.identities().remove(ann, name) for name in ("idp", "other"))
    outcomes = await asyncio.gather(*removals, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes].count(ConflictError) == 1
    with pytest.raises(NotFoundError):
        await world.identities().remove(ann, "third")
