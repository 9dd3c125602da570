"""Desired against live: real changes only."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from flowcore.kinds import core_catalogue
from flowcore.model import Manifest, ObjectRef
from flowcore.planning import HIDDEN, Difference, compare, plan, prunable
from tests.drawings import drawing, node

CORE = core_catalogue()


def desired(**data: Any) -> Manifest:
    return next(plan(drawing(node("web", "deployment", **data)), CORE).steps).manifest


def as_live(manifest: Manifest) -> Manifest:
    """Return what a server keeps: the object with defaults, status and bookkeeping."""
    live = deepcopy(manifest)
    live["metadata"] |= {"uid": "1", "resourceVersion": "7", "generation": 2, "namespace": "default"}
    live["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": "3"}
    live["spec"] |= {"progressDeadlineSeconds": 600, "revisionHistoryLimit": 10}
    pod = live["spec"]["template"]["spec"]
    pod |= {"dnsPolicy": "ClusterFirst", "restartPolicy": "Always", "schedulerName": "default-scheduler"}
    pod["containers"][0] |= {"terminationMessagePath": "/dev/termination-log", "imagePullPolicy": "Always"}
    pod["containers"].append({"name": "injected", "image": "proxy"})
    live["status"] = {"replicas": 1}
    return live


def paths(wanted: Manifest, live: Manifest) -> list[str]:
    return [one.path for one in compare(wanted, live).differences]


def test_what_is_not_there_is_created() -> None:
    change = compare(desired(), None)
    assert (change.action, change.differences) == ("create", ())


def test_defaults_and_additions_of_the_server_are_no_difference() -> None:
    wanted = desired(port=80, env={"A": "1", "EMPTY": ""}, hostNetwork=False)
    live = as_live(wanted)
    del live["spec"]["template"]["spec"]["containers"][0]["env"][1]["value"]
    del live["spec"]["template"]["spec"]["hostNetwork"]
    assert compare(wanted, live).action == "unchanged"


def test_a_changed_field_is_shown_with_both_values() -> None:
    change = compare(desired(image="nginx:2", replicas=3), as_live(desired(image="nginx:1", replicas=1)))
    assert change.action == "update"
    assert change.differences == (
        Difference(path="spec.replicas", desired=3, live=1),
        Difference(path="spec.template.spec.containers[web].image", desired="nginx:2", live="nginx:1"),
    )


def test_amounts_compare_by_value_but_only_where_they_are_amounts() -> None:
    wanted = desired(resources={"requests": {"cpu": "0.5", "memory": "1Gi"}}, env={"CPU": "0.5"})
    live = as_live(wanted)
    container = live["spec"]["template"]["spec"]["containers"][0]
    container["resources"]["requests"] = {"cpu": "500m", "memory": "1024Mi"}
    assert paths(wanted, live) == []
    container["env"][0]["value"] = "500m"
    assert paths(wanted, live) == ["spec.template.spec.containers[web].env[CPU].value"]


def test_true_is_not_one() -> None:
    assert paths({"apiVersion": "v1", "kind": "X", "spec": {"a": True}}, {"spec": {"a": 1}}) == ["spec.a"]


def test_lists_without_keys_compare_as_a_whole() -> None:
    live = as_live(desired(args=["a", "b"]))
    assert paths(desired(args=["b", "a"]), live) == [
        "spec.template.spec.containers[web].args[0]",
        "spec.template.spec.containers[web].args[1]",
    ]
    assert paths(desired(args=["a"]), live) == ["spec.template.spec.containers[web].args"]


def test_keyed_lists_with_repeated_keys_compare_by_position() -> None:
    manifest = {"spec": {"ports": [{"port": 1, "name": "a"}, {"port": 1, "name": "b"}]}}
    assert paths(manifest, deepcopy(manifest)) == []
    assert paths(manifest, {"spec": {"ports": [{"port": 1, "name": "a"}, {"port": 1, "name": "c"}]}}) == [
        "spec.ports[1].name"
    ]


def test_order_in_keyed_lists_means_nothing() -> None:
    wanted = desired(env={"A": "1", "B": "2"})
    live = as_live(wanted)
    live["spec"]["template"]["spec"]["containers"][0]["env"].reverse()
    assert compare(wanted, live).action == "unchanged"


def test_text_data_of_secrets_compares_with_what_the_server_keeps_and_is_never_shown() -> None:
    wanted = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"a": "x", "b": "new"}}
    live = {"metadata": {}, "data": {"a": "eA==", "b": "b2xk", "c": "Zm9v"}}
    change = compare(wanted, live)
    assert change.differences == (Difference(path="data.b", desired=HIDDEN, live=HIDDEN),)
    assert "new" not in str(change)


def shown(wanted: dict[str, Any], live: dict[str, Any]) -> str:
    change = compare(wanted, live)
    assert change.action == "update"
    return str(change)


def test_values_that_variables_have_in_the_cluster_are_never_shown() -> None:
    wanted = desired(env={"A": "mine"})
    assert "planted" not in shown(wanted, as_live(desired(env={"A": "planted"})))
    twice = as_live(desired(env={"A": "planted", "B": "planted"}))
    env = twice["spec"]["template"]["spec"]["containers"][0]["env"]
    env[1]["name"] = "A"  # compared by position, or as a whole
    assert "planted" not in shown(wanted, twice)
    whole = as_live(desired(env={"A": "planted"}))
    whole["spec"]["template"]["spec"]["containers"].append({"name": "more", "env": [{"name": "A", "value": "planted"}]})
    whole["spec"]["template"]["spec"]["containers"][1]["name"] = "web"
    assert "planted" not in shown(wanted, whole)


@pytest.mark.parametrize("part", ["env[OLD]", "containers[web]", "template"])
def test_a_variable_that_was_given_for_one_run_goes_without_being_shown(part: str) -> None:
    wanted = desired(env={"A": "1"})
    live = as_live(desired(env={"A": "1", "OLD": "planted"}))
    owned: dict[str, Any] = {"f:env": {'k:{"name":"OLD"}': {".": {}, "f:value": {}}}}
    if part != "env[OLD]":
        del wanted["spec"]["template"]["spec"]["containers"][0]
    live["metadata"]["managedFields"] = [
        {
            "manager": "flowcore",
            "operation": "Apply",
            "fieldsV1": {"f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"web"}': owned}}}}},
        }
    ]
    if part == "template":
        del wanted["spec"]["template"]
    text = shown(wanted, live)
    assert "planted" not in text
    assert "OLD" in text


@pytest.mark.parametrize("manager", ["flowcore", "kubectl"])
def test_fields_that_we_own_and_no_longer_state_go(manager: str) -> None:
    wanted = desired(env={"A": "1"})
    live = as_live(desired(env={"A": "1", "OLD": "2"}, replicas=2, labels={"old": "1"}))
    fields = {
        "f:metadata": {"f:labels": {"f:old": {}, "f:app": {}}},
        "f:spec": {
            "f:replicas": {},
            "f:template": {
                "f:spec": {
                    "f:containers": {
                        'k:{"name":"web"}': {
                            ".": {},
                            "f:image": {},
                            "f:env": {'k:{"name":"OLD"}': {".": {}, "f:value": {}}, 'k:{"name":"A"}': {".": {}}},
                        }
                    }
                }
            },
        },
    }
    live["metadata"]["managedFields"] = [{"manager": manager, "operation": "Apply", "fieldsV1": fields}]
    ours = ["metadata.labels.old", "spec.replicas", "spec.template.spec.containers[web].env[OLD]"]
    assert paths(wanted, live) == (ours if manager == "flowcore" else [])


def test_a_field_that_another_manager_also_owns_stays() -> None:
    live = as_live(desired(replicas=5))
    fields = {"f:spec": {"f:replicas": {}}}
    live["metadata"]["managedFields"] = [{"manager": "flowcore", "operation": "Apply", "fieldsV1": fields}]
    assert paths(desired(), live) == ["spec.replicas"]
    scaler = {"manager": "kube-controller-manager", "operation": "Update", "subresource": "scale", "fieldsV1": fields}
    live["metadata"]["managedFields"].append(scaler)
    assert paths(desired(), live) == []


def mine(kind: str, name: str, api_version: str = "v1", **metadata: Any) -> Manifest:
    labels = {"app.kubernetes.io/managed-by": "flowcore"}
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": name, "namespace": "n", "labels": labels, **metadata},
    }


def test_what_nothing_desires_goes_last_applied_first() -> None:
    live = [mine("ConfigMap", "a"), mine("Deployment", "b", "apps/v1"), mine("Ingress", "c", "networking.k8s.io/v1")]
    assert [ref.name for ref in prunable([ObjectRef("v1", "ConfigMap", "kept", "n")], live)] == ["c", "b", "a"]


def test_what_is_desired_stays_whatever_the_version_and_with_or_without_a_namespace() -> None:
    live = [mine("ConfigMap", "a"), mine("Deployment", "b", "apps/v1beta1")]
    assert prunable([ObjectRef("v1", "ConfigMap", "a"), ObjectRef("apps/v1", "Deployment", "b", "n")], live) == ()


def test_what_is_not_ours_or_holds_data_stays() -> None:
    live = [
        mine("ConfigMap", "foreign", labels={"app.kubernetes.io/managed-by": "helm"}),
        mine("ConfigMap", "unlabelled", labels={}),
        mine("Pod", "child", ownerReferences=[{"uid": "1"}]),
        mine("ConfigMap", "going", deletionTimestamp="2026-01-01T00:00:00Z"),
        mine("PersistentVolumeClaim", "data"),
    ]
    assert prunable([], live) == ()
    assert [ref.name for ref in prunable([], live, with_data=True)] == ["data"]
