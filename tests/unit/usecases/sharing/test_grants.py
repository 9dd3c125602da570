"""Teams, grants and ownership: who sees what, and what becomes of it."""

from __future__ import annotations

import asyncio

import pytest
from attrs import evolve, frozen

from adapters.memory import MemoryStore
from flowcore.errors import ConflictError, FlowcoreError, ForbiddenError, InvalidInputError, NotFoundError
from flowcore.model import AccessRole, Run, Shareable, User, Workflow
from flowcore.policy import Permission
from flowcore.ports.storage import CLUSTERS, LEASES, TEAMS, USERS, WORKFLOWS
from flowcore.usecases.access import Authorizer
from flowcore.usecases.clusters.keeping import (
    AddCluster,
    ClusterDraft,
    DeleteCluster,
    ProvideCluster,
    SetDefaultCluster,
)
from flowcore.usecases.clusters.targets import ClusterQueries
from flowcore.usecases.drawings.workflows import (
    CloneWorkflow,
    CreateWorkflow,
    DeleteWorkflow,
    SaveWorkflow,
    WorkflowChanges,
    WorkflowDraft,
)
from flowcore.usecases.leasing import Leases
from flowcore.usecases.sharing.grants import GiveAway, Recipient, Sharing
from flowcore.usecases.sharing.teams import DisbandTeam, Teams
from tests.doubles import START, FrozenClock, SequentialIds
from tests.doubles_cluster import PlayedClusters

pytestmark = pytest.mark.anyio

V, D, E, O = AccessRole  # noqa: E741
FLOW, CLUSTER = Shareable.WORKFLOW, Shareable.CLUSTER
DAY = 24 * 3600


def person(name: str) -> User:
    email = f"{name}@example.com"
    return User(id=name[0] * 24, email=email, email_key=email, name=name, created_at=START)


ANN, BOB, CID, DAN = (person(name) for name in ("ann", "bob", "cid", "dan"))
GIFT = ClusterDraft(name="sandbox", server="http://sandbox", credentials={"token": "t"}, labels={"gift": "yes"})


@frozen
class Desk:
    """The use cases of people who work together, over memory."""

    clock: FrozenClock
    authorizer: Authorizer
    teams: Teams
    disband: DisbandTeam
    sharing: Sharing
    give: GiveAway
    create: CreateWorkflow
    save: SaveWorkflow
    add: AddCluster
    targets: ClusterQueries

    async def flow(self, user: User = ANN, team_id: str = "", cluster: str = "") -> Workflow:
        return await self.create(user, WorkflowDraft(name="shop", team_id=team_id, cluster_id=cluster))

    async def cluster(self, user: User, name: str, team_id: str = "", server: str = "https://k8s") -> str:
        draft = ClusterDraft(name=name, server=server, credentials={"token": "t"})
        return (await self.add(user, draft, team_id=team_id)).id

    async def team(self, **roles: AccessRole) -> str:
        """Make a team of ann's, with others in it."""
        team = await self.teams.create(ANN, "crew")
        for name, role in roles.items():
            await self.teams.admit(ANN, team.id, f"{name}@example.com", role)
        return team.id

    async def may(self, user: User, workflow: Workflow) -> str:
        """Return everything that a user may do with a workflow, in one text."""
        found = []
        for permission in Permission:
            try:
                await self.authorizer.workflow(user, workflow.id, permission)
            except FlowcoreError as error:
                found.append("-" if isinstance(error, NotFoundError) else "!")
            else:
                found.append(permission[0])
        return "".join(found)


@pytest.fixture
async def desk() -> Desk:
    store, clock, ids = MemoryStore(), FrozenClock(hurried=True), SequentialIds()
    authorizer = Authorizer.over(store, clock)
    users, kept = store.repository(USERS), store.repository(TEAMS)
    for user in (ANN, BOB, CID, DAN):
        await users.add(user)
    add = AddCluster(
        authorizer=authorizer, clusters=store.repository(CLUSTERS), access=PlayedClusters(), clock=clock, ids=ids
    )
    provide = ProvideCluster(clusters=store.repository(CLUSTERS), add=add, draft=GIFT)
    teams = Teams(
        authorizer=authorizer,
        teams=kept,
        memberships=authorizer.memberships,
        users=users,
        clock=clock,
        ids=ids,
        leases=Leases(store=store.repository(LEASES), clock=clock, holder="p1"),
        equip=provide.give,
    )
    sharing = Sharing(authorizer=authorizer, grants=authorizer.grants, users=users, teams=kept, clock=clock, ids=ids)
    targets = ClusterQueries(authorizer=authorizer)
    drawn = store.repository(WORKFLOWS)
    return Desk(
        clock,
        authorizer,
        teams,
        DisbandTeam(teams=teams, is_gift=provide.is_gift),
        sharing,
        GiveAway(sharing=sharing, targets=targets),
        CreateWorkflow(authorizer=authorizer, workflows=drawn, clock=clock, ids=ids),
        SaveWorkflow(authorizer=authorizer, targets=targets, workflows=drawn, clock=clock),
        add,
        targets,
    )


