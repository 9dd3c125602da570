"""What belongs to an object explains why it is not well."""

from __future__ import annotations

from typing import Any

import pytest

from flowcore.health import HealthStatus, assess

WEB = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "generation": 1},
    "spec": {"replicas": 1},
    "status": {"observedGeneration": 1},
}
WELL = {
    **WEB,
    "status": {
        "observedGeneration": 1,
        "updatedReplicas": 1,
        "replicas": 1,
        "readyReplicas": 1,
        "availableReplicas": 1,
    },
}


def _pod(name: str, reason: str = "", owner: str = "", **more: Any) -> dict[str, Any]:
    waiting = {"name": "app", "state": {"waiting": {"reason": reason, "message": "told"}}}
    owners = [{"kind": "ReplicaSet", "name": owner}] if owner else []
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "ownerReferences": owners},
        "status": {"phase": "Pending", "containerStatuses": [waiting] if reason else []},
        **more,
    }


def _replica_set(name: str, revision: int, failure: str = "") -> dict[str, Any]:
    failed = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": failure}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {"name": name, "annotations": {"deployment.kubernetes.io/revision": str(revision)}},
        "status": {"conditions": [failed] if failure else []},
    }


def _event(reason: str, message: str, kind: str = "Warning", time: str = "2026-01-01T00:00:00Z") -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "type": kind,
        "reason": reason,
        "message": message,
        "lastTimestamp": time,
    }


@pytest.mark.parametrize(
    "reason", ["ImagePullBackOff", "ErrImagePull", "CrashLoopBackOff", "CreateContainerConfigError", "InvalidImageName"]
)
def test_a_workload_whose_pods_plainly_cannot_start_is_degraded(reason: str) -> None:
    found = assess(WEB, [_pod("web-1", reason)])
    assert found.status is HealthStatus.DEGRADED
    assert found.message == f"Pod web-1: Container app: {reason}: told"


def test_a_pod_that_no_node_takes_explains_the_wait_which_may_pass() -> None:
    pod = _pod("web-1")
    pod["status"]["conditions"] = [
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes are available"}
    ]
    found = assess(WEB, [pod])
    assert found.status is assess(WEB).status is HealthStatus.PROGRESSING
    assert "Pod web-1: Unschedulable: 0/1 nodes are available" in found.message


def test_a_crash_tells_how_the_container_ended_last() -> None:
    pod = _pod("web-1", "CrashLoopBackOff")
    pod["status"]["containerStatuses"][0]["lastState"] = {"terminated": {"reason": "OOMKilled", "exitCode": 137}}
    assert "last ended with OOMKilled, exit code 137" in assess(WEB, [pod]).message


def test_a_container_that_initialises_counts_too() -> None:
    pod = _pod("web-1")
    pod["status"]["initContainerStatuses"] = [{"name": "wait", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]
    assert assess(WEB, [pod]).message == "Pod web-1: Container wait: CrashLoopBackOff"


def test_pods_that_are_only_starting_leave_the_verdict_alone() -> None:
    assert assess(WEB, [_pod("web-1", "ContainerCreating")]) == assess(WEB)


def test_a_healthy_workload_is_not_made_worse_by_a_pod() -> None:
    assert assess(WELL, [_pod("web-1", "CrashLoopBackOff")]).status is HealthStatus.HEALTHY


def test_pods_of_an_older_template_do_not_count() -> None:
    others = [_replica_set("web-old", 1), _replica_set("web-new", 2)]
    assert assess(WEB, [*others, _pod("old", "CrashLoopBackOff", "web-old")]).status is HealthStatus.PROGRESSING
    assert assess(WEB, [*others, _pod("new", "CrashLoopBackOff", "web-new")]).status is HealthStatus.DEGRADED


def test_pods_that_are_being_deleted_do_not_count() -> None:
    pod = _pod("web-1", "CrashLoopBackOff")
    pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert assess(WEB, [pod]).status is HealthStatus.PROGRESSING


def test_a_replica_set_that_may_not_create_pods_degrades_its_deployment() -> None:
    found = assess(WEB, [_replica_set("web-1", 1, "exceeded quota")])
    assert found.status is HealthStatus.DEGRADED
    assert found.message == "ReplicaSet web-1 cannot create pods: exceeded quota"


def test_many_troubled_pods_are_named_in_part() -> None:
    found = assess(WEB, [_pod(f"web-{number}", "ErrImagePull") for number in range(5)])
    assert "Pod web-2" in found.message
    assert "Pod web-3" not in found.message
    assert found.message.endswith("and 2 more")


def test_the_newest_warning_explains_what_is_not_well() -> None:
    events = [
        _event("FailedMount", "old", time="2026-01-01T00:00:00Z"),
        _event("FailedMount", 'secret "x"\n not found', time="2026-01-02T00:00:00Z"),
        _event("Pulled", "image there", "Normal", time="2026-01-03T00:00:00Z"),
    ]
    assert (
        assess(WEB, events).message
        == '0 of 1 replica updated to the newest template (FailedMount: secret "x" not found)'
    )
    assert assess(WELL, events) == assess(WELL)


def test_a_claim_that_waits_for_its_first_pod_says_so() -> None:
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}}
    found = assess(claim, [_event("WaitForFirstConsumer", "waiting for first consumer", "Normal")])
    assert found.message == "Waiting for a volume (WaitForFirstConsumer: waiting for first consumer)"


def test_a_failed_job_tells_how_its_last_pod_ended() -> None:
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "migrate"},
        "status": {"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]},
    }
    ended = {"name": "app", "state": {"terminated": {"reason": "Error", "exitCode": 2}}}
    pod, older = _pod("migrate-x"), _pod("migrate-old")
    pod["status"] = {"phase": "Failed", "containerStatuses": [ended]}
    pod["metadata"]["creationTimestamp"] = "2026-01-02T00:00:00Z"
    older["status"] = {"phase": "Failed", "message": "old news"}
    older["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z"
    found = assess(job, [older, pod])
    assert found.status is HealthStatus.DEGRADED
    assert found.message == "BackoffLimitExceeded (Pod migrate-x: Container app ended with Error: exit code 2)"


def test_only_workloads_are_judged_by_pods() -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"type": "LoadBalancer"}}
    assert assess(service, [_pod("web-1", "CrashLoopBackOff")]).status is HealthStatus.PROGRESSING
