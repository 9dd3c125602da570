"""Reading and rebuilding Kubernetes objects as plain JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from flowcore.model import Manifest

#: Where each kind that the controllers read or write lives.
API_VERSIONS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "ConfigMap",
            "Endpoints",
            "Event",
            "Namespace",
            "Node",
            "PersistentVolume",
            "PersistentVolumeClaim",
            "Pod",
            "Secret",
            "Service",
            "ServiceAccount",
        ),
        "v1",
    ),
    **dict.fromkeys(("ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"), "apps/v1"),
    **dict.fromkeys(("CronJob", "Job"), "batch/v1"),
    **dict.fromkeys(("Ingress", "IngressClass"), "networking.k8s.io/v1"),
    "StorageClass": "storage.k8s.io/v1",
    "EndpointSlice": "discovery.k8s.io/v1",
    "HorizontalPodAutoscaler": "autoscaling/v2",
    "PodDisruptionBudget": "policy/v1",
}


def metadata(obj: Manifest) -> Manifest:
    """Return the metadata."""
    result: Manifest = obj.get("metadata") or {}
    return result


def spec(obj: Manifest) -> Manifest:
    """Return the spec, empty when there is none."""
    result: Manifest = obj.get("spec") or {}
    return result


def status(obj: Manifest) -> Manifest:
    """Return the status, empty when there is none."""
    result: Manifest = obj.get("status") or {}
    return result


def name_of(obj: Manifest) -> str:
    """Return the name."""
    return str(metadata(obj).get("name", ""))


def namespace_of(obj: Manifest) -> str:
    """Return the namespace, empty for cluster-scoped objects."""
    return str(metadata(obj).get("namespace") or "")


def uid_of(obj: Manifest) -> str:
    """Return the uid."""
    return str(metadata(obj).get("uid", ""))


def labels_of(obj: Manifest) -> Manifest:
    """Return the labels."""
    return metadata(obj).get("labels") or {}


def annotations_of(obj: Manifest) -> Manifest:
    """Return the annotations."""
    return metadata(obj).get("annotations") or {}


def is_leaving(obj: Manifest) -> bool:
    """Whether deletion has begun."""
    return bool(metadata(obj).get("deletionTimestamp"))


def owner_of(obj: Manifest) -> Manifest | None:
    """Return the reference to the controller that owns the object."""
    owners: list[Manifest] = metadata(obj).get("ownerReferences") or []
    return next((owner for owner in owners if owner.get("controller")), None)


def owner_reference(obj: Manifest) -> Manifest:
    """Return the reference that makes *obj* the controller of another object."""
    return {
        "apiVersion": obj["apiVersion"],
        "kind": obj["kind"],
        "name": name_of(obj),
        "uid": uid_of(obj),
        "controller": True,
        "blockOwnerDeletion": True,
    }


def generation_of(obj: Manifest) -> int:
    """Return the generation, 1 where the API set none."""
    return int(metadata(obj).get("generation") or 1)


def condition(obj: Manifest, kind: str) -> Manifest | None:
    """Return the condition of that type."""
    conditions: list[Manifest] = status(obj).get("conditions") or []
    return next((entry for entry in conditions if entry.get("type") == kind), None)


def is_true(obj: Manifest, kind: str) -> bool:
    """Whether the condition of that type is True."""
    found = condition(obj, kind)
    return found is not None and found.get("status") == "True"


def stamp(moment: datetime) -> str:
    """Return a moment as Kubernetes writes it, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment_of(text: object) -> datetime | None:
    """Return the moment a timestamp means; None when there is none or it is no timestamp."""
    if isinstance(text, datetime):
        return text
    if not isinstance(text, str) or not text:
        return None
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def selects(selector: Manifest | None, labels: Mapping[str, Any]) -> bool:
    """Whether a label selector (matchLabels and matchExpressions) selects the labels; an absent one selects nothing."""
    if selector is None:
        return False
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_holds(expression, labels) for expression in selector.get("matchExpressions") or ())


def _holds(expression: Manifest, labels: Mapping[str, Any]) -> bool:
    key, operator, values = expression.get("key"), expression.get("operator"), expression.get("values") or ()
    if operator == "In":
        return labels.get(str(key)) in values
    if operator == "NotIn":
        return labels.get(str(key)) not in values
    return (key in labels) == (operator == "Exists")


def merged(previous: Iterable[Manifest], wanted: Iterable[Manifest], now: str) -> list[Manifest]:
    """Return the wanted conditions with their transition times: kept where the status is the same, else *now*."""
    known = {entry.get("type"): entry for entry in previous}
    result = []
    for entry in wanted:
        old = known.get(entry["type"])
        same = old is not None and old.get("status") == entry["status"]
        since = old.get("lastTransitionTime", now) if same and old is not None else now
        result.append({**entry, "lastTransitionTime": since})
    return result


def share(value: object, total: int, *, up: bool) -> int:
    """Return an absolute number from a number or a percentage of *total*, rounded up or down."""
    if isinstance(value, str) and value.endswith("%"):
        percent = int(value[:-1]) * total
        return -(-percent // 100) if up else percent // 100
    return int(value) if isinstance(value, int | str) else 0


def canonical(value: object) -> str:
    """Return a text that is the same for equal JSON values."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
