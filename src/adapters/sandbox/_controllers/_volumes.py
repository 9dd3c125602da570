"""Claims and volumes: a claim gets the volume that fits, or a new one from its storage class."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import ClassVar

from attrs import define, field

from adapters.sandbox._controllers._cluster import Cluster, with_metadata
from adapters.sandbox._controllers._events import NODE
from adapters.sandbox._controllers._objects import (
    annotations_of,
    is_leaving,
    labels_of,
    name_of,
    namespace_of,
    selects,
    spec,
    status,
    uid_of,
)
from adapters.sandbox._controllers._seams import Place
from adapters.sandbox._quantities import amount
from flowcore.model import Manifest

PROVISIONER = "sandbox.flowcore.dev/hostpath"
_COMPONENT = "persistentvolume-controller"
_DELAY = (0.1, 0.4)
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


@define
class Claims:
    """Binds claims."""

    name: ClassVar[str] = "claim"
    kinds: ClassVar[frozenset[str]] = frozenset({"PersistentVolumeClaim", "PersistentVolume", "StorageClass"})

    cluster: Cluster
    _due: dict[str, datetime] = field(init=False, factory=dict)

    def concerned(self, change: str, obj: Manifest) -> Iterable[Place]:
        """A claim's change concerns the claim; a volume's or a class's the claims that wait."""
        if obj["kind"] == "PersistentVolumeClaim":
            return ((namespace_of(obj), name_of(obj)),)
        claims = self.cluster.all("PersistentVolumeClaim")
        return [(namespace_of(one), name_of(one)) for one in claims if status(one).get("phase") != "Bound"]

    def reconcile(self, namespace: str, name: str) -> None:
        """Bind a claim, or say what it waits for; a bound one may grow."""
        claim = self.cluster.get("PersistentVolumeClaim", namespace, name)
        if claim is None or is_leaving(claim):
            return
        if status(claim).get("phase") == "Bound":
            self._grow(claim)
            return
        claim = self._with_class(claim)
        volume = self._fitting(claim)
        if volume is not None:
            self._bind(claim, volume)
            return
        self.cluster.set_status(claim, {"phase": "Pending"})
        if not spec(claim).get("volumeName"):
            self._provision(claim)

    def _with_class(self, claim: Manifest) -> Manifest:
        if spec(claim).get("storageClassName") is not None:
            return claim
        classes = self.cluster.all("StorageClass")
        default = next((one for one in classes if annotations_of(one).get(_DEFAULT_CLASS) == "true"), None)
        if default is None:
            return claim
        return self.cluster.update({**claim, "spec": {**spec(claim), "storageClassName": name_of(default)}})

    def _fitting(self, claim: Manifest) -> Manifest | None:
        wanted = spec(claim).get("volumeName")
        if wanted:
            volume = self.cluster.get("PersistentVolume", "", str(wanted))
            return volume if volume is not None and _is_free(volume, claim) else None
        fitting = [one for one in self.cluster.all("PersistentVolume") if _is_free(one, claim) and _fits(one, claim)]
        return min(fitting, key=_capacity, default=None)

    def _provision(self, claim: Manifest) -> None:
        name = str(spec(claim).get("storageClassName") or "")
        place = namespace_of(claim), name_of(claim)
        if not name:
            text = "no persistent volumes available for this claim and no storage class is set"
            self._tell_once(claim, "FailedBinding", text)
            return
        if self.cluster.get("StorageClass", "", name) is None:
            self._tell_once(claim, "ProvisioningFailed", f'storageclass.storage.k8s.io "{name}" not found')
            return
        now = self.cluster.now()
        due = self._due.get(uid_of(claim))
        if due is None:
            delay = self.cluster.chance.between(*_DELAY, "volume", *place)
            self._due[uid_of(claim)] = now + timedelta(seconds=delay)
            self.cluster.wake(self.name, place, delay)
            text = f"waiting for a volume to be created by the provisioner '{PROVISIONER}'"
            self.cluster.events.normal(claim, "ExternalProvisioning", text, _COMPONENT)
        elif due <= now:
            self._create_volume(claim)

    def _tell_once(self, claim: Manifest, reason: str, text: str) -> None:
        mark = f"{uid_of(claim)}/{reason}/{text}"
        if mark not in self._due:
            self._due[mark] = self.cluster.now()
            self.cluster.events.warning(claim, reason, text, _COMPONENT)

    def _create_volume(self, claim: Manifest) -> None:
        self._due.pop(uid_of(claim), None)
        volume = self.cluster.create(new_volume(claim, self.cluster.get("StorageClass", "", _class(claim)) or {}))
        text = f"Successfully provisioned volume {name_of(volume)}"
        self.cluster.events.normal(claim, "ProvisioningSucceeded", text, PROVISIONER)
        self._bind(claim, volume)

    def _bind(self, claim: Manifest, volume: Manifest) -> None:
        reference = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": namespace_of(claim)}
        reference |= {"name": name_of(claim), "uid": uid_of(claim)}
        if spec(volume).get("claimRef") != reference:
            volume = self.cluster.update({**volume, "spec": {**spec(volume), "claimRef": reference}})
        self.cluster.set_status(volume, {"phase": "Bound"})
        annotations = {
            **annotations_of(claim),
            "pv.kubernetes.io/bind-completed": "yes",
            "pv.kubernetes.io/bound-by-controller": "yes",
            "volume.kubernetes.io/storage-provisioner": PROVISIONER,
        }
        bound = {**with_metadata(claim, annotations=annotations)}
        bound["spec"] = {"volumeMode": "Filesystem", **spec(claim), "volumeName": name_of(volume)}
        claim = self.cluster.update(bound)
        modes, capacity = spec(volume).get("accessModes") or [], spec(volume).get("capacity") or {}
        self.cluster.set_status(claim, {"phase": "Bound", "accessModes": modes, "capacity": capacity})

    def _grow(self, claim: Manifest) -> None:
        volume = self.cluster.get("PersistentVolume", "", str(spec(claim).get("volumeName", "")))
        size = _request(claim)
        if volume is None or amount(size) <= amount((status(claim).get("capacity") or {}).get("storage", "0")):
            return
        storage_class = self.cluster.get("StorageClass", "", _class(claim)) or {}
        if not storage_class.get("allowVolumeExpansion"):
            return
        capacity = {**(spec(volume).get("capacity") or {}), "storage": size}
        self.cluster.update({**volume, "spec": {**spec(volume), "capacity": capacity}})
        self.cluster.set_status(claim, {**status(claim), "capacity": capacity})
        text = "MountVolume.NodeExpandVolume succeeded for volume"
        self.cluster.events.normal(claim, "FileSystemResizeSuccessful", f"{text} {name_of(volume)}", "kubelet")


