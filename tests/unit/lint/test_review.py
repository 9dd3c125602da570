"""A drawing is reviewed through its manifests, and findings lead back to the fields of its nodes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flowcore import apply_fixes, validate
from flowcore.errors import Edit, Finding, InvalidInputError, Severity, finding_to_json
from flowcore.kinds import core_catalogue
from flowcore.lint import review, rules_of, to_sarif
from flowcore.model import Edge, Node
from flowcore.planning import plan
from tests.drawings import drawing, edge, node

CORE = core_catalogue()


def places(*parts: Node | Edge, rule: str, level: str | None = None) -> list[tuple[str, str]]:
    """Return node and field of the findings of one rule."""
    found = review(drawing(*parts), CORE, pod_security=level)
    return [(one.place.node, one.place.path) for one in found if one.rule == rule]


FIELDS: list[tuple[dict[str, Any], str, str]] = [
    ({"image": "nginx:latest"}, "image-latest", "data.image"),
    ({"hostNetwork": True}, "pss-host-namespaces", "data.hostNetwork"),
    ({"securityContext": {"privileged": True}}, "pss-privileged", "data.securityContext.privileged"),
    (
        {"securityContext": {"capabilities": {"add": ["CHOWN", "NET_RAW"]}}},
        "pss-capabilities",
        "data.securityContext.capabilities.add[1]",
    ),
    (
        {"podSecurityContext": {"sysctls": [{"name": "x", "value": "1"}]}},
        "pss-sysctls",
        "data.podSecurityContext.sysctls[0]",
    ),
    (
        {"port": 80, "ports": [{"containerPort": 81, "hostPort": 81, "name": "x"}]},
        "pss-host-ports",
        "data.ports[0].hostPort",
    ),
    ({"port": 80}, "port-privileged", "data.port"),
    ({"port": 80, "ports": [{"containerPort": 8080, "name": "x"}]}, "port-unnamed", "data.port"),
    ({"env": {"A": "1", "TOKEN": "planted"}}, "env-secret-value", "data.env.TOKEN"),
    ({"env": [{"name": "TOKEN", "value": "planted"}]}, "env-secret-value", "data.env[0].value"),
    (
        {"volumeMounts": [{"type": "hostPath", "hostPath": "/var/run/docker.sock", "mountPath": "/x"}]},
        "docker-socket",
        "data.volumeMounts[0].hostPath",
    ),
    (
        {"sidecars": [{"name": "side", "image": "x:1", "securityContext": {"privileged": True}}]},
        "pss-privileged",
        "data.sidecars[0].securityContext.privileged",
    ),
    (
        {"initContainers": [{"name": "init", "image": "x"}]},
        "image-latest",
        "data.initContainers[0].image",
    ),
    (
        {"podAnnotations": {"container.apparmor.security.beta.kubernetes.io/web": "unconfined"}},
        "pss-apparmor",
        "data.podAnnotations.container.apparmor.security.beta.kubernetes.io/web",
    ),
    (
        {"overrides": {"spec": {"template": {"spec": {"hostIPC": True}}}}},
        "pss-host-namespaces",
        "data.overrides.spec.template.spec.hostIPC",
    ),
    (
        {
            "overrides": {
                "spec": {
                    "template": {
                        "spec": {"containers": [{"name": "extra", "image": "x:1"}, {"name": "web", "image": "y"}]}
                    }
                }
            }
        },
        "image-latest",
        "data.overrides.spec.template.spec.containers[1].image",
    ),
    (
        {"livenessProbe": {"tcpSocket": {"port": 1, "host": "h"}}},
        "pss-host-probes",
        "data.livenessProbe.tcpSocket.host",
    ),
]


@pytest.mark.parametrize(("data", "rule", "path"), FIELDS)
def test_a_finding_about_a_pod_points_at_the_field_of_its_node(data: dict[str, Any], rule: str, path: str) -> None:
    assert places(node("web", "deployment", **{"image": "nginx:1", **data}), rule=rule) == [("web", path)]


OTHERS: list[tuple[str, dict[str, Any], str, str]] = [
    ("service", {"serviceType": "NodePort"}, "service-node-port", "data.serviceType"),
    ("configmap", {"data": {"PASSWORD": "planted"}}, "config-secret-value", "data.data.PASSWORD"),
    ("cronjob", {"image": "x:1", "schedule": "@daily"}, "cronjob-concurrency", "data.concurrencyPolicy"),
    ("statefulset", {"hostPID": True}, "pss-host-namespaces", "data.hostPID"),
    ("job", {"image": "x"}, "image-latest", "data.image"),
    (
        "manifest",
        {"manifest": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"hostPID": True}}},
        "pss-host-namespaces",
        "data.manifest.spec.hostPID",
    ),
    (
        "manifest",
        {"manifest": "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {hostPID: true}}"},
        "pss-host-namespaces",
        "data.manifest.spec.hostPID",
    ),
]


@pytest.mark.parametrize(("type_", "data", "rule", "path"), OTHERS)
def test_findings_about_other_kinds_point_at_their_fields(
    type_: str, data: dict[str, Any], rule: str, path: str
) -> None:
    assert places(node("x", type_, **data), rule=rule) == [("x", path)]


def test_the_level_in_force_makes_errors_and_without_one_there_are_warnings() -> None:
    parts = [node("web", "deployment", hostPID=True, podSecurity="none")]

    def severities(level: str | None) -> set[tuple[str, Severity]]:
        found = review(drawing(*parts), CORE, pod_security=level)
        return {(one.rule, one.severity) for one in found if one.rule.startswith("pss-")}

    assert severities(None) == {("pss-host-namespaces", Severity.WARNING)}
    assert severities("baseline") == {("pss-host-namespaces", Severity.ERROR)}
    assert ("pss-run-as-non-root", Severity.ERROR) in severities("restricted")
    assert severities("privileged") == set()
    with pytest.raises(InvalidInputError, match="no Pod Security level"):
        review(drawing(*parts), CORE, pod_security="strict")


def test_what_a_node_makes_by_default_satisfies_restricted() -> None:
    parts = [
        node(type_, type_, **data)
        for type_, data in (
            *(("deployment", {}), ("statefulset", {}), ("daemonset", {"image": "x:1"}), ("job", {})),
            ("cronjob", {"image": "x:1", "schedule": "@daily"}),
        )
    ]
    found = review(drawing(*parts), CORE, pod_security="restricted")
    assert [one for one in found if one.rule.startswith("pss-")] == []


def test_planning_looks_at_the_drawing_only() -> None:
    parts = [node("web", "deployment", image="nginx", env={"PASSWORD": "planted"})]
    made = plan(drawing(*parts), CORE)
    ours = {rule.id for rule in rules_of(CORE)}
    assert {one.rule for one in made.findings} <= ours - {"image-latest", "env-secret-value"}


def test_references_between_nodes_are_followed_in_the_manifests() -> None:
    parts = [
        node("web", "deployment", port=8080, envFrom=[{"configMapRef": {"name": "gone"}}]),
        node("svc", "service", targetApp=""),
        edge("svc", "web"),
    ]
    assert places(*parts, rule="reference-missing") == [("web", "data.envFrom")]
    assert places(*parts, rule="replicas-single") == [("web", "data.replicas")]
    assert places(*parts, rule="service-selects-nothing") == []


def test_nothing_is_said_twice() -> None:
    parts = [
        node("web", "deployment", port=80, hostNetwork=True),
        node("svc", "service", targetApp="", selector={"app": "x"}, targetPort=81),
        node("cfg", "configmap", data={"A": "1"}),
        node("ing", "ingress", serviceName="gone", servicePort=80),
        node("db", "statefulset", serviceName=""),
    ]
    found = [(one.rule, one.place.node, one.place.path) for one in validate(drawing(*parts))]
    assert len(found) == len(set(found))
    per_node = {(rule, node_id) for rule, node_id, _ in found}
    for better, worse in (
        (("service-selector-unmatched", "svc"), ("service-selects-nothing", "svc")),
        (("ingress-service-missing", "ing"), ("ingress-backend-missing", "ing")),
        (("pss-host-namespaces", "web"), ("host-access", "web")),
    ):
        assert better in per_node
        assert worse not in per_node
    assert [rule for rule, node_id, _ in found if node_id == "cfg"].count("config-unused") == 1
    assert [rule for rule, node_id, _ in found if node_id == "db"].count("statefulset-without-service") == 1


def test_a_node_that_cannot_be_rendered_does_not_hide_the_others() -> None:
    found = validate(drawing(node("a", "deployment", image=""), node("b", "deployment", image="nginx")))
    assert [(one.rule, one.place.node) for one in found if one.rule in ("field-missing", "image-latest")] == [
        ("field-missing", "a"),
        ("image-latest", "b"),
    ]


def test_a_field_with_an_error_is_not_judged_again() -> None:
    broken = node("web", "deployment", resources={"requests": {"cpu": "much"}})
    assert places(broken, rule="resources-requests-missing") == []


def silenced(**data: Any) -> list[Finding]:
    found = validate(drawing(node("web", "deployment", **data)))
    return [one for one in found if one.rule in ("image-latest", "silence-unused")]


def test_a_node_silences_rules_in_its_data_or_by_annotation() -> None:
    assert [one.rule for one in silenced()] == ["image-latest"]
    assert silenced(ignoreRules=["image-latest it is a demo"]) == []
    assert silenced(annotations={"flowcore.dev/ignore": "image-latest: it is a demo"}) == []
    assert silenced(ignoreRules=["image-l*"]) == []
    other = [node("web", "deployment"), node("b", "deployment", ignoreRules=["image-latest"], image="x:1")]
    found = [
        (one.rule, one.place.node)
        for one in validate(drawing(*other))
        if one.rule in ("image-latest", "silence-unused")
    ]
    assert found == [("image-latest", "web"), ("silence-unused", "b")]


def test_every_kind_takes_the_rules_that_a_node_silences() -> None:
    for kind in CORE.kinds:
        _, found = kind.read({"name": "x", "ignoreRules": ["image-latest for a test"]}, "x")
        assert [one for one in found if "ignoreRules" in one.place.path] == [], kind.name


def test_a_silence_that_silences_nothing_is_told() -> None:
    (unused,) = silenced(image="ghcr.io/shop/web:1", ignoreRules=["image-latest"])
    assert (unused.rule, unused.severity) == ("silence-unused", Severity.INFO)
    assert unused.place.path == "data.ignoreRules[0]"
    (misspelt,) = silenced(image="ghcr.io/shop/web:1", ignoreRules=["image-lates"])
    assert "did you mean image-latest?" in misspelt.message
    assert [one.rule for one in validate(drawing(), ignore=["image-latest"])] == ["silence-unused"]


def test_errors_that_stop_planning_cannot_be_silenced() -> None:
    found = validate(drawing(node("web", "deployment", replicas=-1, ignoreRules=["field-range"])), ignore=["field-*"])
    assert [one.rule for one in found if one.is_error] == ["field-range"]
    remarks = [one.message for one in found if one.rule == "silence-unused"]
    assert len(remarks) == 2
    assert all("cannot be silenced" in remark for remark in remarks)


def test_fixes_are_edits_of_the_nodes_data() -> None:
    workflow = drawing(
        node(
            "web",
            "deployment",
            podSecurity="none",
            labels={"app": "x", "app.kubernetes.io/name": "y"},
            securityContext={"capabilities": {"add": ["NET_RAW", "CHOWN", "SYS_TIME"]}},
            volumeMounts=[{"type": "secret", "name": "a", "mountPath": "/a", "nodeId": "gone"}],
            resources={"requests": {"cpu": 2}, "limits": {"cpu": 1}},
        )
    )
    found = review(workflow, CORE, pod_security="restricted")
    mended = apply_fixes(workflow, found)
    data = mended.nodes[0].data
    assert data["labels"] == {}
    assert data["volumeMounts"] == []
    assert data["resources"]["requests"] == {"cpu": 1}
    assert data["securityContext"] == {
        "capabilities": {"add": [], "drop": ["ALL"]},
        "allowPrivilegeEscalation": False,
    }
    assert data["podSecurityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    assert workflow.nodes[0].data["labels"] != {}


def test_what_the_server_wrote_into_a_manifest_is_taken_out() -> None:
    raw = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "uid": "x"}, "status": {}}
    workflow = drawing(node("c", "manifest", manifest=raw))
    mended = apply_fixes(workflow, validate(workflow))
    assert mended.nodes[0].data["manifest"] == {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}


def test_an_edit_that_fits_nothing_is_left_out() -> None:
    workflow = drawing(node("web", "deployment", port=80))
    edits = [
        Edit(node="gone", path=("a",), value=1),
        Edit(node="web", path=("port", "x"), value=1),
        Edit(node="web", path=("ports", 0, "x"), remove=True),
        Edit(node="web", path=("nothing",), remove=True),
    ]
    findings = [Finding(rule="x", message="x", edit=edit) for edit in edits]
    assert apply_fixes(workflow, findings) == workflow
    assert apply_fixes(workflow, []) is workflow


def test_a_finding_tells_its_edit_as_a_json_pointer() -> None:
    edit = Edit(node="web", path=("labels", "a/b~c", 0), remove=True)
    told = finding_to_json(Finding(rule="r", message="m", edit=edit))
    assert told["edit"] == {"node": "web", "path": "/labels/a~1b~0c/0", "remove": True}
    assert finding_to_json(Finding(rule="r", message="m", edit=Edit(node="a", path=("b",), value=False)))["edit"] == {
        "node": "a",
        "path": "/b",
        "value": False,
    }


def test_secrets_of_a_drawing_are_never_told() -> None:
    parts = [
        node("a", "deployment", env={"PASSWORD": "hunter2", "URL": "pg://u:hunter2@h"}),
        node("b", "configmap", data={"TOKEN": "hunter2"}),
        node("c", "manifest", manifest={"apiVersion": "v1", "kind": "Secret", "stringData": {"x": "hunter2"}}),
    ]
    found = validate(drawing(*parts), pod_security="restricted")
    assert {"env-secret-value", "config-secret-value"} <= {one.rule for one in found}
    assert "hunter2" not in json.dumps([finding_to_json(one) for one in found])
    assert "hunter2" not in json.dumps(to_sarif(found, rules_of(CORE), file="w.json"))


def test_a_sarif_log_has_what_code_scanning_asks_for() -> None:
    found = validate(drawing(node("web", "deployment", replicas=-1), Edge(id="e", source="web", target="gone")))
    log = to_sarif(found, rules_of(CORE), file="./my dir/w.json", version="1.2.3")
    assert log["version"] == "2.1.0"
    assert "sarif-2.1.0" in log["$schema"]
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["semanticVersion"]) == ("flowcore", "1.2.3")
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["fullDescription"]["text"]
        assert rule["help"]["text"]
        assert rule["help"]["markdown"]
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note")
    assert len(run["results"]) == len(found)
    for result, finding in zip(run["results"], found, strict=True):
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == finding.rule
        assert result["level"] == {"error": "error", "warning": "warning", "info": "note"}[finding.severity]
        assert result["message"]["text"]
        (location,) = result["locations"]
        assert location["physicalLocation"]["artifactLocation"]["uri"] == "my%20dir/w.json"
        assert location["physicalLocation"]["region"]["startLine"] >= 1
        (logical,) = location["logicalLocations"]
        assert logical["name"] in ("web", "e")
        assert result["partialFingerprints"]
    fingerprints = [json.dumps(result["partialFingerprints"]) for result in run["results"]]
    assert len(set(fingerprints)) == len(fingerprints)


def test_a_finding_of_an_unknown_rule_still_has_a_rule_in_the_log() -> None:
    log = to_sarif([Finding(rule="compose-x", message="m")], [], file="a.yaml")
    (run,) = log["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["compose-x"]
    assert "logicalLocations" not in run["results"][0]["locations"][0]
