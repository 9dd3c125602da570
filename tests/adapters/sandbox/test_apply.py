"""Server-side apply: ownership, conflicts, removal, and no-ops that stay no-ops."""

from __future__ import annotations

import asyncio
import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sandbox._fieldsets import difference, intersection, members, union
from adapters.sandbox._ownership import Scope, Writer, after_update, applied
from adapters.sandbox._schema import Struct, builtin_type

DEPLOYMENT = "/apis/apps/v1/namespaces/default/deployments/web"
CONFIG_MAP = "/api/v1/namespaces/default/configmaps/cfg"


def managers(obj: dict[str, Any]) -> dict[tuple[str, str], Any]:
    return {(entry["manager"], entry["operation"]): entry["fieldsV1"] for entry in obj["metadata"]["managedFields"]}


@pytest.mark.anyio
async def test_an_apply_creates_and_owns_exactly_what_it_states(api: Any, deployment: Any) -> None:
    reply = await api.apply(DEPLOYMENT, deployment(replicas=2))
    assert reply.status == 201
    assert managers(reply.json) == {
        ("flowcore", "Apply"): {
            "f:metadata": {"f:labels": {"f:app": {}}},
            "f:spec": {
                "f:replicas": {},
                "f:selector": {},
                "f:template": {
                    "f:metadata": {"f:labels": {"f:app": {}}},
                    "f:spec": {
                        "f:containers": {
                            'k:{"name":"web"}': {
                                ".": {},
                                "f:image": {},
                                "f:name": {},
                                "f:ports": {
                                    'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}}
                                },
                            }
                        }
                    },
                },
            },
        }
    }


@pytest.mark.anyio
async def test_an_update_owns_the_defaults_too(api: Any, deployment: Any) -> None:
    created = (await api.post(DEPLOYMENT.removesuffix("/web"), deployment(), fieldManager="creator")).json
    owned = managers(created)[("creator", "Update")]
    assert owned["f:spec"]["f:strategy"]["f:rollingUpdate"] == {".": {}, "f:maxSurge": {}, "f:maxUnavailable": {}}
    assert owned["f:spec"]["f:template"]["f:spec"]["f:containers"]['k:{"name":"web"}']["f:imagePullPolicy"] == {}


@pytest.mark.anyio
async def test_the_same_apply_again_changes_nothing(api: Any, deployment: Any) -> None:
    first = await api.apply(DEPLOYMENT, deployment(replicas=2))
    again = await api.apply(DEPLOYMENT, deployment(replicas=2))
    assert (again.status, again.json) == (200, first.json)


@pytest.mark.anyio
async def test_what_another_manager_set_otherwise_is_a_conflict(api: Any, deployment: Any) -> None:
    await api.apply(DEPLOYMENT, deployment(replicas=2))
    await api.patch(DEPLOYMENT, {"spec": {"replicas": 5}}, kind="merge-patch", fieldManager="kubectl-edit")
    reply = await api.apply(DEPLOYMENT, deployment(replicas=2))
    assert reply.status == 409
    assert reply.json["reason"] == "Conflict"
    assert reply.json["message"] == (
        'Apply failed with 1 conflict: conflict with "kubectl-edit" using apps/v1: .spec.replicas'
    )
    assert reply.json["details"]["causes"] == [
        {
            "reason": "FieldManagerConflict",
            "message": 'conflict with "kubectl-edit" using apps/v1',
            "field": ".spec.replicas",
        }
    ]


@pytest.mark.anyio
async def test_every_conflict_is_listed_by_manager(api: Any, deployment: Any) -> None:
    await api.apply(DEPLOYMENT, deployment(replicas=2), manager="b")
    other = deployment(replicas=3)
    other["spec"]["template"]["spec"]["containers"][0]["image"] = "other"
    reply = await api.apply(DEPLOYMENT, other, manager="a")
    assert reply.json["message"] == (
        'Apply failed with 2 conflicts: conflicts with "b":\n- .spec.replicas\n'
        '- .spec.template.spec.containers[name="web"].image'
    )


@pytest.mark.anyio
async def test_force_takes_what_is_disputed(api: Any, config_map: Any) -> None:
    await api.apply(CONFIG_MAP, config_map(a="1", b="1"), manager="one")
    forced = await api.apply(CONFIG_MAP, config_map(a="2"), manager="two", force="true")
    assert forced.json["data"] == {"a": "2", "b": "1"}
    assert managers(forced.json) == {
        ("one", "Apply"): {"f:data": {"f:b": {}}},
        ("two", "Apply"): {"f:data": {"f:a": {}}},
    }