# ---------------------------------------------------------------- grants


async def test_what_is_shared_can_be_used_as_far_as_the_role_goes(desk: Desk) -> None:
    flow = await desk.flow()
    assert await desk.may(ANN, flow) == "vdea"
    assert await desk.may(BOB, flow) == "----"
    for role, wanted in ((V, "v!!!"), (D, "vd!!"), (E, "vde!"), (O, "vdea"), (V, "v!!!")):
        await desk.sharing.share(ANN, FLOW, flow.id, Recipient(email="BOB@example.com"), role)
        assert await desk.may(BOB, flow) == wanted
    assert await desk.may(CID, flow) == "----"
    assert len(await desk.sharing.list(ANN, FLOW, flow.id)) == 1


async def test_a_refusal_says_which_role_it_takes(desk: Desk) -> None:
    flow = await desk.flow()
    await desk.sharing.share(ANN, FLOW, flow.id, Recipient(email="bob@example.com"), V)
    with pytest.raises(ForbiddenError, match="You are viewer of this workflow; to edit it you must be editor at least"):
        await desk.save(BOB, flow.id, WorkflowChanges(name="mine"))


async def test_a_grant_ends_when_it_is_taken_back_and_by_itself(desk: Desk) -> None:
    flow = await desk.flow()
    shared = await desk.sharing.share(ANN, FLOW, flow.id, Recipient(email="bob@example.com"), E)
    await desk.sharing.revoke(ANN, FLOW, flow.id, shared.grant.id)
    assert await desk.may(BOB, flow) == "----"
    await desk.sharing.share(ANN, FLOW, flow.id, Recipient(email="bob@example.com"), E, days=2)
    desk.clock.advance(2 * DAY - 1)
    assert await desk.may(BOB, flow) == "vde!"
    desk.clock.advance(1)
    assert await desk.may(BOB, flow) == "----"
    assert await desk.authorizer.workflows_of(BOB) == []


async def test_what_was_shared_with_somebody_can_be_given_up_by_them_and_nothing_else(desk: Desk) -> None:
    flow = await desk.flow()
    mine = await desk.sharing.share(ANN, FLOW, flow.id, Recipient(email="bob@example.com"), V)
    other = await desk.sharing.share(ANN, FLOW, flow.id, Recipient(email="cid@example.com"), V)
    with pytest.raises(ForbiddenError):
        await desk.sharing.revoke(BOB, FLOW, flow.id, other.grant.id)
    await desk.sharing.revoke(BOB, FLOW, flow.id, mine.grant.id)
    assert (await desk.may(BOB, flow), await desk.may(CID, flow)) == ("----", "v!!!")


async def test_a_grant_of_one_thing_cannot_be_taken_back_through_another(desk: Desk) -> None:
    ours, other = await desk.flow(), await desk.flow(BOB)
    shared = await desk.sharing.share(BOB, FLOW, other.id, Recipient(email="cid@example.com"), V)
    with pytest.raises(NotFoundError):
        await desk.sharing.revoke(ANN, FLOW, ours.id, shared.grant.id)


async def test_sharing_asks_for_one_recipient_who_is_there_and_not_the_owner(desk: Desk) -> None:
    flow = await desk.flow()
    for recipient in (Recipient(), Recipient(email="bob@example.com", team_id="t"), Recipient(email="ann@example.com")):
        with pytest.raises(InvalidInputError):
            await desk.sharing.share(ANN, FLOW, flow.id, recipient, V)
    for recipient in (Recipient(email="nobody@example.com"), Recipient(team_id="t"), Recipient(user_id="t")):
        with pytest.raises(NotFoundError):
            await desk.sharing.share(ANN, FLOW, flow.id, recipient, V)
    for days in (0, -1, 4000):
        with pytest.raises(InvalidInputError, match="days"):
            await desk.sharing.share(ANN, FLOW, flow.id, Recipient(email="bob@example.com"), V, days=days)


