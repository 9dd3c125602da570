"""DaemonSets."""

from __future__ import annotations

from typing import Any

from tests.adapters.sandbox.controllers.lab import Lab, template, workload


def daemon(lab: Lab, **spec: Any) -> None:
    lab.make("apps/v1", "DaemonSet", "agent", workload("agent", **spec))


def test_a_daemon_set_has_one_pod_on_the_only_node(lab: Lab) -> None:
    daemon(lab)
    lab.wait()
    (pod,) = lab.all("Pod")
    assert pod["spec"]["nodeName"] == "flowcore-sandbox"
    assert lab.status("DaemonSet", "agent") == {
        "observedGeneration": 1,
        "currentNumberScheduled": 1,
        "desiredNumberScheduled": 1,
        "numberMisscheduled": 0,
        "numberReady": 1,
        "updatedNumberScheduled": 1,
        "numberAvailable": 1,
    }


def test_an_update_replaces_the_pod(lab: Lab) -> None:
    daemon(lab)
    lab.wait()
    lab.change("DaemonSet", "agent", template=template("agent", image="agent:2"))
    lab.wait(5)
    (pod,) = lab.all("Pod")
    assert pod["spec"]["containers"][0]["image"] == "agent:2"
    assert lab.status("DaemonSet", "agent")["updatedNumberScheduled"] == 1


def test_on_delete_leaves_the_old_pod(lab: Lab) -> None:
    daemon(lab, updateStrategy={"type": "OnDelete"})
    lab.wait()
    lab.change("DaemonSet", "agent", template=template("agent", image="agent:2"))
    lab.wait()
    assert lab.all("Pod")[0]["spec"]["containers"][0]["image"] == "nginx:1.27"
    assert "updatedNumberScheduled" not in lab.status("DaemonSet", "agent")


def test_a_set_for_other_nodes_has_no_pods(lab: Lab) -> None:
    body = workload("agent")
    body["template"]["spec"]["nodeSelector"] = {"disk": "ssd"}
    lab.make("apps/v1", "DaemonSet", "agent", body)
    lab.wait()
    assert not lab.all("Pod")
    assert lab.status("DaemonSet", "agent")["desiredNumberScheduled"] == 0


def test_a_pod_that_failed_is_replaced(lab: Lab) -> None:
    daemon(lab)
    lab.wait()
    (pod,) = lab.all("Pod")
    lab.store.update({**pod, "status": {**pod["status"], "phase": "Failed"}}, subresource="status")
    lab.wait()
    (other,) = lab.all("Pod")
    assert other["metadata"]["name"] != pod["metadata"]["name"]
    assert "FailedDaemonPod" in lab.reasons("DaemonSet", "agent")