@define
class Volumes:
    """Frees or deletes volumes whose claim is gone."""

    name: ClassVar[str] = "volume"
    kinds: ClassVar[frozenset[str]] = frozenset({"PersistentVolume", "PersistentVolumeClaim"})

    cluster: Cluster

    def concerned(self, change: str, obj: Manifest) -> Iterable[Place]:
        """A volume's change concerns the volume, a claim's end the volume it was bound to."""
        if obj["kind"] == "PersistentVolume":
            return (("", name_of(obj)),)
        bound = spec(obj).get("volumeName")
        return (("", str(bound)),) if bound and change == "DELETED" else ()

    def reconcile(self, namespace: str, name: str) -> None:
        """Bring a volume's phase up to date."""
        volume = self.cluster.get("PersistentVolume", "", name)
        if volume is None or is_leaving(volume):
            return
        reference = spec(volume).get("claimRef")
        if not reference:
            self.cluster.set_status(volume, {"phase": "Available"})
            return
        claim = self.cluster.get("PersistentVolumeClaim", str(reference.get("namespace")), str(reference.get("name")))
        if claim is not None and reference.get("uid") in (None, "", uid_of(claim)):
            return
        if not reference.get("uid"):
            self.cluster.set_status(volume, {"phase": "Available"})
        elif spec(volume).get("persistentVolumeReclaimPolicy") == "Delete":
            self.cluster.delete(volume)
        else:
            self.cluster.set_status(volume, {"phase": "Released"})


def _class(obj: Manifest) -> str:
    return str(spec(obj).get("storageClassName") or "")


def _capacity(volume: Manifest) -> float:
    return float(amount((spec(volume).get("capacity") or {}).get("storage", "0")))


def _request(claim: Manifest) -> str:
    resources = spec(claim).get("resources") or {}
    return str((resources.get("requests") or {}).get("storage", "0"))


def _is_free(volume: Manifest, claim: Manifest) -> bool:
    reference = spec(volume).get("claimRef")
    if is_leaving(volume):
        return False
    if not reference:
        return True
    same = (reference.get("namespace"), reference.get("name")) == (namespace_of(claim), name_of(claim))
    return same and reference.get("uid") in (None, "", uid_of(claim))


def _fits(volume: Manifest, claim: Manifest) -> bool:
    modes = set(spec(claim).get("accessModes") or ())
    fits = _class(volume) == _class(claim) and modes <= set(spec(volume).get("accessModes") or ())
    fits = fits and amount(_request(claim)) <= amount((spec(volume).get("capacity") or {}).get("storage", "0"))
    selector = spec(claim).get("selector")
    return fits and (not selector or selects(selector, labels_of(volume)))


def new_volume(claim: Manifest, storage_class: Manifest) -> Manifest:
    """Return a volume that was made for a claim."""
    name = f"pvc-{uid_of(claim)}"
    affinity = [{"key": "kubernetes.io/hostname", "operator": "In", "values": [NODE]}]
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {"pv.kubernetes.io/provisioned-by": PROVISIONER}},
        "spec": {
            "accessModes": spec(claim).get("accessModes") or ["ReadWriteOnce"],
            "capacity": {"storage": _request(claim)},
            "hostPath": {"path": f"/var/lib/sandbox/{name}", "type": "DirectoryOrCreate"},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": affinity}]}},
            "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy") or "Delete",
            "storageClassName": _class(claim),
            "volumeMode": spec(claim).get("volumeMode") or "Filesystem",
        },
        "status": {"phase": "Available"},
    }