async def test_lists_hold_ones_own_ones_teams_and_what_is_shared_once_each_in_order(desk: Desk) -> None:
    team_id = await desk.team(bob=E)
    flows = []
    for number in range(6):
        desk.clock.advance(1)
        flows.append(await desk.flow(BOB if number % 3 == 0 else ANN, team_id=team_id if number % 3 == 1 else ""))
    for flow in (flows[1], flows[2]):  # the first is the team's already
        await desk.sharing.share(ANN, FLOW, flow.id, Recipient(email="bob@example.com"), V)
    wanted = [flows[number].id for number in (4, 3, 2, 1, 0)]
    assert [flow.id for flow in await desk.authorizer.workflows_of(BOB)] == wanted
    for limit in (1, 2, 3):
        pages = [await desk.authorizer.workflows_of(BOB, limit=limit, offset=at) for at in range(0, 6, limit)]
        assert [flow.id for page in pages for flow in page] == wanted


# ---------------------------------------------------------------- teams


async def test_what_a_team_owns_is_its_members_as_far_as_their_role_goes(desk: Desk) -> None:
    team_id = await desk.team(bob=D, cid=E)
    with pytest.raises(ForbiddenError):
        await desk.flow(BOB, team_id)
    with pytest.raises(NotFoundError):
        await desk.flow(DAN, team_id)
    flow = await desk.flow(CID, team_id)
    assert (flow.owner_id, flow.team_id) == (team_id, team_id)
    assert [await desk.may(user, flow) for user in (ANN, BOB, CID, DAN)] == ["vdea", "vd!!", "vde!", "----"]


async def test_what_is_shared_with_a_team_goes_no_further_than_ones_role_in_it(desk: Desk) -> None:
    team_id = await desk.team(bob=D, cid=V)
    flow = await desk.flow(ANN)
    await desk.sharing.share(ANN, FLOW, flow.id, Recipient(team_id=team_id), E)
    assert [await desk.may(user, flow) for user in (BOB, CID, DAN)] == ["vd!!", "v!!!", "----"]


async def test_whoever_leaves_a_team_has_left_what_it_owns(desk: Desk) -> None:
    team_id = await desk.team(bob=E)
    flow = await desk.flow(ANN, team_id)
    await desk.teams.dismiss(BOB, team_id, BOB.id)
    assert await desk.may(BOB, flow) == "----"
    with pytest.raises(NotFoundError):
        await desk.teams.get(BOB, team_id)


async def test_only_owners_say_who_is_in_a_team(desk: Desk) -> None:
    team_id = await desk.team(bob=E)
    for attempt in (
        desk.teams.admit(BOB, team_id, "cid@example.com", O),
        desk.teams.admit(BOB, team_id, "bob@example.com", O),
        desk.teams.dismiss(BOB, team_id, ANN.id),
        desk.teams.rename(BOB, team_id, "mine"),
        desk.disband(BOB, team_id),
    ):
        with pytest.raises(ForbiddenError):
            await attempt
    members = await desk.teams.members(BOB, team_id)
    assert [(member.user.name, member.membership.role) for member in members] == [("ann", O), ("bob", E)]


async def test_a_team_always_has_an_owner_even_when_two_leave_at_once(desk: Desk) -> None:
    team_id = await desk.team(bob=O)
    left = await asyncio.gather(
        desk.teams.dismiss(ANN, team_id, ANN.id), desk.teams.dismiss(BOB, team_id, BOB.id), return_exceptions=True
    )
    assert sorted(type(each) for each in left if each) == [ConflictError]
    (last,) = [user for user, each in zip((ANN, BOB), left, strict=True) if each]
    with pytest.raises(ConflictError, match="one owner at least"):
        await desk.teams.admit(last, team_id, last.email, V)


async def test_a_team_is_deleted_when_it_owns_nothing_but_what_it_was_given(desk: Desk) -> None:
    team_id = await desk.team(bob=E)
    flow = await desk.flow(ANN, team_id)
    shared = await desk.flow(BOB)
    await desk.sharing.share(BOB, FLOW, shared.id, Recipient(team_id=team_id), V)
    with pytest.raises(ConflictError, match="The team owns shop"):
        await desk.disband(ANN, team_id)
    await desk.give.workflow(ANN, flow.id, Recipient(email="ann@example.com"))
    await desk.disband(ANN, team_id)
    assert await desk.teams.mine(ANN) == await desk.teams.mine(BOB) == []
    assert await desk.authorizer.clusters.find({"owner_id": team_id}) == []
    assert await desk.may(ANN, shared) == "----"


# ---------------------------------------------------------------- clusters


