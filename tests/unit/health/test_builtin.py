"""Verdicts over built-in kinds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowcore.health import Health, HealthStatus, assess, worst

H = HealthStatus


def _object(kind: str, spec: Any = None, status: Any = None, **metadata: Any) -> dict[str, Any]:
    api = {"Deployment": "apps/v1", "ReplicaSet": "apps/v1", "StatefulSet": "apps/v1", "DaemonSet": "apps/v1"}
    api |= {"Job": "batch/v1", "CronJob": "batch/v1", "Ingress": "networking.k8s.io/v1"}
    api |= {"HorizontalPodAutoscaler": "autoscaling/v2", "PodDisruptionBudget": "policy/v1"}
    api |= {"APIService": "apiregistration.k8s.io/v1", "Workflow": "argoproj.io/v1alpha1"}
    api |= {"CustomResourceDefinition": "apiextensions.k8s.io/v1"}
    return {
        "apiVersion": api.get(kind, "v1"),
        "kind": kind,
        "metadata": {"name": "it", **metadata},
        "spec": spec or {},
        "status": status or {},
    }


def _conditions(*entries: str) -> list[dict[str, str]]:
    """Return conditions from texts like ``Ready=False/Reason``."""
    found = []
    for entry in entries:
        kind, _, rest = entry.partition("=")
        status, _, reason = rest.partition("/")
        found.append({"type": kind, "status": status, "reason": reason, "message": ""})
    return found


ROLLED_OUT = {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2}


@pytest.mark.parametrize("obj", [None, {}])
def test_what_is_not_there_is_missing(obj: dict[str, Any] | None) -> None:
    assert assess(obj).status is H.MISSING


def test_what_is_being_deleted_progresses_whatever_else_it_says() -> None:
    pod = _object("Pod", status={"phase": "Failed"}, deletionTimestamp="2026-01-01T00:00:00Z")
    assert assess(pod) == Health(H.PROGRESSING, "Being deleted")


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret", "ServiceAccount", "Endpoints", "NetworkPolicy", "Role"])
def test_what_only_has_to_exist_is_healthy(kind: str) -> None:
    assert assess(_object(kind)).status is H.HEALTHY


@pytest.mark.parametrize(
    ("spec", "status", "expected", "message"),
    [
        ({"replicas": 2}, ROLLED_OUT, H.HEALTHY, "2 replicas available"),
        ({"replicas": 0}, {"observedGeneration": 2}, H.HEALTHY, "Scaled to zero"),
        ({"replicas": 2}, {**ROLLED_OUT, "observedGeneration": 1}, H.PROGRESSING, "The newest settings have not"),
        ({"replicas": 3}, ROLLED_OUT, H.PROGRESSING, "2 of 3 replicas updated"),
        ({"replicas": 2}, {**ROLLED_OUT, "replicas": 3}, H.PROGRESSING, "1 old replica still to be stopped"),
        ({"replicas": 2}, {**ROLLED_OUT, "availableReplicas": 1}, H.PROGRESSING, "1 of 2 updated replicas available"),
        ({"replicas": 2, "paused": True}, ROLLED_OUT, H.SUSPENDED, "The rollout is paused"),
        (
            {"replicas": 2},
            {**ROLLED_OUT, "conditions": _conditions("Progressing=False/ProgressDeadlineExceeded")},
            H.DEGRADED,
            "ProgressDeadlineExceeded",
        ),
        ({}, {"observedGeneration": 2}, H.PROGRESSING, "0 of 1 replica updated"),
    ],
)
def test_a_deployment(spec: dict[str, Any], status: dict[str, Any], expected: HealthStatus, message: str) -> None:
    found = assess(_object("Deployment", spec, status, generation=2))
    assert found.status is expected
    assert message in found.message


@pytest.mark.parametrize(
    ("spec", "status", "expected"),
    [
        ({"replicas": 1}, {"observedGeneration": 2, "availableReplicas": 1}, H.HEALTHY),
        ({"replicas": 2}, {"observedGeneration": 2, "availableReplicas": 1}, H.PROGRESSING),
        ({"replicas": 1}, {"observedGeneration": 1, "availableReplicas": 1}, H.PROGRESSING),
        (
            {"replicas": 1},
            {"observedGeneration": 2, "conditions": _conditions("ReplicaFailure=True/FailedCreate")},
            H.DEGRADED,
        ),
    ],
)
def test_a_replica_set(spec: dict[str, Any], status: dict[str, Any], expected: HealthStatus) -> None:
    assert assess(_object("ReplicaSet", spec, status, generation=2)).status is expected


_ROLLING = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}


@pytest.mark.parametrize(
    ("spec", "status", "expected"),
    [
        ({"replicas": 1}, {"observedGeneration": 2, "readyReplicas": 1}, H.HEALTHY),
        ({"replicas": 1}, {"observedGeneration": 0, "readyReplicas": 1}, H.PROGRESSING),
        ({"replicas": 1}, {"observedGeneration": 1, "readyReplicas": 1}, H.PROGRESSING),
        ({"replicas": 2}, {"observedGeneration": 2, "readyReplicas": 1}, H.PROGRESSING),
        ({}, {"observedGeneration": 2, "readyReplicas": 0}, H.PROGRESSING),
        (
            {"replicas": 1},
            {"observedGeneration": 2, "readyReplicas": 1, "updateRevision": "b", "currentRevision": "a"},
            H.PROGRESSING,
        ),
        (
            {"replicas": 1, "updateStrategy": {"type": "OnDelete"}},
            {"observedGeneration": 2, "readyReplicas": 1, "updateRevision": "b", "currentRevision": "a"},
            H.HEALTHY,
        ),
        (
            {"replicas": 3, "updateStrategy": _ROLLING},
            {"observedGeneration": 2, "readyReplicas": 3, "updatedReplicas": 1},
            H.PROGRESSING,
        ),
        (
            {"replicas": 3, "updateStrategy": _ROLLING},
            {"observedGeneration": 2, "readyReplicas": 3, "updatedReplicas": 2},
            H.HEALTHY,
        ),
    ],
)
def test_a_stateful_set(spec: dict[str, Any], status: dict[str, Any], expected: HealthStatus) -> None:
    assert assess(_object("StatefulSet", spec, status, generation=2)).status is expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 2}, H.HEALTHY),
        ({"desiredNumberScheduled": 0}, H.HEALTHY),
        ({"desiredNumberScheduled": 2, "updatedNumberScheduled": 1, "numberAvailable": 2}, H.PROGRESSING),
        ({"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 1}, H.PROGRESSING),
        ({"currentNumberScheduled": 1}, H.PROGRESSING),
    ],
)
def test_a_daemon_set(status: dict[str, Any], expected: HealthStatus) -> None:
    assert assess(_object("DaemonSet", status=status)).status is expected


@pytest.mark.parametrize(
    ("spec", "status", "expected", "message"),
    [
        ({}, {"conditions": _conditions("Complete=True/")}, H.HEALTHY, "Completed"),
        ({}, {"conditions": _conditions("Failed=True/BackoffLimitExceeded")}, H.DEGRADED, "BackoffLimitExceeded"),
        ({}, {"failed": 1, "active": 1}, H.PROGRESSING, "0 of 1 completed, 1 failed, 1 running"),
        ({"suspend": True}, {"conditions": _conditions("Suspended=True/JobSuspended")}, H.SUSPENDED, "JobSuspended"),
        ({"suspend": True}, {}, H.SUSPENDED, "The job is suspended"),
        ({"suspend": False}, {"conditions": _conditions("Suspended=False/JobResumed")}, H.PROGRESSING, "0 of 1"),
    ],
)
def test_a_job(spec: dict[str, Any], status: dict[str, Any], expected: HealthStatus, message: str) -> None:
    found = assess(_object("Job", spec, status))
    assert found.status is expected
    assert message in found.message


@pytest.mark.parametrize(
    ("spec", "status", "message"),
    [
        ({"suspend": True}, {}, "The schedule is suspended"),
        ({}, {}, "Not started yet"),
        ({}, {"lastScheduleTime": "2026-01-01T00:00:00Z"}, "no job has ended well yet"),
        ({}, {"lastScheduleTime": "2026-01-01T00:00:00Z", "lastSuccessfulTime": "2026-01-01T00:00:00Z"}, ""),
    ],
)
def test_a_cron_job_is_well_as_it_stands(spec: dict[str, Any], status: dict[str, Any], message: str) -> None:
    found = assess(_object("CronJob", spec, status))
    assert found.status is H.HEALTHY
    assert message in found.message


def _waiting(reason: str, message: str = "") -> dict[str, Any]:
    return {"name": "app", "state": {"waiting": {"reason": reason, "message": message}}}


@pytest.mark.parametrize(
    ("spec", "status", "expected", "message"),
    [
        ({}, {"phase": "Pending"}, H.PROGRESSING, "Waiting to start"),
        ({}, {}, H.PROGRESSING, "Waiting to start"),
        ({}, {"phase": "Succeeded"}, H.HEALTHY, "Completed"),
        ({}, {"phase": "Failed", "message": "Evicted: disk"}, H.DEGRADED, "Evicted: disk"),
        ({}, {"phase": "Running", "conditions": _conditions("Ready=True/")}, H.HEALTHY, "Running"),
        ({}, {"phase": "Running", "conditions": _conditions("Ready=False/Probe")}, H.PROGRESSING, "Probe"),
        ({"restartPolicy": "Never"}, {"phase": "Running", "conditions": _conditions("Ready=True/")}, H.PROGRESSING, ""),
        ({}, {"phase": "Pending", "containerStatuses": [_waiting("ErrImagePull", "no such image")]}, H.DEGRADED, "app"),
        ({}, {"phase": "Pending", "containerStatuses": [_waiting("ContainerCreating")]}, H.PROGRESSING, ""),
        ({}, {"phase": "Odd"}, H.UNKNOWN, "Odd"),
        (
            {},
            {"phase": "Running", "containerStatuses": [{"name": "app", "lastState": {"terminated": {"exitCode": 3}}}]},
            H.DEGRADED,
            "exit code 3",
        ),
        (
            {"restartPolicy": "Never"},
            {
                "phase": "Failed",
                "containerStatuses": [{"name": "app", "state": {"terminated": {"reason": "Error", "exitCode": 7}}}],
            },
            H.DEGRADED,
            "Container app ended with Error: exit code 7",
        ),
        (
            {},
            {"phase": "Pending", "conditions": _conditions("PodScheduled=False/Unschedulable")},
            H.PROGRESSING,
            "Unschedulable",
        ),
    ],
)
def test_a_pod(spec: dict[str, Any], status: dict[str, Any], expected: HealthStatus, message: str) -> None:
    found = assess(_object("Pod", spec, status))
    assert found.status is expected
    assert message in found.message


@pytest.mark.parametrize(
    ("kind", "spec", "status", "expected"),
    [
        ("Service", {"type": "ClusterIP"}, {}, H.HEALTHY),
        ("Service", {"type": "ExternalName"}, {}, H.HEALTHY),
        ("Service", {"type": "LoadBalancer"}, {}, H.PROGRESSING),
        ("Service", {"type": "LoadBalancer"}, {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}}, H.HEALTHY),
        ("Ingress", {}, {}, H.PROGRESSING),
        ("Ingress", {}, {"loadBalancer": {"ingress": [{"hostname": "a.example"}]}}, H.HEALTHY),
        ("PersistentVolumeClaim", {}, {}, H.PROGRESSING),
        ("PersistentVolumeClaim", {}, {"phase": "Pending"}, H.PROGRESSING),
        ("PersistentVolumeClaim", {}, {"phase": "Bound"}, H.HEALTHY),
        ("PersistentVolumeClaim", {}, {"phase": "Lost"}, H.DEGRADED),
        ("PersistentVolumeClaim", {}, {"phase": "Odd"}, H.UNKNOWN),
        ("PersistentVolume", {}, {"phase": "Failed"}, H.DEGRADED),
        ("PersistentVolume", {}, {"phase": "Pending"}, H.PROGRESSING),
        ("PersistentVolume", {}, {"phase": "Released"}, H.HEALTHY),
        ("Namespace", {}, {"phase": "Active"}, H.HEALTHY),
        ("Namespace", {}, {"phase": "Terminating"}, H.PROGRESSING),
        ("Node", {}, {"conditions": _conditions("Ready=True/")}, H.HEALTHY),
        ("Node", {}, {"conditions": _conditions("Ready=Unknown/NodeStatusUnknown")}, H.DEGRADED),
        ("Node", {"unschedulable": True}, {"conditions": _conditions("Ready=True/")}, H.SUSPENDED),
        ("HorizontalPodAutoscaler", {}, {}, H.PROGRESSING),
        ("HorizontalPodAutoscaler", {}, {"conditions": _conditions("AbleToScale=True/Ready")}, H.HEALTHY),
        (
            "HorizontalPodAutoscaler",
            {},
            {"conditions": _conditions("AbleToScale=True/Ready", "ScalingActive=False/FailedGetResourceMetric")},
            H.DEGRADED,
        ),
        ("PodDisruptionBudget", {}, {}, H.PROGRESSING),
        ("PodDisruptionBudget", {}, {"currentHealthy": 1, "desiredHealthy": 2}, H.PROGRESSING),
        ("PodDisruptionBudget", {}, {"currentHealthy": 2, "desiredHealthy": 2}, H.HEALTHY),
        (
            "PodDisruptionBudget",
            {},
            {"desiredHealthy": 1, "conditions": _conditions("DisruptionAllowed=False/InsufficientPods")},
            H.HEALTHY,
        ),
        ("PodDisruptionBudget", {}, {"conditions": _conditions("DisruptionAllowed=False/SyncFailed")}, H.DEGRADED),
        ("APIService", {}, {"conditions": _conditions("Available=True/Passed")}, H.HEALTHY),
        ("APIService", {}, {}, H.PROGRESSING),
        ("CustomResourceDefinition", {}, {}, H.PROGRESSING),
        ("CustomResourceDefinition", {}, {"conditions": _conditions("Established=True/")}, H.HEALTHY),
        ("CustomResourceDefinition", {}, {"conditions": _conditions("NamesAccepted=False/InUse")}, H.DEGRADED),
        ("CustomResourceDefinition", {}, {"conditions": _conditions("Established=False/Installing")}, H.PROGRESSING),
        ("CustomResourceDefinition", {}, {"conditions": _conditions("Established=False/Odd")}, H.DEGRADED),
        ("CustomResourceDefinition", {}, {"conditions": _conditions("Terminating=True/")}, H.PROGRESSING),
        (
            "CustomResourceDefinition",
            {},
            {"conditions": _conditions("Established=True/", "NonStructuralSchema=True/Violations")},
            H.DEGRADED,
        ),
        ("Workflow", {}, {}, H.PROGRESSING),
        ("Workflow", {}, {"phase": "Running"}, H.PROGRESSING),
        ("Workflow", {}, {"phase": "Succeeded"}, H.HEALTHY),
        ("Workflow", {}, {"phase": "Error", "message": "no"}, H.DEGRADED),
        ("Workflow", {}, {"phase": "Odd"}, H.UNKNOWN),
    ],
)
def test_other_kinds(kind: str, spec: dict[str, Any], status: dict[str, Any], expected: HealthStatus) -> None:
    assert assess(_object(kind, spec, status)).status is expected


def test_an_autoscaler_of_the_first_version_keeps_its_conditions_in_an_annotation() -> None:
    key = "autoscaling.alpha.kubernetes.io/conditions"
    obj = _object("HorizontalPodAutoscaler", annotations={key: '[{"type": "AbleToScale", "status": "True"}]'})
    assert assess(obj).status is H.HEALTHY
    obj["metadata"]["annotations"][key] = "{not json"
    assert assess(obj).status is H.PROGRESSING


def test_addresses_are_told() -> None:
    status = {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}, {"hostname": "a.example"}]}}
    assert assess(_object("Service", {"type": "LoadBalancer"}, status)).message == "Reachable at 1.2.3.4, a.example"


def test_a_workflow_tells_its_message_or_its_phase() -> None:
    assert assess(_object("Workflow", status={"phase": "Failed", "message": "step 2"})).message == "step 2"
    assert assess(_object("Workflow", status={"phase": "Running"})).message == "Running"
    assert assess(_object("Workflow")).message == "Not started yet"


def test_the_worst_of_several_weighs_as_argo_cd_does() -> None:
    order = [H.HEALTHY, H.SUSPENDED, H.PROGRESSING, H.MISSING, H.DEGRADED, H.UNKNOWN]
    for index, status in enumerate(order):
        assert worst(Health(better, str(better)) for better in order[: index + 1]).status is status
    assert worst([]).status is H.HEALTHY
    assert worst([Health(H.DEGRADED, "first"), Health(H.DEGRADED, "second")]).message == "first"


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["Ready", "True"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "status", "reason", "phase", "conditions", "replicas", "name", "spec", "state", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    st.sampled_from(["apps/v1", "v1", "batch/v1", "example.com/v1", "argoproj.io/v1", "autoscaling/v1", ""]) | _json,
    st.sampled_from(["Deployment", "StatefulSet", "Pod", "Job", "Rollout", "HorizontalPodAutoscaler"]) | _json,
    _json,
    _json,
    _json,
)
def test_no_object_is_too_odd_to_be_judged(api: Any, kind: Any, metadata: Any, spec: Any, status: Any) -> None:
    obj = {"apiVersion": api, "kind": kind, "metadata": metadata, "spec": spec, "status": status}
    assert isinstance(assess(obj, [obj, {"kind": "Pod", "status": status}]), Health)
