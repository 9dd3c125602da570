"""The printer columns of configuration, storage, nodes, events, access and definitions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from adapters.sandbox._columns import AGE, CREATED, NONE, Column, at, made, number, text
from adapters.sandbox._status import Object
from adapters.sandbox._times import age


def _modes(*path: str) -> Callable[[Object], str]:
    short = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
    return lambda obj: ",".join(short.get(mode, mode) for mode in at(obj, *path, default=[]))


def _phase(obj: Object) -> str:
    leaving = at(obj, "metadata", "deletionTimestamp") is not None
    return "Terminating" if leaving else str(at(obj, "status", "phase", default=""))


def _node_status(obj: Object) -> str:
    ready = [one for one in at(obj, "status", "conditions", default=[]) if one["type"] == "Ready"]
    words = ["Unknown" if not ready else "Ready" if ready[0]["status"] == "True" else "NotReady"]
    return ",".join(words + (["SchedulingDisabled"] if at(obj, "spec", "unschedulable") else []))


def _roles(obj: Object) -> str:
    prefix = "node-role.kubernetes.io/"
    labels = at(obj, "metadata", "labels", default={})
    return ",".join(sorted(name.removeprefix(prefix) for name in labels if name.startswith(prefix))) or NONE


def _address(kind: str) -> Callable[[Object], str]:
    def find(obj: Object) -> str:
        given = at(obj, "status", "addresses", default=[])
        return next((str(one["address"]) for one in given if one["type"] == kind), NONE)

    return find


def _subject(obj: Object) -> str:
    kind, name = at(obj, "involvedObject", "kind", default=""), at(obj, "involvedObject", "name", default="")
    return f"{kind.lower()}/{name}"


def _event_source(obj: Object) -> str:
    component = at(obj, "source", "component") or at(obj, "reportingComponent", default="")
    host = at(obj, "source", "host") or at(obj, "reportingInstance", default="")
    return f"{component}, {host}" if host else str(component)


def _last_seen(obj: Object, now: datetime) -> str:
    seen = at(obj, "lastTimestamp") or at(obj, "eventTime") or at(obj, "metadata", "creationTimestamp")
    return age(seen, now)


def _first_seen(obj: Object, now: datetime) -> str:
    return age(at(obj, "firstTimestamp") or at(obj, "eventTime") or at(obj, "metadata", "creationTimestamp"), now)


def _data(obj: Object) -> int:
    return len(obj.get("data") or {}) + len(obj.get("binaryData") or {})


def _claim(obj: Object) -> str:
    reference = at(obj, "spec", "claimRef", default={})
    return f"{reference['namespace']}/{reference['name']}" if reference else ""


_RBAC = "rbac.authorization.k8s.io"
_ROLE = made("Role", lambda obj: f"{at(obj, 'roleRef', 'kind')}/{at(obj, 'roleRef', 'name')}")
COLUMNS: dict[tuple[str, str], list[Column]] = {
    ("", "ConfigMap"): [made("Data", _data, kind="integer"), AGE],
    ("", "Secret"): [text("Type", "type"), made("Data", _data, kind="integer"), AGE],
    ("", "ServiceAccount"): [made("Secrets", lambda obj: len(obj.get("secrets") or ()), kind="integer"), AGE],
    ("", "PersistentVolumeClaim"): [
        made("Status", _phase),
        text("Volume", "spec", "volumeName", default=""),
        text("Capacity", "status", "capacity", "storage", default=""),
        made("Access Modes", _modes("status", "accessModes")),
        text("StorageClass", "spec", "storageClassName", default=""),
        text("VolumeAttributesClass", "spec", "volumeAttributesClassName", default="<unset>"),
        AGE,
        text("VolumeMode", "spec", "volumeMode", wide=True),
    ],
    ("", "PersistentVolume"): [
        text("Capacity", "spec", "capacity", "storage"),
        made("Access Modes", _modes("spec", "accessModes")),
        text("Reclaim Policy", "spec", "persistentVolumeReclaimPolicy"),
        made("Status", _phase),
        made("Claim", _claim),
        text("StorageClass", "spec", "storageClassName", default=""),
        text("VolumeAttributesClass", "spec", "volumeAttributesClassName", default="<unset>"),
        text("Reason", "status", "reason", default=""),
        AGE,
        text("VolumeMode", "spec", "volumeMode", wide=True),
    ],
    ("", "Namespace"): [text("Status", "status", "phase"), AGE],
    ("", "Node"): [
        made("Status", _node_status),
        made("Roles", _roles),
        AGE,
        text("Version", "status", "nodeInfo", "kubeletVersion"),
        made("Internal-IP", _address("InternalIP"), wide=True),
        made("External-IP", _address("ExternalIP"), wide=True),
        text("OS-Image", "status", "nodeInfo", "osImage", wide=True),
        text("Kernel-Version", "status", "nodeInfo", "kernelVersion", wide=True),
        text("Container-Runtime", "status", "nodeInfo", "containerRuntimeVersion", wide=True),
    ],
    ("", "Event"): [
        Column("Last Seen", _last_seen),
        text("Type", "type"),
        text("Reason", "reason"),
        made("Object", _subject),
        text("Subobject", "involvedObject", "fieldPath", default="", wide=True),
        made("Source", _event_source, wide=True),
        made("Message", lambda obj: str(obj.get("message", "")).strip()),
        Column("First Seen", _first_seen, 1),
        made("Count", lambda obj: obj.get("count", 1), wide=True, kind="integer"),
        text("Name", "metadata", "name", wide=True),
    ],
    ("storage.k8s.io", "StorageClass"): [
        text("Provisioner", "provisioner"),
        text("ReclaimPolicy", "reclaimPolicy"),
        text("VolumeBindingMode", "volumeBindingMode"),
        made("AllowVolumeExpansion", lambda obj: bool(obj.get("allowVolumeExpansion")), kind="boolean"),
        AGE,
    ],
    ("scheduling.k8s.io", "PriorityClass"): [
        number("Value", "value"),
        made("Global-Default", lambda obj: bool(obj.get("globalDefault")), kind="boolean"),
        AGE,
        text("PreemptionPolicy", "preemptionPolicy", default="PreemptLowerPriority"),
    ],
    ("coordination.k8s.io", "Lease"): [text("Holder", "spec", "holderIdentity", default=""), AGE],
    ("", "LimitRange"): [CREATED],
    ("", "ResourceQuota"): [AGE],
    (_RBAC, "Role"): [CREATED],
    (_RBAC, "ClusterRole"): [CREATED],
    (_RBAC, "RoleBinding"): [_ROLE, AGE],
    (_RBAC, "ClusterRoleBinding"): [_ROLE, AGE],
    ("apiextensions.k8s.io", "CustomResourceDefinition"): [CREATED],
}
