"""An account is deleted: what belongs to it goes to somebody else or away, and breaking off loses nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from attrs import define, evolve, field

from adapters.memory import MemoryStore
from flowcore.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError, UnavailableError
from flowcore.model import (
    AccessRole,
    Cluster,
    Membership,
    Role,
    Shareable,
    Team,
    User,
    Workflow,
)
from flowcore.ports.storage import (
    CLUSTERS,
    GRANTS,
    LEASES,
    MEMBERSHIPS,
    PLUGIN_CHOICES,
    SESSIONS,
    TEAMS,
    USERS,
    WORKFLOWS,
    Entity,
    Repository,
)
from flowcore.usecases.access import Authorizer
from flowcore.usecases.accounts.sessions import NOWHERE, Sessions
from flowcore.usecases.administration.accounts import Administrators
from flowcore.usecases.administration.inheriting import Deployments, TeamPlaces
from flowcore.usecases.administration.leaving import DeleteUser, Estate, Personal
from flowcore.usecases.clusters.targets import ClusterQueries
from flowcore.usecases.leasing import Leases
from tests.doubles import START, FrozenClock, SequentialIds
from tests.doubles_accounts import PlainTokens

pytestmark = pytest.mark.anyio

GIFT = {"flowcore.dev/sandbox": "true"}


class Breaking:
    """A repository that fails at the write of a number, as when the process is killed there."""

    def __init__(self, real: Repository[Any], world: World) -> None:
        self._real = real
        self._world = world

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    async def replace(self, entity: Any) -> Any:
        self._world.write()
        return await self._real.replace(entity)

    async def remove(self, entity_id: str) -> bool:
        self._world.write()
        return await self._real.remove(entity_id)


@define
class World:
    """Ann runs the service; Bob leaves; Cem and the team Web stay.

    Attributes:
        writes_left: writes until everything breaks off; negative for never.
    """

    store: MemoryStore = field(factory=MemoryStore)
    clock: FrozenClock = field(factory=FrozenClock)
    writes_left: int = -1

    def write(self) -> None:
        if self.writes_left == 0:
            raise UnavailableError("the store does not answer")
        self.writes_left -= 1

    def of(self, entity: Entity[Any]) -> Repository[Any]:
        return Breaking(self.store.repository(entity), self)

    @property
    def sessions(self) -> Sessions:
        return Sessions(kept=self.of(SESSIONS), tokens=PlainTokens(self.clock), clock=self.clock, ids=SequentialIds())

    @property
    def delete(self) -> DeleteUser:
        leases = Leases(store=self.store.repository(LEASES), clock=FrozenClock(hurried=True), holder="p1")
        users = self.of(USERS)
        estates: Sequence[Estate] = (
            Personal(self.of(PLUGIN_CHOICES), "user_id"),
            Deployments(
                workflows=self.of(WORKFLOWS),
                clusters=self.of(CLUSTERS),
                grants=self.of(GRANTS),
                targets=ClusterQueries(authorizer=Authorizer.over(self.store, self.clock)),
                clock=self.clock,
                is_gift=lambda cluster: cluster.labels == GIFT,
            ),
            Personal(self.of(GRANTS), "grantee_id"),
            TeamPlaces(teams=self.of(TEAMS), memberships=self.of(MEMBERSHIPS), leases=leases),
        )
        return DeleteUser(
            users=users,
            teams=self.of(TEAMS),
            sessions=self.sessions,
            administrators=Administrators(users=users, leases=leases),
            estates=estates,
            clock=self.clock,
        )

    async def add(self, entity: Entity[Any], **fields: Any) -> Any:
        return await self.store.repository(entity).add(entity.type(**fields))

    async def workflow(self, id_: str, cluster: str = "", **fields: Any) -> Workflow:
        made: Workflow = await self.add(
            WORKFLOWS, id=id_, name=id_, cluster_id=cluster, **{"owner_id": "bob", "created_at": START, **fields}
        )
        return made

    async def cluster(self, id_: str, name: str, owner: str = "bob", **fields: Any) -> Cluster:
        made: Cluster = await self.add(
            CLUSTERS, id=id_, name=name, owner_id=owner, created_at=START, server=f"https://{id_}", **fields
        )
        return made

    async def member(self, user_id: str, role: AccessRole = AccessRole.OWNER) -> Membership:
        fields: Mapping[str, Any] = {"user_id": user_id, "role": role, "created_at": START}
        made: Membership = await self.add(MEMBERSHIPS, id=f"m-{user_id}", team_id="web", **fields)
        return made

    async def target(self, workflow_id: str) -> str:
        """Return the server that a workflow is deployed to, or why to none."""
        workflow = await self.store.repository(WORKFLOWS).get(workflow_id)
        queries = ClusterQueries(authorizer=Authorizer.over(self.store, self.clock))
        try:
            return (await queries.target(workflow.owner_id, workflow.cluster_id)).server
        except NotFoundError as error:
            return error.code


def person(name: str, **fields: object) -> User:
    address = f"{name}@example.com"
    user = User(id=name, email=address, email_key=address, name=name.title(), created_at=START)
    return evolve(user, **fields)


ANN, BOB, CEM = person("ann", role=Role.ADMIN), person("bob"), person("cem")


@pytest.fixture
async def world() -> World:
    world = World()
    for user in (ANN, BOB, CEM):
        await world.store.repository(USERS).add(user)
    await world.store.repository(TEAMS).add(Team(id="web", name="Web", created_at=START))
    return world


async def is_there(world: World, user_id: str) -> bool:
    return bool(await world.store.repository(USERS).count({"id": user_id}))


# ---------------------------------------------------------------- who may, and when


async def test_an_account_that_owns_nothing_is_deleted_with_what_is_personal(world: World) -> None:
    await world.add(PLUGIN_CHOICES, id="p", user_id="bob", plugin_id="own")
    await world.add(PLUGIN_CHOICES, id="q", user_id="cem", plugin_id="own")
    await world.cluster("gift", "sandbox", labels=GIFT)
    await world.sessions.open(BOB, NOWHERE)
    await world.member("cem")
    await world.member("bob")

    departure = await world.delete(ANN, "bob")

    assert (departure.user.email, departure.heir) == ("bob@example.com", None)
    assert not await is_there(world, "bob")
    for entity in (CLUSTERS, SESSIONS):
        assert await world.store.repository(entity).count({}) == 0
    assert [kept.user_id for kept in await world.store.repository(PLUGIN_CHOICES).find({})] == ["cem"]
    assert [kept.user_id for kept in await world.store.repository(MEMBERSHIPS).find({})] == ["cem"]


async def test_what_stands_in_the_way_is_told_all_at_once_and_nothing_happens(world: World) -> None:
    await world.workflow("w1")
    await world.workflow("w2")
    await world.workflow("gone", deleted_at=START)
    await world.cluster("c1", "prod")
    await world.member("bob")

    with pytest.raises(InvalidInputError) as refused:
        await world.delete(ANN, "bob")

    assert refused.value.code == "user.obstacles"
    assert [(finding.rule, finding.message) for finding in refused.value.findings] == [
        ("user-workflows", "the account owns 2 workflows"),
        ("user-clusters", "the account owns 1 cluster"),
        ("user-team", "the account is the only owner of the team Web"),
    ]
    assert (await world.store.repository(USERS).get("bob")).disabled_at is None


async def test_giving_everything_away_does_not_leave_a_team_without_an_owner(world: World) -> None:
    await world.member("bob")
    await world.member("cem", AccessRole.EDITOR)
    with pytest.raises(InvalidInputError) as refused:
        await world.delete(ANN, "bob", transfer_to="cem")
    assert [finding.rule for finding in refused.value.findings] == ["user-team"]


async def test_who_becomes_the_last_owner_of_a_team_meanwhile_is_not_taken_out_of_it(world: World) -> None:
    await world.member("bob")
    await world.member("cem")
    delete = world.delete

    class Leaving:
        """Cem leaves the team while Bob is deleted."""

        async def obstacles(self, user: User, heir: object) -> list[Any]:
            return []

        async def settle(self, user: User, heir: object) -> None:
            await world.store.repository(MEMBERSHIPS).remove("m-cem")

    with pytest.raises(ConflictError) as refused:
        await evolve(delete, estates=(Leaving(), *delete.estates))(ANN, "bob")
    assert refused.value.code == "team.ownerless"
    assert await world.store.repository(MEMBERSHIPS).count({"team_id": "web"}) == 1
    assert await is_there(world, "bob")


@pytest.mark.parametrize("heir", ["bob", "nobody", "dis"])
async def test_only_somebody_else_who_is_here_can_be_given_things(world: World, heir: str) -> None:
    await world.store.repository(USERS).add(person("dis", disabled_at=START))
    with pytest.raises(InvalidInputError) as refused:
        await world.delete(ANN, "bob", transfer_to=heir)
    assert refused.value.code == "user.no_heir"
    assert (await world.store.repository(USERS).get("bob")).disabled_at is None


async def test_only_administrators_delete_accounts_and_not_their_own(world: World) -> None:
    with pytest.raises(ForbiddenError):
        await world.delete(CEM, "bob")
    with pytest.raises(NotFoundError):
        await world.delete(ANN, "nobody")
    with pytest.raises(ConflictError) as refused:
        await world.delete(ANN, "ann")
    assert refused.value.code == "user.yourself"


# ---------------------------------------------------------------- giving away


async def test_workflows_and_clusters_go_to_another_user(world: World) -> None:
    await world.cluster("c1", "prod", is_default=True)
    await world.workflow("named", "prod")
    await world.workflow("default")
    await world.workflow("gone", deleted_at=START)
    await world.add(
        GRANTS,
        id="g",
        shared=Shareable.WORKFLOW,
        resource_id="named",
        grantee_id="cem",
        role=AccessRole.VIEWER,
        created_by="bob",
        created_at=START,
    )

    await world.delete(ANN, "bob", transfer_to="cem")

    workflows = {each.id: each for each in await world.store.repository(WORKFLOWS).find({})}
    assert {id_: each.owner_id for id_, each in workflows.items()} == {"named": "cem", "default": "cem", "gone": "bob"}
    assert [await world.target(id_) for id_ in ("named", "default")] == ["https://c1"] * 2
    assert workflows["named"].edition == 1  # who has it open is told before they save over it
    cluster = await world.store.repository(CLUSTERS).get("c1")
    assert (cluster.owner_id, cluster.name, cluster.is_default) == ("cem", "prod", False)
    assert await world.store.repository(GRANTS).count({}) == 0


async def test_a_team_can_be_given_everything(world: World) -> None:
    await world.cluster("c1", "prod")
    await world.workflow("w")
    await world.delete(ANN, "bob", transfer_to="web")
    workflow = await world.store.repository(WORKFLOWS).get("w")
    assert (workflow.owner_id, workflow.team_id) == ("web", "web")
    assert await world.target("w") == "https://c1"


async def test_a_workflow_is_deployed_to_the_same_cluster_as_before_whatever_the_heir_has(world: World) -> None:
    await world.cluster("c1", "prod")
    await world.cluster("c2", "prod", owner="cem", is_default=True)
    await world.cluster("theirs", "stage", owner="cem")
    await world.workflow("named", "prod")
    await world.workflow("default")
    await world.workflow("broken", "stage")

    await world.delete(ANN, "bob", transfer_to="cem")

    assert [await world.target(id_) for id_ in ("named", "default")] == ["https://c1"] * 2
    assert await world.target("broken") == "cluster.not_found"  # as before: not the heir's cluster of that name
    names = {each.id: each.name for each in await world.store.repository(CLUSTERS).find({"owner_id": "cem"})}
    assert names == {"c1": "prod-c1", "c2": "prod", "theirs": "stage"}


async def test_a_workflow_without_any_cluster_does_not_get_the_heirs_default(world: World) -> None:
    await world.cluster("c2", "prod", owner="cem", is_default=True)
    await world.workflow("w")
    await world.delete(ANN, "bob", transfer_to="cem")
    assert await world.target("w") == "cluster.not_found"


async def test_what_everybody_is_given_is_not_given_twice(world: World) -> None:
    for owner in ("bob", "cem"):
        await world.cluster(f"gift-{owner}", "sandbox", owner=owner, labels=GIFT)
    await world.workflow("named", "sandbox")
    await world.workflow("default")
    await world.delete(ANN, "bob", transfer_to="cem")
    assert [await world.target(id_) for id_ in ("named", "default")] == ["https://gift-cem"] * 2
    assert await world.store.repository(CLUSTERS).count({}) == 1


# ---------------------------------------------------------------- breaking off


async def stage(world: World) -> None:
    await world.cluster("c1", "prod", is_default=True)
    await world.cluster("gift-bob", "sandbox", labels=GIFT)
    await world.cluster("c2", "prod", owner="cem")
    await world.cluster("gift-cem", "sandbox", owner="cem", labels=GIFT)
    for id_, cluster in (("named", "prod"), ("default", ""), ("played", "sandbox"), ("broken", "nowhere")):
        await world.workflow(id_, cluster)
    await world.add(PLUGIN_CHOICES, id="p", user_id="bob", plugin_id="own")
    await world.sessions.open(BOB, NOWHERE)
    await world.member("bob")
    await world.member("cem")


async def targets(world: World) -> list[str]:
    return [await world.target(id_) for id_ in ("named", "default", "played", "broken")]


async def test_wherever_it_breaks_off_doing_it_again_comes_to_the_same_end(world: World) -> None:
    broken_off = 0
    while True:
        world = World()
        for user in (ANN, BOB, CEM):
            await world.store.repository(USERS).add(user)
        await world.store.repository(TEAMS).add(Team(id="web", name="Web", created_at=START))
        await stage(world)
        world.writes_left = broken_off
        try:
            await world.delete(ANN, "bob", transfer_to="cem")
        except UnavailableError:
            assert await is_there(world, "bob")
            world.writes_left = -1
            await world.delete(ANN, "bob", transfer_to="cem")
        else:
            break
        assert not await is_there(world, "bob")
        assert await targets(world) == ["https://c1", "https://c1", "https://gift-cem", "cluster.not_found"]
        assert await world.store.repository(WORKFLOWS).count({"owner_id": "cem"}) == 4
        assert await world.store.repository(CLUSTERS).count({"owner_id": "bob"}) == 0
        for entity in (PLUGIN_CHOICES, SESSIONS):
            assert await world.store.repository(entity).count({}) == 0
        assert [kept.user_id for kept in await world.store.repository(MEMBERSHIPS).find({})] == ["cem"]
        broken_off += 1
    assert broken_off > 12


async def test_what_comes_in_between_is_not_lost(world: World) -> None:
    class Late:
        """Somebody stores a workflow of Bob's while he is deleted: the request was under way."""

        async def obstacles(self, user: User, heir: object) -> list[Any]:
            return []

        async def settle(self, user: User, heir: object) -> None:
            if not await world.store.repository(WORKFLOWS).count({"id": "late"}):
                await world.workflow("late")

    delete = world.delete
    late = evolve(delete, estates=(*delete.estates, Late()))
    with pytest.raises(ConflictError) as refused:
        await late(ANN, "bob", transfer_to="cem")
    assert refused.value.code == "user.not_empty"
    assert (await world.store.repository(USERS).get("bob")).disabled_at == START

    await late(ANN, "bob", transfer_to="cem")
    assert (await world.store.repository(WORKFLOWS).get("late")).owner_id == "cem"
