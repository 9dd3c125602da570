"""Pod Security is judged as the admission controller judges it."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from flowcore import InvalidInputError, Severity, lint_manifest

Case = tuple[str, dict[str, Any], dict[str, Any], set[str]]

#: A container that satisfies restricted together with GOOD_POD.
GOOD = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
GOOD_POD = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


def pod(spec: dict[str, Any], container: dict[str, Any] | None = None, **metadata: Any) -> dict[str, Any]:
    """Return a pod that satisfies restricted, with something laid over its spec and its container."""
    first = {"name": "a", "image": "x:1", "securityContext": deepcopy(GOOD), **(container or {})}
    body = {"containers": [first], "securityContext": deepcopy(GOOD_POD), **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", **metadata}, "spec": body}


def rules(obj: Any, level: str = "restricted") -> set[str]:
    return {one.rule for one in lint_manifest(obj, level=level) if one.rule.startswith("pss-")}


def test_the_outside_cases_all_agree(testdata: Path) -> None:
    cases = json.loads((testdata / "lint_psa_v1.37.json").read_text(encoding="utf-8"))["cases"]
    wrong = [case["file"] for case in cases if bool(rules(case["pod"], case["level"])) != (case["expect"] == "fail")]
    assert len(cases) >= 74
    assert wrong == []


BAD: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"hostNetwork": True}, {}, "pss-host-namespaces"),
    ({"hostPID": True}, {}, "pss-host-namespaces"),
    ({"hostIPC": True}, {}, "pss-host-namespaces"),
    ({}, {"securityContext": {**GOOD, "privileged": True}}, "pss-privileged"),
    ({}, {"securityContext": {**GOOD, "capabilities": {"drop": ["ALL"], "add": ["SYS_ADMIN"]}}}, "pss-capabilities"),
    ({}, {"securityContext": {**GOOD, "capabilities": {"drop": ["ALL"], "add": ["ALL"]}}}, "pss-capabilities"),
    ({}, {"ports": [{"containerPort": 1, "hostPort": 1}]}, "pss-host-ports"),
    ({"securityContext": {**GOOD_POD, "appArmorProfile": {"type": "Unconfined"}}}, {}, "pss-apparmor"),
    ({"securityContext": {**GOOD_POD, "appArmorProfile": {}}}, {}, "pss-apparmor"),
    ({}, {"securityContext": {**GOOD, "appArmorProfile": {"type": "Unconfined"}}}, "pss-apparmor"),
    ({"securityContext": {**GOOD_POD, "seLinuxOptions": {"type": "spc_t"}}}, {}, "pss-selinux"),
    ({}, {"securityContext": {**GOOD, "seLinuxOptions": {"user": "system_u"}}}, "pss-selinux"),
    ({}, {"securityContext": {**GOOD, "seLinuxOptions": {"role": "system_r"}}}, "pss-selinux"),
    ({}, {"securityContext": {**GOOD, "procMount": "Unmasked"}}, "pss-proc-mount"),
    ({"securityContext": {**GOOD_POD, "seccompProfile": {"type": "Unconfined"}}}, {}, "pss-seccomp"),
    ({}, {"securityContext": {**GOOD, "seccompProfile": {"type": "Unconfined"}}}, "pss-seccomp"),
    ({}, {"securityContext": {**GOOD, "seccompProfile": {}}}, "pss-seccomp"),
    ({"securityContext": {**GOOD_POD, "sysctls": [{"name": "kernel.msgmax", "value": "1"}]}}, {}, "pss-sysctls"),
    (
        {"securityContext": {**GOOD_POD, "windowsOptions": {"hostProcess": True}}},
        {},
        "pss-windows-host-process",
    ),
    ({}, {"securityContext": {**GOOD, "windowsOptions": {"hostProcess": True}}}, "pss-windows-host-process"),
    *(
        ({}, {probe: {way: {"host": "10.0.0.1", "port": 80}}}, "pss-host-probes")
        for probe in ("livenessProbe", "readinessProbe", "startupProbe")
        for way in ("httpGet", "tcpSocket")
    ),
    *(
        ({}, {"lifecycle": {hook: {"httpGet": {"host": "10.0.0.1", "port": 80}}}}, "pss-host-probes")
        for hook in ("postStart", "preStop")
    ),
]


@pytest.mark.parametrize(("spec", "container", "rule"), BAD)
@pytest.mark.parametrize("level", ["baseline", "restricted"])
def test_what_baseline_forbids_is_forbidden_at_both_levels(
    spec: dict[str, Any], container: dict[str, Any], rule: str, level: str
) -> None:
    assert rules(pod(spec, container), level) == {rule}


RESTRICTED: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    *(
        ({"volumes": [{"name": "v", type_: {}}]}, {}, "pss-volume-types")
        for type_ in (
            *("hostPath", "nfs", "iscsi", "awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "fc"),
            *("flexVolume", "flocker", "gcePersistentDisk", "gitRepo", "glusterfs", "photonPersistentDisk", "rbd"),
            *("portworxVolume", "quobyte", "scaleIO", "storageos", "vsphereVolume"),
        )
    ),
    ({}, {"securityContext": {"capabilities": {"drop": ["ALL"]}}}, "pss-privilege-escalation"),
    ({}, {"securityContext": {**GOOD, "allowPrivilegeEscalation": True}}, "pss-privilege-escalation"),
    ({}, {"securityContext": {"allowPrivilegeEscalation": False}}, "pss-capabilities"),
    ({}, {"securityContext": {**GOOD, "capabilities": {"drop": ["all"]}}}, "pss-capabilities"),
    ({}, {"securityContext": {**GOOD, "capabilities": {"drop": ["ALL"], "add": ["CHOWN"]}}}, "pss-capabilities"),
    ({"securityContext": {"seccompProfile": {"type": "RuntimeDefault"}}}, {}, "pss-run-as-non-root"),
    ({"securityContext": {**GOOD_POD, "runAsNonRoot": False}}, {}, "pss-run-as-non-root"),
    ({}, {"securityContext": {**GOOD, "runAsNonRoot": False}}, "pss-run-as-non-root"),
    ({"securityContext": {**GOOD_POD, "runAsUser": 0}}, {}, "pss-run-as-user"),
    ({}, {"securityContext": {**GOOD, "runAsUser": 0}}, "pss-run-as-user"),
    ({"securityContext": {"runAsNonRoot": True}}, {}, "pss-seccomp"),
]


@pytest.mark.parametrize(("spec", "container", "rule"), RESTRICTED)
def test_what_only_restricted_forbids(spec: dict[str, Any], container: dict[str, Any], rule: str) -> None:
    assert rules(pod(spec, container)) == {rule}
    assert rules(pod(spec, container), "baseline") <= {"pss-host-path"}
    assert rules(pod(spec, container), "privileged") == set()


FINE: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"hostNetwork": False, "hostPID": False, "hostIPC": None}, {}),
    ({"hostUsers": True}, {}),
    ({}, {"ports": [{"containerPort": 80, "hostPort": 0}]}),
    ({}, {"securityContext": {**GOOD, "privileged": False, "capabilities": {"drop": ["ALL"], "add": []}}}),
    (
        {},
        {"securityContext": {**GOOD, "capabilities": {"drop": ["NET_RAW", "ALL"], "add": ["NET_BIND_SERVICE"]}}},
    ),
    ({"securityContext": {**GOOD_POD, "appArmorProfile": {"type": "Localhost", "localhostProfile": "x"}}}, {}),
    ({"securityContext": {**GOOD_POD, "seLinuxOptions": {"type": "container_engine_t", "level": "s0"}}}, {}),
    ({}, {"securityContext": {**GOOD, "procMount": "Default"}}),
    ({}, {"livenessProbe": {"httpGet": {"host": "", "port": 80}, "exec": {"command": ["x"]}}}),
    ({}, {"lifecycle": {"preStop": {"exec": {"command": ["x"]}}}}),
    ({"securityContext": {**GOOD_POD, "sysctls": [{"name": "net.ipv4.tcp_rmem", "value": "1"}]}}, {}),
    ({"volumes": [{"name": "nothing"}, {"name": "null", "hostPath": None}]}, {}),
    (
        {
            "volumes": [
                {"name": type_, type_: {}}
                for type_ in (
                    *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image"),
                    *("persistentVolumeClaim", "projected", "secret"),
                )
            ]
        },
        {},
    ),
    ({"securityContext": {}}, {"securityContext": {**GOOD, **GOOD_POD}}),
    ({"securityContext": {**GOOD_POD, "runAsUser": 1}}, {}),
    # A user namespace of its own makes root harmless.
    ({"hostUsers": False, "securityContext": {"seccompProfile": {"type": "Localhost"}, "runAsUser": 0}}, {}),
    # Windows knows neither privilege escalation, capabilities nor seccomp.
    ({"os": {"name": "windows"}, "securityContext": {"runAsNonRoot": True}}, {"securityContext": {}}),
]


@pytest.mark.parametrize(("spec", "container"), FINE)
def test_what_restricted_allows(spec: dict[str, Any], container: dict[str, Any]) -> None:
    assert rules(pod(spec, container)) == set()


def test_a_user_namespace_relaxes_proc_mount_only_at_baseline() -> None:
    unmasked = pod({"hostUsers": False}, {"securityContext": {**GOOD, "procMount": "Unmasked"}})
    assert rules(unmasked, "baseline") == set()
    assert rules(unmasked, "restricted") == {"pss-proc-mount"}


def test_a_user_namespace_does_not_relax_capabilities_or_privileges() -> None:
    contained = pod({"hostUsers": False}, {"securityContext": {"privileged": True}})
    assert rules(contained) == {"pss-privileged", "pss-capabilities", "pss-privilege-escalation"}


def test_windows_is_excused_from_three_controls_only_and_only_at_restricted() -> None:
    windows = pod({"os": {"name": "windows"}, "securityContext": {}}, {"securityContext": {}})
    assert rules(windows) == {"pss-run-as-non-root"}
    raw = pod({"os": {"name": "windows"}}, {"securityContext": {"capabilities": {"add": ["NET_RAW"]}}})
    assert rules(raw, "baseline") == {"pss-capabilities"}
    assert rules(raw, "restricted") == set()
    linux = pod({"os": {"name": "linux"}, "securityContext": {}}, {"securityContext": {}})
    assert len(rules(linux)) == 4


@pytest.mark.parametrize("role", ["initContainers", "ephemeralContainers"])
def test_every_kind_of_container_is_judged(role: str) -> None:
    bad = {"name": "b", "image": "x:1", "securityContext": {"privileged": True}, "restartPolicy": "Always"}
    assert rules(pod({role: [bad]}), "baseline") == {"pss-privileged"}
    assert rules(pod({role: [{"name": "b"}]})) == {"pss-privilege-escalation", "pss-capabilities"}


def test_apparmor_annotations_are_judged_and_seccomp_annotations_are_not() -> None:
    key = "container.apparmor.security.beta.kubernetes.io/a"
    assert rules(pod({}, annotations={key: "unconfined"}), "baseline") == {"pss-apparmor"}
    for value in ("runtime/default", "localhost/x", ""):
        assert rules(pod({}, annotations={key: value})) == set()
    assert rules(pod({}, annotations={"seccomp.security.alpha.kubernetes.io/pod": "unconfined"})) == set()


WRAPPERS: list[tuple[str, str, tuple[str, ...]]] = [
    ("v1", "PodTemplate", ("template",)),
    ("v1", "ReplicationController", ("spec", "template")),
    ("apps/v1", "Deployment", ("spec", "template")),
    ("apps/v1", "ReplicaSet", ("spec", "template")),
    ("apps/v1", "StatefulSet", ("spec", "template")),
    ("apps/v1", "DaemonSet", ("spec", "template")),
    ("batch/v1", "Job", ("spec", "template")),
    ("batch/v1", "CronJob", ("spec", "jobTemplate", "spec", "template")),
]


@pytest.mark.parametrize(("version", "kind", "path"), WRAPPERS)
def test_the_pods_of_every_workload_are_judged_where_they_stand(version: str, kind: str, path: tuple[str, ...]) -> None:
    inner: Any = {key: value for key, value in pod({"hostPID": True}).items() if key in ("metadata", "spec")}
    for key in reversed(path):
        inner = {key: inner}
    obj = {"apiVersion": version, "kind": kind, "metadata": {"name": "w"}, **inner}
    (finding,) = [one for one in lint_manifest(obj) if one.rule.startswith("pss-")]
    assert (finding.place.path, finding.severity) == (".".join((*path, "spec", "hostPID")), Severity.ERROR)
    assert finding.why
    assert finding.fix


def test_lists_of_objects_are_judged_object_by_object() -> None:
    bad = pod({"hostPID": True})
    for objects in ([bad, bad], {"apiVersion": "v1", "kind": "List", "items": [bad, bad]}):
        found = [one.place.path for one in lint_manifest(objects) if one.rule.startswith("pss-")]
        assert len(found) == 2
        assert found[1].endswith("[1].spec.hostPID")


def test_there_is_a_finding_for_every_control_and_place() -> None:
    several = pod(
        {"hostPID": True, "hostIPC": True, "containers": [{"name": name} for name in "abc"], "securityContext": {}}
    )
    found = [(one.rule, one.place.path) for one in lint_manifest(several) if one.rule.startswith("pss-")]
    assert len(set(found)) == len(found)
    assert sorted(rule for rule, _ in found) == sorted(
        ["pss-host-namespaces"] * 2
        + ["pss-privilege-escalation", "pss-capabilities"] * 3
        + ["pss-run-as-non-root", "pss-seccomp"]
    )


def test_other_objects_and_other_groups_have_no_pods() -> None:
    for obj in (
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"hostPID": True}},
        {"apiVersion": "batch.volcano.sh/v1alpha1", "kind": "Job", "spec": {"template": {"spec": {"hostPID": True}}}},
    ):
        assert rules(obj) == set()


def test_an_unknown_level_is_an_error_that_names_the_levels() -> None:
    with pytest.raises(InvalidInputError, match="privileged, baseline, restricted"):
        lint_manifest(pod({}), level="strict")


@pytest.mark.parametrize("value", [None, [], "x", 7, {"spec": None}, {"kind": 3}])
def test_what_is_no_object_is_said_and_breaks_nothing(value: Any) -> None:
    found = lint_manifest([value] if isinstance(value, str) else value)
    assert [one.rule for one in found] == ([] if value == [] else ["manifest-shape"])
