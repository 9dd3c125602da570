"""The store: versions, generations, deletion, owners and history."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.sandbox._status import StatusError
from adapters.sandbox._store import Store


@pytest.fixture
def store() -> Store:
    store = Store()
    for name in ("default", "team"):
        store.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return store


def config_map(name: str, **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "team", **metadata}}


def deployment(name: str = "web", replicas: int = 1) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "team"}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"replicas": replicas}}


def owned(name: str, owner: dict[str, Any], *, blocks: bool = False) -> dict[str, Any]:
    reference = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"]}
    reference |= {"uid": owner["metadata"]["uid"], "blockOwnerDeletion": blocks}
    return config_map(name, ownerReferences=[reference])


def names(store: Store) -> set[str]:
    return {obj["metadata"]["name"] for obj in store.list("v1", "ConfigMap", "team")}


def test_a_created_object_gets_the_servers_metadata(store: Store) -> None:
    created = store.create(deployment())
    assert created["metadata"].keys() >= {"uid", "creationTimestamp", "resourceVersion"}
    assert created["metadata"]["generation"] == 1
    assert store.get("apps/v1", "Deployment", "team", "web") == created


def test_a_generated_name_ends_in_five_random_letters(store: Store) -> None:
    created = store.create(config_map("", generateName="web-"))
    assert len(created["metadata"]["name"]) == len("web-") + 5


def test_a_name_can_be_taken_once(store: Store) -> None:
    store.create(config_map("a"))
    with pytest.raises(StatusError, match='configmaps "a" already exists') as caught:
        store.create(config_map("a"))
    assert caught.value.code == 409


def test_nothing_is_created_in_a_namespace_that_does_not_exist(store: Store) -> None:
    with pytest.raises(StatusError, match='namespaces "elsewhere" not found'):
        store.create({**config_map("a"), "metadata": {"name": "a", "namespace": "elsewhere"}})


def test_only_a_change_of_the_spec_bumps_the_generation(store: Store) -> None:
    created = store.create(deployment())
    labelled = store.update({**created, "metadata": {**created["metadata"], "labels": {"a": "b"}}})
    assert labelled["metadata"]["generation"] == 1
    scaled = store.update({**labelled, "spec": {"replicas": 2}})
    assert scaled["metadata"]["generation"] == 2


def test_an_update_that_changes_nothing_keeps_the_resource_version(store: Store) -> None:
    created = store.create(deployment())
    assert store.update(deployment() | {"metadata": created["metadata"]}) is created


def test_an_update_from_an_old_copy_conflicts(store: Store) -> None:
    created = store.create(deployment())
    store.update({**created, "spec": {"replicas": 2}})
    with pytest.raises(StatusError, match="the object has been modified") as caught:
        store.update({**created, "spec": {"replicas": 3}})
    assert caught.value.reason == "Conflict"


def test_status_and_spec_are_written_apart(store: Store) -> None:
    created = store.create(deployment())
    store.update({**created, "spec": {"replicas": 9}, "status": {"replicas": 1}}, subresource="status")
    changed = store.get("apps/v1", "Deployment", "team", "web")
    assert changed is not None
    assert (changed["spec"], changed["status"]) == ({"replicas": 1}, {"replicas": 1})
    store.update({**changed, "status": {"replicas": 5}})
    assert changed["status"] == {"replicas": 1}


def test_finalizers_hold_an_object_until_they_are_removed(store: Store) -> None:
    store.create(config_map("a", finalizers=["example.com/hold"]))
    marked = store.delete("v1", "ConfigMap", "team", "a")
    assert "deletionTimestamp" in marked["metadata"]
    store.update({**marked, "metadata": {**marked["metadata"], "finalizers": []}})
    assert names(store) == set()


def test_what_an_object_owns_is_deleted_in_the_background(store: Store) -> None:
    owner = store.create(deployment())
    store.create(owned("a", owner))
    store.delete("apps/v1", "Deployment", "team", "web")
    assert names(store) == set()


def test_what_has_another_living_owner_stays(store: Store) -> None:
    first, second = store.create(deployment("a")), store.create(deployment("b"))
    shared = owned("shared", first)
    shared["metadata"]["ownerReferences"] += owned("x", second)["metadata"]["ownerReferences"]
    store.create(shared)
    store.delete("apps/v1", "Deployment", "team", "a")
    assert names(store) == {"shared"}
    store.delete("apps/v1", "Deployment", "team", "b")
    assert names(store) == set()


def test_orphans_live_on_without_their_owner(store: Store) -> None:
    owner = store.create(deployment())
    store.create(owned("a", owner))
    store.delete("apps/v1", "Deployment", "team", "web", propagation="Orphan")
    orphan = store.get("v1", "ConfigMap", "team", "a")
    assert orphan is not None
    assert "ownerReferences" not in orphan["metadata"]


def test_a_foreground_deletion_waits_for_what_blocks_it(store: Store) -> None:
    owner = store.create(deployment())
    held = owned("a", owner, blocks=True)
    held["metadata"]["finalizers"] = ["example.com/hold"]
    store.create(held)
    marked = store.delete("apps/v1", "Deployment", "team", "web", propagation="Foreground")
    assert marked["metadata"]["finalizers"] == ["foregroundDeletion"]
    waiting = store.get("v1", "ConfigMap", "team", "a")
    assert waiting is not None
    store.update({**waiting, "metadata": {**waiting["metadata"], "finalizers": []}})
    assert store.get("apps/v1", "Deployment", "team", "web") is None


def test_a_running_pod_is_marked_first_and_removed_when_its_node_says_so(store: Store) -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "team"}, "spec": {"nodeName": "n"}}
    store.create(pod)
    marked = store.delete("v1", "Pod", "team", "p")
    assert marked["metadata"]["deletionGracePeriodSeconds"] == 30
    store.delete("v1", "Pod", "team", "p", grace_seconds=0)
    assert store.get("v1", "Pod", "team", "p") is None


def test_a_namespace_takes_its_contents_with_it(store: Store) -> None:
    store.create(config_map("a"))
    store.delete("v1", "Namespace", "", "team")
    assert store.get("v1", "Namespace", "", "team") is None
    assert names(store) == set()


def test_a_terminating_namespace_waits_for_its_contents_and_takes_nothing_new(store: Store) -> None:
    store.create(config_map("a", finalizers=["example.com/hold"]))
    store.delete("v1", "Namespace", "", "team")
    with pytest.raises(StatusError, match="because it is being terminated"):
        store.create(config_map("b"))
    held = store.get("v1", "ConfigMap", "team", "a")
    assert held is not None
    store.update({**held, "metadata": {**held["metadata"], "finalizers": []}})
    assert store.get("v1", "Namespace", "", "team") is None


def test_listeners_hear_every_change_in_the_order_of_revisions_even_when_they_write(store: Store) -> None:
    heard: list[tuple[str, str]] = []

    def copy(kind: str, obj: dict[str, Any]) -> None:
        heard.append((kind, obj["metadata"]["name"]))
        if obj["metadata"]["name"] == "a" and kind == "ADDED":
            store.create(config_map("b"))
            store.delete("v1", "ConfigMap", "team", "a")

    unsubscribe = store.subscribe(copy)
    store.create(config_map("a"))
    unsubscribe()
    store.create(config_map("c"))
    assert heard == [("ADDED", "a"), ("ADDED", "b"), ("DELETED", "a")]


def test_the_past_can_be_rebuilt_until_it_is_forgotten() -> None:
    store = Store(history_limit=3)
    store.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}})
    store.create(config_map("a"))
    then = store.revision
    store.create(config_map("b"))
    store.delete("v1", "ConfigMap", "team", "a")
    collection = store.collection(store.registry.of_kind("v1", "ConfigMap"))
    assert [place[1] for place in collection.at(then)] == ["a"]
    store.create(config_map("c"))
    store.create(config_map("d"))
    with pytest.raises(StatusError, match="too old resource version") as caught:
        collection.since(then - 1)
    assert caught.value.code == 410
