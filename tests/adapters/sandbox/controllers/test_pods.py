"""Pods from created to gone."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.adapters.sandbox.controllers.lab import Lab


def container(lab: Lab, name: str = "p", position: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = lab.status("Pod", name)["containerStatuses"][position]
    return found


def waiting_reason(lab: Lab, name: str = "p") -> str:
    return str(container(lab, name)["state"].get("waiting", {}).get("reason", ""))


def test_a_pod_is_ready_between_half_a_second_and_one_and_a_half(lab: Lab) -> None:
    lab.pod()
    lab.wait(0.45)
    assert lab.conditions("Pod", "p").get("Ready", ("", ""))[0] != "True"
    lab.wait(1.1)
    assert lab.conditions("Pod", "p")["Ready"] == ("True", "")


def test_a_ready_pod_tells_everything_a_kubelet_tells(lab: Lab) -> None:
    lab.pod()
    lab.wait()
    status = lab.status("Pod", "p")
    assert status["phase"] == "Running"
    assert status["podIP"] == "10.244.0.2"
    assert status["hostIP"] == "172.18.0.2"
    assert status["qosClass"] == "BestEffort"
    assert status["startTime"] == "2026-01-01T00:00:00Z"
    assert lab.get("Pod", "p")["spec"]["nodeName"] == "flowcore-sandbox"
    assert {kind: state for kind, (state, _) in lab.conditions("Pod", "p").items()} == {
        "PodReadyToStartContainers": "True",
        "Initialized": "True",
        "Ready": "True",
        "ContainersReady": "True",
        "PodScheduled": "True",
    }
    main = container(lab)
    assert main["imageID"].startswith("docker.io/library/nginx@sha256:")
    assert main["containerID"].startswith("containerd://")
    assert (main["ready"], main["started"], main["restartCount"]) == (True, True, 0)
    assert main["state"] == {"running": {"startedAt": "2026-01-01T00:00:01Z"}}


def test_the_events_of_a_start_come_in_their_order(lab: Lab) -> None:
    lab.pod()
    lab.wait()
    assert lab.reasons("Pod", "p") == ["Scheduled", "Pulling", "Pulled", "Created", "Started"]


def test_an_image_is_pulled_once_and_then_present(lab: Lab) -> None:
    lab.pod("a")
    lab.wait()
    lab.pod("b")
    lab.wait()
    assert "Pulling" not in lab.reasons("Pod", "b")
    assert "Pulled" in lab.reasons("Pod", "b")


def test_a_pod_waits_for_its_container_before_it_runs(lab: Lab) -> None:
    lab.pod()
    lab.wait(0.3)
    assert lab.status("Pod", "p")["phase"] == "Pending"
    assert waiting_reason(lab) == "ContainerCreating"


@pytest.mark.parametrize(
    ("resources", "quality"),
    [
        ({}, "BestEffort"),
        ({"requests": {"cpu": "1"}}, "Burstable"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}}, "Guaranteed"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m", "memory": "1Gi"}}, "Burstable"),
    ],
)
def test_the_quality_of_service_follows_requests_and_limits(lab: Lab, resources: Any, quality: str) -> None:
    lab.pod(containers=[{"name": "main", "image": "nginx", "resources": resources}])
    lab.wait()
    assert lab.status("Pod", "p")["qosClass"] == quality


def test_a_readiness_probe_delays_readiness_by_its_initial_delay(lab: Lab) -> None:
    probe = {"httpGet": {"path": "/", "port": 80}, "initialDelaySeconds": 5}
    lab.pod(containers=[{"name": "main", "image": "nginx", "readinessProbe": probe}])
    lab.wait(5)
    assert lab.status("Pod", "p")["phase"] == "Running"
    assert lab.conditions("Pod", "p")["Ready"] == ("False", "ContainersNotReady")
    lab.wait(2)
    assert lab.conditions("Pod", "p")["Ready"] == ("True", "")


def test_init_containers_run_one_after_another_before_the_others(lab: Lab) -> None:
    lab.pod(initContainers=[{"name": "one", "image": "busybox"}, {"name": "two", "image": "alpine"}])
    lab.wait(0.9)
    assert lab.conditions("Pod", "p")["Initialized"] == ("False", "ContainersNotInitialized")
    assert waiting_reason(lab) == "PodInitializing"
    lab.wait(3)
    starts = [event["message"] for event in lab.events("Pod", "p") if event["reason"] == "Started"]
    assert starts == ["Started container one", "Started container two", "Started container main"]
    inits = lab.status("Pod", "p")["initContainerStatuses"]
    assert [one["state"]["terminated"]["reason"] for one in inits] == ["Completed", "Completed"]


def test_a_sidecar_keeps_running_beside_the_main_container(lab: Lab) -> None:
    lab.pod(initContainers=[{"name": "proxy", "image": "envoy", "restartPolicy": "Always"}])
    lab.wait()
    assert "running" in lab.status("Pod", "p")["initContainerStatuses"][0]["state"]
    assert lab.conditions("Pod", "p")["Ready"] == ("True", "")


def test_a_failing_init_container_keeps_the_pod_from_starting(lab: Lab) -> None:
    lab.pod(annotation="one:exit=3", initContainers=[{"name": "one", "image": "busybox"}])
    lab.wait(10)
    assert lab.status("Pod", "p")["phase"] == "Pending"
    init = lab.status("Pod", "p")["initContainerStatuses"][0]
    assert init["restartCount"] >= 2
    assert init["lastState"]["terminated"]["exitCode"] == 3


def test_a_failing_init_container_fails_a_pod_that_never_restarts(lab: Lab) -> None:
    lab.pod(annotation="one:exit=3", restartPolicy="Never", initContainers=[{"name": "one", "image": "busybox"}])
    lab.wait(5)
    assert lab.status("Pod", "p")["phase"] == "Failed"


# ---------------------------------------------------------------- told to fail


def test_an_image_that_cannot_be_pulled_backs_off(lab: Lab) -> None:
    lab.pod(annotation="ImagePullBackOff")
    lab.wait(1.2)
    assert waiting_reason(lab) == "ErrImagePull"
    lab.wait(0.6)
    assert waiting_reason(lab) == "ImagePullBackOff"
    assert lab.status("Pod", "p")["phase"] == "Pending"
    lab.wait(60)
    assert {"Pulling", "Failed", "BackOff"} <= set(lab.reasons("Pod", "p"))
    pulling = next(event for event in lab.events("Pod", "p") if event["reason"] == "Pulling")
    assert pulling["count"] > 3


def test_a_pod_goes_on_when_its_image_can_be_pulled_after_all(lab: Lab) -> None:
    lab.pod(annotation="ImagePullBackOff")
    lab.wait(5)
    pod = lab.get("Pod", "p")
    lab.store.update({**pod, "metadata": {**pod["metadata"], "annotations": {}}})
    lab.wait(40)
    assert lab.conditions("Pod", "p")["Ready"] == ("True", "")


def test_a_crashing_container_restarts_with_growing_waits(lab: Lab) -> None:
    lab.pod(annotation="CrashLoopBackOff")
    lab.wait(5)
    main = container(lab)
    assert main["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert "restarting failed container=main pod=p_default(" in main["state"]["waiting"]["message"]
    assert main["lastState"]["terminated"]["exitCode"] == 1
    assert lab.status("Pod", "p")["phase"] == "Running"
    early = main["restartCount"]
    lab.wait(100)
    assert early < container(lab)["restartCount"] < 12
    assert "BackOff" in lab.reasons("Pod", "p")


def test_a_killed_container_says_that_its_memory_was_the_reason(lab: Lab) -> None:
    lab.pod(annotation="OOMKilled", restartPolicy="Never")
    lab.wait()
    end = container(lab)["state"]["terminated"]
    assert (end["exitCode"], end["reason"]) == (137, "OOMKilled")


def test_a_pod_that_never_restarts_fails_with_the_code_it_was_told(lab: Lab) -> None:
    lab.pod(annotation="exit=7", restartPolicy="Never")
    lab.wait()
    assert lab.status("Pod", "p")["phase"] == "Failed"
    assert container(lab)["state"]["terminated"]["exitCode"] == 7


def test_a_task_pod_succeeds_by_itself(lab: Lab) -> None:
    lab.pod(restartPolicy="OnFailure")
    lab.wait(4)
    assert lab.status("Pod", "p")["phase"] == "Succeeded"
    assert lab.conditions("Pod", "p")["Ready"] == ("False", "PodCompleted")


def test_a_task_pod_that_is_told_to_fail_is_restarted_on_failure(lab: Lab) -> None:
    lab.pod(annotation="exit=1", restartPolicy="OnFailure")
    lab.wait(10)
    assert lab.status("Pod", "p")["phase"] == "Running"
    assert container(lab)["restartCount"] >= 1


def test_a_sleeping_container_lasts_as_long_as_it_sleeps(lab: Lab) -> None:
    lab.pod(restartPolicy="Never", containers=[{"name": "main", "image": "busybox", "command": ["sleep", "30"]}])
    lab.wait(25)
    assert lab.status("Pod", "p")["phase"] == "Running"
    lab.wait(10)
    assert lab.status("Pod", "p")["phase"] == "Succeeded"


def test_a_pod_that_is_not_ready_says_so_with_unhealthy_events(lab: Lab) -> None:
    lab.pod(annotation="not-ready")
    lab.wait(30)
    assert lab.status("Pod", "p")["phase"] == "Running"
    assert lab.conditions("Pod", "p")["Ready"] == ("False", "ContainersNotReady")
    unhealthy = next(event for event in lab.events("Pod", "p") if event["reason"] == "Unhealthy")
    assert unhealthy["count"] == 3


def test_a_slow_start_delays_readiness(lab: Lab) -> None:
    lab.pod(annotation="slow-start=5s")
    lab.wait(4.9)
    assert lab.conditions("Pod", "p")["Ready"][0] == "False"
    lab.wait(2)
    assert lab.conditions("Pod", "p")["Ready"][0] == "True"


def test_a_slow_start_with_a_probe_fails_the_probe_until_then(lab: Lab) -> None:
    probe = {"tcpSocket": {"port": 80}, "periodSeconds": 1}
    lab.pod(annotation="slow-start=5s", containers=[{"name": "main", "image": "nginx", "readinessProbe": probe}])
    lab.wait(4)
    assert "running" in container(lab)["state"]
    assert "connection refused" in lab.events("Pod", "p")[-1]["message"]
    lab.wait(3)
    assert lab.conditions("Pod", "p")["Ready"][0] == "True"


def test_a_word_for_one_container_leaves_the_other_alone(lab: Lab) -> None:
    both = [{"name": "web", "image": "nginx"}, {"name": "app", "image": "python"}]
    lab.pod(annotation="web:CrashLoopBackOff, app:slow-start=1s", containers=both)
    lab.wait(8)
    assert container(lab, position=0)["restartCount"] > 0
    assert container(lab, position=1)["ready"] is True


def test_an_unknown_word_is_reported(lab: Lab) -> None:
    lab.pod(annotation="explode")
    lab.wait()
    event = next(event for event in lab.events("Pod", "p") if event["reason"] == "UnknownBehaviour")
    assert '"explode"' in event["message"]


def test_a_readiness_gate_keeps_a_pod_unready_until_somebody_opens_it(lab: Lab) -> None:
    lab.pod(readinessGates=[{"conditionType": "acme.io/lb"}])
    lab.wait()
    assert lab.conditions("Pod", "p")["Ready"] == ("False", "ReadinessGatesNotReady")
    assert lab.conditions("Pod", "p")["ContainersReady"] == ("True", "")
    pod = lab.get("Pod", "p")
    opened = [*pod["status"]["conditions"], {"type": "acme.io/lb", "status": "True"}]
    lab.store.update({**pod, "status": {**pod["status"], "conditions": opened}}, subresource="status")
    lab.wait()
    assert lab.conditions("Pod", "p")["Ready"] == ("True", "")
    assert lab.conditions("Pod", "p")["acme.io/lb"] == ("True", "")


def test_an_image_that_is_changed_in_place_restarts_its_container(lab: Lab) -> None:
    lab.pod()
    lab.wait()
    lab.change("Pod", "p", containers=[{"name": "main", "image": "nginx:1.28"}])
    lab.wait()
    main = container(lab)
    assert (main["image"], main["restartCount"], main["ready"]) == ("docker.io/library/nginx:1.28", 1, True)
    assert "Killing" in lab.reasons("Pod", "p")


# ---------------------------------------------------------------- what is missing


def env_pod(lab: Lab, **source: Any) -> None:
    env = [{"name": "A", "valueFrom": source}]
    lab.pod(containers=[{"name": "main", "image": "nginx", "env": env}])


def test_a_missing_config_map_holds_the_container_until_it_appears(lab: Lab) -> None:
    env_pod(lab, configMapKeyRef={"name": "settings", "key": "a"})
    lab.wait()
    state = container(lab)["state"]["waiting"]
    assert state == {"reason": "CreateContainerConfigError", "message": 'configmap "settings" not found'}
    lab.config("settings", b="1")
    lab.wait(1)
    message = "couldn't find key a in ConfigMap default/settings"
    assert container(lab)["state"]["waiting"]["message"] == message
    settings = lab.get("ConfigMap", "settings")
    lab.store.update({**settings, "data": {"a": "1"}})
    lab.wait(1)
    assert lab.conditions("Pod", "p")["Ready"] == ("True", "")


def test_a_missing_secret_holds_the_container(lab: Lab) -> None:
    lab.pod(containers=[{"name": "main", "image": "nginx", "envFrom": [{"secretRef": {"name": "s"}}]}])
    lab.wait()
    assert container(lab)["state"]["waiting"]["message"] == 'secret "s" not found'
    assert "Error: secret" in [event["message"][:13] for event in lab.events("Pod", "p")]


def test_an_optional_source_may_be_missing(lab: Lab) -> None:
    env_pod(lab, secretKeyRef={"name": "settings", "key": "a", "optional": True})
    lab.wait()
    assert lab.conditions("Pod", "p")["Ready"] == ("True", "")


@pytest.mark.parametrize(
    ("volume", "problem"),
    [
        ({"configMap": {"name": "c"}}, 'configmap "c" not found'),
        ({"secret": {"secretName": "s"}}, 'secret "s" not found'),
        ({"projected": {"sources": [{"secret": {"name": "s"}}]}}, 'secret "s" not found'),
    ],
)
def test_a_missing_volume_source_keeps_the_pod_creating(lab: Lab, volume: Any, problem: str) -> None:
    lab.pod(volumes=[{"name": "v", **volume}])
    lab.wait()
    assert waiting_reason(lab) == "ContainerCreating"
    mount = next(event for event in lab.events("Pod", "p") if event["reason"] == "FailedMount")
    assert mount["message"] == f'MountVolume.SetUp failed for volume "v" : {problem}'
    lab.config("c", a="1")
    lab.make("v1", "Secret", "s", data={"a": base64.b64encode(b"1").decode()})
    lab.wait()
    assert lab.conditions("Pod", "p")["Ready"] == ("True", "")


def test_a_missing_claim_keeps_the_pod_pending_until_it_is_bound(lab: Lab) -> None:
    lab.pod(volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}])
    lab.wait()
    assert lab.status("Pod", "p")["phase"] == "Pending"
    assert lab.conditions("Pod", "p")["PodScheduled"] == ("False", "Unschedulable")
    assert 'persistentvolumeclaim "data" not found' in lab.events("Pod", "p")[0]["message"]
    lab.make(
        "v1",
        "PersistentVolumeClaim",
        "data",
        {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    )
    lab.wait()
    assert lab.conditions("Pod", "p")["Ready"] == ("True", "")


def test_a_claim_that_is_not_bound_keeps_the_pod_pending(lab: Lab) -> None:
    resources = {"requests": {"storage": "1Gi"}}
    lab.make("v1", "PersistentVolumeClaim", "data", {"storageClassName": "slow", "resources": resources})
    lab.pod(volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}])
    lab.wait()
    assert lab.status("Pod", "p")["phase"] == "Pending"
    assert "pod has unbound immediate PersistentVolumeClaims" in lab.events("Pod", "p")[0]["message"]


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({"nodeSelector": {"disk": "ssd"}}, "didn't match Pod's node affinity/selector"),
        ({"containers": [{"name": "m", "image": "i", "resources": {"requests": {"cpu": "65"}}}]}, "Insufficient cpu"),
    ],
)
def test_a_pod_that_no_node_takes_stays_pending(lab: Lab, spec: Any, problem: str) -> None:
    lab.pod(**spec)
    lab.wait()
    assert lab.status("Pod", "p")["phase"] == "Pending"
    assert problem in lab.events("Pod", "p")[0]["message"]


@pytest.mark.parametrize(
    ("tolerations", "phase"),
    [
        ([], "Pending"),
        ([{"key": "other", "operator": "Exists"}], "Pending"),
        ([{"key": "dedicated", "operator": "Exists"}], "Running"),
        ([{"key": "dedicated", "value": "db", "effect": "NoSchedule"}], "Running"),
        ([{"operator": "Exists"}], "Running"),
    ],
)
def test_a_taint_keeps_pods_away_that_do_not_tolerate_it(lab: Lab, tolerations: Any, phase: str) -> None:
    node = lab.store.get("v1", "Node", "", "flowcore-sandbox")
    assert node is not None
    taint = {"key": "dedicated", "value": "db", "effect": "NoSchedule"}
    lab.store.update({**node, "spec": {**node["spec"], "taints": [taint]}})
    lab.pod(tolerations=tolerations)
    lab.wait()
    assert lab.status("Pod", "p")["phase"] == phase


def test_a_pod_comes_when_its_node_is_uncordoned(lab: Lab) -> None:
    node = lab.store.get("v1", "Node", "", "flowcore-sandbox")
    assert node is not None
    cordoned = lab.store.update({**node, "spec": {**node["spec"], "unschedulable": True}})
    lab.pod()
    lab.wait()
    assert "node(s) were unschedulable" in lab.events("Pod", "p")[0]["message"]
    lab.store.update({**cordoned, "spec": node["spec"]})
    lab.wait()
    assert lab.status("Pod", "p")["phase"] == "Running"


# ---------------------------------------------------------------- the end


def test_a_deleted_pod_ends_gracefully(lab: Lab) -> None:
    lab.pod()
    lab.wait()
    lab.delete("Pod", "p")
    lab.wait(0.05)
    assert lab.get("Pod", "p")["metadata"]["deletionTimestamp"]
    assert "Killing" in lab.reasons("Pod", "p")
    lab.wait(1)
    assert lab.gone("Pod", "p")


def test_an_address_is_given_again_after_its_pod_is_gone(lab: Lab) -> None:
    lab.pod("a")
    lab.wait()
    lab.delete("Pod", "a")
    lab.wait()
    lab.pod("a")
    lab.wait()
    assert lab.conditions("Pod", "a")["Ready"] == ("True", "")


def test_a_pod_past_its_deadline_fails(lab: Lab) -> None:
    lab.pod(activeDeadlineSeconds=10)
    lab.wait(12)
    status = lab.status("Pod", "p")
    assert (status["phase"], status["reason"]) == ("Failed", "DeadlineExceeded")


def test_the_node_is_ready_and_says_what_it_is(lab: Lab) -> None:
    node = lab.store.get("v1", "Node", "", "flowcore-sandbox")
    assert node is not None
    ready = next(entry for entry in node["status"]["conditions"] if entry["type"] == "Ready")
    assert ready["status"] == "True"
    assert node["status"]["capacity"]["cpu"] == "64"
    assert node["status"]["nodeInfo"]["kubeletVersion"].startswith("v1.")
    assert lab.clock.now() == datetime(2026, 1, 1, tzinfo=UTC)
