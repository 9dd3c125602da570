"""Every rule of the kind files about jobs, autoscalers, policies and links fires where it should."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from flowcore.errors import Finding
from flowcore.kinds import core_catalogue
from flowcore.lint import validate
from flowcore.model import Edge, Node
from tests.drawings import drawing, edge, node

CORE = core_catalogue()
FILES = sorted((Path(__file__).resolve().parents[3] / "src/flowcore/kinds/core").glob("*.yaml"))


def findings(*parts: Node | Edge) -> list[Finding]:
    return validate(drawing(*parts), CORE)


def found(*parts: Node | Edge) -> set[tuple[str, str]]:
    return {(one.rule, one.place.path) for one in findings(*parts)}


WEB = node("web", "deployment", port=8080)


def policy(**data: Any) -> Node:
    return node("p", "networkpolicy", podSelector={"app": "web"}, **data)


def peer(**data: Any) -> Node:
    return policy(ingressRules=[{"id": "r", "from": [data]}])


PEER = "data.ingressRules[0].from[0]"
NODE_CASES: list[tuple[Node, str, str]] = [
    # ------------------------------------------------------------ cron jobs and jobs
    (node("c", "cronjob", schedule=""), "field-missing", "data.schedule"),
    (node("c", "cronjob", schedule="* * * *"), "field-format", "data.schedule"),
    (node("c", "cronjob", schedule="0 0 3 * * *"), "field-format", "data.schedule"),
    (node("c", "cronjob", schedule="CRON_TZ=UTC 0 3 * * *"), "field-format", "data.schedule"),
    (node("c", "cronjob", schedule="0 0 30 2 *"), "field-format", "data.schedule"),
    (node("c", "cronjob", timeZone="Local"), "field-format", "data.timeZone"),
    (node("c", "cronjob", timeZone="Europe/Berln"), "time-zone-unknown", "data.timeZone"),
    (node("c", "cronjob", startingDeadlineSeconds=5), "cronjob-deadline-short", "data.startingDeadlineSeconds"),
    (node("c", "cronjob", concurrencyPolicy="Skip"), "field-option", "data.concurrencyPolicy"),
    (node("c", "cronjob", restartPolicy="Always"), "field-option", "data.restartPolicy"),
    (node("c", "cronjob", name="x" * 53), "name-too-long", "data.name"),
    (node("j", "job", completionMode="Indexed"), "job-indexed-without-completions", "data.completions"),
    (node("w", "deployment", minReadySeconds=600), "deployment-deadline", "data.progressDeadlineSeconds"),
    (node("w", "deployment", dnsPolicy="None"), "dns-without-server", "data.dnsPolicy"),
    # ------------------------------------------------------------ daemon sets
    (node("d", "daemonset", maxUnavailable="a lot"), "field-format", "data.maxUnavailable"),
    (node("d", "daemonset", maxUnavailable=0), "update-without-room", "data.maxUnavailable"),
    (node("d", "daemonset", maxUnavailable="0%", maxSurge=0), "update-without-room", "data.maxUnavailable"),
    (
        node("d", "daemonset", updateStrategy="OnDelete", maxUnavailable=1),
        "update-limits-unused",
        "data.updateStrategy",
    ),
    (node("d", "daemonset", updateStrategy="Recreate"), "field-option", "data.updateStrategy"),
    # ------------------------------------------------------------ autoscalers
    (node("a", "hpa", maxReplicas=None), "field-missing", "data.maxReplicas"),
    (node("a", "hpa", scaleTargetName=""), "hpa-without-target", "data.scaleTargetName"),
    (node("a", "hpa", minReplicas=9), "hpa-limits", "data.minReplicas"),
    (node("a", "hpa", minReplicas=0), "hpa-scales-to-zero", "data.minReplicas"),
    (node("a", "hpa", metrics=[{"type": "Pods"}]), "hpa-metric-incomplete", "data.metrics[0]"),
    (node("a", "hpa", metrics=[{"type": "Custom"}]), "field-option", "data.metrics[0].type"),
    (node("a", "hpa", targetCPUUtilization=0), "field-range", "data.targetCPUUtilization"),
    (node("a", "hpa", scaleUpStabilization=3601), "field-range", "data.scaleUpStabilization"),
    # ------------------------------------------------------------ network policies
    (node("p", "networkpolicy"), "networkpolicy-selects-all", "data.podSelector"),
    (policy(policyTypes=["In"]), "field-option", "data.policyTypes[0]"),
    (policy(ingressRules=[{}]), "networkpolicy-rule-empty", "data.ingressRules[0]"),
    (policy(egressRules=[{"ports": [{"port": 80}]}]), "networkpolicy-rule-empty", "data.egressRules[0]"),
    (policy(ingressRules=[{"allowAll": True}]), "networkpolicy-rule-open", "data.ingressRules[0].allowAll"),
    (
        policy(ingressRules=[{"to": [{"podSelector": {"a": "b"}}]}]),
        "networkpolicy-rule-direction",
        "data.ingressRules[0]",
    ),
    (policy(ingressRules=["everything"]), "field-type", "data.ingressRules[0]"),
    (policy(ingressRules=[{"id": "a"}], egressRules=[{"id": "a"}]), "networkpolicy-rule-repeated", "data.egressRules"),
    (policy(ingressRules=[{"id": "a"}, {"id": "a"}]), "field-repeated", "data.ingressRules[1].id"),
    (
        policy(policyTypes=["Ingress"], egressRules=[{"to": [{"podSelector": {"a": "b"}}]}]),
        "networkpolicy-rules-unused",
        "data.egressRules[0]",
    ),
    (policy(ingressRules=[{"ports": [{"endPort": 90}]}]), "networkpolicy-port-range", "data.ingressRules[0].ports"),
    (
        policy(ingressRules=[{"ports": [{"port": 91, "endPort": 90}]}]),
        "networkpolicy-port-range",
        "data.ingressRules[0].ports",
    ),
    (
        policy(ingressRules=[{"ports": [{"port": "http", "endPort": 90}]}]),
        "networkpolicy-port-range",
        "data.ingressRules[0].ports",
    ),
    (peer(), "networkpolicy-peer-empty", PEER),
    (peer(type="podSelector"), "networkpolicy-peer-empty", PEER),
    (peer(type="ipBlock", podSelector={"a": "b"}), "networkpolicy-peer-empty", PEER),
    (peer(type="podSelector", podSelector={}), "networkpolicy-peer-wide", PEER),
    (peer(namespaceSelector={}), "networkpolicy-peer-wide", PEER),
    (peer(podSelector={"app": "x"}, _linkedWorkload="gone"), "networkpolicy-peer-link-missing", PEER),
    (peer(podSelector={"bad key": "x"}), "selector-invalid", PEER),
    (peer(podSelector={"app": {"nested": 1}}), "selector-invalid", PEER),
    (
        peer(podSelector={"matchExpressions": [{"key": "a", "operator": "In"}]}),
        "selector-invalid",
        PEER,
    ),
    (peer(ipBlock={"cidr": "10.0.0.0"}), "field-format", f"{PEER}.ipBlock.cidr"),
    (peer(ipBlock={}), "field-missing", f"{PEER}.ipBlock.cidr"),
    (
        peer(ipBlock={"cidr": "10.0.0.0/8", "except": ["11.0.0.0/16"]}),
        "networkpolicy-except-outside",
        f"{PEER}.ipBlock.except",
    ),
    (
        peer(ipBlock={"cidr": "10.0.0.0/8", "except": ["10.0.0.0/8"]}),
        "networkpolicy-except-outside",
        f"{PEER}.ipBlock.except",
    ),
    (
        peer(ipBlock={"cidr": "10.0.0.0/8", "except": ["fd00::/16"]}),
        "networkpolicy-except-outside",
        f"{PEER}.ipBlock.except",
    ),
    (node("p", "networkpolicy", podSelector={"app": "a b"}), "selector-invalid", "data.podSelector"),
    # ------------------------------------------------------------ pods
    (
        node("w", "deployment", env=[{"name": "A", "value": "1", "valueFrom": {"fieldRef": {}}}]),
        "env-value-twice",
        "data.env[0]",
    ),
    (node("w", "deployment", env=[{"name": "A", "valueFrom": {}}]), "env-source-unclear", "data.env[0].valueFrom"),
    (node("w", "deployment", envFrom=[{"prefix": "A_"}]), "env-source-unclear", "data.envFrom[0]"),
    (node("w", "deployment", livenessProbe={"periodSeconds": 5}), "probe-unclear", "data.livenessProbe"),
    (
        node("w", "deployment", readinessProbe={"tcpSocket": {"port": 80}, "exec": {"command": ["true"]}}),
        "probe-unclear",
        "data.readinessProbe",
    ),
    (node("w", "deployment", startupProbe={"httpGet": {}}), "field-missing", "data.startupProbe.httpGet.port"),
    (node("w", "deployment", sidecars=[{"name": "x"}]), "field-missing", "data.sidecars[0].image"),
    (node("w", "deployment", tolerations=[{"effect": "Never"}]), "field-option", "data.tolerations[0].effect"),
    (node("w", "deployment", hostAliases=[{"ip": "localhost"}]), "field-format", "data.hostAliases[0].ip"),
    (node("w", "deployment", podSecurity="strict"), "field-option", "data.podSecurity"),
    (node("w", "deployment", image="nginx:1.27"), "image-starts-as-root", "data.podSecurity"),
    (
        node("w", "job", image="docker.io/library/postgres:17@sha256:" + "0" * 64),
        "image-starts-as-root",
        "data.podSecurity",
    ),
    (node("w", "deployment", env={"POSTGRES_HOST_AUTH_METHOD": "trust"}), "database-without-password", "data.env"),
    (
        node("w", "deployment", env=[{"name": "MYSQL_ALLOW_EMPTY_PASSWORD", "value": "yes"}]),
        "database-without-password",
        "data.env",
    ),
    # ------------------------------------------------------------ services, ingresses, storage, configuration
    (node("s", "service", serviceType="NodePort", nodePort=80), "service-node-port-range", "data.nodePort"),
    (
        node("i", "ingress", host="a.example.com", tls=[{"hosts": ["b.example.com"], "secretName": "t"}]),
        "ingress-tls-host-unused",
        "data.tls",
    ),
    (node("c", "persistentvolumeclaim", storage="0"), "claim-empty", "data.storage"),
    (node("c", "persistentvolumeclaim", storage="2Gi", limits={"storage": "1Gi"}), "claim-over-limit", "data.storage"),
    (
        node("c", "persistentvolumeclaim", accessModes=["ReadWriteOnce", "ReadWriteOncePod"]),
        "claim-pod-mode-combined",
        "data.accessModes",
    ),
    (node("c", "configmap", data={"a": "x" * 1048577}), "config-too-large", "data.data"),
    (node("s", "secret", secretType="basic-auth"), "secret-type-keys", "data.keys"),
    (node("s", "secret", secretType="kubernetes.io/ssh-auth", keys=[{"name": "id"}]), "secret-type-keys", "data.keys"),
    (node("s", "secret", secretType="service-account-token"), "secret-type-keys", "data.annotations"),
]


@pytest.mark.parametrize(("one", "rule", "path"), NODE_CASES, ids=lambda case: case if isinstance(case, str) else "")
def test_what_is_wrong_with_a_node_is_found_at_its_field(one: Node, rule: str, path: str) -> None:
    assert (rule, path) in found(one)


def hpa(id_: str = "a", **data: Any) -> Node:
    return node(id_, "hpa", **{"scaleTargetName": "", "maxReplicas": 5, **data})


def claim(**data: Any) -> Node:
    return node("c", "persistentvolumeclaim", **data)


SETTINGS = node("cfg", "configmap", data={"a": "1", "b": "2"})
GRAPH_CASES: list[tuple[str, list[Node | Edge]]] = [
    # ------------------------------------------------------------ edges that contradict each other
    (
        "mount-path-clash",
        [WEB, SETTINGS, claim(), edge("cfg", "web", mountPath="/x"), edge("c", "web", mountPath="/x")],
    ),
    (
        "env-prefixes-differ",
        [
            WEB,
            SETTINGS,
            edge("cfg", "web", id_="1", prefix="A_", **{"as": "envFrom"}),
            edge("cfg", "web", id_="2", prefix="B_", **{"as": "envFrom"}),
        ],
    ),
    (
        "env-variable-repeated",
        [
            WEB,
            SETTINGS,
            edge("cfg", "web", id_="1", env={"A": "a"}, **{"as": "env"}),
            edge("cfg", "web", id_="2", env={"A": "b"}, **{"as": "env"}),
        ],
    ),
    (
        "ingress-path-many-backends",
        [
            node("i", "ingress", serviceName="", servicePort="", paths=[{"id": "p"}]),
            node("s", "service"),
            node("t", "service"),
            edge("i", "s", handle="p"),
            edge("i", "t", handle="p"),
        ],
    ),
    (
        "ingress-path-many-backends",
        [
            node("i", "ingress", serviceName="", servicePort=""),
            node("s", "service"),
            node("t", "service"),
            edge("i", "s"),
            edge("i", "t"),
        ],
    ),
    (
        "statefulset-many-services",
        [
            node("db", "statefulset", port=1),
            node("s", "service", headless=True),
            node("t", "service", headless=True),
            edge("s", "db"),
            edge("t", "db"),
        ],
    ),
    ("hpa-target-shared", [WEB, hpa("a"), hpa("b"), edge("a", "web"), edge("b", "web")]),
    ("hpa-target-shared", [WEB, hpa("a"), hpa("b", scaleTargetName="web"), edge("a", "web")]),
    ("hpa-many-targets", [WEB, node("api", "deployment"), hpa(), edge("a", "web"), edge("a", "api")]),
    (
        "service-node-port-clash",
        [
            node("s", "service", serviceType="NodePort", nodePort=30000),
            node("t", "service", serviceType="LoadBalancer", nodePort=30000),
        ],
    ),
    ("networkpolicy-rule-unknown", [WEB, node("p", "networkpolicy"), edge("p", "web", handle="gone")]),
    (
        "networkpolicy-selector-unused",
        [WEB, node("p", "networkpolicy", podSelector={"tier": "x"}), edge("p", "web", handle="header")],
    ),
    # ------------------------------------------------------------ what a link says
    (
        "link-across-namespaces",
        [node("w", "deployment", namespace="a"), node("c", "secret", namespace="b"), edge("c", "w")],
    ),
    ("link-unused-field", [WEB, SETTINGS, edge("cfg", "web", mountPath="/x", **{"as": "envFrom"})]),
    ("link-unused-field", [WEB, SETTINGS, edge("cfg", "web", prefix="X_")]),
    ("link-secret-type", [WEB, node("s", "secret"), edge("s", "web", **{"as": "imagePull"})]),
    ("link-key-unknown", [WEB, SETTINGS, edge("cfg", "web", items=[{"key": "z", "path": "z"}])]),
    ("link-key-unknown", [WEB, SETTINGS, edge("cfg", "web", subPath="z")]),
    ("hpa-without-request", [node("w", "deployment", resources={}), hpa(), edge("a", "w")]),
    ("hpa-without-request", [node("w", "deployment", resources={}), hpa(targetMemoryUtilization=50), edge("a", "w")]),
    ("hpa-replicas-outside", [node("w", "deployment", replicas=9), hpa(), edge("a", "w")]),
    ("claim-read-only-mode", [WEB, claim(accessModes=["ReadOnlyMany"]), edge("c", "web")]),
    ("claim-block-device", [WEB, claim(volumeMode="Block"), edge("c", "web")]),
    ("claim-shared-by-replicas", [node("n", "daemonset"), claim(), edge("c", "n")]),
    ("claim-shared-by-replicas", [WEB, claim(), hpa(), edge("c", "web"), edge("a", "web")]),
    ("claim-shared-by-replicas", [node("j", "job", parallelism=2), claim(), edge("c", "j")]),
    ("claim-shared-by-workloads", [WEB, node("api", "deployment"), claim(), edge("c", "web"), edge("c", "api")]),
    ("depends-on-never-completes", [WEB, node("c", "cronjob"), edge("web", "c", condition="completed")]),
    ("depends-on-unreachable", [WEB, node("c", "cronjob", suspend=True), edge("web", "c", condition="healthy")]),
    ("depends-on-unreachable", [WEB, node("j", "job", suspend=True), edge("web", "j", condition="completed")]),
    ("depends-on-unreachable", [WEB, node("j", "job", parallelism=0), edge("web", "j", condition="completed")]),
    ("depends-on-nothing", [WEB, node("d", "deployment", replicas=0), edge("web", "d", condition="healthy")]),
    (
        "statefulset-service-not-headless",
        [node("db", "statefulset", port=1), node("s", "service", targetApp=""), edge("db", "s")],
    ),
    # ------------------------------------------------------------ beyond links
    ("service-selector-unmatched", [WEB, node("s", "service", targetApp="wbe")]),
    ("service-selector-unmatched", [WEB, node("s", "service", targetApp="", selector={"tier": "x"})]),
    ("service-port-unmatched", [WEB, node("s", "service", targetPort="http")]),
    ("ingress-service-missing", [node("i", "ingress", serviceName="gone"), node("s", "service")]),
    ("hpa-target-missing", [WEB, hpa(scaleTargetName="wbe")]),
    ("hpa-target-unlinked", [WEB, hpa(scaleTargetName="web")]),
    ("networkpolicy-selector-unmatched", [WEB, node("p", "networkpolicy", podSelector={"app": "wbe"})]),
    (
        "statefulset-service-not-headless",
        [node("db", "statefulset", serviceName="s", port=1), node("s", "service", targetApp="db")],
    ),
    (
        "config-key-missing",
        [
            node("w", "deployment", env=[{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "cfg", "key": "z"}}}]),
            SETTINGS,
        ],
    ),
    (
        "config-key-missing",
        [
            node("w", "deployment", env=[{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "z"}}}]),
            node("s", "secret"),
        ],
    ),
    ("config-key-unused", [WEB, SETTINGS, edge("cfg", "web", env={"A": "a"}, **{"as": "env"})]),
    ("config-unused", [WEB, SETTINGS]),
    ("config-unused", [WEB, node("s", "secret")]),
]


@pytest.mark.parametrize(("rule", "parts"), GRAPH_CASES, ids=lambda case: case if isinstance(case, str) else "")
def test_what_is_wrong_between_nodes_is_found(rule: str, parts: list[Node | Edge]) -> None:
    assert rule in [one.rule for one in findings(*parts)]


def test_what_is_used_by_name_counts_as_used() -> None:
    mounted = [{"type": "configMap", "name": "cfg", "mountPath": "/x"}]
    from_key = [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "cfg", "key": "a"}}}]
    for data in ({"volumeMounts": mounted}, {"env": from_key}, {"envFrom": [{"configMapRef": {"name": "cfg"}}]}):
        rules = {one.rule for one in findings(node("w", "deployment", **data), SETTINGS)}
        assert not rules & {"config-unused", "config-key-missing", "config-key-unused"}


def test_an_image_that_starts_as_root_may_where_somebody_said_so() -> None:
    root = {"runAsUser": 0}
    for data in (
        {"podSecurity": "baseline"},
        {"podSecurity": "none"},
        {"securityContext": {"runAsUser": 101}},
        {"securityContext": root},
        {"podSecurityContext": root},
        {"securityContext": {"runAsNonRoot": False}},
        {"image": "nginxinc/nginx-unprivileged:1.27"},
        {"image": "ghcr.io/shop/nginx:1"},
    ):
        parts = node("w", "deployment", **{"image": "nginx:1.27", **data})
        assert "image-starts-as-root" not in {one.rule for one in findings(parts)}


def test_a_claim_that_every_node_can_mount_may_be_shared() -> None:
    parts = [WEB, node("n", "daemonset"), claim(accessModes=["ReadWriteMany"]), edge("c", "web"), edge("c", "n")]
    assert not {one.rule for one in findings(*parts)} & {"claim-shared-by-workloads", "claim-shared-by-replicas"}


def test_an_impossible_link_says_what_is_possible() -> None:
    (finding,) = [one for one in findings(WEB, hpa("a"), hpa("b"), edge("a", "b")) if one.rule == "link-not-allowed"]
    outward, _, inward = finding.fix.partition(", and ")
    assert outward.startswith("HorizontalPodAutoscaler can be linked to Deployment, ")
    assert inward == "HorizontalPodAutoscaler from nothing"


def test_every_rule_of_the_kind_files_has_a_case() -> None:
    here = Path(__file__).parent
    texts = "".join(file.read_text(encoding="utf-8") for file in [*here.glob("*.py"), *here.parent.glob("lint/*.py")])
    rules = {rule for file in FILES for rule in re.findall(r"rule: ([a-z-]+)", file.read_text(encoding="utf-8"))}
    assert [rule for rule in sorted(rules) if f'"{rule}"' not in texts] == []