async def test_a_workflow_is_deployed_to_its_owners_cluster_whoever_runs_it(desk: Desk) -> None:
    anns = await desk.cluster(ANN, "prod")
    await desk.cluster(BOB, "prod", server="https://other")
    flow = await desk.flow(ANN, cluster="prod")
    assert (await desk.targets.target(flow.owner_id, "prod")).id == anns


async def test_of_clusters_with_one_name_ones_own_goes_before_the_teams_and_that_before_a_shared_one(
    desk: Desk,
) -> None:
    team_id = await desk.team(bob=D)
    shared = await desk.cluster(CID, "prod")
    await desk.sharing.share(CID, CLUSTER, "prod", Recipient(email="bob@example.com"), D)
    assert (await desk.targets.target(BOB.id, "prod")).id == shared
    teams = await desk.cluster(ANN, "prod", team_id)
    assert (await desk.targets.target(BOB.id, "prod")).id == teams
    own = await desk.cluster(BOB, "prod")
    assert (await desk.targets.target(BOB.id, "prod")).id == own
    assert (await desk.targets.get(BOB, shared)).id == shared
    assert [each.is_default for each in await desk.targets.list(BOB)].count(True) == 1


async def test_a_cluster_that_one_may_only_look_at_is_no_target(desk: Desk) -> None:
    await desk.cluster(ANN, "prod")
    await desk.sharing.share(ANN, CLUSTER, "prod", Recipient(email="bob@example.com"), V)
    assert (await desk.targets.get(BOB, "prod")).name == "prod"
    for name in ("prod", ""):
        with pytest.raises(NotFoundError):
            await desk.targets.target(BOB.id, name)


async def test_who_edits_somebodys_workflow_cannot_bring_it_into_their_other_clusters(desk: Desk) -> None:
    await desk.cluster(ANN, "dev")
    await desk.cluster(ANN, "prod")
    await desk.cluster(BOB, "bobs")
    flow = await desk.flow(ANN, cluster="dev")
    await desk.sharing.share(ANN, FLOW, flow.id, Recipient(email="bob@example.com"), E)
    for name in ("prod", "bobs", ""):
        with pytest.raises(InvalidInputError) as caught:
            await desk.save(BOB, flow.id, WorkflowChanges(cluster_id=name))
        assert caught.value.findings[0].place.path == "cluster_id"
    await desk.save(BOB, flow.id, WorkflowChanges(cluster_id="dev", name="renamed"))
    await desk.sharing.share(ANN, CLUSTER, "prod", Recipient(email="bob@example.com"), D)
    assert (await desk.save(BOB, flow.id, WorkflowChanges(cluster_id="prod"))).workflow.cluster_id == "prod"
    await desk.save(ANN, flow.id, WorkflowChanges(cluster_id="anything"))


async def test_a_shared_cluster_is_deleted_and_made_default_by_who_administers_it_only(desk: Desk) -> None:
    await desk.cluster(ANN, "prod")
    await desk.sharing.share(ANN, CLUSTER, "prod", Recipient(email="bob@example.com"), E)
    clusters = desk.authorizer.clusters
    for attempt in (
        DeleteCluster(authorizer=desk.authorizer, clusters=clusters)(BOB, "prod"),
        SetDefaultCluster(authorizer=desk.authorizer, clusters=clusters, clock=desk.clock)(BOB, "prod"),
        desk.sharing.share(BOB, CLUSTER, "prod", Recipient(email="cid@example.com"), V),
    ):
        with pytest.raises(ForbiddenError):
            await attempt


# ---------------------------------------------------------------- giving away


async def test_what_is_given_to_a_team_is_no_longer_ones_own(desk: Desk) -> None:
    team_id = await desk.team(bob=O)
    flow = await desk.flow(ANN, cluster="sandbox")
    given = await desk.give.workflow(ANN, flow.id, Recipient(team_id=team_id))
    assert (given.owner_id, given.team_id) == (team_id, team_id)
    await desk.teams.dismiss(BOB, team_id, ANN.id)
    assert (await desk.may(ANN, flow), await desk.may(BOB, flow)) == ("----", "vdea")


async def test_nothing_is_given_to_a_team_that_one_may_not_change(desk: Desk) -> None:
    team_id = await desk.team(bob=D)
    flow = await desk.flow(BOB)
    with pytest.raises(ForbiddenError):
        await desk.give.workflow(BOB, flow.id, Recipient(team_id=team_id))
    with pytest.raises(NotFoundError):
        await desk.give.workflow(BOB, flow.id, Recipient(team_id="t" * 24))


