"""The printer columns of pods: how many containers are ready, the one word for its state, and restarts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from adapters.sandbox._status import Object
from adapters.sandbox._times import age


def _statuses(pod: Object, name: str = "containerStatuses") -> list[Object]:
    found: list[Object] = (pod.get("status") or {}).get(name) or []
    return found


def pod_ready(pod: Object) -> str:
    """Ready containers of all: `1/2`."""
    sidecars = _sidecars(pod)
    waited = [status for status in _statuses(pod, "initContainerStatuses") if status["name"] in sidecars]
    ready = sum(1 for status in [*_statuses(pod), *waited] if status.get("ready"))
    return f"{ready}/{len(pod.get('spec', {}).get('containers', ())) + len(sidecars)}"


def _sidecars(pod: Object) -> set[str]:
    containers = pod.get("spec", {}).get("initContainers", ())
    return {one["name"] for one in containers if one.get("restartPolicy") == "Always"}


def pod_status(pod: Object) -> str:
    """The word that kubectl shows: the phase, or the reason that says more."""
    status = pod.get("status") or {}
    word = status.get("reason") or status.get("phase", "")
    word = _initializing(pod) or _container_word(pod, word)
    if "deletionTimestamp" in pod["metadata"]:
        return "Unknown" if status.get("reason") == "NodeLost" else "Terminating"
    return str(word)


def _initializing(pod: Object) -> str:
    total = len(pod.get("spec", {}).get("initContainers", ()))
    for index, status in enumerate(_statuses(pod, "initContainerStatuses")):
        state = status.get("state") or {}
        ended = state.get("terminated")
        if (ended is not None and ended.get("exitCode", 0) == 0) or (
            status["name"] in _sidecars(pod) and status.get("started")
        ):
            continue
        if ended is not None:
            return "Init:" + (ended.get("reason") or f"ExitCode:{ended.get('exitCode')}")
        waiting = (state.get("waiting") or {}).get("reason", "")
        return f"Init:{waiting}" if waiting not in ("", "PodInitializing") else f"Init:{index}/{total}"
    return ""


def _container_word(pod: Object, word: str) -> str:
    running = False
    for status in reversed(_statuses(pod)):
        state: dict[str, Any] = status.get("state") or {}
        waiting, ended = state.get("waiting") or {}, state.get("terminated")
        if waiting.get("reason"):
            word = waiting["reason"]
        elif ended is not None:
            word = ended.get("reason") or f"ExitCode:{ended.get('exitCode', 0)}"
        elif status.get("ready") and "running" in state:
            running = True
    if word == "Completed" and running:
        return "Running" if _condition(pod, "Ready") else "NotReady"
    return word


def _condition(pod: Object, kind: str) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(one["type"] == kind and one["status"] == "True" for one in conditions)


def pod_restarts(pod: Object, now: datetime) -> str:
    """The restarts of all containers, and how long ago the last one was."""
    count = sum(status.get("restartCount", 0) for status in _statuses(pod))
    ended = [
        (status.get("lastState") or {}).get("terminated", {}).get("finishedAt")
        for status in _statuses(pod)
        if (status.get("lastState") or {}).get("terminated")
    ]
    last = max((one for one in ended if one), default="")
    return f"{count} ({age(last, now)} ago)" if count and last else str(count)
