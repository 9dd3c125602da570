"""What an import recovers, leaves out and tells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flowcore.compose import Imported
from flowcore.errors import InvalidInputError, Severity, errors_of
from flowcore.exchange import import_manifests
from flowcore.kinds import Catalogue, core_catalogue
from flowcore.lint import validate
from flowcore.manifests import read_trees
from flowcore.model import Manifest, Node
from flowcore.planning import plan
from tests.drawings import drawing, edge, node

FILES = Path(__file__).parents[2] / "manifest_files"


def of_file(name: str) -> Imported:
    return import_manifests(read_trees((FILES / name).read_text(encoding="utf-8"), file=name))


def edges(imported: Imported) -> set[tuple[str, str]]:
    return {(one.source, one.target) for one in imported.workflow.edges}


def deployment(name: str = "web", pod: dict[str, Any] | None = None, **container: Any) -> Manifest:
    """Return a deployment whose selector is its name."""
    template = {"metadata": {"labels": {"app": name}}, "spec": {**(pod or {})}}
    template["spec"]["containers"] = [{"name": name, "image": "nginx:1.27", **container}]
    spec = {"selector": {"matchLabels": {"app": name}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def config(name: str = "settings", **data: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def only(imported: Imported, kind: str) -> Node:
    (found,) = [node for node in imported.workflow.nodes if node.type == kind]
    return found


def test_a_guestbook_becomes_nodes_of_its_kinds_and_the_edges_between_them() -> None:
    imported = of_file("guestbook.yaml")
    assert {node.id: node.type for node in imported.workflow.nodes} == {
        "redis-leader-service": "service",
        "redis-leader-deployment": "deployment",
        "web-config-7h2kf9t6mm": "configmap",
        "web-secret": "secret",
        "frontend-deployment": "deployment",
        "frontend-service": "service",
        "web": "ingress",
        "frontend-hpa": "hpa",
        "redis": "networkpolicy",
        "tls": "manifest",
    }
    assert edges(imported) == {
        ("redis-leader-service", "redis-leader-deployment"),
        ("web-config-7h2kf9t6mm", "frontend-deployment"),
        ("web-secret", "frontend-deployment"),
        ("frontend-service", "frontend-deployment"),
        ("web", "frontend-service"),
        ("frontend-hpa", "frontend-deployment"),
        ("redis", "redis-leader-deployment"),
    }
    assert not errors_of(validate(imported.workflow, core_catalogue()))


def test_a_file_that_kustomize_built_is_wired_through_names_with_hashes() -> None:
    imported = of_file("kustomized.yaml")
    assert {
        ("db-service", "db-statefulset"),
        ("db-secret-9h2tk5d4mm", "db-statefulset"),
        ("db-config-b8m2f6kk7g", "db-statefulset"),
        ("backups", "db-statefulset"),
        ("backups", "backup"),
        ("db-networkpolicy", "db-statefulset"),
        ("db-networkpolicy", "backup"),
    } <= edges(imported)
    assert only(imported, "statefulset").data["volumeClaimTemplates"] == [
        {"name": "data", "storage": "5Gi", "mountPath": "/var/lib/postgresql/data", "accessModes": ["ReadWriteOnce"]}
    ]


def test_secret_values_are_beside_the_drawing_and_nowhere_in_it() -> None:
    for name, value in (
        ("guestbook.yaml", "hunter2"),
        ("kustomized.yaml", "planted"),
        ("chart.yaml", "planted-secret"),
    ):
        imported = of_file(name)
        assert [value in keys.values() for keys in imported.secret_values.values()] == [True]
        assert value not in repr(imported.workflow)
        assert value not in repr(imported)
        assert value not in repr(imported.findings)


def test_a_secret_value_that_is_no_text_is_left_out_and_told() -> None:
    imported = of_file("chart.yaml")
    (found,) = [one for one in imported.findings if one.rule == "import-secret-binary"]
    assert "keystore" in found.message
    assert found.place.file == "chart.yaml"
    assert found.place.line > 0


def test_a_mount_becomes_an_edge_with_all_it_says() -> None:
    volume = {
        "name": "files",
        "configMap": {"name": "settings", "items": [{"key": "a", "path": "b"}], "optional": True},
    }
    mount = {"name": "files", "mountPath": "/etc/a", "subPath": "b"}
    web = deployment(pod={"volumes": [volume]}, volumeMounts=[mount])
    imported = import_manifests([config(a="1"), web])
    (wire,) = imported.workflow.edges
    assert (wire.source, wire.target) == ("settings", "web")
    assert wire.data == {
        "mountPath": "/etc/a",
        "subPath": "b",
        "readOnly": False,
        "items": [{"key": "a", "path": "b"}],
        "optional": True,
        "volume": "files",
    }
    assert "volumeMounts" not in only(imported, "deployment").data


def test_what_no_object_of_the_import_holds_stays_the_nodes_own() -> None:
    reference = {"name": "KEY", "valueFrom": {"configMapKeyRef": {"name": "elsewhere", "key": "a"}}}
    imported = import_manifests([deployment(env=[reference], envFrom=[{"secretRef": {"name": "elsewhere"}}])])
    data = only(imported, "deployment").data
    assert data["env"] == [reference]
    assert data["envFrom"] == [{"secretRef": {"name": "elsewhere"}}]
    assert imported.workflow.edges == ()


def test_variables_keep_their_order_around_those_of_an_edge() -> None:
    first, last = {"name": "FIRST", "value": "1"}, {"name": "LAST", "value": "$(KEY)"}
    middle = {"name": "KEY", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "a"}}}
    imported = import_manifests([config(a="1"), deployment(env=[first, middle, last])])
    assert only(imported, "deployment").data["env"] == {"FIRST": "1", "LAST": "$(KEY)"}
    assert [one.data for one in imported.workflow.edges] == [{"as": "env", "env": {"KEY": "a"}}]
    made = [step.manifest for step in plan(imported.workflow, core_catalogue()).steps]
    web = next(one for one in made if one["kind"] == "Deployment")
    assert web["spec"]["template"]["spec"]["containers"][0]["env"] == [first, middle, last]


def test_objects_of_another_namespace_are_not_wired() -> None:
    web = deployment(envFrom=[{"configMapRef": {"name": "settings"}}])
    elsewhere = {**config(a="1"), "metadata": {"name": "settings", "namespace": "other"}}
    assert import_manifests([elsewhere, web]).workflow.edges == ()


def test_a_service_that_selects_several_workloads_keeps_its_selector() -> None:
    text = """
