"""CustomResourceDefinitions: what they declare is served, checked and forgotten with them."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.anyio
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
BACKUPS = "/apis/example.com/v1/namespaces/default/backups"
SCHEMA = {
    "type": "object",
    "required": ["spec"],
    "properties": {
        "spec": {
            "type": "object",
            "required": ["target"],
            "properties": {
                "target": {"type": "string", "pattern": "^[a-z]+$"},
                "keep": {"type": "integer", "minimum": 1, "default": 3},
                "mode": {"type": "string", "enum": ["full", "delta"]},
                "hooks": {
                    "type": "array",
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["name"],
                    "items": {
                        "type": "object",
                        "properties": {"name": {"type": "string"}, "run": {"type": "string"}},
                    },
                },
                "extra": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            },
        },
        "status": {"type": "object", "properties": {"phase": {"type": "string"}}},
    },
}
DEFINITION: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "backups.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "backups", "kind": "Backup", "shortNames": ["bk"]},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": SCHEMA},
                "subresources": {"status": {}},
                "additionalPrinterColumns": [
                    {"name": "Target", "type": "string", "jsonPath": ".spec.target"},
                    {"name": "Keep", "type": "integer", "jsonPath": ".spec.keep"},
                ],
            }
        ],
    },
}


def backup(**spec: Any) -> dict[str, Any]:
    spec = {"target": "db", **spec}
    return {"apiVersion": "example.com/v1", "kind": "Backup", "metadata": {"name": "nightly"}, "spec": spec}


@pytest.fixture
async def defined(api: Any) -> Any:
    reply = await api.post(DEFINITIONS, DEFINITION)
    assert reply.status == 201, reply.body
    return api


async def test_a_definition_is_established_and_its_kind_is_served(defined: Any) -> None:
    stored = (await defined.get(f"{DEFINITIONS}/backups.example.com")).json
    assert {one["type"] for one in stored["status"]["conditions"]} == {"NamesAccepted", "Established"}
    assert stored["spec"]["names"]["listKind"] == "BackupList"
    resources = (await defined.get("/apis/example.com/v1")).json["resources"]
    assert [one["name"] for one in resources] == ["backups", "backups/status"]
    created = await defined.post(BACKUPS, backup())
    assert (created.status, created.json["spec"]) == (201, {"target": "db", "keep": 3})
    assert created.json["metadata"]["generation"] == 1


async def test_custom_objects_are_checked_against_their_schema(defined: Any) -> None:
    reply = await defined.post(BACKUPS, backup(target="DB", keep=0, mode="none"))
    assert reply.status == 422
    assert {cause["field"] for cause in reply.json["details"]["causes"]} == {"spec.target", "spec.keep", "spec.mode"}
    missing = await defined.post(BACKUPS, {**backup(), "spec": {}})
    assert [cause["field"] for cause in missing.json["details"]["causes"]] == ["spec.target"]
    assert (await defined.post(BACKUPS, backup(keep="x"))).status == 400
    assert (await defined.post(BACKUPS, backup(nope=1), fieldValidation="Strict")).status == 400
    assert (await defined.post(BACKUPS, backup(extra={"any": [1]}))).json["spec"]["extra"] == {"any": [1]}


async def test_custom_objects_are_applied_with_their_list_keys(defined: Any) -> None:
    first = backup(hooks=[{"name": "a", "run": "x"}])
    await defined.apply(f"{BACKUPS}/nightly", first, manager="one")
    second = backup(hooks=[{"name": "b", "run": "y"}])
    merged = (await defined.apply(f"{BACKUPS}/nightly", second, manager="two")).json
    assert [hook["name"] for hook in merged["spec"]["hooks"]] == ["a", "b"]


async def test_strategic_patches_are_for_built_in_kinds(defined: Any) -> None:
    await defined.post(BACKUPS, backup())
    refused = await defined.patch(f"{BACKUPS}/nightly", {"spec": {"keep": 4}}, kind="strategic-merge-patch")
    assert refused.status == 415
    patched = await defined.patch(f"{BACKUPS}/nightly", {"spec": {"keep": 4}}, kind="merge-patch")
    assert patched.json["spec"]["keep"] == 4


async def test_the_table_has_the_declared_columns(defined: Any) -> None:
    await defined.post(BACKUPS, backup())
    table = (await defined.get(BACKUPS, accept="application/json;as=Table;v=v1;g=meta.k8s.io")).json
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Target", "Keep"]
    assert table["rows"][0]["cells"] == ["nightly", "db", 3]


async def test_the_schema_is_in_the_openapi_document(defined: Any) -> None:
    document = (await defined.get("/openapi/v3/apis/example.com/v1")).json
    kind = document["components"]["schemas"]["com.example.v1.Backup"]
    assert kind["properties"]["spec"]["properties"]["keep"]["minimum"] == 1


async def test_everything_goes_with_the_definition(defined: Any) -> None:
    await defined.post(BACKUPS, backup())
    await defined.delete(f"{DEFINITIONS}/backups.example.com")
    assert (await defined.get(BACKUPS)).status == 404
    await defined.post(DEFINITIONS, DEFINITION)
    assert (await defined.get(BACKUPS)).json["items"] == []


async def test_bad_definitions_are_refused(api: Any) -> None:
    misnamed = {**DEFINITION, "metadata": {"name": "other.example.com"}}
    assert (await api.post(DEFINITIONS, misnamed)).status == 422


async def test_an_object_is_seen_in_every_served_version(api: Any) -> None:
    first = DEFINITION["spec"]["versions"][0]
    second = {**first, "name": "v2", "storage": False}
    spec = {**DEFINITION["spec"], "versions": [first, second]}
    assert (await api.post(DEFINITIONS, {**DEFINITION, "spec": spec})).status == 201
    await api.post(BACKUPS, backup())
    seen = (await api.get(BACKUPS.replace("/v1/", "/v2/"))).json
    assert (seen["apiVersion"], seen["items"][0]["apiVersion"]) == ("example.com/v2", "example.com/v2")
    changed = {**seen["items"][0], "spec": {"target": "other"}}
    await api.put(f"{BACKUPS.replace('/v1/', '/v2/')}/nightly", changed)
    assert (await api.get(f"{BACKUPS}/nightly")).json["spec"]["target"] == "other"
