"""Raw manifests: any object is a node, with its own kind in planning, comparing and pruning, links and an order."""

from __future__ import annotations

from typing import Any

import pytest

from flowcore.errors import Finding, InvalidInputError
from flowcore.health import HealthStatus, assess
from flowcore.kinds import core_catalogue, kind_from_crd
from flowcore.lint import validate
from flowcore.model import Edge, Manifest, Node, ObjectRef
from flowcore.planning import Plan, plan, prunable
from tests.drawings import drawing, edge, node
from tests.unit.kinds.test_crd import definition

CORE = core_catalogue()
DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "raw", "labels": {"app": "mine", "team": "shop"}},
    "spec": {
        "selector": {"matchLabels": {"run": "raw"}},
        "template": {
            "metadata": {"labels": {"run": "raw", "tier": "web"}},
            "spec": {"containers": [{"name": "web", "image": "nginx", "ports": [{"containerPort": 8080}]}]},
        },
    },
}


def raw(id_: str, manifest: Any, **data: Any) -> Node:
    return Node(id=id_, type="manifest", data={"manifest": manifest, **data})


def planned(*parts: Node | Edge, namespace: str = "n") -> Plan:
    return plan(drawing(*parts), CORE, namespace=namespace)


def made(*parts: Node | Edge, of: str = "") -> Manifest:
    steps = list(planned(*parts).steps)
    return next(step.manifest for step in steps if not of or step.node_id == of)


def findings(manifest: Any, **data: Any) -> list[Finding]:
    return validate(drawing(raw("m", manifest, **data)), CORE)


def test_an_object_stays_what_it_is_and_is_marked_as_ours() -> None:
    found = made(raw("m", DEPLOYMENT))
    assert found["spec"] == DEPLOYMENT["spec"]
    assert found["metadata"] == {
        "name": "raw",
        "namespace": "n",
        "labels": {
            "app": "mine",
            "app.kubernetes.io/name": "raw",
            "app.kubernetes.io/managed-by": "flowcore",
            "team": "shop",
            "flowcore.dev/node": "m",
        },
    }
    assert DEPLOYMENT["metadata"] == {"name": "raw", "labels": {"app": "mine", "team": "shop"}}


def test_yaml_text_and_an_object_are_the_same() -> None:
    text = "# mine\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {on: 'yes', n: '08'}\n"
    tree = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"on": "yes", "n": "08"}}
    assert made(raw("m", text)) == made(raw("m", tree))


def test_names_and_namespaces_of_the_manifest_win_over_ours() -> None:
    own = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "own", "namespace": "theirs"}}
    assert made(raw("m", own, name="mine"))["metadata"]["name"] == "own"
    assert made(raw("m", own))["metadata"]["namespace"] == "theirs"
    bare = {"apiVersion": "v1", "kind": "ConfigMap"}
    assert made(raw("m", bare, name="mine", namespace="here"))["metadata"]["name"] == "mine"
    assert made(raw("m", bare, name="mine", namespace="here"))["metadata"]["namespace"] == "here"
    assert made(raw("m", bare))["metadata"]["name"] == "m"


def test_labels_annotations_and_overrides_of_the_node_are_laid_over_the_manifest() -> None:
    data = {"labels": {"team": "other"}, "annotations": {"a": "b"}, "overrides": {"spec": {"replicas": 2}}}
    found = made(raw("m", DEPLOYMENT, **data))
    assert found["metadata"]["labels"]["team"] == "other"
    assert found["metadata"]["annotations"] == {"a": "b"}
    assert found["spec"]["replicas"] == 2


def test_what_belongs_to_the_whole_cluster_gets_no_namespace() -> None:
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "system:x"}}
    assert "namespace" not in made(raw("m", role))["metadata"]
    custom = {"apiVersion": "example.com/v1", "kind": "Tenant", "metadata": {"name": "t"}}
    assert made(raw("m", custom))["metadata"]["namespace"] == "n"
    assert "namespace" not in made(raw("m", custom, namespaced=False))["metadata"]


@pytest.mark.parametrize(
    ("manifest", "rule", "says"),
    [
        (None, "manifest-invalid", "there is no manifest"),
        ({}, "manifest-invalid", "empty"),
        ("", "manifest-invalid", "empty"),
        ("a: [", "manifest-invalid", "line 1"),
        ("just words", "manifest-invalid", "no Kubernetes object"),
        ("kind: A\n---\nkind: B\n", "manifest-invalid", "2 objects"),
        ({"apiVersion": "v1", "kind": "List", "items": [{}]}, "manifest-invalid", "several objects"),
        ({"apiVersion": "v1", "kind": "ConfigMap", "metadata": "x"}, "manifest-invalid", "metadata"),
        ({"apiVersion": "v1", "kind": 5}, "manifest-invalid", "kind must be a text"),
        ({"kind": "ConfigMap", "metadata": {"name": "a"}}, "manifest-without-api-version", ""),
        ({"apiVersion": "v1", "metadata": {"name": "a"}}, "manifest-without-kind", ""),
        ({"apiVersion": "v1", "kind": "ConfigMap"}, "manifest-without-name", "called m"),
        ({"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "a-"}}, "manifest-generates-name", ""),
        (
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "stringData": {"p": "planted"}},
            "manifest-secret-values",
            "drawing",
        ),
    ],
)
def test_what_is_wrong_with_a_manifest_is_found(manifest: Any, rule: str, says: str) -> None:
    found = next(one for one in findings(manifest) if one.rule == rule)
    assert says in found.message
    assert found.place.path.startswith("data.manifest")
    assert "planted" not in str(found)


def test_a_bad_manifest_is_never_rendered() -> None:
    with pytest.raises(InvalidInputError, match="names no apiVersion"):
        made(raw("m", {"kind": "ConfigMap", "metadata": {"name": "a"}}))


def test_what_only_the_server_writes_is_left_out_and_told() -> None:
    live = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "uid": "1", "managedFields": [], "resourceVersion": "5"},
        "status": {"x": 1},
    }
    assert {one.place.path for one in findings(live) if one.rule == "manifest-server-fields"} == {
        "data.manifest.metadata.managedFields",
        "data.manifest.metadata.resourceVersion",
        "data.manifest.metadata.uid",
        "data.manifest.status",
    }
    found = made(raw("m", live))
    assert set(found["metadata"]) == {"name", "namespace", "labels"}
    assert "status" not in found


