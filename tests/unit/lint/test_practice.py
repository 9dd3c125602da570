"""Every rule of good practice finds what it is about, at its place, and leaves good manifests alone."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import kubernetes_validate
import pytest

from flowcore.errors import Finding
from flowcore.lint import describe_rules, lint_manifest, lint_manifests
from flowcore.manifests import read_trees

Objects = list[dict[str, Any]]

GOOD = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      automountServiceAccountToken: false
      securityContext: {runAsNonRoot: true, runAsUser: 10001, seccompProfile: {type: RuntimeDefault}}
      topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway}]
      containers:
        - name: web
          image: ghcr.io/shop/web:1.2@sha256:abc
          ports: [{containerPort: 8080, name: http}]
          env: [{name: LEVEL, valueFrom: {configMapKeyRef: {name: config, key: LEVEL}}}]
          resources: {requests: {cpu: 50m, memory: 64Mi}, limits: {cpu: "1", memory: 128Mi}}
          readinessProbe: {httpGet: {path: /ready, port: http}}
          livenessProbe: {httpGet: {path: /alive, port: 8080}}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
          volumeMounts: [{name: tmp, mountPath: /tmp}]
      volumes: [{name: tmp, emptyDir: {}}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http, name: http}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  tls: [{hosts: [a.example.com], secretName: cert}]
  rules:
    - host: a.example.com
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {name: http}}}}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: config}
data: {LEVEL: info, "tokens.txt": "a\\nb\\n"}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec: {podSelector: {}, ingress: [{}]}
"""
DEPLOYMENT, SERVICE, INGRESS, CONFIG, BUDGET, POLICY = range(6)
POD: tuple[Any, ...] = (DEPLOYMENT, "spec", "template", "spec")
CONTAINER: tuple[Any, ...] = (*POD, "containers", 0)
MISSING = object()


def good() -> Objects:
    return read_trees(GOOD, file="app.yaml")


def put(*path: Any) -> Callable[[Objects], Objects]:
    """Return a change that sets the last of the arguments at the path before it, or removes what is there."""
    *keys, last, value = path

    def change(objects: Objects) -> Objects:
        objects = deepcopy(objects)
        target: Any = objects
        for key in keys:
            target = target[key]
        if value is MISSING:
            del target[last]
        else:
            target[last] = value
        return objects

    return change


def add(obj: dict[str, Any]) -> Callable[[Objects], Objects]:
    return lambda objects: [*objects, obj]


def found(objects: Objects) -> list[tuple[str, str]]:
    return [(one.rule, one.place.path) for one in lint_manifests(objects, pod_security="restricted")]


def test_good_manifests_have_no_findings() -> None:
    assert lint_manifests(good(), pod_security="restricted") == []


CRON = {
    "apiVersion": "batch/v1",
    "kind": "CronJob",
    "metadata": {"name": "tick"},
    "spec": {"startingDeadlineSeconds": 60, "concurrencyPolicy": "Forbid"},
}
SET = {
    "apiVersion": "apps/v1",
    "kind": "StatefulSet",
    "metadata": {"name": "db"},
    "spec": {"serviceName": "web", "replicas": 1, "template": {"spec": {"automountServiceAccountToken": False}}},
}
SCALER = {
    "apiVersion": "autoscaling/v2",
    "kind": "HorizontalPodAutoscaler",
    "metadata": {"name": "h"},
    "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "minReplicas": 2},
}
RBAC = "rbac.authorization.k8s.io/v1"

