"""Deployment, ReplicaSet, StatefulSet and DaemonSet: do as many pods of the newest template stand as are wanted?"""

from __future__ import annotations

from flowcore.health._reading import Tree, condition, counted, is_observed, number, part, text
from flowcore.health._status import Health, degraded, healthy, progressing, suspended

_UNSEEN = "The newest settings have not been taken up yet"


def _wanted(spec: Tree) -> int:
    """Return the wished replicas; the API server fills in 1 where nothing is said."""
    return number(spec, "replicas", 1)


def deployment(obj: Tree) -> Health:
    """Judge a Deployment."""
    spec, status = part(obj, "spec"), part(obj, "status")
    if spec.get("paused") is True:
        return suspended("The rollout is paused")
    if not is_observed(obj):
        return progressing(_UNSEEN)
    rollout = condition(obj, "Progressing")
    if rollout.reason == "ProgressDeadlineExceeded":
        return degraded(rollout.explained("The rollout did not get on within its deadline"))
    return _rollout(_wanted(spec), status) or _served(_wanted(spec), obj)


def _rollout(wanted: int, status: Tree) -> Health | None:
    """Judge the counts of a rollout; None when it is through."""
    updated, available = number(status, "updatedReplicas"), number(status, "availableReplicas")
    old = number(status, "replicas") - updated
    if updated < wanted:
        return progressing(f"{updated} of {counted(wanted, 'replica')} updated to the newest template")
    if old > 0:
        return progressing(f"{counted(old, 'old replica')} still to be stopped")
    if available < updated:
        return progressing(f"{available} of {counted(updated, 'updated replica')} available")
    return None


def _served(wanted: int, obj: Tree) -> Health:
    """Judge a Deployment whose rollout is through."""
    status, service = part(obj, "status"), condition(obj, "Available")
    available = number(status, "availableReplicas")
    if service.is_false or number(status, "readyReplicas", available) < wanted:
        return progressing(service.explained("Not enough replicas are ready"))
    return healthy(f"{counted(available, 'replica')} available" if wanted else "Scaled to zero")


def replica_set(obj: Tree) -> Health:
    """Judge a ReplicaSet."""
    spec, status = part(obj, "spec"), part(obj, "status")
    if not is_observed(obj):
        return progressing(_UNSEEN)
    failure = condition(obj, "ReplicaFailure")
    if failure.is_true:
        return degraded(failure.explained("Pods cannot be created"))
    wanted, available = _wanted(spec), number(status, "availableReplicas")
    standing = min(available, number(status, "readyReplicas", available))
    if standing < wanted:
        return progressing(f"{standing} of {counted(wanted, 'replica')} available")
    return healthy(f"{counted(standing, 'replica')} available" if wanted else "Scaled to zero")


def stateful_set(obj: Tree) -> Health:
    """Judge a StatefulSet."""
    spec, status = part(obj, "spec"), part(obj, "status")
    if not number(status, "observedGeneration") or not is_observed(obj):
        return progressing(_UNSEEN)
    wanted, ready = _wanted(spec), number(status, "readyReplicas")
    if ready < wanted:
        return progressing(f"{ready} of {counted(wanted, 'replica')} ready")
    strategy = part(spec, "updateStrategy")
    if text(strategy, "type") == "RollingUpdate" and "rollingUpdate" in strategy:
        return _partitioned(wanted, part(strategy, "rollingUpdate"), status)
    if text(strategy, "type") != "OnDelete" and status.get("updateRevision") != status.get("currentRevision"):
        updated = number(status, "updatedReplicas")
        return progressing(f"{updated} of {counted(wanted, 'replica')} updated to the newest template")
    return healthy(f"{counted(ready, 'replica')} ready" if wanted else "Scaled to zero")


def _partitioned(wanted: int, rolling: Tree, status: Tree) -> Health:
    updated, to_update = number(status, "updatedReplicas"), wanted - number(rolling, "partition")
    if "partition" in rolling and updated < to_update:
        return progressing(f"{updated} of {counted(to_update, 'replica')} updated to the newest template")
    ready = number(status, "readyReplicas")
    return healthy(f"{counted(ready, 'replica')} ready" if wanted else "Scaled to zero")


def daemon_set(obj: Tree) -> Health:
    """Judge a DaemonSet."""
    status = part(obj, "status")
    if not is_observed(obj):
        return progressing(_UNSEEN)
    wanted, updated = number(status, "desiredNumberScheduled"), number(status, "updatedNumberScheduled")
    if text(part(obj, "spec", "updateStrategy"), "type") == "OnDelete":
        return healthy(f"{updated} of {counted(wanted, 'pod')} updated; the others follow when they are deleted")
    if "desiredNumberScheduled" not in status:
        return progressing("It is not known yet on how many nodes to run")
    if updated < wanted:
        return progressing(f"{updated} of {counted(wanted, 'pod')} updated to the newest template")
    available = number(status, "numberAvailable")
    standing = min(available, number(status, "numberReady", available))
    if standing < wanted:
        return progressing(f"{standing} of {counted(wanted, 'pod')} available")
    return healthy(f"{counted(standing, 'pod')} available")
