"""What every cluster gateway promises, against the sandbox cluster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.kubernetes import KubernetesClusters
from adapters.sandbox import Sandbox, open_sandbox
from adapters.security import AesGcmCipher, Keys, generate_key
from adapters.system import SystemClock
from flowcore.errors import UnauthenticatedError, UnavailableError
from flowcore.model import Cluster, Manifest, ObjectRef
from flowcore.ports.cluster import (
    Changed,
    ClusterConnection,
    Clusters,
    Deleted,
    Operation,
    RejectedError,
    Selection,
    Synced,
    WatchEvent,
)

pytestmark = pytest.mark.anyio

LABELS = {"app.kubernetes.io/managed-by": "flowcore"}
MAPS = Selection(api_version="v1", kind="ConfigMap", namespace="default", labels=LABELS)


def clusters_through_kubernetes() -> Clusters:
    return KubernetesClusters(AesGcmCipher(Keys.single(generate_key())), SystemClock(), jitter=lambda: 0.0)


@pytest.fixture(params=[clusters_through_kubernetes])
def clusters(request: pytest.FixtureRequest) -> Clusters:
    make: Callable[[], Clusters] = request.param
    return make()


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with open_sandbox(speed=20) as sandbox:
        yield sandbox


def registered(clusters: Clusters, sandbox: Sandbox, *, token: str = "") -> Cluster:
    cluster = Cluster(id="c1", owner_id="u1", name="test", server=sandbox.url, created_at=datetime.now(UTC))
    sealed = clusters.seal(cluster, {"token": token or sandbox.token})
    return Cluster(
        id="c1", owner_id="u1", name="test", server=sandbox.url, credentials=sealed, created_at=cluster.created_at
    )


@pytest.fixture
async def gateway(clusters: Clusters, sandbox: Sandbox) -> AsyncIterator[ClusterConnection]:
    async with clusters.connect(registered(clusters, sandbox)) as connection:
        yield connection


def a_config_map(name: str = "settings", **data: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "default", "labels": dict(LABELS)},
        "data": data or {"color": "blue"},
    }


def a_deployment(name: str = "web", replicas: int = 1) -> Manifest:
    pod = {"containers": [{"name": "web", "image": "nginx:1.29"}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "default", "labels": dict(LABELS)},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": pod},
        },
    }


async def take_until(watch: AsyncIterator[WatchEvent], is_it: Callable[[WatchEvent], bool]) -> list[WatchEvent]:
    seen: list[WatchEvent] = []
    async with asyncio.timeout(20):
        async for event in watch:
            seen.append(event)
            if is_it(event):
                break
    return seen


def name_of(event: WatchEvent) -> str:
    return "" if isinstance(event, Synced) else str(event.object["metadata"]["name"])


async def test_the_version_is_told(gateway: ClusterConnection) -> None:
    assert (await gateway.version()).startswith("v1.")


async def test_a_new_object_is_created_and_then_there(gateway: ClusterConnection) -> None:
    applied = await gateway.apply(a_config_map())
    assert applied.operation is Operation.CREATED
    live = await gateway.get(ObjectRef.of(a_config_map()))
    assert live is not None
    assert (live["data"], live["metadata"]["uid"]) == ({"color": "blue"}, applied.live["metadata"]["uid"])
    assert (live["apiVersion"], live["kind"]) == ("v1", "ConfigMap")


async def test_the_same_object_again_is_unchanged(gateway: ClusterConnection) -> None:
    first = await gateway.apply(a_config_map())
    again = await gateway.apply(a_config_map())
    assert again.operation is Operation.UNCHANGED
    assert again.live["metadata"]["resourceVersion"] == first.live["metadata"]["resourceVersion"]


async def test_a_changed_object_is_configured(gateway: ClusterConnection) -> None:
    await gateway.apply(a_config_map())
    applied = await gateway.apply(a_config_map(color="red"))
    assert (applied.operation, applied.live["data"]) == (Operation.CONFIGURED, {"color": "red"})


async def test_what_controllers_write_does_not_make_an_apply_look_like_a_change(gateway: ClusterConnection) -> None:
    first = await gateway.apply(a_deployment())
    pods = gateway.watch(Selection(api_version="apps/v1", kind="Deployment", namespace="default"))
    await take_until(pods, lambda event: isinstance(event, Changed) and "status" in event.object)
    again = await gateway.apply(a_deployment())
    assert again.live["metadata"]["resourceVersion"] != first.live["metadata"]["resourceVersion"]
    assert again.operation is Operation.UNCHANGED
    assert (await gateway.apply(a_deployment(replicas=2))).operation is Operation.CONFIGURED


async def test_a_field_that_is_left_out_is_taken_away_only_if_it_was_ours(gateway: ClusterConnection) -> None:
    await gateway.apply(a_config_map(color="blue", size="big"))
    applied = await gateway.apply(a_config_map(color="blue"))
    assert applied.live["data"] == {"color": "blue"}


async def test_a_dry_run_is_judged_and_changes_nothing(gateway: ClusterConnection) -> None:
    dry = await gateway.apply(a_config_map(), dry_run=True)
    assert dry.operation is Operation.CREATED
    assert await gateway.get(ObjectRef.of(a_config_map())) is None
    await gateway.apply(a_config_map())
    changed = await gateway.apply(a_config_map(color="red"), dry_run=True)
    assert (changed.operation, changed.live["data"]) == (Operation.CONFIGURED, {"color": "red"})
    same = await gateway.apply(a_config_map(), dry_run=True)
    assert same.operation is Operation.UNCHANGED


async def test_an_object_without_a_namespace_lands_in_the_default_one(gateway: ClusterConnection) -> None:
    manifest = a_config_map()
    del manifest["metadata"]["namespace"]
    assert (await gateway.apply(manifest)).live["metadata"]["namespace"] == "default"
    assert await gateway.get(ObjectRef.of(manifest)) is not None


async def test_objects_outside_of_namespaces_are_objects_too(gateway: ClusterConnection) -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}}
    assert (await gateway.apply(namespace)).operation is Operation.CREATED
    elsewhere = a_config_map()
    elsewhere["metadata"]["namespace"] = "team"
    assert (await gateway.apply(elsewhere)).live["metadata"]["namespace"] == "team"


def invalid(kind: str) -> Manifest:
    manifest: dict[str, Any] = deepcopy(a_deployment())
    if kind == "unknown kind":
        manifest["kind"] = "Deploymint"
    elif kind == "unknown group":
        manifest["apiVersion"] = "nowhere.example.com/v1"
    elif kind == "missing namespace":
        manifest["metadata"]["namespace"] = "nowhere"
    elif kind == "selector does not match":
        manifest["spec"]["selector"]["matchLabels"] = {"app": "other"}
    elif kind == "bad name":
        manifest["metadata"]["name"] = "Not A Name"
    return manifest


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("unknown kind", "NotFound"),
        ("unknown group", "NotFound"),
        ("missing namespace", "NotFound"),
        ("selector does not match", "Invalid"),
        ("bad name", "Invalid"),
    ],
)
async def test_what_the_server_does_not_accept_is_refused_with_its_reason(
    gateway: ClusterConnection, wrong: str, reason: str
) -> None:
    with pytest.raises(RejectedError) as refused:
        await gateway.apply(invalid(wrong))
    assert refused.value.reason == reason
    assert str(refused.value)


async def test_an_immutable_field_is_refused(gateway: ClusterConnection) -> None:
    await gateway.apply(a_deployment())
    other = a_deployment()
    other["spec"]["selector"]["matchLabels"] = {"app": "web", "tier": "front"}
    other["spec"]["template"]["metadata"]["labels"] = {"app": "web", "tier": "front"}
    with pytest.raises(RejectedError) as refused:
        await gateway.apply(other)
    assert (refused.value.reason, "spec.selector" in "".join(refused.value.causes)) == ("Invalid", True)


async def test_deleting_says_whether_there_was_one(gateway: ClusterConnection) -> None:
    await gateway.apply(a_config_map())
    ref = ObjectRef.of(a_config_map())
    assert [await gateway.delete(ref), await gateway.delete(ref)] == [True, False]
    assert await gateway.get(ref) is None


async def test_a_deleted_object_can_be_created_again(gateway: ClusterConnection) -> None:
    await gateway.apply(a_config_map())
    await gateway.delete(ObjectRef.of(a_config_map()))
    assert (await gateway.apply(a_config_map())).operation is Operation.CREATED


async def test_a_list_has_what_is_selected_and_says_what_it_is(gateway: ClusterConnection) -> None:
    other = a_config_map("other")
    other["metadata"]["labels"] = {"app": "other"}
    await asyncio.gather(*(gateway.apply(each) for each in (a_config_map("a"), a_config_map("b"), other)))
    found = await gateway.list(MAPS)
    assert sorted(each["metadata"]["name"] for each in found) == ["a", "b"]
    assert {(each["apiVersion"], each["kind"]) for each in found} == {("v1", "ConfigMap")}
    everywhere = Selection(api_version="v1", kind="ConfigMap", labels={"app": ""})
    assert [each["metadata"]["name"] for each in await gateway.list(everywhere)] == ["other"]


async def test_a_list_longer_than_a_page_is_whole(gateway: ClusterConnection) -> None:
    await asyncio.gather(*(gateway.apply(a_config_map(f"map-{number}")) for number in range(620)))
    assert len({each["metadata"]["name"] for each in await gateway.list(MAPS)}) == 620


async def test_listing_an_unknown_kind_is_refused(gateway: ClusterConnection) -> None:
    with pytest.raises(RejectedError):
        await gateway.list(Selection(api_version="v1", kind="Nothing"))


async def test_a_watch_begins_with_what_is_there_and_follows_every_change(gateway: ClusterConnection) -> None:
    await gateway.apply(a_config_map("before"))
    watch = gateway.watch(MAPS)
    (synced,) = await take_until(watch, lambda _: True)
    assert isinstance(synced, Synced)
    assert [each["metadata"]["name"] for each in synced.objects] == ["before"]
    watch = gateway.watch(MAPS)
    await anext(watch)
    await gateway.apply(a_config_map("after"))
    await gateway.apply(a_config_map("after", color="red"))
    await gateway.delete(ObjectRef.of(a_config_map("after")))
    seen = await take_until(watch, lambda event: isinstance(event, Deleted))
    assert [(type(event), name_of(event)) for event in seen] == [
        (Changed, "after"),
        (Changed, "after"),
        (Deleted, "after"),
    ]


async def test_a_watch_shows_only_what_is_selected(gateway: ClusterConnection) -> None:
    watch = gateway.watch(MAPS)
    await anext(watch)
    foreign = a_config_map("foreign")
    foreign["metadata"]["labels"] = {}
    await gateway.apply(foreign)
    await gateway.apply(a_config_map("ours"))
    seen = await take_until(watch, lambda event: name_of(event) == "ours")
    assert [name_of(event) for event in seen] == ["ours"]


async def test_a_watch_follows_a_deployment_until_its_pods_are_ready(gateway: ClusterConnection) -> None:
    await gateway.apply(a_deployment(replicas=2))

    def is_ready(event: WatchEvent) -> bool:
        return isinstance(event, Changed) and event.object.get("status", {}).get("readyReplicas") == 2

    selection = Selection(api_version="apps/v1", kind="Deployment", namespace="default", labels=LABELS)
    assert await take_until(gateway.watch(selection), is_ready)


async def test_wrong_credentials_are_refused(clusters: Clusters, sandbox: Sandbox) -> None:
    with pytest.raises(UnauthenticatedError):
        async with clusters.connect(registered(clusters, sandbox, token="wrong")) as connection:
            await connection.list(MAPS)


async def test_a_cluster_that_is_not_there_is_unavailable(clusters: Clusters) -> None:
    async with open_sandbox() as sandbox:
        cluster = registered(clusters, sandbox)
    with pytest.raises(UnavailableError):
        async with clusters.connect(cluster):
            pass


async def test_many_objects_are_applied_at_once(gateway: ClusterConnection) -> None:
    applied = await asyncio.gather(*(gateway.apply(a_config_map(f"map-{number}")) for number in range(200)))
    assert {each.operation for each in applied} == {Operation.CREATED}


async def a_running_pod(gateway: ClusterConnection) -> str:
    await gateway.apply(a_deployment())

    def is_running(event: WatchEvent) -> bool:
        return isinstance(event, Changed) and event.object.get("status", {}).get("phase") == "Running"

    pods = Selection(api_version="v1", kind="Pod", namespace="default", labels={"app": "web"})
    *_, running = await take_until(gateway.watch(pods), is_running)
    return name_of(running)


async def test_the_log_of_a_pod_comes_in_lines(gateway: ClusterConnection) -> None:
    pod = await a_running_pod(gateway)
    async with asyncio.timeout(20):
        lines = [line async for line in gateway.logs("default", pod)]
        last = [line async for line in gateway.logs("default", pod, container="web", tail=1)]
    assert lines
    assert not [line for line in lines if "\n" in line]
    assert len(last) == 1


async def test_a_log_is_followed_until_the_caller_stops(gateway: ClusterConnection) -> None:
    pod = await a_running_pod(gateway)
    async with asyncio.timeout(20):
        async for line in gateway.logs("default", pod, follow=True):
            assert line
            break


async def test_the_log_of_no_pod_is_refused(gateway: ClusterConnection) -> None:
    with pytest.raises(RejectedError) as refused:
        async with asyncio.timeout(20):
            await anext(gateway.logs("default", "nowhere"))
    assert refused.value.reason == "NotFound"
