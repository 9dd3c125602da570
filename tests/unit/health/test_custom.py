"""Verdicts over custom resources by the habits of controllers."""

from __future__ import annotations

from typing import Any

import pytest

from flowcore.health import HealthStatus, assess

H = HealthStatus


def _custom(
    status: Any = None, spec: Any = None, *, kind: str = "Thing", group: str = "example.com", **metadata: Any
) -> dict[str, Any]:
    return {
        "apiVersion": f"{group}/v1",
        "kind": kind,
        "metadata": {"name": "it", **metadata},
        "spec": spec or {},
        "status": status,
    }


def _ready(status: str, reason: str = "", message: str = "", **more: Any) -> dict[str, Any]:
    return {"conditions": [{"type": "Ready", "status": status, "reason": reason, "message": message}], **more}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (_ready("True", "Anything"), H.HEALTHY),
        (_ready("Unknown", "Reconciling"), H.PROGRESSING),
        (_ready("False", "NotReadyYet"), H.PROGRESSING),
        (_ready("False"), H.PROGRESSING),
        (_ready("False", "Provisioning"), H.PROGRESSING),
        (_ready("False", "ReconcileError"), H.DEGRADED),
        (_ready("False", "SecretNotFound"), H.DEGRADED),
        (_ready("False", "NoPodReady"), H.DEGRADED),
        (_ready("False", "Migrating", "Error: checksum mismatch"), H.DEGRADED),
        (_ready("Unknown", "PartialTriggerError"), H.DEGRADED),
        (_ready("odd"), H.DEGRADED),
        ({"conditions": [{"type": "Stalled", "status": "True"}, *_ready("True")["conditions"]]}, H.DEGRADED),
        ({"conditions": [{"type": "Paused", "status": "True"}, *_ready("True")["conditions"]]}, H.SUSPENDED),
        ({"conditions": [{"type": "Failed", "status": "False"}, *_ready("True")["conditions"]]}, H.HEALTHY),
        ({"conditions": [{"type": "Accepted", "status": "False", "reason": "Odd"}]}, H.DEGRADED),
        ({"conditions": [{"type": "Accepted", "status": "False", "reason": "Pending"}]}, H.PROGRESSING),
        ({"conditions": [{"type": "DatabaseReady", "status": "False", "reason": "Creating"}]}, H.PROGRESSING),
        ({"conditions": [{"type": "Progressing", "status": "True"}]}, H.PROGRESSING),
        ({"conditions": [{"type": "Progressing", "status": "False", "reason": "RolloutAborted"}]}, H.DEGRADED),
        ({"conditions": [{"type": "Synced", "status": "False", "reason": "ReconcilePaused"}]}, H.SUSPENDED),
        ({"conditions": [{"type": "Ready", "status": "False", "severity": "Error"}]}, H.DEGRADED),
        ({"conditions": [{"type": "Completed", "status": "True", "reason": "JobFailed"}]}, H.DEGRADED),
        (
            {"conditions": [{"type": "Issuing", "status": "True"}, *_ready("False", "DoesNotExist")["conditions"]]},
            H.PROGRESSING,
        ),
        ({"conditions": [{"type": "SourcesUnhealthy", "status": "False"}]}, H.HEALTHY),
        ({"conditionedStatus": _ready("True")}, H.HEALTHY),
    ],
)
def test_conditions(status: dict[str, Any], expected: HealthStatus) -> None:
    assert assess(_custom(status)).status is expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"phase": "Running"}, H.HEALTHY),
        ({"phase": "RollingUpgrade"}, H.PROGRESSING),
        ({"phase": "BlockedByFailedLoad"}, H.DEGRADED),
        ({"state": "Pending"}, H.PROGRESSING),
        ({"state": "NotFound"}, H.MISSING),
        ({"state": "Unknown"}, H.UNKNOWN),
        ({"state": "Suspended"}, H.SUSPENDED),
        ({"currentState": "Provisioning the database"}, H.PROGRESSING),
        ({"status": "ERROR, the secret is gone"}, H.DEGRADED),
        ({"health": "yellow"}, H.PROGRESSING),
        ({"PostgresClusterStatus": "Running"}, H.HEALTHY),
        ({"jobStatus": {"state": "FAILED"}}, H.DEGRADED),
        ({"statuses": {"one": {"state": "Rejected", "reason": "no route"}}}, H.DEGRADED),
        ({"domainStatus": [{"status": "Active"}, {"status": "FailedNotVisible"}]}, H.DEGRADED),
        ({"error": {"message": "no such bucket"}}, H.DEGRADED),
        ({"failureMessage": "quota"}, H.DEGRADED),
        ({"ready": False}, H.PROGRESSING),
        ({"ready": True}, H.HEALTHY),
        ({"phase": "zzz"}, H.HEALTHY),
        ({"phase": ","}, H.HEALTHY),
    ],
)
def test_words_and_switches(status: dict[str, Any], expected: HealthStatus) -> None:
    assert assess(_custom(status)).status is expected


