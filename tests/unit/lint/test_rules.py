"""Every rule fires where it should, says what to do, and leaves sound drawings alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from flowcore.errors import Finding, Severity
from flowcore.kinds import core_catalogue
from flowcore.lint import rules_of, validate
from flowcore.model import Edge, Node
from tests.drawings import drawing, edge, node

CORE = core_catalogue()
ROOT = Path(__file__).resolve().parents[3]


def findings(*parts: Node | Edge) -> list[Finding]:
    return validate(drawing(*parts), CORE)


def found(*parts: Node | Edge) -> list[tuple[str, str]]:
    return [(one.rule, one.place.path) for one in findings(*parts)]


def test_a_sound_drawing_has_no_findings() -> None:
    parts = [
        node("web", "deployment", port=8080, resources={"requests": {"cpu": "100m"}, "limits": {"cpu": 1}}),
        node("svc", "service", port=80, targetApp=""),
        node("ing", "ingress", serviceName="", servicePort="", paths=[{"id": "p", "path": "/"}]),
        node("cfg", "configmap", data={"a": "1"}),
        node("db", "statefulset", serviceName="dbs", port=5432),
        node("dbs", "service", headless=True, targetApp="", port=None),
        edge("svc", "web"),
        edge("ing", "svc", handle="p"),
        edge("cfg", "web"),
        edge("dbs", "db"),
        edge("web", "db"),
    ]
    assert findings(*parts) == []


DEPLOYMENT_CASES: list[tuple[dict[str, Any], str, str]] = [
    ({"image": ""}, "field-missing", "data.image"),
    ({"image": None}, "field-missing", "data.image"),
    ({"image": "has space"}, "field-format", "data.image"),
    ({"image": "UPPER"}, "field-format", "data.image"),
    ({"image": "nginx:"}, "field-format", "data.image"),
    ({"name": "a.b"}, "field-format", "data.name"),
    ({"name": "x" * 64}, "field-format", "data.name"),
    ({"name": "123-"}, "field-format", "data.name"),
    ({"replicas": -1}, "field-range", "data.replicas"),
    ({"replicas": 1.5}, "field-type", "data.replicas"),
    ({"replicas": True}, "field-type", "data.replicas"),
    ({"replicas": "many"}, "field-type", "data.replicas"),
    ({"port": 0}, "field-range", "data.port"),
    ({"port": 65536}, "field-range", "data.port"),
    ({"ports": [{"name": "x"}]}, "field-missing", "data.ports[0].containerPort"),
    ({"ports": [{"containerPort": 1, "name": "Not_Valid"}]}, "field-format", "data.ports[0].name"),
    ({"ports": [{"containerPort": 1, "protocol": "HTTP"}]}, "field-option", "data.ports[0].protocol"),
    (
        {"ports": [{"containerPort": 1, "name": "a"}, {"containerPort": 2, "name": "a"}]},
        "port-name-repeated",
        "data.ports",
    ),
    (
        {"ports": [{"containerPort": 1, "name": "a"}, {"containerPort": 1, "protocol": "TCP"}]},
        "container-port-repeated",
        "data.ports",
    ),
    ({"sidecars": [{"name": "web", "image": "x"}]}, "container-name-repeated", "data.sidecars"),
    ({"imagePullPolicy": "always"}, "field-option", "data.imagePullPolicy"),
    ({"command": "echo hi"}, "field-type", "data.command"),
    ({"command": [{"a": 1}]}, "field-type", "data.command[0]"),
    ({"env": "A=1"}, "field-type", "data.env"),
    ({"env": {"A=B": "1"}}, "key-format", "data.env.A=B"),
    ({"env": {"A": {"b": 1}}}, "field-type", "data.env.A"),
    ({"env": {"A": None}}, "env-without-value", "data.env.A"),
    ({"env": [{"value": "1"}]}, "field-missing", "data.env[0].name"),
    ({"labels": {"bad key": "x"}}, "key-format", "data.labels.bad key"),
    ({"labels": {"a": "bad value"}}, "field-format", "data.labels.a"),
    ({"labels": {"app": "other"}}, "label-reserved", "data.labels.app"),
    (
        {"labels": {"app.kubernetes.io/managed-by": "helm"}},
        "label-reserved",
        "data.labels.app.kubernetes.io/managed-by",
    ),
    ({"podLabels": {"app": "other"}}, "label-reserved", "data.podLabels.app"),
    ({"resources": {"requests": {"cpu": "1MB"}}}, "field-format", "data.resources.requests.cpu"),
    (
        {"resources": {"requests": {"memory": "1Gi"}, "limits": {"memory": "512Mi"}}},
        "resources-request-over-limit",
        "data.resources.requests.memory",
    ),
    ({"volumeMounts": [{"type": "configMap", "name": "a"}]}, "field-missing", "data.volumeMounts[0].mountPath"),
    (
        {"volumeMounts": [{"type": "secret", "name": "a", "mountPath": "etc"}]},
        "field-format",
        "data.volumeMounts[0].mountPath",
    ),
    ({"volumeMounts": [{"type": "nfs", "name": "a", "mountPath": "/a"}]}, "field-option", "data.volumeMounts[0].type"),
    ({"volumeMounts": [{"type": "secret", "mountPath": "/a"}]}, "mount-without-source", "data.volumeMounts[0].name"),
    (
        {"volumeMounts": [{"type": "hostPath", "mountPath": "/a"}]},
        "mount-without-source",
        "data.volumeMounts[0].hostPath",
    ),
    (
        {"volumeMounts": [{"type": "emptyDir", "name": n, "mountPath": "/a"} for n in ("x", "y")]},
        "mount-path-clash",
        "data.volumeMounts",
    ),
    (
        {"volumeMounts": [{"type": "secret", "name": "a", "mountPath": "/a", "nodeId": "gone"}]},
        "mount-link-missing",
        "data.volumeMounts[0]",
    ),
    ({"securityContext": {"privileged": True}}, "host-access", "data"),
    ({"livenessProbe": [1]}, "field-type", "data.livenessProbe"),
    ({"livenessProbe": {"a": float("nan")}}, "field-type", "data.livenessProbe.a"),
    ({"overrides": {"kind": "ClusterRoleBinding"}}, "override-identity", "data.overrides"),
    ({"replica": 2}, "field-unknown", "data.replica"),
    ({"namespace": "Not Valid"}, "field-format", "data.namespace"),
]


@pytest.mark.parametrize(("data", "rule", "path"), DEPLOYMENT_CASES)
def test_what_is_wrong_with_a_deployment_is_found_at_its_field(data: dict[str, Any], rule: str, path: str) -> None:
    assert found(node("web", "deployment", **data)) == [(rule, path)]


KIND_CASES: list[tuple[str, dict[str, Any], str, str]] = [
    ("statefulset", {"serviceName": ""}, "statefulset-without-service", "data.serviceName"),
    ("statefulset", {"name": "x" * 60}, "name-too-long", "data.name"),
    (
        "statefulset",
        {"volumeClaimTemplates": [{"name": "a", "storage": "1Gi"}, {"name": "a", "storage": "1Gi", "mountPath": "/b"}]},
        "field-repeated",
        "data.volumeClaimTemplates[1].name",
    ),
    ("statefulset", {"volumeClaimTemplates": [{"name": "a"}]}, "field-missing", "data.volumeClaimTemplates[0].storage"),
    ("job", {"restartPolicy": "Always"}, "field-option", "data.restartPolicy"),
    ("job", {"backoffLimit": -1}, "field-range", "data.backoffLimit"),
    ("service", {"name": "1st"}, "field-format", "data.name"),
    ("service", {"targetApp": ""}, "service-without-target", "data.selector"),
    ("service", {"port": None}, "service-without-port", "data.ports"),
    ("service", {"serviceType": "Cluster"}, "field-option", "data.serviceType"),
    ("service", {"serviceType": "ExternalName"}, "service-without-external-name", "data.externalName"),
    ("service", {"serviceType": "NodePort", "headless": True}, "service-headless-type", "data.headless"),
    ("service", {"nodePort": 30000}, "service-node-port-unused", "data.nodePort"),
    ("service", {"externalTrafficPolicy": "Local"}, "service-external-unused", "data.serviceType"),
    ("service", {"ports": [{"port": 80}, {"port": 80}]}, "service-port-repeated", "data.ports"),
    ("service", {"ports": [{"port": 80, "name": "a"}, {"port": 81, "name": "a"}]}, "port-name-repeated", "data.ports"),
    ("service", {"targetPort": 80.5}, "field-type", "data.targetPort"),
    ("service", {"targetPort": 70000}, "field-range", "data.targetPort"),
    ("service", {"targetPort": "Bad_Name"}, "field-format", "data.targetPort"),
    ("service", {"loadBalancerSourceRanges": ["1.2.3.4"]}, "field-format", "data.loadBalancerSourceRanges[0]"),
    ("service", {"sessionAffinityTimeout": 0}, "field-range", "data.sessionAffinityTimeout"),
    ("ingress", {"serviceName": "", "servicePort": ""}, "ingress-without-path", "data.paths"),
    ("ingress", {"servicePort": ""}, "ingress-path-without-port", "data.paths[0].servicePort"),
    ("ingress", {"paths": [{"path": "/"}]}, "ingress-path-without-backend", "data.paths[0]"),
    ("ingress", {"paths": [{"path": "x", "serviceName": "a", "servicePort": 1}]}, "field-format", "data.paths[0].path"),
    (
        "ingress",
        {"paths": [{"path": "/", "serviceName": name, "servicePort": 1} for name in ("a", "b")]},
        "ingress-path-repeated",
        "data.paths",
    ),
    ("ingress", {"tlsEnabled": True}, "ingress-tls-without-certificate", "data.tlsSecretName"),
    ("ingress", {"host": "not a host"}, "field-format", "data.host"),
    ("configmap", {"data": {"_new_1": ""}}, "key-placeholder", "data.data._new_1"),
    ("configmap", {"data": {"a b": ""}}, "key-format", "data.data.a b"),
    ("configmap", {"data": {"a": "1"}, "binaryData": {"a": "aGk="}}, "config-key-repeated", "data.binaryData.a"),
    ("configmap", {"binaryData": {"a": "no base64!"}}, "field-format", "data.binaryData.a"),
    ("secret", {"keys": [{"name": "a"}, {"name": "a"}]}, "field-repeated", "data.keys[1].name"),
    ("secret", {"secretType": "kubernetes.io/tls", "keys": [{"name": "tls.crt"}]}, "secret-type-keys", "data.keys"),
    ("secret", {"secretType": "kubernetes.io/dockerconfigjson"}, "secret-type-keys", "data.keys"),
    ("secret", {"stringData": {"a": "secret"}}, "field-unknown", "data.stringData"),
    ("persistentvolumeclaim", {"storage": "ten"}, "field-format", "data.storage"),
    ("persistentvolumeclaim", {"accessModes": ["RWO"]}, "field-option", "data.accessModes[0]"),
    ("persistentvolumeclaim", {"accessModes": []}, "claim-without-access-mode", "data.accessModes"),
]


@pytest.mark.parametrize(("type_", "data", "rule", "path"), KIND_CASES)
def test_what_is_wrong_with_other_kinds_is_found(type_: str, data: dict[str, Any], rule: str, path: str) -> None:
    assert (rule, path) in found(node("x", type_, **data))


LINK_CASES: list[tuple[list[Node | Edge], str]] = [
    ([node("c", "configmap"), node("w", "deployment"), edge("c", "w", **{"as": "env"})], "link-without-variables"),
    (
        [
            node("c", "configmap", data={"a": "1"}),
            node("w", "deployment"),
            edge("c", "w", env={"A": "b"}, **{"as": "env"}),
        ],
        "link-key-unknown",
    ),
    (
        [
            node("c", "secret", keys=[{"name": "a"}]),
            node("w", "deployment"),
            edge("c", "w", env={"A": "b"}, **{"as": "env"}),
        ],
        "link-key-unknown",
    ),
    ([node("c", "configmap"), node("w", "deployment"), edge("c", "w", **{"as": "file"})], "field-option"),
    ([node("c", "configmap"), node("w", "deployment"), edge("c", "w", mountpath="/a")], "field-unknown"),
    ([node("c", "configmap"), node("w", "deployment"), edge("c", "w", mountPath="a")], "field-format"),
    (
        [node("w", "deployment"), node("d", "deployment"), edge("w", "d", condition="completed")],
        "depends-on-never-completes",
    ),
    (
        [node("p", "persistentvolumeclaim"), node("w", "deployment", replicas=2), edge("p", "w")],
        "claim-shared-by-replicas",
    ),
    ([node("c", "configmap"), node("s", "service"), edge("c", "s")], "link-not-allowed"),
    ([node("w", "deployment"), node("s", "service", targetApp="w"), edge("w", "s")], "link-not-allowed"),
]


@pytest.mark.parametrize(("parts", "rule"), LINK_CASES)
def test_what_is_wrong_with_a_link_is_found_at_its_edge(parts: list[Node | Edge], rule: str) -> None:
    (finding,) = [one for one in findings(*parts) if one.severity is not Severity.INFO]
    assert finding.rule == rule
    assert finding.place.edge


def test_a_link_the_wrong_way_round_says_so_and_others_say_what_is_possible() -> None:
    (turned,) = findings(node("w", "deployment"), node("s", "service", targetApp="w"), edge("w", "s"))
    assert "other way" in turned.fix
    (impossible,) = findings(node("c", "configmap"), node("s", "service"), edge("c", "s"))
    assert "CronJob, DaemonSet, Deployment" in impossible.fix


def test_a_service_whose_port_leads_nowhere_is_found() -> None:
    parts = [node("w", "deployment", port=80), node("s", "service", targetPort=81, targetApp=""), edge("s", "w")]
    assert found(*parts) == [("service-port-unmatched", "data.ports")]


def test_a_service_of_several_workloads_needs_a_selector_of_its_own() -> None:
    def parts(**data: Any) -> list[Node | Edge]:
        workloads = [node(name, "deployment", podLabels={"tier": "web"}) for name in ("a", "b")]
        return [*workloads, node("s", "service", targetApp="", **data), edge("s", "a"), edge("s", "b")]

    assert found(*parts()) == [("service-many-targets", "data.selector")]
    assert found(*parts(selector={"tier": "web"})) == []
    assert [rule for rule, _ in found(*parts(selector={"tier": "x"}))] == ["service-selector-mismatch"] * 2


def test_an_ingress_port_that_the_service_does_not_have_is_found() -> None:
    paths = [{"id": "p", "path": "/", "servicePort": 81}]
    parts = [
        node("i", "ingress", serviceName="", servicePort="", paths=paths),
        node("s", "service"),
        edge("i", "s", handle="p"),
    ]
    assert found(*parts) == [("ingress-port-unmatched", "data.paths[0].servicePort")]


def test_paths_of_several_links_clash() -> None:
    parts = [node("c", "configmap"), node("d", "configmap"), node("w", "deployment"), edge("c", "w"), edge("d", "w")]
    assert found(*parts) == [("mount-path-clash", "data.volumeMounts")]


def test_unknown_kinds_and_fields_come_with_the_nearest_known_name() -> None:
    (kind,) = findings(Node(id="a", type="deploymnt", data={}))
    assert kind.fix == "did you mean deployment?"
    (field,) = findings(node("a", "deployment", replicaas=1))
    assert (field.fix, field.severity) == ("did you mean replicas?", Severity.WARNING)


def test_a_field_that_is_wrong_is_not_blamed_twice() -> None:
    assert found(node("s", "service", targetApp="", selector={"bad key": "x"})) == [
        ("key-format", "data.selector.bad key")
    ]


def test_errors_come_first_and_then_drawing_order() -> None:
    parts = [node("a", "service", targetApp=""), node("b", "deployment", image=""), node("c", "deployment", image="")]
    assert [(one.severity.value, one.place.node) for one in findings(*parts)] == [
        ("error", "b"),
        ("error", "c"),
        ("warning", "a"),
    ]


def test_values_of_secrets_and_variables_are_never_in_findings() -> None:
    parts = [
        node("a", "deployment", env={"PASSWORD": {"hunter": "hunter2"}}),
        node("b", "deployment", env=["hunter2"]),
        node("c", "secret", data={"x": "hunter2"}, stringData="hunter2"),
    ]
    assert "hunter2" not in "".join(str(one) for one in findings(*parts))


def test_every_rule_is_described_and_every_description_has_a_rule() -> None:
    described = set(
        re.findall(r"^\| `([a-z0-9-]+)`", (ROOT / "docs/reference/rules.md").read_text(encoding="utf-8"), re.M)
    )
    source = ROOT / "src/flowcore"
    used: set[str] = set()
    for file in source.glob("kinds/core/*.yaml"):
        used |= set(re.findall(r"rule: ([a-z-]+)", file.read_text(encoding="utf-8")))
    for package in ("graph", "kinds", "lint", "manifests"):
        for file in (source / package).glob("*.py"):
            text = file.read_text(encoding="utf-8")
            used |= set(re.findall(r'rule(?:: str)? ?= ?"([a-z-]+)"', text))
            used |= set(re.findall(r'add\(\s*"([a-z-]+)"', text))
    used |= {rule.id for rule in rules_of(CORE)}
    assert used - described == set()
    ours = ("graph-", "field-", "key-", "kind-", "link-", "object-", "template-", "yaml-", "service-", "ingress-")
    assert {rule for rule in described if rule.startswith(ours)} - used == set()
