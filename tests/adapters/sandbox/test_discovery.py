"""Discovery and OpenAPI documents, tables, and the parts of objects with requests of their own."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.anyio
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


async def test_groups_and_resources_are_listed_in_the_older_form(api: Any) -> None:
    assert (await api.get("/api")).json["versions"] == ["v1"]
    groups = {group["name"]: group["preferredVersion"]["version"] for group in (await api.get("/apis")).json["groups"]}
    assert groups | {"apps": "v1", "autoscaling": "v2", "networking.k8s.io": "v1"} == groups
    resources = (await api.get("/apis/apps/v1")).json["resources"]
    deployments = next(one for one in resources if one["name"] == "deployments")
    assert (deployments["shortNames"], deployments["namespaced"]) == (["deploy"], True)
    scale = next(one for one in resources if one["name"] == "deployments/scale")
    assert (scale["group"], scale["kind"]) == ("autoscaling", "Scale")
    assert (await api.get("/apis/nothing")).status == 404


async def test_everything_is_listed_at_once_in_the_aggregated_form(api: Any) -> None:
    reply = await api.get("/apis", accept=AGGREGATED)
    assert "as=APIGroupDiscoveryList" in reply.header("content-type")[0]
    apps = next(item for item in reply.json["items"] if item["metadata"]["name"] == "apps")
    names = {resource["resource"] for resource in apps["versions"][0]["resources"]}
    assert names == {"deployments", "replicasets", "statefulsets", "daemonsets", "controllerrevisions"}
    core = (await api.get("/api", accept=AGGREGATED)).json["items"][0]["versions"][0]["resources"]
    pods = next(resource for resource in core if resource["resource"] == "pods")
    assert {part["subresource"] for part in pods["subresources"]} >= {"log", "exec", "eviction", "status"}


async def test_openapi_documents_describe_kinds_and_operations(api: Any) -> None:
    index = (await api.get("/openapi/v3")).json["paths"]
    assert index["apis/apps/v1"]["serverRelativeURL"].startswith("/openapi/v3/apis/apps/v1?hash=")
    document = (await api.get("/openapi/v3/apis/apps/v1")).json
    spec = document["components"]["schemas"]["io.k8s.api.apps.v1.DeploymentSpec"]["properties"]
    assert spec["replicas"]["type"] == "integer"
    containers = document["components"]["schemas"]["io.k8s.api.core.v1.PodSpec"]["properties"]["containers"]
    assert containers["x-kubernetes-patch-merge-key"] == "name"
    patch = document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"]
    assert {"fieldValidation", "dryRun"} <= {parameter["name"] for parameter in patch["parameters"]}
    assert (await api.get("/openapi/v3/apis/nothing/v1")).status == 404


async def test_the_index_leads_below_the_token_when_it_was_asked_there(api: Any) -> None:
    index = (await api.get(f"/token/{api.token}/openapi/v3")).json["paths"]
    assert index["api/v1"]["serverRelativeURL"].startswith(f"/token/{api.token}/openapi/v3/api/v1")


async def test_tables_have_the_usual_columns(api: Any, deployment: Any) -> None:
    await api.post(DEPLOYMENTS, deployment())
    table = (await api.get(DEPLOYMENTS, accept=TABLE)).json
    shown = [column["name"] for column in table["columnDefinitions"] if not column["priority"]]
    assert shown == ["Name", "Ready", "Up-to-date", "Available", "Age"]
    assert table["rows"][0]["cells"][:4] == ["web", "0/1", 0, 0]
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"
    whole = (await api.get(f"{DEPLOYMENTS}/web", accept=TABLE, includeObject="Object")).json
    assert whole["rows"][0]["object"]["kind"] == "Deployment"


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/nodes",
        "/api/v1/namespaces",
        "/api/v1/services",
        "/api/v1/endpoints",
        "/api/v1/events",
        "/apis/storage.k8s.io/v1/storageclasses",
        "/apis/discovery.k8s.io/v1/endpointslices",
        "/apis/networking.k8s.io/v1/ingressclasses",
        "/api/v1/serviceaccounts",
    ],
)
async def test_every_row_has_a_cell_for_every_column(api: Any, path: str) -> None:
    table = (await api.get(path, accept=TABLE)).json
    assert all(len(row["cells"]) == len(table["columnDefinitions"]) for row in table["rows"])


async def test_metadata_alone_can_be_asked_for(api: Any, deployment: Any) -> None:
    await api.post(DEPLOYMENTS, deployment())
    accept = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
    listed = (await api.get(DEPLOYMENTS, accept=accept)).json
    assert listed["kind"] == "PartialObjectMetadataList"
    assert listed["items"][0].keys() == {"kind", "apiVersion", "metadata"}


# -- subresources


async def test_the_scale_of_a_workload_is_read_and_set(api: Any, deployment: Any) -> None:
    await api.post(DEPLOYMENTS, deployment(replicas=2))
    scale = (await api.get(f"{DEPLOYMENTS}/web/scale")).json
    assert (scale["kind"], scale["spec"], scale["status"]["selector"]) == ("Scale", {"replicas": 2}, "app=web")
    scale["spec"]["replicas"] = 3
    assert (await api.put(f"{DEPLOYMENTS}/web/scale", scale)).json["spec"] == {"replicas": 3}
    assert (await api.put(f"{DEPLOYMENTS}/web/scale", scale)).status == 409
    patched = await api.patch(f"{DEPLOYMENTS}/web/scale", {"spec": {"replicas": 4}}, kind="merge-patch")
    assert patched.json["spec"] == {"replicas": 4}
    stored = (await api.get(f"{DEPLOYMENTS}/web")).json
    assert (stored["spec"]["replicas"], stored["metadata"]["generation"]) == (4, 3)
    assert any(entry.get("subresource") == "scale" for entry in stored["metadata"]["managedFields"])
    refused = await api.patch(f"{DEPLOYMENTS}/web/scale", {"spec": {"replicas": -1}}, kind="merge-patch")
    assert refused.status == 422


async def test_an_eviction_deletes_a_pod_unless_a_budget_forbids(api: Any) -> None:
    spec = {"containers": [{"name": "c", "image": "x:1"}]}
    for name in ("free", "held"):
        metadata = {"name": name, "labels": {"app": name}}
        await api.post(
            "/api/v1/namespaces/default/pods", {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
        )
    budget = {"minAvailable": 1, "selector": {"matchLabels": {"app": "held"}}}
    body = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "b"}, "spec": budget}
    await api.post("/apis/policy/v1/namespaces/default/poddisruptionbudgets", body)
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction"}
    assert (await api.post("/api/v1/namespaces/default/pods/free/eviction", eviction)).status == 201
    assert (await api.get("/api/v1/namespaces/default/pods/free")).status == 404
    refused = await api.post("/api/v1/namespaces/default/pods/held/eviction", eviction)
    assert (refused.status, refused.json["reason"]) == (429, "TooManyRequests")


async def test_reviews_allow_everything_to_the_one_user(api: Any) -> None:
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    assert (await api.post(path, {"spec": {}})).json["status"]["allowed"] is True
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    assert (await api.post(path, {})).json["status"]["userInfo"]["username"] == "sandbox-admin"
    assert (await api.get(path)).status == 405


async def test_events_are_one_store_with_two_faces(api: Any) -> None:
    body = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "e"},
        "involvedObject": {"kind": "Pod", "name": "p", "namespace": "default"},
        "reason": "Because",
        "message": "it happened",
        "type": "Normal",
    }
    await api.post("/api/v1/namespaces/default/events", body)
    chosen = await api.get("/api/v1/namespaces/default/events", fieldSelector="involvedObject.name=p,type=Normal")
    assert [event["reason"] for event in chosen.json["items"]] == ["Because"]
    new = (await api.get("/apis/events.k8s.io/v1/namespaces/default/events/e")).json
    assert (new["apiVersion"], new["note"], new["regarding"]["name"]) == ("events.k8s.io/v1", "it happened", "p")


async def test_metrics_are_steady_and_say_that_they_are_simulated(api: Any, sandbox: Any) -> None:
    container = {"name": "c", "image": "x:1", "resources": {"requests": {"cpu": "1", "memory": "1Gi"}}}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [container]}}
    stored = (await api.post("/api/v1/namespaces/default/pods", pod)).json
    path = "/apis/metrics.k8s.io/v1beta1/namespaces/default/pods"
    assert (await api.get(path)).json["items"] == []
    sandbox.store.update({**stored, "status": {"phase": "Running"}}, subresource="status")
    first = (await api.get(f"{path}/p")).json
    assert first["containers"] == (await api.get(path)).json["items"][0]["containers"]
    assert 200 <= int(first["containers"][0]["usage"]["cpu"].rstrip("m")) < 700
    assert "simulated" in first["metadata"]["annotations"]["flowcore.dev/sandbox"]
    assert (await api.get(f"{path}/absent")).status == 404
    assert (await api.post(path, {})).status == 405
    assert (await api.get("/apis/metrics.k8s.io/v1beta1/nodes")).json["items"][0]["usage"]["cpu"].endswith("m")
