"""Claims and volumes."""

from __future__ import annotations

from typing import Any

from tests.adapters.sandbox.controllers.lab import Lab


def claim(lab: Lab, name: str = "data", size: str = "1Gi", **spec: Any) -> None:
    body = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}, **spec}
    lab.make("v1", "PersistentVolumeClaim", name, body)


def volume(lab: Lab, name: str, size: str = "5Gi", **spec: Any) -> None:
    body = {"capacity": {"storage": size}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/x"}, **spec}
    lab.make("v1", "PersistentVolume", name, body)


def phase(lab: Lab, name: str) -> str:
    found = lab.store.get("v1", "PersistentVolume", "", name)
    return str(found["status"]["phase"]) if found else "gone"


def test_a_claim_gets_a_volume_from_the_default_class(lab: Lab) -> None:
    claim(lab)
    lab.wait()
    status = lab.status("PersistentVolumeClaim", "data")
    assert status == {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}}
    spec = lab.get("PersistentVolumeClaim", "data")["spec"]
    assert spec["storageClassName"] == "standard"
    (made,) = lab.all("PersistentVolume")
    assert made["metadata"]["name"] == spec["volumeName"]
    assert made["spec"]["claimRef"]["name"] == "data"
    assert made["status"]["phase"] == "Bound"
    assert lab.reasons("PersistentVolumeClaim", "data") == ["ExternalProvisioning", "ProvisioningSucceeded"]


def test_a_claim_is_pending_first(lab: Lab) -> None:
    claim(lab)
    lab.wait(0.05)
    assert lab.status("PersistentVolumeClaim", "data") == {"phase": "Pending"}


def test_a_claim_of_an_unknown_class_waits_until_the_class_exists(lab: Lab) -> None:
    claim(lab, storageClassName="fast")
    lab.wait()
    assert lab.status("PersistentVolumeClaim", "data")["phase"] == "Pending"
    (event,) = lab.events("PersistentVolumeClaim", "data")
    assert event["message"] == 'storageclass.storage.k8s.io "fast" not found'
    lab.make("storage.k8s.io/v1", "StorageClass", "fast", provisioner="acme")
    lab.wait()
    assert lab.status("PersistentVolumeClaim", "data")["phase"] == "Bound"


def test_a_claim_without_a_class_takes_the_smallest_volume_that_fits(lab: Lab) -> None:
    volume(lab, "large", "50Gi")
    volume(lab, "small", "2Gi")
    volume(lab, "tiny", "1Mi")
    lab.wait()
    assert phase(lab, "small") == "Available"
    claim(lab, storageClassName="")
    lab.wait()
    assert lab.get("PersistentVolumeClaim", "data")["spec"]["volumeName"] == "small"
    assert (phase(lab, "small"), phase(lab, "large")) == ("Bound", "Available")


def test_a_claim_waits_for_the_volume_it_names(lab: Lab) -> None:
    claim(lab, volumeName="mine", storageClassName="")
    lab.wait()
    assert lab.status("PersistentVolumeClaim", "data")["phase"] == "Pending"
    volume(lab, "mine")
    lab.wait()
    assert lab.status("PersistentVolumeClaim", "data")["phase"] == "Bound"


def test_a_made_volume_goes_with_its_claim_and_a_given_one_stays(lab: Lab) -> None:
    volume(lab, "given", persistentVolumeReclaimPolicy="Retain")
    claim(lab, "a", storageClassName="")
    claim(lab, "b")
    lab.wait()
    lab.delete("PersistentVolumeClaim", "a")
    lab.delete("PersistentVolumeClaim", "b")
    lab.wait()
    assert phase(lab, "given") == "Released"
    assert [one["metadata"]["name"] for one in lab.all("PersistentVolume")] == ["given"]


def test_a_claim_grows(lab: Lab) -> None:
    claim(lab)
    lab.wait()
    lab.change("PersistentVolumeClaim", "data", resources={"requests": {"storage": "3Gi"}})
    lab.wait()
    assert lab.status("PersistentVolumeClaim", "data")["capacity"] == {"storage": "3Gi"}