@pytest.mark.anyio
async def test_the_same_value_is_owned_together_and_outlives_one_owner(api: Any, config_map: Any) -> None:
    await api.apply(CONFIG_MAP, config_map(a="1"), manager="one")
    await api.apply(CONFIG_MAP, config_map(a="1"), manager="two")
    left = await api.apply(CONFIG_MAP, config_map(), manager="one")
    assert left.json["data"] == {"a": "1"}
    gone = await api.apply(CONFIG_MAP, config_map(), manager="two")
    assert "data" not in gone.json


@pytest.mark.anyio
async def test_items_of_keyed_lists_come_and_go_by_their_key(api: Any, deployment: Any) -> None:
    body = deployment()
    containers = body["spec"]["template"]["spec"]["containers"]
    sidecar = {"name": "sidecar", "image": "busybox"}
    await api.apply(DEPLOYMENT, body | {"spec": {**body["spec"]}})
    containers.append(sidecar)
    await api.apply(DEPLOYMENT, body)
    containers.remove(sidecar)
    removed = await api.apply(DEPLOYMENT, body)
    assert [one["name"] for one in removed.json["spec"]["template"]["spec"]["containers"]] == ["web"]


@pytest.mark.anyio
async def test_a_field_that_is_no_longer_applied_falls_back_to_its_default(api: Any, deployment: Any) -> None:
    await api.apply(DEPLOYMENT, deployment(replicas=4))
    assert (await api.apply(DEPLOYMENT, deployment())).json["spec"]["replicas"] == 1


@pytest.mark.anyio
async def test_unknown_fields_are_not_in_the_schema(api: Any, deployment: Any) -> None:
    reply = await api.apply(DEPLOYMENT, deployment(foo=1))
    assert (reply.status, reply.json["message"]) == (
        500,
        "failed to create typed patch object (default/web; apps/v1, Kind=Deployment): "
        ".spec.foo: field not declared in schema",
    )


@pytest.mark.anyio
async def test_wrong_types_are_told_by_their_paths(api: Any, deployment: Any) -> None:
    reply = await api.apply(DEPLOYMENT, deployment(replicas="two"))
    assert reply.json["message"].endswith(": .spec.replicas: expected numeric (int or float), got string")


@pytest.mark.anyio
async def test_an_apply_needs_a_manager_and_an_identity(api: Any, config_map: Any) -> None:
    content_type = "application/apply-patch+yaml"
    nameless = await api.ask("PATCH", CONFIG_MAP, config_map(), content_type=content_type)
    assert nameless.status == 422
    assert "fieldManager: Required value: is required for apply patch" in nameless.json["message"]
    assert (await api.apply(CONFIG_MAP, {"metadata": {"name": "cfg"}})).status == 400


@pytest.mark.anyio
async def test_a_new_object_must_be_whole_but_a_later_apply_may_state_a_part(api: Any, deployment: Any) -> None:
    part = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "labels": {"x": "y"}}}
    assert (await api.apply(DEPLOYMENT, part)).status == 422
    await api.apply(DEPLOYMENT, deployment())
    assert (await api.apply(DEPLOYMENT, part, manager="other")).status == 200


@pytest.mark.anyio
async def test_the_status_is_applied_through_its_subresource(api: Any, deployment: Any) -> None:
    await api.apply(DEPLOYMENT, deployment())
    part = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "status": {"replicas": 3}}
    reply = await api.apply(f"{DEPLOYMENT}/status", part, manager="controller")
    assert reply.json["status"] == {"replicas": 3}
    entry = next(one for one in reply.json["metadata"]["managedFields"] if one["manager"] == "controller")
    assert (entry["subresource"], entry["fieldsV1"]) == ("status", {"f:status": {"f:replicas": {}}})


# -- laws

KEYS = st.sampled_from(["a", "b", "c"])
ENV = st.dictionaries(KEYS, st.sampled_from(["1", "2"]), max_size=3)


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, Any]:
    """Partial Deployments over a few fields of every sort: leaves, maps, keyed lists, sets and atomic lists."""
    spec: dict[str, Any] = {}
    if draw(st.booleans()):
        spec["replicas"] = draw(st.integers(1, 2))
    container: dict[str, Any] = {"name": "web", "image": draw(st.sampled_from(["x", "y"]))}
    env = draw(ENV)
    if env:
        container["env"] = [{"name": name, "value": value} for name, value in env.items()]
    if draw(st.booleans()):
        container["args"] = draw(st.lists(KEYS, min_size=1, max_size=2))
    template: dict[str, Any] = {"spec": {"containers": [container]}}
    labels = draw(ENV)
    if labels:
        template["metadata"] = {"labels": labels}
    metadata: dict[str, Any] = {"name": "web", "namespace": "default"}
    finalizers = draw(st.sets(st.sampled_from(["x/a", "x/b"])))
    if finalizers:
        metadata["finalizers"] = sorted(finalizers)
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {**spec, "template": template}}


