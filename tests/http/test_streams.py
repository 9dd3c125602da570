"""The live stream of a workflow, over a real socket: clients that stop reading are the point."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from attrs import evolve

from entrypoints.settings import Settings
from flowcore.ports.cluster import RejectedError
from flowcore.ports.events import Event
from tests.doubles import PATIENCE
from tests.doubles_cluster import PlayedCluster
from tests.http.conftest import configmap, open_played, with_settings
from tests.http.serving import Service, serve

pytestmark = pytest.mark.anyio

DEPLOYMENT = {"id": "web", "type": "deployment", "data": {"name": "web", "image": "nginx:1.25", "port": 80}}


@pytest.fixture
def settings() -> Settings:
    return with_settings(heartbeat=0.05)


@pytest.fixture
async def service(cluster: PlayedCluster, settings: Settings) -> AsyncIterator[Service]:
    async with serve(open_played(cluster, settings), settings) as service:
        yield service


async def test_a_stream_tells_the_state_then_the_changes_then_the_end_of_a_run_and_stays_open(
    service: Service, cluster: PlayedCluster
) -> None:
    cluster.heals = False
    workflow_id = await service.workflow(DEPLOYMENT)
    async with service.stream(workflow_id) as listener:
        headers = listener.answer.headers
        assert headers["content-type"].startswith("text/event-stream")
        assert (headers["x-accel-buffering"], headers["cache-control"]) == ("no", "no-cache, no-transform")
        first = (await listener.until("metadata"))[-1]
        assert first["data"]["id"] == workflow_id
        await service.run(workflow_id)
        cluster_seen = []
        while not cluster_seen or cluster_seen[-1]["data"]["data"]["status"]["phase"] != "applied":
            cluster_seen.append((await listener.until("node_update"))[-1])
        assert {event["data"]["stream_key"] for event in cluster_seen} == {f"workflow:{workflow_id}"}
        assert cluster_seen[-1]["data"]["data"]["status"]["state"] == "partial"
        cluster.heal("Deployment", "web")
        events = await listener.until("complete")
        assert events[-1]["data"]["data"]["status"] == "completed"
        healthy = [event for event in events if event.get("event") == "node_update"][-1]["data"]["data"]
        assert (healthy["node_id"], healthy["type"], healthy["status"]["state"]) == ("web", "deployment", "healthy")
        assert healthy["status"]["readyReplicas"] == 1
        cluster.set_status("Deployment", "web", {"observedGeneration": 1, "replicas": 1, "unavailableReplicas": 1})
        later = (await listener.until("node_update"))[-1]["data"]["data"]
        assert later["status"]["state"] != "healthy"


async def test_a_client_that_comes_late_is_told_how_every_node_stands(service: Service) -> None:
    workflow_id = await service.workflow(DEPLOYMENT, configmap("a", K="v"))
    await service.app.runs.executor.finished(await service.run(workflow_id))
    async with service.stream(workflow_id) as listener:
        first = (await listener.until("metadata"))[-1]["data"]
    states = {node["id"]: node["data"]["_status"]["state"] for node in first["nodes"]}
    assert states == {"web": "healthy", "a": "healthy"}
    assert first["run"]["status"] == "completed"


async def test_a_failed_node_is_told_as_an_error_of_its_own(service: Service, cluster: PlayedCluster) -> None:
    cluster.refused["web"] = RejectedError("no", reason="Invalid", causes=("spec.replicas: must be positive",))
    workflow_id = await service.workflow(DEPLOYMENT)
    async with service.stream(workflow_id) as listener:
        await service.run(workflow_id)
        events = await listener.until("complete")
    error = next(event for event in events if event.get("event") == "error")["data"]["data"]
    assert (error["node_id"], error["message"]) == ("web", "spec.replicas: must be positive")
    assert events[-1]["data"]["data"]["status"] == "failed"


async def test_events_have_ids_and_a_client_goes_on_behind_the_last_one_it_saw(service: Service) -> None:
    workflow_id = await service.workflow(configmap("a", K="v"))
    async with service.stream(workflow_id) as listener:
        await service.run(workflow_id)
        events = [event for event in await listener.until("complete") if event.get("id")]
    assert sorted(event["id"] for event in events) == [event["id"] for event in events]
    async with service.stream(workflow_id, events[0]["id"]) as listener:
        again = await listener.until("complete")
    assert [event["id"] for event in again if event.get("id")] == [event["id"] for event in events[1:]]
    async with service.stream(workflow_id, "00000000-000000000001") as listener:
        assert (await listener.until("workflow_sync"))[-1]["data"]["data"]["id"] == workflow_id


async def test_a_silent_stream_sends_comments(service: Service) -> None:
    workflow_id = await service.workflow()
    async with service.stream(workflow_id) as listener:
        await listener.until("metadata")
        assert (await listener.next())["comment"] == ": keep-alive"


async def test_what_another_process_did_with_a_run_is_told_as_the_whole_state(service: Service) -> None:
    workflow_id = await service.workflow(configmap("a", K="v"))
    run_id = await service.run(workflow_id)
    await service.app.runs.executor.finished(run_id)
    async with service.stream(workflow_id) as listener:
        await listener.until("metadata")
        runs = service.app.runs.queries.runs
        await runs.replace(evolve(await runs.get(run_id), error="changed elsewhere"))
        synced = (await listener.until("workflow_sync"))[-1]["data"]["data"]
    assert synced["run"]["error"] == "changed elsewhere"


async def test_a_stream_ends_when_its_workflow_is_deleted(service: Service) -> None:
    workflow_id = await service.workflow()
    async with service.stream(workflow_id) as listener:
        await listener.until("metadata")
        await service.client.delete(f"/workflows/{workflow_id}")
        with pytest.raises(EOFError):
            await listener.until("node_update")


async def test_a_client_that_stops_reading_slows_nobody_and_ends_with_the_true_state(
    service: Service, cluster: PlayedCluster
) -> None:
    workflow_id = await service.workflow(configmap("a", K="v"))
    channel = f"workflow:{workflow_id}"
    filler = {"message": "x" * 60_000}
    async with service.stream(workflow_id) as slow, service.stream(workflow_id) as quick:
        await slow.until("metadata")
        await quick.until("metadata")
        for number in range(600):
            service.app.feed.publish(channel, Event(type="error", data={**filler, "number": number}))
            if number % 50 == 0:
                await asyncio.sleep(0)
        await service.app.runs.executor.finished(await service.run(workflow_id))
        assert (await quick.until("complete"))[-1]["data"]["data"]["status"] == "completed"
        # The slow one reads on now: some events are gone, the end of the run and the true state are not.
        events = await slow.until("complete")
    assert len(events) < 600
    kinds = [event.get("event") for event in events]
    after = events[len(kinds) - 1 - kinds[::-1].index("workflow_sync") :]
    states = {node_id: status["state"] for node_id, status in after[0]["data"]["data"]["statuses"].items()}
    for event in after:
        if event.get("event") == "node_update":
            states[event["data"]["data"]["node_id"]] = event["data"]["data"]["status"]["state"]
    assert states == {"a": "healthy"}


@pytest.mark.parametrize("settings", [with_settings(heartbeat=0.05, streams_per_user=2)])
async def test_one_user_cannot_open_any_number_of_streams(service: Service) -> None:
    workflow_id = await service.workflow()
    path = f"/workflows/{workflow_id}/status/stream"
    async with service.stream(workflow_id) as first, service.stream(workflow_id) as second:
        await first.until("metadata")
        await second.until("metadata")
        refused = await service.client.get(path)
        assert (refused.status_code, refused.json()["code"]) == (429, "limit.streams")
        assert int(refused.headers["retry-after"]) > 0
    async with asyncio.timeout(PATIENCE):
        while True:  # a server learns a little later that somebody has left
            async with service.client.stream("GET", path) as again:
                if again.status_code == 200:
                    return
            await asyncio.sleep(0.01)


async def test_closed_streams_leave_nobody_listening(service: Service) -> None:
    workflow_id = await service.workflow(configmap("a", K="v"))
    for _ in range(3):
        async with service.stream(workflow_id) as listener:
            await listener.until("metadata")
    async with asyncio.timeout(PATIENCE):
        channels = service.app.feed._channels  # type: ignore[attr-defined]  # only the adapter knows who listens
        while any(channel.listeners for channel in channels.values()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
