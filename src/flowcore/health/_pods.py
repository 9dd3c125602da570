"""Pods: their phase, and what keeps their containers from starting."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flowcore.health._reading import Tree, condition, name_of, number, part, parts, text
from flowcore.health._status import Health, degraded, healthy, progressing, unknown

#: Argo CD's own switch: judge a pod that ends by itself like one that runs for ever.
_IGNORE_RESTART_POLICY = "argocd.argoproj.io/ignore-restart-policy"


def _is_lasting(pod: Tree) -> bool:
    """Whether the pod is meant to run for ever; the API server fills in ``Always`` where nothing is said."""
    return text(part(pod, "spec"), "restartPolicy") in ("", "Always")


def _ignores_policy(pod: Tree) -> bool:
    return text(part(pod, "metadata", "annotations"), _IGNORE_RESTART_POLICY) == "true"


def containers(pod: Tree) -> Iterator[Tree]:
    """Yield the statuses of all containers, those that initialise first."""
    for key in ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"):
        yield from parts(pod, "status", key)


def _is_stuck(reason: str) -> bool:
    """Whether a waiting reason means that waiting will not help by itself, like ``ErrImagePull``."""
    return reason.startswith("Err") or reason.endswith(("Error", "BackOff")) or reason == "InvalidImageName"


def _last_exit(container: Tree) -> str:
    ended = part(container, "lastState", "terminated")
    if not ended:
        return ""
    return f"last ended with {text(ended, 'reason') or 'Error'}, exit code {number(ended, 'exitCode')}"


def start_trouble(found: Iterable[Tree]) -> str:
    """Return what keeps one of the containers from starting, naming it and the reason; empty when nothing does."""
    for container in found:
        waiting = part(container, "state", "waiting")
        reason = text(waiting, "reason")
        if _is_stuck(reason):
            told = "; ".join(filter(None, (text(waiting, "message"), _last_exit(container))))
            return f"Container {text(container, 'name')}: {reason}" + (f": {told}" if told else "")
    return ""


def schedule_trouble(pod: Tree) -> str:
    """Return why no node takes the pod, empty when one does."""
    scheduled = condition(pod, "PodScheduled")
    if scheduled.is_false and scheduled.reason == "Unschedulable":
        return f"Unschedulable: {scheduled.message}" if scheduled.message else "Unschedulable"
    return ""


def failed_container(pod: Tree) -> str:
    """Return which container ended badly and how, empty when none did."""
    for container in containers(pod):
        ended = part(container, "state", "terminated")
        code, reason = number(ended, "exitCode"), text(ended, "reason")
        if text(ended, "message") or code or reason == "OOMKilled":
            told = text(ended, "message").strip() or f"exit code {code}"
            return f"Container {text(container, 'name')} ended" + (f" with {reason}" if reason else "") + f": {told}"
    return ""


def pod(obj: Tree) -> Health:
    """Judge a Pod."""
    status = part(obj, "status")
    main = parts(obj, "status", "containerStatuses")
    trouble = start_trouble(main) if _is_lasting(obj) or _ignores_policy(obj) else ""
    if trouble:
        return degraded(trouble)
    phase = text(status, "phase")
    if phase in ("", "Pending"):
        return progressing(schedule_trouble(obj) or start_trouble(containers(obj)) or "Waiting to start")
    if phase == "Succeeded":
        return healthy("Completed")
    if phase == "Failed":
        return degraded(text(status, "message") or failed_container(obj) or text(status, "reason") or "The pod failed")
    if phase == "Running":
        return _running(obj)
    return unknown(f"The pod's phase is {phase}")


def _running(obj: Tree) -> Health:
    if not _is_lasting(obj):
        return healthy("Running") if _ignores_policy(obj) else progressing("Running")
    ready = condition(obj, "Ready")
    if ready.is_true:
        return healthy("Running")
    for container in parts(obj, "status", "containerStatuses"):
        if part(container, "lastState", "terminated"):
            name = text(container, "name")
            return degraded(f"Container {name} was restarted and is not ready; {_last_exit(container)}")
    return progressing(ready.explained("Running, not ready yet"))


def pod_trouble(obj: Tree) -> str:
    """Return why a pod plainly cannot start, naming pod, container and reason; empty when it can."""
    if part(obj, "metadata").get("deletionTimestamp"):
        return ""
    trouble = start_trouble(containers(obj))
    return f"Pod {name_of(obj)}: {trouble}" if trouble else ""
