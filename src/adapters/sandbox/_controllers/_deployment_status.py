"""A Deployment's status and conditions from its ReplicaSets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from attrs import frozen

from adapters.sandbox._controllers._objects import condition, generation_of, moment_of, name_of, spec, stamp, status
from adapters.sandbox._controllers._rollout import Limits
from flowcore.model import Manifest

_COUNTS = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas")
_DEFAULT_DEADLINE = 600


@frozen
class Verdict:
    """What is said about progress: a condition's status, reason and message."""

    status: str
    reason: str
    message: str


def counts(deployment: Manifest, new: Manifest | None, old: Sequence[Manifest]) -> dict[str, int]:
    """Return the replica counts of a Deployment, zeros included."""
    sets = [*old, *([new] if new else [])]
    available = _sum(sets, "availableReplicas")
    return {
        "replicas": _sum(sets, "replicas"),
        "updatedReplicas": _sum([new] if new else [], "replicas"),
        "readyReplicas": _sum(sets, "readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(sum(int(spec(one).get("replicas", 1)) for one in sets) - available, 0),
    }


def _sum(sets: Sequence[Manifest], count: str) -> int:
    return sum(int(status(one).get(count) or 0) for one in sets)


def is_complete(deployment: Manifest, numbers: dict[str, int]) -> bool:
    """Whether the rollout is over: every pod is new and available."""
    wanted = int(spec(deployment).get("replicas", 1))
    return all(numbers[name] == wanted for name in ("replicas", "updatedReplicas", "availableReplicas"))


def deadline_of(deployment: Manifest) -> float | None:
    """Return the seconds a rollout may stand still; None when it may for ever."""
    seconds = spec(deployment).get("progressDeadlineSeconds", _DEFAULT_DEADLINE)
    return None if seconds is None or int(seconds) >= 2**31 - 1 else float(seconds)


def overdue_at(deployment: Manifest) -> datetime | None:
    """Return when a rollout that stands still has failed; None when none is under way."""
    progressing, deadline = condition(deployment, "Progressing"), deadline_of(deployment)
    if progressing is None or deadline is None or spec(deployment).get("paused"):
        return None
    if progressing.get("reason") in ("NewReplicaSetAvailable", "ProgressDeadlineExceeded", "DeploymentPaused"):
        return None
    updated = moment_of(progressing.get("lastUpdateTime"))
    return None if updated is None else updated + timedelta(seconds=deadline)


def progress(deployment: Manifest, new: Manifest | None, numbers: dict[str, int], now: datetime) -> Verdict | None:
    """Return what to say about progress; None to leave the condition as it is."""
    subject = f'ReplicaSet "{name_of(new)}"' if new else f'Deployment "{name_of(deployment)}"'
    known = condition(deployment, "Progressing")
    if spec(deployment).get("paused"):
        return Verdict("Unknown", "DeploymentPaused", "Deployment is paused")
    if is_complete(deployment, numbers):
        return Verdict("True", "NewReplicaSetAvailable", f"{subject} has successfully progressed.")
    if known is None:
        return Verdict("True", "NewReplicaSetCreated", f'Created new replica set "{name_of(new)}"') if new else None
    return _movement(deployment, known, subject, numbers, now)


def _movement(
    deployment: Manifest, known: Manifest, subject: str, numbers: dict[str, int], now: datetime
) -> Verdict | None:
    was_complete = known.get("reason") == "NewReplicaSetAvailable"
    same_set = str(known.get("message", "")).startswith(subject + " ")
    if was_complete and same_set and numbers["replicas"] == numbers["updatedReplicas"]:
        return None
    is_resumed = known.get("reason") == "DeploymentPaused"
    if was_complete or is_resumed or _advanced(status(deployment), numbers):
        return Verdict("True", "ReplicaSetUpdated", f"{subject} is progressing.")
    overdue = overdue_at(deployment)
    if overdue is not None and overdue <= now:
        return Verdict("False", "ProgressDeadlineExceeded", f"{subject} has timed out progressing.")
    return None


def _advanced(before: Manifest, numbers: dict[str, int]) -> bool:
    old = {name: int(before.get(name) or 0) for name in _COUNTS}
    grown = any(numbers[name] > old[name] for name in ("updatedReplicas", "readyReplicas", "availableReplicas"))
    return grown or numbers["replicas"] - numbers["updatedReplicas"] < old["replicas"] - old["updatedReplicas"]


def availability(deployment: Manifest, numbers: dict[str, int]) -> Verdict:
    """Return what to say about availability."""
    least = int(spec(deployment).get("replicas", 1)) - _may_miss(deployment)
    if numbers["availableReplicas"] >= least:
        return Verdict("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    return Verdict("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")


def _may_miss(deployment: Manifest) -> int:
    recreates = (spec(deployment).get("strategy") or {}).get("type") == "Recreate"
    return 0 if recreates else Limits.of(deployment).unavailable


def deployment_status(deployment: Manifest, new: Manifest | None, old: Sequence[Manifest], now: datetime) -> Manifest:
    """Return the whole status of a Deployment."""
    numbers = counts(deployment, new, old)
    known = {entry["type"]: entry for entry in status(deployment).get("conditions") or ()}
    verdicts = {"Available": availability(deployment, numbers), "Progressing": progress(deployment, new, numbers, now)}
    is_news = _advanced(status(deployment), numbers)
    entries = dict(known)
    for kind, verdict in verdicts.items():
        if verdict is not None:
            entries[kind] = _entry(kind, verdict, known.get(kind), stamp(now), touch=kind == "Progressing" and is_news)
    return {
        "observedGeneration": generation_of(deployment),
        **{name: value for name, value in numbers.items() if value},
        **({"conditions": list(entries.values())} if entries else {}),
    }


def _entry(kind: str, verdict: Verdict, old: Manifest | None, now: str, *, touch: bool) -> Manifest:
    same_status = old is not None and old.get("status") == verdict.status
    same = same_status and old is not None and old.get("reason") == verdict.reason
    same = same and old is not None and old.get("message") == verdict.message and not touch
    return {
        "type": kind,
        "status": verdict.status,
        "lastUpdateTime": old["lastUpdateTime"] if same and old else now,
        "lastTransitionTime": old["lastTransitionTime"] if same_status and old else now,
        "reason": verdict.reason,
        "message": verdict.message,
    }