apiVersion: v1
kind: Service
metadata: {name: all}
spec: {selector: {tier: web}, ports: [{port: 80}]}
"""
    several = [deployment("blue"), deployment("green")]
    for one in several:
        one["spec"]["template"]["metadata"]["labels"]["tier"] = "web"
    imported = import_manifests([*read_trees(text), *several])
    assert only(imported, "service").data["selector"] == {"tier": "web"}
    assert edges(imported) == {("all", "blue"), ("all", "green")}


def test_a_node_says_no_more_than_was_drawn() -> None:
    drawn = drawing(
        node("web", "deployment", image="nginx:1.27"),
        node("settings", "configmap", data={"MODE": "dark"}),
        node("front", "service", port=80, targetApp=None),
        edge("settings", "web", **{"as": "envFrom"}),
        edge("front", "web"),
    )
    imported = import_manifests(step.manifest for step in plan(drawn, core_catalogue()).steps)
    assert {one.id: dict(one.data) for one in imported.workflow.nodes} == {
        "settings": {"name": "settings", "data": {"MODE": "dark"}},
        "front": {"name": "front", "ports": [{"port": 80, "targetPort": 80, "protocol": "TCP"}]},
        "web": {"name": "web", "image": "nginx:1.27"},
    }
    assert edges(imported) == {("settings", "web"), ("front", "web")}


def test_ids_come_back_from_what_flowcore_rendered() -> None:
    metadata = {
        "name": "web",
        "labels": {"app.kubernetes.io/managed-by": "flowcore", "flowcore.dev/node": "n-17"},
    }
    imported = import_manifests([{**config(a="1"), "metadata": metadata}])
    assert [node.id for node in imported.workflow.nodes] == ["n-17"]


def test_live_objects_lose_what_the_server_and_its_controllers_made() -> None:
    live: Manifest = deployment(
        terminationMessagePath="/dev/termination-log",
        terminationMessagePolicy="File",
        imagePullPolicy="IfNotPresent",
        resources={},
    )
    live["metadata"] |= {
        "uid": "1",
        "resourceVersion": "7",
        "generation": 2,
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "managedFields": [],
        "annotations": {"deployment.kubernetes.io/revision": "3"},
    }
    live["spec"] |= {"replicas": 2, "progressDeadlineSeconds": 600, "revisionHistoryLimit": 10}
    live["spec"]["template"]["spec"] |= {"dnsPolicy": "ClusterFirst", "schedulerName": "default-scheduler"}
    live["status"] = {"readyReplicas": 2}
    written = deployment(resources={})
    written["spec"]["replicas"] = 2
    assert only(import_manifests([live]), "deployment").data == only(import_manifests([written]), "deployment").data


def test_what_controllers_own_and_every_namespace_has_is_left_out_and_counted() -> None:
    owned = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {"name": "web-1", "ownerReferences": [{"controller": True}]},
    }
    token = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "t"},
        "type": "kubernetes.io/service-account-token",
    }
    imported = import_manifests([config("kube-root-ca.crt"), owned, owned, token, config(a="1")])
    assert [node.id for node in imported.workflow.nodes] == ["settings"]
    told = [one.message for one in imported.findings if one.rule == "import-skipped"]
    assert any(message.startswith("2 objects left out: controllers") for message in told)
    assert len(told) == 3


def test_custom_resources_are_kept_as_they_are_after_their_definition() -> None:
    imported = of_file("certificates.yaml")
    assert ("shop-certificate", "certificates.cert-manager.io") in edges(imported)
    issuer = imported.workflow.node("letsencrypt")
    assert (issuer.type, issuer.data["namespaced"]) == ("manifest", False)
    raw = [one for one in imported.findings if one.rule == "import-raw"]
    assert {one.place.line for one in raw} == {1, 14, 23}


def test_kinds_of_the_catalogue_model_custom_resources() -> None:
    kind = """
