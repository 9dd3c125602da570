"""Watches and views over a played cluster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from adapters.sse import InProcessEventFeed
from flowcore.errors import UnauthenticatedError
from flowcore.model import Cluster, NodePhase, NodeState, ObjectRef, Run
from flowcore.ports.cluster import Changed, Deleted, RejectedError, Selection, Synced, WatchEvent
from flowcore.ports.events import Event
from flowcore.usecases.runs._live import Kind, LiveObjects, NodeKey
from flowcore.usecases.runs.watching import Target, Watching
from tests.doubles import START, FrozenClock, settle
from tests.doubles_cluster import PlayedCluster, PlayedClusters

pytestmark = pytest.mark.anyio

CLUSTER = Cluster(id="c", owner_id="a", name="dev", created_at=START)
MOVED = Cluster(id="c", owner_id="a", name="dev", credentials="new", created_at=START)
DEPLOYMENT = Kind("apps/v1", "Deployment")


def live(
    kind: str, name: str, node: str, *, version: int = 1, uid: str = "u", workflow: str = "w"
) -> dict[str, object]:
    api = "apps/v1" if kind in ("Deployment", "ReplicaSet") else "v1"
    labels = {
        "flowcore.dev/workflow": workflow,
        "flowcore.dev/node": node,
        "app.kubernetes.io/managed-by": "flowcore",
    }
    metadata = {"name": name, "namespace": "default", "labels": labels, "uid": uid, "generation": 1}
    return {"apiVersion": api, "kind": kind, "metadata": {**metadata, "resourceVersion": str(version)}, "spec": {}}


def target(node_id: str) -> Target:
    return Target(node_id, "deployment", ObjectRef("apps/v1", "Deployment", node_id, "default"), node_id)


def a_run(revision: int, state: NodeState) -> Run:
    states = {"web": state}
    return Run(id="r", workflow_id="w", version=1, started_at=START, node_states=states, revision=revision)


class World:
    """A cluster, a feed, and the watches between them."""

    def __init__(self) -> None:
        self.cluster = PlayedCluster(heals=False)
        self.clock = FrozenClock()
        self.feed = InProcessEventFeed()
        self.access = PlayedClusters(self.cluster)

    def watching(self, *, lingers: bool = False) -> Watching:
        return Watching(self.access, self.feed, self.clock, lingers=lingers)


@pytest.fixture
def world() -> World:
    return World()


async def test_a_view_tells_every_change_once(world: World) -> None:
    async with (
        world.watching() as watching,
        world.feed.subscribe("workflow:w") as heard,
        watching.follow("w", CLUSTER, [target("web")]) as view,
    ):
        await view.ready()
        first = await anext(heard)
        assert isinstance(first, Event)
        assert (first.data["node_id"], first.data["health"]) == ("web", "Unknown")
        missing = await anext(heard)
        assert isinstance(missing, Event)
        assert missing.data["health"] == "Missing"
        await world.cluster.apply(live("Deployment", "web", "web"))
        world.cluster.heal("Deployment", "web")
        world.cluster.heal("Deployment", "web")
        await settle()
        assert view.statuses["web"].health == "Healthy"
        healths = []
        for _ in range(2):
            event = await anext(heard)
            assert isinstance(event, Event)
            healths.append(event.data["health"])
        assert healths == ["Progressing", "Healthy"]
        await world.cluster.delete(target("web").ref)
        await settle()
        assert view.statuses["web"].health == "Missing"


async def test_all_followers_share_one_watch_per_kind_and_the_last_one_closes_it(world: World) -> None:
    async with world.watching() as watching, AsyncExitStack() as stack:
        for workflow_id in ("w", "w", "other"):
            await stack.enter_async_context(watching.follow(workflow_id, CLUSTER, [target("web")]))
        await settle()
        assert world.cluster.watches == 3  # deployments, pods, replica sets
        assert world.cluster.connections == 1
        await stack.aclose()
        await settle()
        assert world.cluster.connections == 0


async def test_a_workflow_is_watched_on_after_the_last_follower_when_watches_linger(world: World) -> None:
    async with world.watching(lingers=True) as watching:
        async with watching.follow("w", CLUSTER, [target("web")]) as view:
            await view.ready()
        await world.cluster.apply(live("Deployment", "web", "web"))
        await settle()
        kept = watching.view("w")
        assert kept is not None
        assert kept.statuses["web"].health == "Progressing"
    assert world.cluster.connections == 0


async def test_a_cluster_that_does_not_answer_is_told_and_tried_again_later_and_later(world: World) -> None:
    world.cluster.is_down = True
    async with world.watching() as watching, watching.follow("w", CLUSTER, [target("web")]) as view:
        await view.ready()
        assert (view.statuses["web"].health, view.statuses["web"].message) == ("Unknown", "the cluster does not answer")
        await world.clock.pass_time(5 + 10 + 20)
        world.cluster.is_down = False
        await world.cluster.apply(live("Deployment", "web", "web"))
        world.cluster.heal("Deployment", "web")
        await world.clock.pass_time(40)
        assert view.statuses["web"].health == "Healthy"
    assert world.clock.slept == [5.0, 10.0, 20.0, 40.0]


class Blind(PlayedCluster):
    """A cluster that does not show deployments."""

    def watch(self, selection: Selection):  # type: ignore[no-untyped-def]  # the parent's
        if selection.kind == "Deployment":
            raise RejectedError("no such kind", reason="NotFound")
        return super().watch(selection)


async def test_a_kind_that_cannot_be_watched_leaves_the_others_alone(world: World) -> None:
    world.access.cluster = Blind()
    config = Target("c", "configmap", ObjectRef("v1", "ConfigMap", "c", "default"), "c")
    async with world.watching() as watching, watching.follow("w", CLUSTER, [target("web"), config]) as view:
        await view.ready()
        assert (view.statuses["web"].health, view.statuses["web"].message) == ("Unknown", "no such kind")
        assert view.statuses["c"].health == "Missing"


async def test_what_was_just_applied_counts_although_the_watch_still_tells_of_before(world: World) -> None:
    objects = LiveObjects()
    objects.take(DEPLOYMENT, Synced((live("Deployment", "web", "web", version=3),)))
    objects.observe(live("Deployment", "web", "web", version=7))
    objects.take(DEPLOYMENT, Changed(live("Deployment", "web", "web", version=5)))
    found = objects.find(target("web").ref)
    assert found is not None
    assert found["metadata"]["resourceVersion"] == "7"


async def test_late_news_of_an_object_that_was_made_anew_are_passed_over() -> None:
    objects = LiveObjects()
    objects.take(DEPLOYMENT, Synced((live("Deployment", "web", "web", version=3, uid="old"),)))
    objects.observe(live("Deployment", "web", "web", version=9, uid="new"))
    assert objects.take(DEPLOYMENT, Changed(live("Deployment", "web", "web", version=7, uid="old"))) == set()
    assert objects.take(DEPLOYMENT, Deleted(live("Deployment", "web", "web", version=8, uid="old"))) == set()
    found = objects.find(target("web").ref)
    assert found is not None
    assert found["metadata"]["uid"] == "new"
    # A cluster that was set up anew counts from the start; the whole truth is believed.
    objects.take(DEPLOYMENT, Synced((live("Deployment", "web", "web", version=1, uid="newer"),)))
    found = objects.find(target("web").ref)
    assert found is not None
    assert found["metadata"]["uid"] == "newer"


async def test_objects_are_kept_by_node_without_what_is_secret() -> None:
    objects = LiveObjects()
    secret = live("Secret", "keys", "s") | {"data": {"TOKEN": "aHVudGVyMg=="}}
    pod = live("Pod", "web-1", "web")
    assert objects.take(Kind("v1", "Secret"), Synced((secret,))) == {NodeKey("w", "s")}
    objects.take(Kind("v1", "Pod"), Changed(pod))
    assert [one["metadata"]["name"] for one in objects.of(NodeKey("w", "web"))] == ["web-1"]
    assert "aHVudGVyMg==" not in repr(objects)
    other = live("Pod", "web-1", "web", uid="another")
    assert objects.take(Kind("v1", "Pod"), Deleted(other)) == set()
    assert objects.take(Kind("v1", "Pod"), Deleted(pod)) == {NodeKey("w", "web")}
    assert list(objects.of(NodeKey("w", "web"))) == []
    assert objects.take(Kind("v1", "Secret"), Synced(())) == {NodeKey("w", "s")}


async def test_what_a_run_knows_and_what_the_cluster_shows_come_together(world: World) -> None:
    async with world.watching() as watching, watching.follow("w", CLUSTER, [target("web")]) as view:
        await view.ready()
        view.note(a_run(1, NodeState(phase=NodePhase.FAILED, message="spec: bad")))
        status = view.statuses["web"]
        assert (status.message, status.has_failed) == ("spec: bad", True)
        late = NodeState(phase=NodePhase.FAILED, message="not healthy after 60 s", operation="created")
        view.note(a_run(2, late))
        view.note(a_run(1, NodeState(phase=NodePhase.FAILED, message="old news")))
        await world.cluster.apply(live("Deployment", "web", "web"))
        world.cluster.heal("Deployment", "web")
        await settle()
        assert view.statuses["web"].health == "Healthy"
        assert not view.statuses["web"].has_failed


async def test_a_cluster_with_new_credentials_is_connected_to_anew(world: World) -> None:
    async with world.watching() as watching, watching.follow("w", CLUSTER, [target("web")]) as old:
        await old.ready()
        before = old.watch
        async with watching.follow("w", MOVED, [target("web")]) as new:
            await new.ready()
            assert new.watch is not before
            assert world.cluster.connections == 1


async def test_what_is_followed_in_a_cluster_goes_on_when_its_credentials_change(world: World) -> None:
    async with world.watching() as watching, watching.follow("w", CLUSTER, [target("web")]) as view:
        await view.ready()
        async with watching.follow("w2", MOVED, [target("other")]) as other:
            await other.ready()
            await world.cluster.apply(live("Deployment", "web", "web"))
            world.cluster.heal("Deployment", "web")
            await settle()
            assert view.statuses["web"].health == "Healthy"


async def test_a_cluster_that_answers_again_is_not_told_to_be_silent(world: World) -> None:
    async with world.watching() as watching, watching.follow("w", CLUSTER, [target("web")]) as view:
        await view.ready()
        await world.cluster.apply(live("Deployment", "other", "other"))
        await settle()
        view.watch.problems[None] = "the cluster does not answer"
        view.refresh(None)
        assert view.statuses["web"].health == "Unknown"
        world.cluster.heal("Deployment", "other")
        await settle()
        assert view.statuses["web"].health == "Missing"


class Refusing(PlayedCluster):
    """A cluster that ends every watch of deployments, after some time, as it does when a token has expired."""

    def __init__(self, clock: FrozenClock, error: Exception, *, after: float) -> None:
        super().__init__()
        self._clock, self._error, self._after = clock, error, after

    async def watch(self, selection: Selection) -> AsyncIterator[WatchEvent]:
        async for event in super().watch(selection):
            yield event
            if selection.kind == "Deployment":
                await self._clock.sleep(self._after)
                raise self._error


async def test_a_connection_that_held_for_long_is_made_anew_soon(world: World) -> None:
    world.access.cluster = Refusing(world.clock, UnauthenticatedError("expired"), after=3600)
    async with world.watching() as watching, watching.follow("w", CLUSTER, [target("web")]) as view:
        await view.ready()
        await world.clock.pass_time(3 * 3700)
        assert [pause for pause in world.clock.slept if pause != 3600] == [5.0, 5.0, 5.0]


async def test_a_mistake_of_ours_does_not_end_a_watch_for_good(world: World) -> None:
    world.access.cluster = Refusing(world.clock, KeyError("metadata"), after=1)
    async with world.watching() as watching, watching.follow("w", CLUSTER, [target("web")]) as view:
        await view.ready()
        await world.clock.pass_time(2)
        assert view.statuses["web"].message == "internal error: KeyError"
        await world.clock.pass_time(4.5)
        assert view.statuses["web"].health == "Missing"


async def test_a_workflow_can_be_followed_by_many_at_once(world: World) -> None:
    async def follow(watching: Watching) -> str:
        async with watching.follow("w", CLUSTER, [target("web")]) as view:
            await view.ready()
            return view.statuses["web"].health

    async with world.watching(lingers=True) as watching:
        assert set(await asyncio.gather(*(follow(watching) for _ in range(10)))) == {"Missing"}
    assert world.cluster.watches == 3
