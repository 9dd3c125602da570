"""StatefulSets."""

from __future__ import annotations

from typing import Any

from tests.adapters.sandbox.controllers.lab import Lab, template, workload

CLAIM = {
    "metadata": {"name": "data"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}


def stateful(lab: Lab, annotation: str = "", replicas: int = 3, **spec: Any) -> None:
    body = workload("db", annotation, replicas=replicas, serviceName="db", **spec)
    lab.make("apps/v1", "StatefulSet", "db", body)


def created(lab: Lab, kind: str = "Pod") -> list[str]:
    return [obj["metadata"]["name"] for change, obj in lab.history if change == "ADDED" and obj["kind"] == kind]


def ready_when_created(lab: Lab, name: str) -> set[str]:
    """The pods that were ready at the moment a pod was created."""
    ready: set[str] = set()
    for change, obj in lab.history:
        if obj["kind"] != "Pod":
            continue
        if change == "ADDED" and obj["metadata"]["name"] == name:
            return ready
        conditions = {entry["type"]: entry["status"] for entry in obj["status"].get("conditions", [])}
        if conditions.get("Ready") == "True":
            ready.add(obj["metadata"]["name"])
    raise AssertionError(f"{name} was never created")


def test_pods_come_one_after_another_and_have_names_of_their_own(lab: Lab) -> None:
    stateful(lab)
    lab.wait(6)
    assert created(lab) == ["db-0", "db-1", "db-2"]
    assert ready_when_created(lab, "db-1") == {"db-0"}
    assert ready_when_created(lab, "db-2") == {"db-0", "db-1"}
    pod = lab.get("Pod", "db-1")
    assert (pod["spec"]["hostname"], pod["spec"]["subdomain"]) == ("db-1", "db")
    assert pod["metadata"]["labels"]["statefulset.kubernetes.io/pod-name"] == "db-1"
    assert pod["metadata"]["labels"]["apps.kubernetes.io/pod-index"] == "1"


def test_the_status_counts_and_names_the_revision(lab: Lab) -> None:
    stateful(lab)
    lab.wait(6)
    (revision,) = lab.names("ControllerRevision")
    assert lab.status("StatefulSet", "db") == {
        "observedGeneration": 1,
        "replicas": 3,
        "readyReplicas": 3,
        "currentReplicas": 3,
        "updatedReplicas": 3,
        "availableReplicas": 3,
        "currentRevision": revision,
        "updateRevision": revision,
        "collisionCount": 0,
    }


def test_a_pod_that_is_not_ready_holds_the_next_one_back(lab: Lab) -> None:
    stateful(lab, annotation="not-ready")
    lab.wait(10)
    assert lab.names("Pod") == ["db-0"]


def test_parallel_pods_come_at_once(lab: Lab) -> None:
    stateful(lab, annotation="not-ready", podManagementPolicy="Parallel")
    lab.wait(2)
    assert lab.names("Pod") == ["db-0", "db-1", "db-2"]


def test_every_pod_has_a_claim_that_outlives_it(lab: Lab) -> None:
    stateful(lab, volumeClaimTemplates=[CLAIM])
    lab.wait(8)
    assert lab.names("PersistentVolumeClaim") == ["data-db-0", "data-db-1", "data-db-2"]
    assert lab.status("PersistentVolumeClaim", "data-db-2")["phase"] == "Bound"
    volume = lab.get("Pod", "db-2")["spec"]["volumes"][0]
    assert volume == {"name": "data", "persistentVolumeClaim": {"claimName": "data-db-2"}}
    lab.change("StatefulSet", "db", replicas=1)
    lab.wait(5)
    assert lab.names("Pod") == ["db-0"]
    assert len(lab.names("PersistentVolumeClaim")) == 3


def test_claims_go_with_their_pods_where_the_set_says_so(lab: Lab) -> None:
    policy = {"whenDeleted": "Delete", "whenScaled": "Delete"}
    stateful(lab, volumeClaimTemplates=[CLAIM], persistentVolumeClaimRetentionPolicy=policy)
    lab.wait(8)
    lab.change("StatefulSet", "db", replicas=1)
    lab.wait(5)
    assert lab.names("PersistentVolumeClaim") == ["data-db-0"]
    lab.delete("StatefulSet", "db")
    lab.wait(5)
    assert not lab.names("PersistentVolumeClaim")


def test_scaling_down_takes_the_highest_first(lab: Lab) -> None:
    stateful(lab)
    lab.wait(6)
    lab.history.clear()
    lab.change("StatefulSet", "db", replicas=0)
    lab.wait(5)
    gone = [obj["metadata"]["name"] for change, obj in lab.history if change == "DELETED" and obj["kind"] == "Pod"]
    assert gone == ["db-2", "db-1", "db-0"]


def test_an_update_goes_from_the_highest_to_the_lowest(lab: Lab) -> None:
    stateful(lab)
    lab.wait(6)
    lab.history.clear()
    lab.change("StatefulSet", "db", template=template("db", image="postgres:17"))
    lab.wait(12)
    assert created(lab) == ["db-2", "db-1", "db-0"]
    status = lab.status("StatefulSet", "db")
    assert status["currentRevision"] == status["updateRevision"]
    assert status["updatedReplicas"] == 3
    assert {pod["spec"]["containers"][0]["image"] for pod in lab.all("Pod")} == {"postgres:17"}


def test_a_partition_keeps_the_lower_pods_as_they_are(lab: Lab) -> None:
    stateful(lab, updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 2}})
    lab.wait(6)
    lab.change("StatefulSet", "db", template=template("db", image="postgres:17"))
    lab.wait(8)
    assert [pod["spec"]["containers"][0]["image"] for pod in lab.all("Pod")] == [
        "nginx:1.27",
        "nginx:1.27",
        "postgres:17",
    ]
    lab.delete("Pod", "db-0")
    lab.wait(4)
    assert lab.get("Pod", "db-0")["spec"]["containers"][0]["image"] == "nginx:1.27"
    status = lab.status("StatefulSet", "db")
    assert (status["updatedReplicas"], status["currentReplicas"]) == (1, 2)


def test_on_delete_updates_only_what_is_deleted(lab: Lab) -> None:
    stateful(lab, updateStrategy={"type": "OnDelete"})
    lab.wait(6)
    lab.change("StatefulSet", "db", template=template("db", image="postgres:17"))
    lab.wait(4)
    lab.delete("Pod", "db-1")
    lab.wait(4)
    images = {pod["metadata"]["name"]: pod["spec"]["containers"][0]["image"] for pod in lab.all("Pod")}
    assert images == {"db-0": "nginx:1.27", "db-1": "postgres:17", "db-2": "nginx:1.27"}


def test_old_revisions_are_forgotten_beyond_the_limit(lab: Lab) -> None:
    stateful(lab, replicas=1, revisionHistoryLimit=1)
    for number in range(4):
        lab.wait(5)
        lab.change("StatefulSet", "db", template=template("db", image=f"postgres:{number}"))
    lab.wait(5)
    assert len(lab.names("ControllerRevision")) == 2
