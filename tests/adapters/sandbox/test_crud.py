"""Creating, reading and replacing objects, with the refusals of a real API server."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.anyio
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


async def test_a_caller_without_the_token_is_refused(api: Any) -> None:
    api.token = "another"
    reply = await api.get("/api/v1/pods")
    assert (reply.status, reply.json["reason"]) == (401, "Unauthorized")


async def test_the_token_opens_from_the_front_of_the_path_too(api: Any) -> None:
    token, api.token = api.token, "another"
    assert (await api.get(f"/token/{token}/api/v1/pods")).status == 200
    assert (await api.get("/token/another/api/v1/pods")).status == 401


async def test_health_and_version_need_no_token_and_the_version_is_honest(api: Any) -> None:
    api.token = ""
    for path in ("/healthz", "/livez", "/readyz/ping"):
        assert (await api.get(path)).body == b"ok"
    assert (await api.get("/version")).json["gitVersion"].endswith("+flowcore-sandbox")


async def test_an_object_is_created_with_defaults_and_can_be_read_back(api: Any, deployment: Any) -> None:
    created = await api.post(DEPLOYMENTS, deployment())
    assert created.status == 201
    assert created.json["spec"]["replicas"] == 1
    assert created.json["metadata"]["namespace"] == "default"
    assert (await api.get(f"{DEPLOYMENTS}/web")).json == created.json


async def test_yaml_bodies_and_yaml_answers_are_understood(api: Any) -> None:
    text = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cfg}\ndata: {a: '1'}\n"
    created = await api.post(CONFIG_MAPS, text, content_type="application/yaml", accept="application/yaml")
    assert created.status == 201
    assert created.header("content-type") == ["application/yaml"]
    assert b"kind: ConfigMap" in created.body


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/apis/apps/v1/namespaces/default/nothings", 404),
        ("/apis/nothing/v1/things", 404),
        ("/apis/apps/v1/namespaces/default/deployments/web/nothing", 404),
        ("/somewhere", 404),
        (f"{DEPLOYMENTS}/absent", 404),
    ],
)
async def test_what_is_not_served_is_not_found(api: Any, path: str, status: int) -> None:
    reply = await api.get(path)
    assert (reply.status, reply.json["reason"], reply.json["kind"]) == (status, "NotFound", "Status")


async def test_the_name_of_what_is_missing_is_told(api: Any) -> None:
    reply = await api.get(f"{DEPLOYMENTS}/absent")
    assert reply.json["message"] == 'deployments.apps "absent" not found'
    assert reply.json["details"] == {"name": "absent", "group": "apps", "kind": "deployments"}


async def test_creating_twice_conflicts(api: Any, config_map: Any) -> None:
    await api.post(CONFIG_MAPS, config_map())
    reply = await api.post(CONFIG_MAPS, config_map())
    assert (reply.status, reply.json["reason"]) == (409, "AlreadyExists")


async def test_creating_in_a_missing_namespace_is_not_found(api: Any, config_map: Any) -> None:
    reply = await api.post("/api/v1/namespaces/elsewhere/configmaps", config_map())
    assert (reply.status, reply.json["message"]) == (404, 'namespaces "elsewhere" not found')


async def test_a_body_of_another_kind_or_place_is_a_bad_request(api: Any, config_map: Any, deployment: Any) -> None:
    for body in (deployment(), {**config_map(), "metadata": {"name": "a", "namespace": "team"}}):
        assert (await api.post(CONFIG_MAPS, body)).status == 400


async def test_unreadable_bodies_are_bad_requests(api: Any) -> None:
    for body in (b"{", b"[]", b"\x00"):
        assert (await api.post(CONFIG_MAPS, body)).status == 400


async def test_unknown_media_types_are_refused(api: Any, config_map: Any) -> None:
    reply = await api.post(CONFIG_MAPS, config_map(), content_type="text/csv")
    assert (reply.status, reply.json["reason"]) == (415, "UnsupportedMediaType")
    assert (await api.get(CONFIG_MAPS, accept="text/csv")).status == 406


async def test_protobuf_is_declined_in_favour_of_json(api: Any) -> None:
    reply = await api.get(CONFIG_MAPS, accept="application/vnd.kubernetes.protobuf,application/json")
    assert reply.header("content-type") == ["application/json"]


async def test_verbs_that_a_resource_does_not_have_are_not_allowed(api: Any) -> None:
    reply = await api.put(CONFIG_MAPS, {})
    assert (reply.status, reply.json["reason"]) == (405, "MethodNotAllowed")


async def test_a_replace_needs_the_current_version_if_it_names_one(api: Any, config_map: Any) -> None:
    old = (await api.post(CONFIG_MAPS, config_map(a="1"))).json
    assert (await api.put(f"{CONFIG_MAPS}/cfg", {**old, "data": {"a": "2"}})).status == 200
    reply = await api.put(f"{CONFIG_MAPS}/cfg", {**old, "data": {"a": "3"}})
    assert (reply.status, reply.json["reason"]) == (409, "Conflict")
    assert "the object has been modified" in reply.json["message"]
    assert (await api.put(f"{CONFIG_MAPS}/cfg", config_map(a="4"))).json["data"] == {"a": "4"}


async def test_a_replace_that_changes_nothing_keeps_the_version(api: Any, deployment: Any) -> None:
    created = (await api.post(DEPLOYMENTS, deployment())).json
    replaced = (await api.put(f"{DEPLOYMENTS}/web", deployment())).json
    assert replaced["metadata"]["resourceVersion"] == created["metadata"]["resourceVersion"]


async def test_dry_runs_answer_as_if_and_store_nothing(api: Any, config_map: Any) -> None:
    assert (await api.post(CONFIG_MAPS, config_map(), dryRun="All")).status == 201
    assert (await api.get(f"{CONFIG_MAPS}/cfg")).status == 404
    await api.post(CONFIG_MAPS, config_map(a="1"))
    assert (await api.put(f"{CONFIG_MAPS}/cfg", config_map(a="2"), dryRun="All")).json["data"] == {"a": "2"}
    assert (await api.apply(f"{CONFIG_MAPS}/cfg", config_map(b="2"), dryRun="All")).json["data"] == {"a": "1", "b": "2"}
    assert (await api.delete(f"{CONFIG_MAPS}/cfg", dryRun="All")).status == 200
    assert (await api.get(f"{CONFIG_MAPS}/cfg")).json["data"] == {"a": "1"}


async def test_unknown_options_are_invalid(api: Any, config_map: Any) -> None:
    assert (await api.post(CONFIG_MAPS, config_map(), dryRun="Some")).status == 422
    assert (await api.post(CONFIG_MAPS, config_map(), fieldValidation="Some")).status == 422


async def test_status_is_written_through_its_subresource_only(api: Any, deployment: Any) -> None:
    created = (await api.post(DEPLOYMENTS, {**deployment(), "status": {"replicas": 9}})).json
    assert created["status"] == {}
    body = {**created, "status": {"replicas": 1}, "spec": {**created["spec"], "replicas": 7}}
    changed = (await api.put(f"{DEPLOYMENTS}/web/status", body)).json
    assert (changed["status"], changed["spec"]["replicas"]) == ({"replicas": 1}, 1)
    assert changed["metadata"]["generation"] == 1
    entry = changed["metadata"]["managedFields"][-1]
    assert (entry["subresource"], entry["fieldsV1"]) == ("status", {"f:status": {"f:replicas": {}}})


async def test_secrets_take_texts_and_keep_them_encoded(api: Any) -> None:
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"a": "ä"}}
    created = (await api.post("/api/v1/namespaces/default/secrets", body)).json
    assert (created["data"], created["type"], created.get("stringData")) == ({"a": "w6Q="}, "Opaque", None)


async def test_a_body_above_the_limit_is_refused(api: Any, config_map: Any) -> None:
    reply = await api.post(CONFIG_MAPS, config_map(a="x" * (3 * 1024 * 1024)))
    assert reply.status == 413