def test_what_runs_to_an_end_is_on_its_way_while_it_runs() -> None:
    assert assess(_custom({"phase": "Running"}, kind="BackupJob")).status is H.PROGRESSING


@pytest.mark.parametrize(
    ("spec", "status", "expected"),
    [
        ({"replicas": 3}, {"replicas": 3, "readyReplicas": 2}, H.PROGRESSING),
        ({"replicas": 3}, {"replicas": 3, "readyReplicas": 3}, H.HEALTHY),
        ({"replicas": 3}, {"replicas": 3, "readyReplicas": 3, "updatedReplicas": 0}, H.PROGRESSING),
        ({}, {"currentHealthy": 1, "expectedMachines": 3}, H.DEGRADED),
        ({}, {"scale": {"statusReplicas": "1/3"}}, H.PROGRESSING),
        ({}, {"failedTasksCount": 1}, H.DEGRADED),
        ({}, {"lastScheduleTime": "2026-01-01T00:00:00Z", "active": [{}]}, H.PROGRESSING),
    ],
)
def test_counts(spec: dict[str, Any], status: dict[str, Any], expected: HealthStatus) -> None:
    assert assess(_custom(status, spec)).status is expected


@pytest.mark.parametrize(
    "obj",
    [
        _custom({"observedGeneration": 1}, generation=2),
        _custom({"observedGeneration": 1, **_ready("True")}, generation=2),
        _custom({"conditions": [{"type": "Ready", "status": "True", "observedGeneration": 1}]}, generation=2),
        _custom(
            {"parents": [{"conditions": [{"type": "Accepted", "status": "True", "observedGeneration": 1}]}]},
            generation=2,
        ),
    ],
)
def test_a_status_from_before_the_newest_change_is_on_its_way(obj: dict[str, Any]) -> None:
    assert assess(obj).status is H.PROGRESSING


@pytest.mark.parametrize(
    "obj",
    [
        _custom(spec={"suspend": True}),
        _custom(spec={"paused": True}),
        _custom(spec={"updateStrategy": {"rollingUpdate": {"paused": True}}}),
        _custom(spec={"enabled": False}),
        _custom(group="postgresql.cnpg.io", annotations={"cnpg.io/hibernation": "on"}),
        _custom(group="cluster.x-k8s.io", annotations={"cluster.x-k8s.io/paused": ""}),
    ],
)
def test_what_asks_to_be_left_alone_is_suspended(obj: dict[str, Any]) -> None:
    assert assess(obj).status is H.SUSPENDED


def test_a_part_is_named_in_the_message() -> None:
    bad = {"type": "ResolvedRefs", "status": "False", "reason": "BackendNotFound", "message": "no service api"}
    route = _custom(
        {"parents": [{"parentRef": {"name": "public"}, "conditions": [bad]}]}, group="gateway.networking.k8s.io"
    )
    assert assess(route).message == "public: no service api"


def test_a_kind_that_never_reports_is_healthy_and_one_that_always_does_is_waited_for() -> None:
    assert assess(_custom()).status is H.HEALTHY
    assert assess(_custom(group="monitoring.coreos.com", kind="ServiceMonitor")).status is H.HEALTHY
    assert assess(_custom(group="cert-manager.io", kind="Certificate")).status is H.PROGRESSING
    assert assess(_custom(group="argoproj.io", kind="WorkflowTemplate")).status is H.HEALTHY
    assert assess(_custom(group="rabbitmq.com", kind="Queue")).status is H.UNKNOWN


def test_some_families_say_not_ready_only_when_something_went_wrong() -> None:
    assert assess(_custom(_ready("False", "Odd"), group="external-secrets.io")).status is H.DEGRADED
    assert assess(_custom(_ready("False", "Updating"), group="sql.cnrm.cloud.google.com")).status is H.PROGRESSING


def test_some_families_have_words_of_their_own() -> None:
    assert assess(_custom({"statuses": {"gloo": {"state": 2}}}, group="gloo.solo.io")).status is H.DEGRADED
    assert assess(_custom({"state": "Pending"}, group="gateway.solo.io")).status is H.SUSPENDED


def test_a_label_that_a_controller_writes_counts() -> None:
    obj = _custom(_ready("True"), group="core.gardener.cloud", labels={"shoot.gardener.cloud/status": "unhealthy"})
    assert assess(obj).status is H.DEGRADED
