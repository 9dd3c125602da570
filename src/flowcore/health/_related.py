"""What belongs to an object explains its state: pods that cannot start, replica sets without pods, warning events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flowcore.health._pods import failed_container, pod_trouble, schedule_trouble
from flowcore.health._reading import Tree, condition, name_of, part, parts, text
from flowcore.health._status import Health, HealthStatus

#: Kinds whose pods decide whether they can become well.
_WORKLOADS = frozenset({"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "ReplicationController"})
#: At most this many troubled pods are named in one message.
_NAMED = 3
_REVISION = "deployment.kubernetes.io/revision"


def refine(obj: Tree, verdict: Health, related: Iterable[Tree]) -> Health:
    """Return the verdict with the reasons that related objects tell; only what is not well is explained."""
    if verdict.status not in (HealthStatus.PROGRESSING, HealthStatus.DEGRADED):
        return verdict
    if part(obj, "metadata").get("deletionTimestamp"):
        return verdict
    others = [item for item in related if item]
    troubles = _troubles(obj, others) if text(obj, "kind") in _WORKLOADS else []
    if troubles:
        told = "; ".join(troubles[:_NAMED])
        more = len(troubles) - _NAMED
        return Health(HealthStatus.DEGRADED, f"{told}; and {more} more" if more > 0 else told)
    return _explained(verdict, _unscheduled_pod(others) or _failed_pod(others) or _newest_event(others))


def _explained(verdict: Health, reason: str) -> Health:
    if not reason or reason in verdict.message:
        return verdict
    return Health(verdict.status, f"{verdict.message} ({reason})" if verdict.message else reason)


def _unscheduled_pod(others: Sequence[Tree]) -> str:
    """Return why no node takes one of the pods: that may pass, when a volume is bound or a node joins."""
    for item in others:
        trouble = schedule_trouble(item) if text(item, "kind") == "Pod" else ""
        if trouble:
            return f"Pod {name_of(item)}: {trouble}"
    return ""


def _failed_pod(others: Sequence[Tree]) -> str:
    """Return how the newest failed pod ended, empty when none failed."""
    pods = [item for item in others if text(item, "kind") == "Pod" and text(part(item, "status"), "phase") == "Failed"]
    newest = max(pods, key=lambda pod: text(part(pod, "metadata"), "creationTimestamp"), default=None)
    if newest is None:
        return ""
    told = text(part(newest, "status"), "message") or failed_container(newest)
    return f"Pod {name_of(newest)}: {told}" if told else f"Pod {name_of(newest)} failed"


def _troubles(obj: Tree, others: Sequence[Tree]) -> list[str]:
    """Return why pods of the newest template cannot be created or cannot start."""
    sets = [item for item in others if text(item, "kind") == "ReplicaSet"]
    newest = max(sets, key=_revision, default=None)
    pods = [item for item in others if text(item, "kind") == "Pod" and _is_current(item, newest)]
    found = [trouble for trouble in map(pod_trouble, pods) if trouble]
    if newest is not None and condition(newest, "ReplicaFailure").is_true:
        reason = condition(newest, "ReplicaFailure").explained()
        found.insert(0, f"ReplicaSet {name_of(newest)} cannot create pods: {reason}")
    return found


def _revision(replica_set: Tree) -> tuple[int, str]:
    metadata = part(replica_set, "metadata")
    written = text(part(metadata, "annotations"), _REVISION)
    return (int(written) if written.isdecimal() else 0, text(metadata, "creationTimestamp"))


def _is_current(pod: Tree, newest: Tree | None) -> bool:
    """Whether a pod belongs to the newest replica set; one that names no replica set as its owner counts."""
    if newest is None:
        return True
    owners = [owner for owner in parts(pod, "metadata", "ownerReferences") if text(owner, "kind") == "ReplicaSet"]
    return not owners or any(text(owner, "name") == name_of(newest) for owner in owners)


def _newest_event(others: Sequence[Tree]) -> str:
    """Return what the newest warning says, else the newest event that explains waiting; empty when there is none."""
    events = [item for item in others if text(item, "kind") == "Event" and text(item, "reason")]
    telling = [event for event in events if text(event, "type") == "Warning"]
    telling = telling or [event for event in events if text(event, "reason").startswith("WaitFor")]
    if not telling:
        return ""
    newest = max(telling, key=_when)
    told = " ".join((text(newest, "message") or text(newest, "note")).split())
    return f"{text(newest, 'reason')}: {told}" if told else text(newest, "reason")


def _when(event: Tree) -> str:
    series = text(part(event, "series"), "lastObservedTime")
    return series or text(event, "lastTimestamp") or text(event, "eventTime") or text(event, "firstTimestamp")
