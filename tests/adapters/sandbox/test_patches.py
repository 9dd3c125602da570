"""JSON patches, merge patches and strategic merge patches."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.anyio
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
WEB = f"{DEPLOYMENTS}/web"


def containers(obj: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = obj["spec"]["template"]["spec"]["containers"]
    return found


@pytest.fixture
async def created(api: Any, deployment: Any) -> Any:
    return (await api.post(DEPLOYMENTS, deployment())).json


async def test_a_json_patch_follows_its_operations(api: Any, created: Any) -> None:
    operations = [
        {"op": "test", "path": "/spec/replicas", "value": 1},
        {"op": "replace", "path": "/spec/replicas", "value": 2},
        {"op": "add", "path": "/metadata/labels/x~1y", "value": "z"},
        {"op": "add", "path": "/spec/template/spec/containers/-", "value": {"name": "b", "image": "c"}},
        {"op": "copy", "from": "/metadata/labels/app", "path": "/metadata/labels/copied"},
        {"op": "remove", "path": "/spec/revisionHistoryLimit"},
    ]
    patched = (await api.patch(WEB, operations, kind="json-patch")).json
    assert patched["spec"]["replicas"] == 2
    assert patched["metadata"]["labels"] == {"app": "web", "x/y": "z", "copied": "web"}
    assert [one["name"] for one in containers(patched)] == ["web", "b"]
    assert patched["spec"]["revisionHistoryLimit"] == 10


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/spec/replicas", "value": 7},
        {"op": "remove", "path": "/spec/nothing"},
        {"op": "replace", "path": "/spec/template/spec/containers/9", "value": {}},
        {"op": "twist", "path": "/spec"},
    ],
)
async def test_a_json_patch_that_does_not_fit_is_refused_whole(api: Any, created: Any, operation: Any) -> None:
    first = {"op": "replace", "path": "/spec/replicas", "value": 2}
    assert (await api.patch(WEB, [first, operation], kind="json-patch")).status == 422
    assert (await api.get(WEB)).json["spec"]["replicas"] == 1


async def test_a_merge_patch_merges_objects_replaces_lists_and_removes_nulls(api: Any, created: Any) -> None:
    patch = {
        "metadata": {"labels": {"app": None, "new": "x"}},
        "spec": {"template": {"spec": {"containers": [{"name": "only", "image": "x"}]}}},
    }
    patched = (await api.patch(WEB, patch, kind="merge-patch")).json
    assert patched["metadata"]["labels"] == {"new": "x"}
    assert [one["name"] for one in containers(patched)] == ["only"]


async def test_a_strategic_patch_merges_lists_by_their_key(api: Any, created: Any) -> None:
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "web", "env": [{"name": "A", "value": "1"}]}]}}}}
    patched = containers((await api.patch(WEB, patch, kind="strategic-merge-patch")).json)
    assert (patched[0]["image"], patched[0]["env"]) == ("nginx:1.27", [{"name": "A", "value": "1"}])
    patch = {
        "spec": {
            "template": {
                "spec": {
                    "$setElementOrder/containers": [{"name": "side"}, {"name": "web"}],
                    "containers": [
                        {"name": "side", "image": "x"},
                        {"name": "web", "env": [{"name": "A", "$patch": "delete"}]},
                    ],
                }
            }
        }
    }
    patched = containers((await api.patch(WEB, patch, kind="strategic-merge-patch")).json)
    assert [one["name"] for one in patched] == ["side", "web"]
    assert "env" not in patched[1]


async def test_strategic_directives_replace_and_retain(api: Any, created: Any) -> None:
    patch: Any = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    patched = (await api.patch(WEB, patch, kind="strategic-merge-patch")).json
    assert patched["spec"]["strategy"] == {"type": "Recreate"}
    patch = {"metadata": {"labels": {"$patch": "replace", "only": "this"}}}
    patched = (await api.patch(WEB, patch, kind="strategic-merge-patch")).json
    assert patched["metadata"]["labels"] == {"only": "this"}


async def test_primitive_lists_merge_and_lose_what_is_deleted(api: Any, config_map: Any) -> None:
    path = "/api/v1/namespaces/default/configmaps"
    body = config_map()
    body["metadata"]["finalizers"] = ["x/a", "x/b"]
    await api.post(path, body)
    patch = {"metadata": {"finalizers": ["x/c"], "$deleteFromPrimitiveList/finalizers": ["x/a"]}}
    patched = await api.patch(f"{path}/cfg", patch, kind="strategic-merge-patch")
    assert patched.json["metadata"]["finalizers"] == ["x/b", "x/c"]


async def test_a_patch_may_ask_for_a_version(api: Any, created: Any) -> None:
    patch = {"metadata": {"resourceVersion": "1"}, "spec": {"replicas": 2}}
    assert (await api.patch(WEB, patch, kind="merge-patch")).status == 409


async def test_a_patch_that_changes_nothing_keeps_the_version(api: Any, created: Any) -> None:
    patched = (await api.patch(WEB, {"spec": {"replicas": 1}}, kind="merge-patch")).json
    assert patched == created


async def test_unknown_fields_in_a_patch_are_refused_when_strict(api: Any, created: Any) -> None:
    reply = await api.patch(WEB, {"spec": {"foo": 1}}, kind="merge-patch", fieldValidation="Strict")
    assert reply.status == 422
    assert 'strict decoding error: unknown field "spec.foo"' in reply.json["message"]


async def test_patches_of_other_sorts_are_unsupported(api: Any, created: Any) -> None:
    reply = await api.ask("PATCH", WEB, {"spec": {}}, content_type="application/json")
    assert (reply.status, reply.json["reason"]) == (415, "UnsupportedMediaType")


async def test_force_is_for_apply_alone(api: Any, created: Any) -> None:
    assert (await api.patch(WEB, {"spec": {}}, kind="merge-patch", force="true")).status == 422


async def test_the_name_and_the_kind_cannot_be_patched_away(api: Any, created: Any) -> None:
    for patch in ({"metadata": {"name": "other"}}, {"kind": "Pod"}):
        assert (await api.patch(WEB, patch, kind="merge-patch")).status == 400