BARE = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "default"}}


def scope() -> Scope:
    kind = builtin_type("apps/v1", "Deployment")
    assert isinstance(kind, Struct)
    return Scope(kind, "", True)


def apply(live: dict[str, Any], config: dict[str, Any], manager: str) -> dict[str, Any]:
    writer = Writer(manager=manager, operation="Apply", api_version="apps/v1", time="now")
    return applied(live, config, scope(), writer, force=True)


def stripped(obj: dict[str, Any]) -> dict[str, Any]:
    metadata = {name: part for name, part in obj["metadata"].items() if name != "managedFields"}
    return {**obj, "metadata": metadata}


@given(configurations(), configurations())
def test_applying_again_is_a_no_op(first: dict[str, Any], second: dict[str, Any]) -> None:
    live = apply(apply(BARE, first, "one"), second, "two")
    assert apply(live, second, "two") is live


@given(configurations(), configurations())
def test_the_last_forced_apply_holds_in_full(first: dict[str, Any], second: dict[str, Any]) -> None:
    live = apply(apply(BARE, first, "one"), second, "two")
    only = stripped(apply(BARE, second, "two"))
    containers = live["spec"]["template"]["spec"]["containers"]
    assert containers[0]["image"] == only["spec"]["template"]["spec"]["containers"][0]["image"]
    assert live["spec"].get("replicas") == only["spec"].get("replicas", first["spec"].get("replicas"))


@given(configurations(), configurations())
def test_one_manager_alone_leaves_exactly_its_last_configuration(first: Any, second: Any) -> None:
    assert stripped(apply(apply(BARE, first, "one"), second, "one")) == second


@given(configurations(), configurations(), configurations())
def test_what_one_manager_drops_stays_only_where_another_owns_it(first: Any, second: Any, third: Any) -> None:
    live = apply(apply(BARE, first, "one"), second, "two")
    after = apply(live, third, "one")
    owned = [members(entry["fieldsV1"]) for entry in after["metadata"]["managedFields"]]
    image = after["spec"]["template"]["spec"]["containers"][0]
    for variable in image.get("env", ()):
        key = f'k:{{"name":"{variable["name"]}"}}'
        assert any(key in path for paths in owned for path in paths)


@given(configurations(), configurations())
def test_applying_changes_nothing_in_place(first: Any, second: Any) -> None:
    live = apply(BARE, first, "one")
    before, config = copy.deepcopy(live), copy.deepcopy(second)
    apply(live, second, "two")
    assert (live, second) == (before, config)


@given(configurations(), configurations())
def test_an_update_owns_what_it_changes_and_nobody_owns_what_it_removes(first: Any, second: Any) -> None:
    live = apply(BARE, first, "one")
    writer = Writer(manager="editor", operation="Update", api_version="apps/v1", time="now")
    new = {**second, "metadata": {**second["metadata"], "managedFields": live["metadata"]["managedFields"]}}
    entries = after_update(live, new, scope(), writer)
    replicas = any("f:replicas" in entry["fieldsV1"].get("f:spec", {}) for entry in entries)
    assert replicas == ("replicas" in second["spec"])


SETS = st.recursive(
    st.just({}),
    lambda inner: st.dictionaries(st.sampled_from([".", "f:a", "f:b"]), inner, max_size=3).map(
        lambda node: {key: ({} if key == "." else part) for key, part in node.items()} if node.keys() != {"."} else {}
    ),
    max_leaves=6,
)


@given(SETS, SETS)
def test_the_algebra_of_field_sets_is_that_of_their_members(left: Any, right: Any) -> None:
    one, two = set(members(left)), set(members(right))
    assert set(members(union(left, right))) == one | two
    assert set(members(difference(left, right))) == one - two
    assert set(members(intersection(left, right))) == one & two


@pytest.mark.anyio
async def test_many_applies_at_once_do_not_disturb_each_other(api: Any, config_map: Any) -> None:
    bodies = [config_map(**{f"k{number}": "v"}) for number in range(20)]
    replies = await asyncio.gather(
        *(api.apply(CONFIG_MAP, body, manager=f"m{number}") for number, body in enumerate(bodies))
    )
    assert sorted(reply.status for reply in replies) == [200] * 19 + [201]
    assert len((await api.get(CONFIG_MAP)).json["data"]) == 20