def test_a_namespace_that_has_no_effect_is_told() -> None:
    own = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "own", "namespace": "theirs"}}
    assert [one.rule for one in findings(own, namespace="mine")] == ["manifest-namespace-differs"]


# ------------------------------------------------------------ links


def test_a_service_finds_the_pods_of_a_workload_in_a_manifest() -> None:
    service = made(node("s", "service", port=None, targetApp=None), raw("m", DEPLOYMENT), edge("s", "m"), of="s")
    assert service["spec"]["selector"] == {"run": "raw"}
    assert service["spec"]["ports"] == [{"port": 8080, "targetPort": 8080, "protocol": "TCP"}]


def test_a_service_before_something_without_pods_is_told() -> None:
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    drawn = drawing(node("s", "service", port=80), raw("m", config), edge("s", "m"))
    assert "service-target-without-pods" in {one.rule for one in validate(drawn, CORE)}


def test_manifests_and_workloads_wait_for_each_other() -> None:
    found = planned(
        node("w", "deployment"),
        raw("m", DEPLOYMENT),
        raw("job", {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "load"}, "spec": {}}),
        edge("w", "m", condition="healthy"),
        edge("m", "job", condition="completed"),
    )
    assert [step.node_id for step in found.steps] == ["job", "m", "w"]
    gates = {step.node_id: [(gate.node_id, gate.condition) for gate in step.waits_for] for step in found.steps}
    assert gates == {"job": [], "m": [("job", "completed")], "w": [("m", "healthy")]}


# ------------------------------------------------------------ the object's real kind


def test_the_order_is_that_of_the_objects_kinds() -> None:
    kinds = ["Ingress", "Deployment", "ClusterRole", "ConfigMap", "Namespace", "Whatever", "ServiceAccount"]
    objects = [raw(kind, {"apiVersion": "v1", "kind": kind, "metadata": {"name": "x"}}) for kind in kinds]
    found = [step.manifest["kind"] for step in planned(*objects).steps]
    order = ["Namespace", "ServiceAccount", "ConfigMap", "ClusterRole", "Deployment", "Ingress", "Whatever"]
    assert found == order


def test_a_namespace_comes_before_what_lives_in_it() -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    found = planned(node("c", "configmap", namespace="shop"), node("d", "configmap"), raw("ns", namespace))
    assert [[step.node_id for step in wave.steps] for wave in found.waves] == [["ns", "d"], ["c"]]
    assert "namespace" not in next(iter(found.steps)).manifest["metadata"]


def test_a_definition_is_served_before_its_resources_are_applied() -> None:
    crd = definition()
    catalogue = CORE.extended(kind_from_crd(crd))
    backup = {"apiVersion": "example.com/v1", "kind": "Backup", "metadata": {"name": "b"}}
    drawn = drawing(Node(id="a", type="backup.example.com", data={}), raw("b", backup), raw("crd", crd))
    steps = {step.node_id: step for step in plan(drawn, catalogue).steps}
    assert next(iter(steps)) == "crd"
    for id_ in ("a", "b"):
        assert [(gate.node_id, gate.condition) for gate in steps[id_].waits_for] == [("crd", "healthy")]


def test_the_same_object_twice_is_found_whatever_makes_it() -> None:
    other = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}
    drawn = drawing(node("web", "deployment"), raw("m", other))
    (found,) = [one for one in validate(drawn, CORE) if one.rule == "object-duplicate"]
    assert found.message == "Deployment web is also what node web makes"


def test_pruning_knows_what_holds_data_by_the_objects_kind() -> None:
    def live(kind: str, api_version: str = "v1") -> Manifest:
        labels = {"app.kubernetes.io/managed-by": "flowcore"}
        return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x", "labels": labels}}

    objects = [live("Namespace"), live("ClusterRole"), live("Gadget", "example.com/v1"), live("Service", "x.dev/v1")]
    assert [ref.kind for ref in prunable([], objects)] == ["Gadget", "Service", "ClusterRole"]
    assert "Namespace" in {ref.kind for ref in prunable([], objects, with_data=True)}
    kept = ObjectRef.of(objects[2])
    assert kept not in prunable([kept], objects)


def test_its_health_is_that_of_the_object() -> None:
    crd = made(raw("crd", definition()))
    assert assess(crd).status is not HealthStatus.HEALTHY
    ready = {"conditions": [{"type": kind, "status": "True"} for kind in ("NamesAccepted", "Established")]}
    assert assess({**crd, "status": ready}).status is HealthStatus.HEALTHY
    assert assess({**made(raw("m", DEPLOYMENT)), "status": {}}).status is HealthStatus.PROGRESSING