CASES: list[tuple[str, Callable[[Objects], Objects], str]] = [
    ("image-latest", put(*CONTAINER, "image", "nginx"), "containers[0].image"),
    ("image-latest", put(*CONTAINER, "image", "localhost:5000/nginx"), "containers[0].image"),
    ("image-latest", put(*CONTAINER, "image", "nginx:latest"), "containers[0].image"),
    ("resources-requests-missing", put(*CONTAINER, "resources", {"limits": {"memory": "1Gi"}}), "resources.requests"),
    (
        "resources-memory-limit-missing",
        put(*CONTAINER, "resources", "limits", {"cpu": "1"}),
        "resources.limits.memory",
    ),
    ("resources-cpu-limit-missing", put(*CONTAINER, "resources", "limits", {"memory": "1Gi"}), "resources.limits.cpu"),
    ("resources-request-over-limit", put(*CONTAINER, "resources", "requests", "cpu", 2), "resources.requests.cpu"),
    ("env-repeated", put(*CONTAINER, "env", [{"name": "A", "value": "1"}] * 2), "env[1]"),
    ("env-secret-value", put(*CONTAINER, "env", [{"name": "DB_PASSWORD", "value": "planted"}]), "env[0].value"),
    ("env-secret-value", put(*CONTAINER, "env", [{"name": "apiKey", "value": "planted"}]), "env[0].value"),
    ("env-secret-value", put(*CONTAINER, "env", [{"name": "DB", "value": "pg://u:planted@h/d"}]), "env[0].value"),
    ("port-privileged", put(*CONTAINER, "ports", [{"containerPort": 80, "name": "http"}]), "ports[0].containerPort"),
    (
        "port-unnamed",
        put(*CONTAINER, "ports", [{"containerPort": 8080, "name": "http"}, {"containerPort": 8081}]),
        "ports[1]",
    ),
    ("mount-without-volume", put(*CONTAINER, "volumeMounts", [{"name": "x", "mountPath": "/x"}]), "volumeMounts[0]"),
    ("probe-readiness-missing", put(*CONTAINER, "readinessProbe", MISSING), "readinessProbe"),
    ("probe-liveness-missing", put(*CONTAINER, "livenessProbe", MISSING), "livenessProbe"),
    (
        "probe-identical",
        put(*CONTAINER, "livenessProbe", {"httpGet": {"path": "/ready", "port": "http"}}),
        "livenessProbe",
    ),
    ("probe-port-unknown", put(*CONTAINER, "livenessProbe", "httpGet", "port", 81), "livenessProbe.httpGet.port"),
    ("probe-port-unknown", put(*CONTAINER, "livenessProbe", "httpGet", "port", "x"), "livenessProbe.httpGet.port"),
    (
        "root-filesystem-writable",
        put(*CONTAINER, "securityContext", "readOnlyRootFilesystem", False),
        "readOnlyRootFilesystem",
    ),
    ("run-as-low-user", put(*CONTAINER, "securityContext", "runAsUser", 999), "securityContext.runAsUser"),
    ("service-account-token", put(*POD, "automountServiceAccountToken", MISSING), "automountServiceAccountToken"),
    (
        "docker-socket",
        put(*POD, "volumes", [{"name": "tmp", "hostPath": {"path": "/run/docker.sock"}}]),
        "volumes[0].hostPath",
    ),
    ("replicas-single", put(DEPLOYMENT, "spec", "replicas", 1), "spec.replicas"),
    ("disruption-budget-missing", put(BUDGET, MISSING), ""),
    ("spread-missing", put(*POD, "topologySpreadConstraints", MISSING), "topologySpreadConstraints"),
    ("network-policy-missing", put(POLICY, MISSING), ""),
    ("selector-mismatch", put(DEPLOYMENT, "spec", "selector", "matchLabels", {"app": "x"}), "spec.selector"),
    ("hpa-replicas-set", add(SCALER), "spec.replicas"),
    ("statefulset-without-service", add({**SET, "spec": {"template": {}}}), "spec.serviceName"),
    ("statefulset-service-not-headless", add(SET), "spec.serviceName"),
    ("cronjob-deadline-missing", add({**CRON, "spec": {"concurrencyPolicy": "Forbid"}}), "startingDeadlineSeconds"),
    ("cronjob-concurrency", add({**CRON, "spec": {"startingDeadlineSeconds": 60}}), "concurrencyPolicy"),
    ("volume-unused", put(*CONTAINER, "volumeMounts", []), "volumes[0]"),
    ("service-node-port", put(SERVICE, "spec", "type", "NodePort"), "spec.type"),
    ("service-external-ips", put(SERVICE, "spec", "externalIPs", ["192.0.2.1"]), "spec.externalIPs"),
    ("ingress-without-tls", put(INGRESS, "spec", "tls", MISSING), "spec.tls"),
    ("config-secret-value", put(CONFIG, "data", "DB_PASSWORD", "planted"), "data.DB_PASSWORD"),
    ("disruption-budget-blocks", put(BUDGET, "spec", "maxUnavailable", 0), "spec.maxUnavailable"),
    (
        "disruption-budget-blocks",
        put(BUDGET, "spec", {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}}),
        "spec.minAvailable",
    ),
    ("rbac-wildcard", add({"apiVersion": RBAC, "kind": "Role", "rules": [{"verbs": ["*"], "resources": ["*"]}]}), ""),
    (
        "rbac-cluster-admin",
        add({"apiVersion": RBAC, "kind": "ClusterRoleBinding", "roleRef": {"name": "cluster-admin"}}),
        "roleRef.name",
    ),
    ("service-selects-nothing", put(SERVICE, "spec", "selector", {"app": "x"}), "spec.selector"),
    ("service-port-unmatched", put(SERVICE, "spec", "ports", 0, "targetPort", 81), "spec.ports[0].targetPort"),
    ("ingress-backend-missing", put(SERVICE, "metadata", "name", "other"), "backend.service"),
    ("ingress-backend-missing", put(SERVICE, "spec", "ports", 0, "name", "x"), "backend.service.port"),
    (
        "hpa-target-missing",
        add({**SCALER, "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "x"}}}),
        "spec.scaleTargetRef",
    ),
    (
        "disruption-budget-selects-nothing",
        put(BUDGET, "spec", "selector", {"matchLabels": {"app": "x"}}),
        "spec.selector",
    ),
    (
        "network-policy-selects-nothing",
        put(POLICY, "spec", "podSelector", {"matchLabels": {"app": "x"}}),
        "spec.podSelector",
    ),
    ("reference-missing", put(CONFIG, MISSING), "configMapKeyRef.name"),
    ("config-key-missing", put(CONFIG, "data", {"X": "1"}), "configMapKeyRef.key"),
    ("config-unused", put(*CONTAINER, "env", []), ""),
    ("api-removed", put(INGRESS, "apiVersion", "networking.k8s.io/v1beta1"), "apiVersion"),
    ("api-deprecated", add({"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "e"}}), "apiVersion"),
    ("manifest-shape", add({"name": "x"}), ""),
    (
        "silence-unused",
        put(SERVICE, "metadata", "annotations", {"flowcore.dev/ignore": "image-latest"}),
        "metadata.annotations.flowcore.dev/ignore",
    ),
]


@pytest.mark.parametrize(("rule", "change", "path"), CASES)
def test_a_rule_finds_what_it_is_about(rule: str, change: Callable[[Objects], Objects], path: str) -> None:
    places = [place for id_, place in found(change(good())) if id_ == rule]
    assert len(places) == 1
    assert places[0].endswith(path)


def test_every_rule_has_a_case() -> None:
    described = {line.split("`")[1] for line in describe_rules().splitlines() if line.startswith("| `")}
    beyond_baseline = {"run-as-root", "privilege-escalation", "image-pull-policy"}
    missing = described - {rule for rule, _, _ in CASES} - beyond_baseline
    assert {rule for rule in missing if not rule.startswith("pss-")} == set()


def test_rules_about_rights_give_way_to_pod_security() -> None:
    bare = put(*POD, "securityContext", {})(
        put(*CONTAINER, "securityContext", {"readOnlyRootFilesystem": True})(good())
    )
    at_baseline = {one.rule for one in lint_manifests(bare, pod_security="baseline")}
    at_restricted = {one.rule for one in lint_manifests(bare, pod_security="restricted")}
    assert at_baseline == {"run-as-root", "privilege-escalation"}
    assert at_restricted == {"pss-run-as-non-root", "pss-privilege-escalation", "pss-capabilities", "pss-seccomp"}


def test_a_moving_tag_must_be_pulled_again() -> None:
    for policy, expected in (("IfNotPresent", ["image-latest", "image-pull-policy"]), ("Always", ["image-latest"])):
        changed = put(*CONTAINER, "imagePullPolicy", policy)(put(*CONTAINER, "image", "nginx")(good()))
        assert [rule for rule, _ in found(changed)] == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PASSWORD_FILE", "/run/secrets/x"),
        ("TOKEN_URL", "https://a.example.com"),
        ("MAX_TOKENS", "100"),
        ("PASSWORD", ""),
        ("REQUIRE_PASSWORD", "true"),
        ("PASSWORD", "$(OTHER)"),
        ("MONKEY", "x"),
        ("COMPASS", "north"),
        ("URL", "http://example.com:80/a@b"),
    ],
)
def test_what_only_sounds_like_a_secret_is_none(name: str, value: str) -> None:
    assert found(put(*CONTAINER, "env", 0, {"name": name, "value": value})(good()))[:1] in (
        [],
        [("config-unused", "[3]")],
    )


@pytest.mark.parametrize(
    "name",
    ["PGPASSWORD", "db-pass", "dbPassword", "SECRET_KEY_BASE", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "apikey"],
)
def test_names_of_secrets_are_recognised(name: str) -> None:
    changed = put(*CONTAINER, "env", 0, {"name": name, "value": "x"})(good())
    assert "env-secret-value" in {rule for rule, _ in found(changed)}


def test_values_of_secrets_are_never_told() -> None:
    changed = put(*CONTAINER, "env", [{"name": "DB_PASSWORD", "value": "hunter2"}])(good())
    changed = put(CONFIG, "data", {"TOKEN": "hunter2", "URL": "pg://u:hunter2@h"})(changed)
    findings = lint_manifests(changed)
    assert [one.rule for one in findings if one.rule.endswith("secret-value")] == [
        "env-secret-value",
        "config-secret-value",
        "config-secret-value",
    ]
    assert "hunter2" not in "".join(map(repr, findings))


def test_one_object_alone_is_not_blamed_for_what_is_not_there() -> None:
    for one in good():
        assert [finding.rule for finding in lint_manifest(one)] == []


def test_findings_know_file_and_line() -> None:
    (finding,) = lint_manifests(put(*CONTAINER, "image", "nginx:latest")(good()))
    assert (finding.place.file, finding.place.line) == ("app.yaml", 16)
    assert "Deployment web" in finding.message


def test_an_annotation_silences_rules_for_its_object_and_says_why() -> None:
    changed = put(*CONTAINER, "image", "nginx")(good())
    silenced = put(
        DEPLOYMENT, "metadata", "annotations", {"flowcore.dev/ignore": "image-latest, port-unnamed demo only, for now"}
    )(changed)
    findings = lint_manifests(silenced)
    assert [(one.rule, one.message) for one in findings] == [
        ("silence-unused", "port-unnamed is silenced, but finds nothing here")
    ]
    elsewhere = put(SERVICE, "metadata", "annotations", {"flowcore.dev/ignore": "image-latest"})(changed)
    assert [one.rule for one in lint_manifests(elsewhere)] == ["image-latest", "silence-unused"]


def test_rules_are_silenced_for_a_call() -> None:
    changed = put(*CONTAINER, "image", "nginx")(good())
    assert lint_manifests(changed, ignore=["image-*"]) == []
    (misspelt, *_) = [one for one in lint_manifests(changed, ignore=["image-lates"]) if one.rule == "silence-unused"]
    assert "did you mean image-latest?" in misspelt.message


def served(version: str, kind: str) -> bool:
    obj = {"apiVersion": version, "kind": kind, "metadata": {"name": "x"}}
    try:
        kubernetes_validate.validate(obj, "1.37", strict=False)
    except kubernetes_validate.SchemaNotFoundError:
        return False
    except kubernetes_validate.ValidationError:
        return True
    return True


def test_the_table_of_api_versions_agrees_with_the_published_schemas() -> None:
    from flowcore.lint._versions import ENDS

    wrong = [key for key, end in ENDS.items() if served(*key) == bool(end.removed)]
    assert wrong == []
    successors = {(end.instead, kind) for (_, kind), end in ENDS.items() if end.instead and ":" not in end.instead}
    gone = {pair for pair in successors if pair[1] != "PodSecurityPolicy" and not served(*pair)}
    assert gone == set()


def test_findings_of_several_objects_stand_in_their_order_with_errors_first() -> None:
    findings: list[Finding] = lint_manifests([{}, *put(*POD, "hostPID", True)(good())])
    assert [one.rule for one in findings] == ["manifest-shape", "pss-host-namespaces"]
