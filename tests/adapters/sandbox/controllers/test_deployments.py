"""Deployments and ReplicaSets."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from adapters.sandbox._controllers._rollout import Limits, SetSize, first_size, rolling_step
from tests.adapters.sandbox.controllers.lab import Lab, template, workload


def annotations(lab: Lab, kind: str, name: str) -> dict[str, str]:
    found: dict[str, str] = lab.get(kind, name)["metadata"].get("annotations", {})
    return found


def sizes(lab: Lab) -> list[int]:
    return [one["spec"]["replicas"] for one in lab.all("ReplicaSet")]


def available_over_time(lab: Lab, name: str) -> list[int]:
    return [
        obj["status"].get("availableReplicas", 0)
        for change, obj in lab.history
        if change == "MODIFIED" and obj["kind"] == "Deployment" and obj["metadata"]["name"] == name and "status" in obj
    ]


def test_a_deployment_comes_up_through_a_replica_set(lab: Lab) -> None:
    lab.deployment()
    lab.wait()
    (replica_set,) = lab.all("ReplicaSet")
    mark = replica_set["metadata"]["labels"]["pod-template-hash"]
    assert replica_set["metadata"]["name"] == f"web-{mark}"
    assert replica_set["spec"]["selector"]["matchLabels"] == {"app": "web", "pod-template-hash": mark}
    assert all(name.startswith(f"web-{mark}-") for name in lab.names("Pod"))
    assert annotations(lab, "Deployment", "web")["deployment.kubernetes.io/revision"] == "1"
    assert annotations(lab, "ReplicaSet", f"web-{mark}") == {
        "deployment.kubernetes.io/desired-replicas": "3",
        "deployment.kubernetes.io/max-replicas": "4",
        "deployment.kubernetes.io/revision": "1",
    }


def test_the_status_of_a_complete_deployment_counts_and_explains(lab: Lab) -> None:
    lab.deployment()
    lab.wait()
    status = lab.status("Deployment", "web")
    numbers = {key: value for key, value in status.items() if key != "conditions"}
    assert numbers == {
        "observedGeneration": 1,
        "replicas": 3,
        "updatedReplicas": 3,
        "readyReplicas": 3,
        "availableReplicas": 3,
    }
    assert lab.conditions("Deployment", "web") == {
        "Available": ("True", "MinimumReplicasAvailable"),
        "Progressing": ("True", "NewReplicaSetAvailable"),
    }


def test_a_deployment_that_has_just_begun_is_not_available(lab: Lab) -> None:
    lab.deployment()
    lab.wait(0.2)
    assert lab.status("Deployment", "web")["unavailableReplicas"] == 3
    assert lab.conditions("Deployment", "web") == {
        "Available": ("False", "MinimumReplicasUnavailable"),
        "Progressing": ("True", "ReplicaSetUpdated"),
    }


def test_a_rolling_update_never_falls_below_what_must_be_available(lab: Lab) -> None:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    lab.deployment(strategy=strategy)
    lab.wait()
    lab.history.clear()
    lab.change("Deployment", "web", template=template("web", image="nginx:1.28"))
    lab.wait(10)
    assert min(available_over_time(lab, "web")) >= 3
    assert max(obj["status"].get("replicas", 0) for _, obj in lab.history if obj["kind"] == "Deployment") == 4
    assert sizes(lab) == [0, 3]
    assert {pod["spec"]["containers"][0]["image"] for pod in lab.all("Pod")} == {"nginx:1.28"}
    assert annotations(lab, "Deployment", "web")["deployment.kubernetes.io/revision"] == "2"
    assert lab.conditions("Deployment", "web")["Progressing"] == ("True", "NewReplicaSetAvailable")


def test_recreate_ends_every_old_pod_before_a_new_one_is_made(lab: Lab) -> None:
    lab.deployment(strategy={"type": "Recreate"})
    lab.wait()
    lab.history.clear()
    lab.change("Deployment", "web", template=template("web", image="nginx:1.28"))
    lab.wait(5)
    pods = [(change, obj["metadata"]["name"][4:8]) for change, obj in lab.history if obj["kind"] == "Pod"]
    last_gone = max(position for position, (change, _) in enumerate(pods) if change == "DELETED")
    first_new = min(position for position, (change, _) in enumerate(pods) if change == "ADDED")
    assert last_gone < first_new
    assert lab.status("Deployment", "web")["readyReplicas"] == 3


def test_a_failing_update_leaves_the_old_pods_in_service(lab: Lab) -> None:
    lab.deployment(progressDeadlineSeconds=30)
    lab.wait()
    lab.change("Deployment", "web", template=template("web", "CrashLoopBackOff"))
    lab.wait(20)
    assert lab.status("Deployment", "web")["availableReplicas"] == 3
    assert lab.conditions("Deployment", "web")["Available"][0] == "True"
    lab.wait(60)
    progressing = lab.conditions("Deployment", "web")["Progressing"]
    assert progressing == ("False", "ProgressDeadlineExceeded")


def test_going_back_to_an_old_template_reuses_its_set_with_a_new_revision(lab: Lab) -> None:
    lab.deployment()
    lab.wait()
    lab.change("Deployment", "web", template=template("web", image="nginx:1.28"))
    lab.wait(10)
    lab.change("Deployment", "web", template=template("web"))
    lab.wait(10)
    assert len(lab.all("ReplicaSet")) == 2
    assert sorted(sizes(lab)) == [0, 3]
    assert annotations(lab, "Deployment", "web")["deployment.kubernetes.io/revision"] == "3"


def test_only_as_many_old_sets_are_kept_as_are_wanted(lab: Lab) -> None:
    lab.deployment(replicas=1, revisionHistoryLimit=2)
    for number in range(5):
        lab.wait(5)
        lab.change("Deployment", "web", template=template("web", image=f"nginx:1.{number}"))
    lab.wait(5)
    assert len(lab.all("ReplicaSet")) == 3


@pytest.mark.parametrize("replicas", [0, 1, 5])
def test_scaling_is_not_a_rollout(lab: Lab, replicas: int) -> None:
    lab.deployment()
    lab.wait()
    lab.change("Deployment", "web", replicas=replicas)
    lab.wait()
    assert sizes(lab) == [replicas]
    assert len(lab.all("Pod")) == replicas
    assert lab.status("Deployment", "web").get("readyReplicas", 0) == replicas


def test_a_paused_deployment_scales_and_does_not_roll(lab: Lab) -> None:
    lab.deployment()
    lab.wait()
    lab.change("Deployment", "web", paused=True, replicas=2, template=template("web", image="nginx:1.28"))
    lab.wait()
    assert sizes(lab) == [2]
    assert lab.conditions("Deployment", "web")["Progressing"] == ("Unknown", "DeploymentPaused")
    lab.change("Deployment", "web", paused=False)
    lab.wait(10)
    assert sizes(lab) == [0, 2]
    assert lab.conditions("Deployment", "web")["Progressing"] == ("True", "NewReplicaSetAvailable")


def test_pods_count_as_available_after_min_ready_seconds(lab: Lab) -> None:
    lab.deployment(minReadySeconds=10)
    lab.wait(5)
    assert lab.status("Deployment", "web")["readyReplicas"] == 3
    assert "availableReplicas" not in lab.status("Deployment", "web")
    lab.wait(10)
    assert lab.status("Deployment", "web")["availableReplicas"] == 3


def test_a_deleted_pod_is_replaced(lab: Lab) -> None:
    lab.deployment(replicas=2)
    lab.wait()
    before = set(lab.names("Pod"))
    lab.delete("Pod", min(before))
    lab.wait()
    after = set(lab.names("Pod"))
    assert len(after) == 2
    assert len(after & before) == 1


def test_deleting_a_deployment_takes_everything_with_it(lab: Lab) -> None:
    lab.deployment()
    lab.wait()
    lab.delete("Deployment", "web")
    lab.wait()
    assert not lab.all("ReplicaSet")
    assert not lab.all("Pod")


def test_a_replica_set_adopts_the_orphans_it_selects(lab: Lab) -> None:
    lab.make("v1", "Pod", "stray", {"containers": [{"name": "m", "image": "i"}]}, metadata={"labels": {"app": "solo"}})
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": "solo"}}, "template": template("solo")}
    lab.make("apps/v1", "ReplicaSet", "solo", spec)
    lab.wait()
    assert len(lab.all("Pod")) == 2
    assert lab.get("Pod", "stray")["metadata"]["ownerReferences"][0]["name"] == "solo"


def test_scaling_events_say_from_and_to(lab: Lab) -> None:
    lab.deployment()
    lab.wait()
    (event,) = lab.events("Deployment", "web")
    assert (event["reason"], event["source"]["component"]) == ("ScalingReplicaSet", "deployment-controller")
    assert event["message"].endswith("from 0 to 3")


@pytest.mark.parametrize(
    ("kind", "parts"),
    [("Deployment", "ReplicaSet"), ("StatefulSet", "Pod"), ("DaemonSet", "Pod"), ("ReplicaSet", "Pod")],
)
def test_what_was_orphaned_is_taken_up_by_the_next_owner(lab: Lab, kind: str, parts: str) -> None:
    lab.make("apps/v1", kind, "web", workload("web", serviceName="web"))
    lab.wait()
    names = lab.names(parts)
    lab.store.delete("apps/v1", kind, "default", "web", propagation="Orphan")
    lab.wait()
    assert lab.names(parts) == names
    lab.make("apps/v1", kind, "web", workload("web", serviceName="web"))
    lab.wait()
    assert lab.names(parts) == names
    owner = lab.get(parts, names[0])["metadata"]["ownerReferences"][0]
    assert owner["uid"] == lab.get(kind, "web")["metadata"]["uid"]


# ---------------------------------------------------------------- the arithmetic alone


@pytest.mark.parametrize(
    ("rolling", "replicas", "limits"),
    [
        ({}, 3, Limits(1, 0)),
        ({}, 10, Limits(3, 2)),
        ({"maxSurge": "50%", "maxUnavailable": "50%"}, 3, Limits(2, 1)),
        ({"maxSurge": 0, "maxUnavailable": 0}, 3, Limits(0, 1)),
        ({"maxSurge": 0, "maxUnavailable": "10%"}, 3, Limits(0, 1)),
    ],
)
def test_limits_round_as_kubernetes_does(rolling: Any, replicas: int, limits: Limits) -> None:
    assert Limits.of({"spec": {"replicas": replicas, "strategy": {"rollingUpdate": rolling}}}) == limits


def test_a_new_set_starts_with_what_the_surge_leaves() -> None:
    assert first_size(10, Limits(3, 2), []) == 10
    assert first_size(10, Limits(3, 2), [SetSize("old", 10, 10)]) == 3


@pytest.mark.parametrize("limits", [Limits(1, 0), Limits(0, 1), Limits(3, 2), Limits(2, 5)])
def test_a_rollout_ends_and_keeps_its_limits(limits: Limits) -> None:
    wanted, new, old = 5, SetSize("new", 0, 0), [SetSize("old", 5, 5)]
    trace = [(new, old)]
    for _ in range(50):
        new, old = rolling_step(wanted, limits, new, old)
        assert new.wanted + sum(one.wanted for one in old) <= wanted + limits.surge
        new = SetSize("new", new.wanted, new.wanted)
        old = [SetSize("old", one.wanted, one.wanted) for one in old]
        assert new.available + sum(one.available for one in old) >= wanted - limits.unavailable
        trace.append((new, old))
    assert (new.wanted, [one.wanted for one in old]) == (5, [0])
    assert any(before != after for before, after in pairwise(trace))