name: issuer
label: Issuer
resource: {apiVersion: cert-manager.io/v1, kind: ClusterIssuer, namespaced: false}
parameters:
  - {name: name, required: true}
  - {name: acme, type: object}
template:
  apiVersion: cert-manager.io/v1
  kind: ClusterIssuer
  metadata: {name: "${name}"}
  spec: {acme: "${acme}"}
"""
    catalogue = core_catalogue().parsed({"issuer.yaml": kind})
    text = (FILES / "certificates.yaml").read_text(encoding="utf-8")
    imported = import_manifests(read_trees(text), catalogue=catalogue)
    issuer = imported.workflow.node("letsencrypt")
    assert issuer.type == "issuer"
    assert issuer.data["acme"]["privateKeySecretRef"] == {"name": "letsencrypt"}


def test_what_cannot_be_said_in_a_kinds_words_is_kept_as_it_is_with_the_reason() -> None:
    imported = of_file("awkward.yaml")
    (found,) = [one for one in imported.findings if one.rule == "import-raw" and one.severity is Severity.WARNING]
    assert "Odd.Name" in found.message
    assert "63 small letters" in found.message
    assert [one.message for one in imported.findings if one.rule == "import-without-name"] == [
        "a Job without a name was left out"
    ]


def test_of_two_descriptions_the_last_one_counts() -> None:
    imported = import_manifests([config(a="1"), config(a="2")])
    assert only(imported, "configmap").data["data"] == {"a": "2"}
    assert [one.rule for one in imported.findings] == ["import-repeated"]


def test_documents_that_are_no_objects_are_told() -> None:
    documents = [
        {"name": "values"},
        {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"},
        config(a="1"),
    ]
    rules = [one.rule for one in import_manifests(documents).findings]
    assert rules == ["import-no-object", "import-kustomization"]
    with pytest.raises(InvalidInputError) as raised:
        import_manifests(documents[:2])
    assert [one.rule for one in raised.value.findings] == ["import-empty", *rules]


def test_the_name_is_what_the_objects_say_they_belong_to() -> None:
    assert of_file("chart.yaml").workflow.name == "rel"
    assert of_file("kustomized.yaml").workflow.name == "staging"
    assert of_file("guestbook.yaml").workflow.name == "imported"
    assert import_manifests([config(a="1")], name="mine").workflow.name == "mine"


def test_what_the_api_server_would_refuse_is_told_and_what_it_might_take_is_kept() -> None:
    labelled = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "labels": ["x"]}}
    crooked = deployment("crooked", volumeMounts="none", env={"A": "b"})
    imported = import_manifests([labelled, crooked])
    malformed = [one.message for one in imported.findings if one.rule == "import-malformed"]
    assert malformed == ["metadata.labels of ConfigMap/a is no mapping; the object was left out"]
    (made,) = [step.manifest for step in plan(imported.workflow, core_catalogue()).steps]
    container = made["spec"]["template"]["spec"]["containers"][0]
    assert (container["volumeMounts"], container["env"]) == ("none", {"A": "b"})


def test_a_kind_of_secrets_that_loses_their_values_does_not_get_them_as_overrides() -> None:
    kind = """
name: vaulted
label: Vaulted
resource: {apiVersion: v1, kind: Secret}
parameters: [{name: name, required: true}, {name: overrides, type: object}]
template:
  apiVersion: v1
  kind: Secret
  metadata: {name: "${name}"}
"""
    kinds = [one for one in core_catalogue().kinds if one.name != "secret"]
    catalogue = Catalogue(tuple(kinds)).parsed({"vaulted.yaml": kind})
    text = (FILES / "guestbook.yaml").read_text(encoding="utf-8")
    imported = import_manifests(read_trees(text), catalogue=catalogue)
    assert imported.workflow.node("web-secret").type == "manifest"
    assert "hunter2" not in repr(imported.workflow)
    assert imported.secret_values == {}
    assert "import-secret-raw" in [one.rule for one in imported.findings]