async def test_giving_a_workflow_away_never_means_another_cluster(desk: Desk) -> None:
    await desk.cluster(ANN, "prod", server="https://a")
    await desk.cluster(BOB, "prod", server="https://b")
    flow = await desk.flow(ANN, cluster="prod")
    with pytest.raises(ConflictError, match="is another one"):
        await desk.give.workflow(ANN, flow.id, Recipient(email="bob@example.com"))
    assert (await desk.authorizer.workflow(ANN, flow.id, Permission.ADMINISTER)).owner_id == ANN.id


async def test_a_cluster_keeps_its_grants_but_not_the_new_owners_when_it_is_given_away(desk: Desk) -> None:
    await desk.cluster(ANN, "prod")
    await desk.sharing.share(ANN, CLUSTER, "prod", Recipient(email="bob@example.com"), V)
    await desk.sharing.share(ANN, CLUSTER, "prod", Recipient(email="cid@example.com"), D)
    await desk.give.cluster(ANN, "prod", Recipient(email="bob@example.com"))
    left = await desk.sharing.list(BOB, CLUSTER, "prod")
    assert [(shared.grant.grantee_id, shared.grant.role) for shared in left] == [(CID.id, D)]
    with pytest.raises(NotFoundError):
        await desk.targets.get(ANN, "prod")
    await desk.cluster(ANN, "prod")
    with pytest.raises(ConflictError, match="bob has a cluster named prod already"):
        await desk.give.cluster(ANN, "prod", Recipient(email="bob@example.com"))


async def test_a_copy_of_a_shared_workflow_is_ones_own(desk: Desk) -> None:
    flow = await desk.flow(ANN)
    await desk.sharing.share(ANN, FLOW, flow.id, Recipient(email="bob@example.com"), V)
    copy = await CloneWorkflow(authorizer=desk.authorizer, create=desk.create)(BOB, flow.id, name="mine")
    assert (copy.owner_id, copy.team_id) == (BOB.id, "")
    assert await desk.may(ANN, copy) == "----"


async def test_what_is_deleted_is_gone_for_everybody_it_was_shared_with(desk: Desk) -> None:
    flow = await desk.flow(ANN)
    await desk.sharing.share(ANN, FLOW, flow.id, Recipient(email="bob@example.com"), O)
    delete = DeleteWorkflow(authorizer=desk.authorizer, workflows=desk.authorizer.workflows, clock=desk.clock)
    await delete(BOB, flow.id)
    assert await desk.may(ANN, flow) == await desk.may(BOB, flow) == "----"
    assert await desk.authorizer.workflows_of(BOB) == []


async def test_nothing_is_shared_with_a_team_that_one_is_not_in(desk: Desk) -> None:
    team_id = await desk.team()
    flow = await desk.flow(BOB)
    with pytest.raises(NotFoundError, match="Team not found"):
        await desk.sharing.share(BOB, FLOW, flow.id, Recipient(team_id=team_id), V)


async def test_a_cluster_that_is_given_away_is_not_the_new_owners_default(desk: Desk) -> None:
    await desk.cluster(BOB, "bobs")
    given = await desk.cluster(ANN, "prod")
    await desk.give.cluster(ANN, "prod", Recipient(email="bob@example.com"))
    assert [each.is_default for each in await desk.targets.list(BOB) if each.id == given] == [False]


async def test_a_cluster_that_is_deleted_is_shared_with_nobody(desk: Desk) -> None:
    await desk.cluster(ANN, "prod")
    await desk.sharing.share(ANN, CLUSTER, "prod", Recipient(email="bob@example.com"), D)
    await DeleteCluster(authorizer=desk.authorizer, clusters=desk.authorizer.clusters)(ANN, "prod")
    assert await desk.authorizer.grants.find({}) == []


async def test_a_run_is_found_under_its_own_workflow_only(desk: Desk) -> None:
    anns, bobs = await desk.flow(ANN), await desk.flow(BOB)
    run = Run(id="f" * 24, workflow_id=anns.id, version=1, cluster_id="c", started_at=START)
    await desk.authorizer.runs.add(run)
    assert (await desk.authorizer.run(ANN, anns.id, run.id, Permission.VIEW)).workflow_id == anns.id
    with pytest.raises(NotFoundError, match="Run not found"):
        await desk.authorizer.run(BOB, bobs.id, run.id, Permission.VIEW)


async def test_what_belongs_to_nobody_is_not_theirs_who_have_no_id(desk: Desk) -> None:
    flow = await desk.flow(ANN)
    orphan = await desk.authorizer.workflows.replace(evolve(flow, owner_id=""))
    assert await desk.may(evolve(ANN, id=""), orphan) == "----"
