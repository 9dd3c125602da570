"""Putting an import into a workflow while others save it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from attrs import define, evolve, frozen

from adapters.memory import open_memory
from flowcore.errors import InvalidInputError, NotFoundError
from flowcore.kinds import core_catalogue
from flowcore.model import Edge, Node, Position, User, Workflow
from flowcore.ports.storage import CLUSTERS, WORKFLOWS, Repository
from flowcore.usecases.access import Authorizer
from flowcore.usecases.clusters.targets import ClusterQueries
from flowcore.usecases.drawings.workflows import CreateWorkflow, SaveWorkflow, StaleWorkflowError, WorkflowDraft
from flowcore.usecases.imports.merging import ApplyImport, CreateFromImport, Import, PreviewImport
from tests.doubles import START, FrozenClock, SequentialIds

pytestmark = pytest.mark.anyio

ANN = User(id="ann", email="ann@example.com", email_key="ann@example.com", name="Ann", created_at=START)
BOB = evolve(ANN, id="bob", email="bob@example.com", email_key="bob@example.com")
WEB = Node(id="web", type="deployment", data={"name": "web", "image": "nginx"})
DB = Node(id="db", type="statefulset", data={"name": "db", "image": "postgres"})
SHOP = Import(nodes=(WEB, DB), edges=(Edge(id="e", source="web", target="db"),), project="shop")


@define
class Busy:
    """A repository in which somebody else saves right before the first writes."""

    inner: Repository[Workflow]
    others: int

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def get(self, workflow_id: str) -> Workflow:
        """Return the workflow as it was; somebody saves it right afterwards."""
        read = await self.inner.get(workflow_id)
        if self.others:
            self.others -= 1
            added = Node(id=f"other-{self.others}", type="configmap", data={"name": f"other-{self.others}"})
            changed = evolve(read, nodes=(*read.nodes, added), edition=read.edition + 1)
            await self.inner.replace(changed)
        return read


@frozen
class Desk:
    """Use cases over memory."""

    workflows: Repository[Workflow]
    create: CreateWorkflow
    clusters: Repository[Any]
    authorizer: Authorizer

    def apply(self, others: int = 0) -> ApplyImport:
        save = SaveWorkflow(
            authorizer=self.authorizer,
            targets=ClusterQueries(authorizer=self.authorizer),
            workflows=self.workflows,
            clock=FrozenClock(),
        )
        busy = evolve(self.authorizer, workflows=Busy(self.workflows, others))
        return ApplyImport(authorizer=busy, catalogue=core_catalogue(), save=save)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with open_memory() as store:
        workflows = store.repository(WORKFLOWS)
        authorizer, clock = Authorizer.over(store, FrozenClock()), FrozenClock()
        create = CreateWorkflow(authorizer=authorizer, workflows=workflows, clock=clock, ids=SequentialIds())
        yield Desk(workflows, create, store.repository(CLUSTERS), authorizer)


async def test_what_others_save_in_between_is_kept(desk: Desk) -> None:
    made = await desk.create(ANN, WorkflowDraft(name="w"))
    applied = await desk.apply(others=2)(ANN, made.id, SHOP)
    assert {node.id for node in applied.workflow.nodes} == {"web", "db", "other-0", "other-1"}
    assert applied.merged.added == ("web", "db")


async def test_who_always_loses_is_told(desk: Desk) -> None:
    made = await desk.create(ANN, WorkflowDraft(name="w"))
    with pytest.raises(StaleWorkflowError):
        await desk.apply(others=100)(ANN, made.id, SHOP)


async def test_who_saw_an_older_edition_is_told_at_once(desk: Desk) -> None:
    made = await desk.create(ANN, WorkflowDraft(name="w"))
    await desk.apply()(ANN, made.id, SHOP)
    with pytest.raises(StaleWorkflowError):
        await desk.apply()(ANN, made.id, evolve(SHOP, nodes=(WEB,), edges=(), project="x", edition=made.edition))


async def test_a_preview_is_what_applying_does_and_stores_nothing(desk: Desk) -> None:
    made = await desk.create(ANN, WorkflowDraft(name="w", nodes=(evolve(DB, data={"name": "db", "image": "mine"}),)))
    looked = await PreviewImport(authorizer=desk.authorizer, catalogue=core_catalogue())(ANN, made.id, SHOP)
    assert await desk.workflows.get(made.id) == made
    applied = await desk.apply()(ANN, made.id, SHOP)
    assert applied.workflow.nodes == looked.workflow.nodes
    assert applied.merged == looked.merged


async def test_wished_places_are_taken_where_they_are_free(desk: Desk) -> None:
    made = await desk.create(ANN, WorkflowDraft(name="w", nodes=(Node(id="x", type="secret", data={"name": "x"}),)))
    wished = {"web": Position(0, 0), "db": Position(5000, 40)}
    placed = {
        n.id: n.position for n in (await desk.apply()(ANN, made.id, evolve(SHOP, positions=wished))).workflow.nodes
    }
    assert placed["x"] == Position(0, 0)
    assert placed["db"] == Position(5000, 40)
    assert placed["web"] != Position(0, 0)


async def test_somebody_elses_workflow_is_not_there(desk: Desk) -> None:
    made = await desk.create(ANN, WorkflowDraft(name="w"))
    for ask in (desk.apply(), PreviewImport(authorizer=desk.authorizer, catalogue=core_catalogue())):
        with pytest.raises(NotFoundError):
            await ask(BOB, made.id, SHOP)


async def test_a_new_workflow_remembers_where_its_nodes_came_from(desk: Desk) -> None:
    create = CreateFromImport(create=desk.create, targets=ClusterQueries(authorizer=desk.authorizer))
    draft = WorkflowDraft(name="w", nodes=SHOP.nodes, edges=SHOP.edges)
    made = await create(ANN, draft, detected_type="nixpacks", project="shop")
    assert (made.tags, made.description) == (("imported", "nixpacks"), "Imported from nixpacks")
    again = await desk.apply()(ANN, made.id, SHOP)
    assert again.workflow == made
    with pytest.raises(InvalidInputError):
        await create(ANN, evolve(draft, cluster_id="none"), detected_type="nixpacks")
