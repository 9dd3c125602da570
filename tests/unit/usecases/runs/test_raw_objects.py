"""Raw manifests and custom resources in runs: watched, judged and pruned by the kind of their object."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from flowcore.model import Manifest, Node, NodePhase, RunOptions, RunStatus, WorkflowStatus
from flowcore.ports.cluster import RejectedError, Selection, WatchEvent
from flowcore.usecases.access import Authorizer
from flowcore.usecases.clusters.discovering import ListDefinitions
from flowcore.usecases.clusters.targets import ClusterQueries
from flowcore.usecases.drawings.workflows import SaveWorkflow
from flowcore.usecases.runs.archiving import SetStatus
from flowcore.usecases.runs.running import RunRequest
from tests.doubles import settle
from tests.doubles_cluster import PlayedCluster, PlayedClusters
from tests.doubles_runs import ANN, World, configmap, deployment

pytestmark = pytest.mark.anyio

GADGET = {"apiVersion": "example.com/v1", "kind": "Gadget", "metadata": {"name": "g"}, "spec": {"size": 1}}


def raw(id_: str, manifest: Manifest) -> Node:
    return Node(id=id_, type="manifest", data={"manifest": manifest})


def namespace(name: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


@pytest.fixture
def world() -> World:
    return World()


async def test_a_raw_object_is_applied_watched_and_judged_like_any_other(world: World) -> None:
    workflow = await world.shop(raw("g", GADGET), raw("ns", namespace("shop")))
    async with world.process() as process:
        run = await process.run(workflow)
    assert run.status is RunStatus.COMPLETED
    assert {state.phase for state in run.node_states.values()} == {NodePhase.HEALTHY}
    live = world.cluster.find("Gadget", "g")
    assert live["metadata"]["labels"]["flowcore.dev/workflow"] == workflow.id
    assert live["spec"] == {"size": 1}


async def test_a_raw_object_that_is_no_longer_drawn_is_pruned_unless_it_holds_data(world: World) -> None:
    workflow = await world.shop(raw("g", GADGET), raw("ns", namespace("shop")), configmap("cfg"))
    async with world.process() as process:
        await process.run(workflow)
        await world.redraw(workflow, configmap("cfg"))
        await process.run(workflow)
        assert [ref.kind for ref in world.cluster.deleted] == ["Gadget"]
        await process.run(workflow, RunRequest(options=RunOptions(prune_claims=True)))
        assert [ref.kind for ref in world.cluster.deleted] == ["Gadget", "Namespace"]


async def test_raw_objects_go_when_a_workflow_is_archived(world: World) -> None:
    workflow = await world.shop(raw("g", GADGET), configmap("cfg"))
    async with world.process() as process:
        await process.run(workflow)
        save = SaveWorkflow(
            authorizer=process.authorizer,
            targets=ClusterQueries(authorizer=process.authorizer),
            workflows=world.workflows,
            clock=world.clock,
        )
        await SetStatus(desk=process.desk, save=save)(ANN, workflow.id, WorkflowStatus.ARCHIVED)
    assert {ref.kind for ref in world.cluster.deleted} == {"Gadget", "ConfigMap"}


class LateCluster(PlayedCluster):
    """A cluster that does not know gadgets before one is applied."""

    async def watch(self, selection: Selection) -> AsyncIterator[WatchEvent]:
        if selection.kind == "Gadget" and not any(ref.kind == "Gadget" for ref in self.objects):
            raise RejectedError("the cluster knows no kind Gadget", reason="NotFound")
        async for event in super().watch(selection):
            yield event


async def test_a_kind_that_becomes_known_during_the_run_is_watched_from_then_on(world: World) -> None:
    world.cluster = LateCluster(heals=False)
    workflow = await world.shop(raw("g", GADGET), deployment("web"))
    async with world.process() as process:
        run = await process.start(ANN, workflow.id, RunRequest())
        await process.until(run, lambda one: one.node_states["g"].health == "Healthy")
        broken: dict[str, Any] = {"conditions": [{"type": "Ready", "status": "False", "reason": "Failed"}]}
        await settle()
        world.cluster.set_status("Gadget", "g", broken)
        await process.until(run, lambda one: one.node_states["g"].health == "Degraded")
        world.cluster.heal("Deployment", "web")


async def test_definitions_of_a_cluster_are_listed_by_name() -> None:
    world = World()
    await world.shop()
    head = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    for name in ("b.example.com", "a.example.com"):
        await world.cluster.apply({**head, "metadata": {"name": name}})
    queries = ClusterQueries(authorizer=Authorizer.over(world.store, world.clock))
    listing = ListDefinitions(clusters=queries, access=PlayedClusters(world.cluster))
    found = await listing(ANN)
    assert [(one["kind"], one["metadata"]["name"]) for one in found] == [
        ("CustomResourceDefinition", "a.example.com"),
        ("CustomResourceDefinition", "b.example.com"),
    ]
