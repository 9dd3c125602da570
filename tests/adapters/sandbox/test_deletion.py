"""Deleting objects, collections and namespaces."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.anyio
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


async def test_a_deletion_answers_with_what_was_deleted(api: Any, deployment: Any) -> None:
    uid = (await api.post(DEPLOYMENTS, deployment())).json["metadata"]["uid"]
    reply = await api.delete(f"{DEPLOYMENTS}/web")
    assert reply.json["status"] == "Success"
    assert reply.json["details"] == {"name": "web", "group": "apps", "kind": "deployments", "uid": uid}
    assert (await api.delete(f"{DEPLOYMENTS}/web")).status == 404


async def test_finalizers_delay_the_end(api: Any, config_map: Any) -> None:
    body = config_map()
    body["metadata"]["finalizers"] = ["x/hold"]
    await api.post(CONFIG_MAPS, body)
    marked = await api.delete(f"{CONFIG_MAPS}/cfg")
    assert marked.json["metadata"]["deletionGracePeriodSeconds"] == 0
    await api.patch(f"{CONFIG_MAPS}/cfg", {"metadata": {"finalizers": None}}, kind="merge-patch")
    assert (await api.get(f"{CONFIG_MAPS}/cfg")).status == 404


async def test_preconditions_guard_against_deleting_another_object(api: Any, config_map: Any) -> None:
    await api.post(CONFIG_MAPS, config_map())
    reply = await api.delete(f"{CONFIG_MAPS}/cfg", {"preconditions": {"uid": "another"}})
    assert (reply.status, reply.json["reason"]) == (409, "Conflict")


@pytest.mark.parametrize(("policy", "left"), [("Background", 404), ("Foreground", 404), ("Orphan", 200)])
async def test_the_propagation_policy_decides_over_dependents(
    api: Any, deployment: Any, config_map: Any, policy: str, left: int
) -> None:
    owner = (await api.post(DEPLOYMENTS, deployment())).json["metadata"]
    body = config_map()
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": owner["uid"]}
    body["metadata"]["ownerReferences"] = [reference | {"blockOwnerDeletion": True}]
    await api.post(CONFIG_MAPS, body)
    await api.delete(f"{DEPLOYMENTS}/web", {"propagationPolicy": policy})
    assert (await api.get(f"{DEPLOYMENTS}/web")).status == 404
    assert (await api.get(f"{CONFIG_MAPS}/cfg")).status == left
    assert (await api.delete(f"{CONFIG_MAPS}/cfg", propagationPolicy="Sometimes")).status == 422


async def test_a_collection_is_deleted_by_selector(api: Any, config_map: Any) -> None:
    for name in ("a", "b", "c"):
        await api.post(CONFIG_MAPS, config_map(name, labels={"keep": "no" if name != "c" else "yes"}))
    reply = await api.delete(CONFIG_MAPS, labelSelector="keep=no")
    assert [item["metadata"]["name"] for item in reply.json["items"]] == ["a", "b"]
    assert (await api.get(f"{CONFIG_MAPS}/c")).status == 200
    assert (await api.get(f"{CONFIG_MAPS}/a")).status == 404


async def test_a_namespace_goes_with_its_contents_but_the_first_ones_stay(api: Any, config_map: Any) -> None:
    await api.post("/api/v1/namespaces", {"metadata": {"name": "team"}})
    await api.post("/api/v1/namespaces/team/configmaps", config_map())
    reply = await api.delete("/api/v1/namespaces/team")
    assert reply.json["status"]["phase"] == "Terminating"
    assert (await api.get("/api/v1/namespaces/team")).status == 404
    assert (await api.get("/api/v1/namespaces/team/configmaps/cfg")).status == 404
    refused = await api.delete("/api/v1/namespaces/default")
    assert (refused.status, refused.json["reason"]) == (403, "Forbidden")


async def test_jobs_leave_their_pods_behind_unless_told_otherwise(api: Any) -> None:
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "x:1"}]}}
    body = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"}, "spec": {"template": template}}
    job = (await api.post("/apis/batch/v1/namespaces/default/jobs", body)).json["metadata"]
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": "j", "uid": job["uid"]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "ownerReferences": [owner]}, **template}
    await api.post("/api/v1/namespaces/default/pods", pod)
    await api.delete("/apis/batch/v1/namespaces/default/jobs/j")
    assert (await api.get("/api/v1/namespaces/default/pods/p")).status == 200


async def test_an_object_whose_owner_never_was_is_collected(api: Any, config_map: Any) -> None:
    body = config_map()
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "nobody"}
    body["metadata"]["ownerReferences"] = [owner]
    assert (await api.post(CONFIG_MAPS, body)).status == 201
    assert (await api.get(f"{CONFIG_MAPS}/cfg")).status == 404
