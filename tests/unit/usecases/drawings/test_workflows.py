"""Workflows and their versions, over memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from attrs import evolve, frozen

from adapters.memory import MemoryStore
from flowcore.errors import InvalidInputError, NotFoundError
from flowcore.model import Edge, Node, User, Version, Workflow, WorkflowStatus
from flowcore.ports.storage import VERSIONS, WORKFLOWS
from flowcore.usecases.access import Authorizer
from flowcore.usecases.clusters.targets import ClusterQueries
from flowcore.usecases.drawings.versions import (
    CreateVersion,
    DescribeVersion,
    Description,
    History,
    RestoreVersion,
    VersionQueries,
)
from flowcore.usecases.drawings.workflows import (
    CloneWorkflow,
    CreateWorkflow,
    DeleteWorkflow,
    SaveWorkflow,
    StaleWorkflowError,
    WorkflowChanges,
    WorkflowDraft,
    WorkflowQueries,
)
from tests.doubles import START, FrozenClock, SequentialIds

pytestmark = pytest.mark.anyio

ANN = User(id="a" * 24, email="ann@x.y", email_key="ann@x.y", name="Ann", created_at=START)
BOB = User(id="b" * 24, email="bob@x.y", email_key="bob@x.y", name="Bob", created_at=START)


def node(id_: str, **data: object) -> Node:
    return Node(id=id_, type="configmap", data={"name": id_, **data})


@frozen
class Desk:
    """The use cases of workflows and versions."""

    create: CreateWorkflow
    queries: WorkflowQueries
    save: SaveWorkflow
    clone: CloneWorkflow
    delete: DeleteWorkflow
    history: History
    versions: VersionQueries
    keep: CreateVersion
    describe: DescribeVersion
    restore: RestoreVersion
    clock: FrozenClock


@pytest.fixture
def desk() -> Desk:
    store, clock, ids = MemoryStore(), FrozenClock(), SequentialIds()
    workflows = store.repository(WORKFLOWS)
    authorizer = Authorizer.over(store, clock)
    history = History(versions=store.repository(VERSIONS))
    create = CreateWorkflow(authorizer=authorizer, workflows=workflows, clock=clock, ids=ids)
    return Desk(
        create,
        WorkflowQueries(authorizer=authorizer),
        SaveWorkflow(
            authorizer=authorizer, targets=ClusterQueries(authorizer=authorizer), workflows=workflows, clock=clock
        ),
        CloneWorkflow(authorizer=authorizer, create=create),
        DeleteWorkflow(authorizer=authorizer, workflows=workflows, clock=clock),
        history,
        VersionQueries(authorizer=authorizer, history=history),
        CreateVersion(authorizer=authorizer, workflows=workflows, history=history, clock=clock, ids=ids),
        DescribeVersion(authorizer=authorizer, history=history),
        RestoreVersion(authorizer=authorizer, workflows=workflows, history=history, clock=clock, ids=ids),
        clock,
    )


async def shop(desk: Desk) -> Workflow:
    return await desk.create(ANN, WorkflowDraft(name=" shop ", nodes=(node("a"), node("b"))))


async def test_a_new_workflow_is_a_draft_of_its_owner(desk: Desk) -> None:
    workflow = await shop(desk)
    assert (workflow.name, workflow.status, workflow.owner_id) == ("shop", WorkflowStatus.DRAFT, ANN.id)
    assert await desk.queries.get(ANN, workflow.id) == workflow


async def test_other_peoples_workflows_are_not_there(desk: Desk) -> None:
    workflow = await shop(desk)
    for ask in (
        lambda: desk.queries.get(BOB, workflow.id),
        lambda: desk.save(BOB, workflow.id, WorkflowChanges(name="mine")),
        lambda: desk.clone(BOB, workflow.id, name="mine"),
        lambda: desk.delete(BOB, workflow.id),
        lambda: desk.keep(BOB, workflow.id, Description()),
        lambda: desk.versions.list(BOB, workflow.id, page=1, limit=10),
        lambda: desk.queries.get(ANN, "f" * 24),
    ):
        with pytest.raises(NotFoundError, match="Workflow not found"):
            await ask()
    assert await desk.queries.list(BOB) == []


async def test_a_stale_save_is_refused_and_loses_nothing(desk: Desk) -> None:
    workflow = await shop(desk)
    changes = [WorkflowChanges(nodes=(node(name),), edition=workflow.edition) for name in ("x", "y")]
    results = await asyncio.gather(*(desk.save(ANN, workflow.id, c) for c in changes), return_exceptions=True)
    refused = [result for result in results if isinstance(result, StaleWorkflowError)]
    assert len(refused) == 1
    stored = await desk.queries.get(ANN, workflow.id)
    assert refused[0].current == stored
    assert stored.edition == workflow.edition + 1


async def test_a_save_without_a_revision_takes_the_newest_state_as_its_base(desk: Desk) -> None:
    workflow = await shop(desk)
    await asyncio.gather(
        desk.save(ANN, workflow.id, WorkflowChanges(name="one")),
        desk.save(ANN, workflow.id, WorkflowChanges(description="two")),
    )
    stored = await desk.queries.get(ANN, workflow.id)
    assert (stored.name, stored.description, stored.edition) == ("one", "two", 3)


async def test_saving_what_is_stored_already_makes_nothing_stale(desk: Desk) -> None:
    workflow = await shop(desk)
    saved = await desk.save(ANN, workflow.id, WorkflowChanges(nodes=workflow.nodes, edition=workflow.edition))
    assert saved.workflow == workflow


async def test_a_save_tells_which_nodes_it_took_out_and_leaves_out_live_status(desk: Desk) -> None:
    workflow = await shop(desk)
    saved = await desk.save(
        ANN, workflow.id, WorkflowChanges(nodes=(node("b", _status={"state": "healthy"}, image=" nginx "),))
    )
    assert saved.removed_nodes == ("a",)
    assert saved.workflow.nodes[0].data == {"name": "b", "image": "nginx"}
    untouched = await desk.save(ANN, workflow.id, WorkflowChanges(description="only this"))
    assert untouched.removed_nodes == ()
    assert len(untouched.workflow.nodes) == 1


async def test_ids_that_occur_twice_are_refused(desk: Desk) -> None:
    with pytest.raises(InvalidInputError, match="'a' occurs more than once"):
        await desk.create(ANN, WorkflowDraft(name="x", nodes=(node("a"), node("a"))))
    with pytest.raises(InvalidInputError, match="name must have"):
        await desk.create(ANN, WorkflowDraft(name=" "))


async def test_a_deleted_workflow_is_not_there_any_more(desk: Desk) -> None:
    workflow = await shop(desk)
    await desk.delete(ANN, workflow.id)
    with pytest.raises(NotFoundError):
        await desk.queries.get(ANN, workflow.id)
    assert await desk.queries.list(ANN) == []


async def test_a_copy_is_a_draft_of_its_own(desk: Desk) -> None:
    workflow = await shop(desk)
    copy = await desk.clone(ANN, workflow.id, name="shop two")
    assert copy.id != workflow.id
    assert (copy.nodes, copy.status, copy.edition) == (workflow.nodes, WorkflowStatus.DRAFT, 1)


async def test_versions_count_from_one_without_gaps_however_many_are_made_at_once(desk: Desk) -> None:
    workflow = await shop(desk)
    made = await asyncio.gather(*(desk.keep(ANN, workflow.id, Description()) for _ in range(20)))
    assert sorted(version.number for version in made) == list(range(1, 21))
    assert (await desk.queries.get(ANN, workflow.id)).current_version == 20
    page, total = await desk.versions.list(ANN, workflow.id, page=2, limit=8)
    assert ([version.number for version in page], total) == ([12, 11, 10, 9, 8, 7, 6, 5], 20)


async def test_a_restore_is_a_new_version_and_can_be_undone(desk: Desk) -> None:
    workflow = await shop(desk)
    first = await desk.keep(ANN, workflow.id, Description(name="good", tag="v1"))
    await desk.save(ANN, workflow.id, WorkflowChanges(nodes=(node("c"),), edges=()))
    restored, after = await desk.restore(ANN, workflow.id, 1)
    assert (restored.number, restored.restored_from, restored.nodes) == (3, 1, first.nodes)
    assert (after.nodes, after.current_version) == (first.nodes, 3)
    kept = await desk.versions.get(ANN, workflow.id, 2)
    assert kept.description == "Before restoring version 1"
    _, undone = await desk.restore(ANN, workflow.id, 2)
    assert undone.nodes == (node("c"),)


async def test_what_is_saved_while_a_restore_is_under_way_is_kept_too(desk: Desk) -> None:
    workflow = await shop(desk)
    await desk.keep(ANN, workflow.id, Description())
    await desk.save(ANN, workflow.id, WorkflowChanges(nodes=(node("c"),)))

    class SavedMeanwhile(History):
        async def append(self, workflow_id: str, make: Callable[[int], Version]) -> Version:
            stored = await super().append(workflow_id, make)
            if stored.number == 2:
                await desk.save(ANN, workflow_id, WorkflowChanges(nodes=(node("d"),)))
            return stored

    restore = evolve(desk.restore, history=SavedMeanwhile(versions=desk.history.versions))
    restored, after = await restore(ANN, workflow.id, 1)
    page, _ = await desk.versions.list(ANN, workflow.id, page=1, limit=10)
    assert [[one.id for one in version.nodes] for version in page] == [["a", "b"], ["d"], ["c"], ["a", "b"]]
    assert (after.nodes, after.current_version, restored.number) == (workflow.nodes, 4, 4)


async def test_restoring_when_the_drawing_is_a_version_already_keeps_no_second_copy(desk: Desk) -> None:
    workflow = await shop(desk)
    for _ in range(2):
        await desk.keep(ANN, workflow.id, Description())
    restored, _ = await desk.restore(ANN, workflow.id, 1)
    assert restored.number == 3


async def test_a_restore_makes_saves_based_on_the_old_drawing_stale(desk: Desk) -> None:
    workflow = await shop(desk)
    await desk.keep(ANN, workflow.id, Description())
    await desk.restore(ANN, workflow.id, 1)
    with pytest.raises(StaleWorkflowError):
        await desk.save(ANN, workflow.id, WorkflowChanges(nodes=(), edition=workflow.edition))


async def test_versions_are_compared_and_described(desk: Desk) -> None:
    workflow = await shop(desk)
    await desk.keep(ANN, workflow.id, Description())
    edge = Edge(id="e", source="b", target="c")
    await desk.save(ANN, workflow.id, WorkflowChanges(nodes=(node("b", x=1), node("c")), edges=(edge,)))
    await desk.keep(ANN, workflow.id, Description())
    _, _, difference = await desk.versions.compare(ANN, workflow.id, 1, 2)
    assert {(diff.node_id, str(diff.status)) for diff in difference.nodes} == {
        ("a", "removed"),
        ("b", "changed"),
        ("c", "added"),
    }
    described = await desk.describe(ANN, workflow.id, 2, Description(tag="v2"))
    assert (described.tag, described.name) == ("v2", "")
    with pytest.raises(NotFoundError, match="One or both versions not found"):
        await desk.versions.compare(ANN, workflow.id, 1, 9)


async def test_old_automatic_versions_are_forgotten_when_a_limit_is_set(desk: Desk) -> None:
    workflow = await shop(desk)
    history = evolve(desk.history, keep=2)
    named = await desk.keep(ANN, workflow.id, Description(name="named"))
    for number in range(2, 7):
        await history.append(
            workflow.id, lambda n: evolve(named, id=f"v{n}", number=n, name="", is_automatic=True, revision=0)
        )
        assert await history.newest(workflow.id) == number
    kept, _ = await desk.versions.list(ANN, workflow.id, page=1, limit=10)
    assert [version.number for version in kept] == [6, 5, 1]
