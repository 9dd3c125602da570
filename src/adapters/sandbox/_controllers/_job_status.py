"""A Job's course from its pods: what counts, when it is over, and how it says so."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from attrs import frozen

from adapters.sandbox._controllers._objects import annotations_of, is_true, moment_of, spec, status
from flowcore.model import Manifest

INDEX = "batch.kubernetes.io/job-completion-index"
_DEFAULT_LIMIT = 6


@frozen
class Verdict:
    """How a Job ends: the condition's type, its reason and a sentence."""

    kind: str
    reason: str
    message: str


def completions_of(job: Manifest) -> int | None:
    """Return how many pods must succeed; None when the pods themselves know."""
    wanted = spec(job).get("completions")
    if wanted is not None:
        return int(wanted)
    return 1 if spec(job).get("parallelism") is None else None


def parallelism_of(job: Manifest) -> int:
    """Return how many pods may run at once."""
    wanted = spec(job).get("parallelism")
    return 1 if wanted is None else int(wanted)


def is_indexed(job: Manifest) -> bool:
    """Whether every completion has a number."""
    return spec(job).get("completionMode") == "Indexed"


def is_over(job: Manifest) -> bool:
    """Whether the Job is complete or failed."""
    return is_true(job, "Complete") or is_true(job, "Failed")


def ended_at(job: Manifest) -> datetime | None:
    """Return when the Job was over; None while it is not."""
    for entry in status(job).get("conditions") or ():
        if entry.get("type") in ("Complete", "Failed") and entry.get("status") == "True":
            return moment_of(entry.get("lastTransitionTime"))
    return None


def deadline_of(job: Manifest) -> datetime | None:
    """Return when the Job has run too long; None when it may run for ever."""
    seconds, started = spec(job).get("activeDeadlineSeconds"), moment_of(status(job).get("startTime"))
    return None if seconds is None or started is None else started + timedelta(seconds=float(seconds))


def restarts_of(pods: Iterable[Manifest]) -> int:
    """Return how often containers of pods that restart in place were started again."""
    pods = [pod for pod in pods if spec(pod).get("restartPolicy") == "OnFailure"]
    states = [run for pod in pods for run in status(pod).get("containerStatuses") or ()]
    return sum(int(run.get("restartCount") or 0) for run in states)


def verdict(job: Manifest, *, succeeded: int, failed: int, restarts: int, active: int, now: datetime) -> Verdict | None:
    """Return how the Job ends now; None when it goes on."""
    wanted = completions_of(job)
    reached = succeeded >= wanted if wanted is not None else succeeded > 0 and active == 0
    if reached:
        return Verdict("Complete", "CompletionsReached", "Reached expected number of succeeded pods")
    limit = spec(job).get("backoffLimit")
    if failed + restarts > (_DEFAULT_LIMIT if limit is None else int(limit)):
        return Verdict("Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
    deadline = deadline_of(job)
    if deadline is not None and deadline <= now:
        return Verdict("Failed", "DeadlineExceeded", "Job was active longer than specified deadline")
    return None


def conditions(verdict: Verdict, now: str) -> list[Manifest]:
    """Return the conditions of a Job that is over: the foretelling one and the final one."""
    first = "SuccessCriteriaMet" if verdict.kind == "Complete" else "FailureTarget"
    return [
        {
            "type": kind,
            "status": "True",
            "lastProbeTime": now,
            "lastTransitionTime": now,
            "reason": verdict.reason,
            "message": verdict.message,
        }
        for kind in (first, verdict.kind)
    ]


def index_of(pod: Manifest) -> int | None:
    """Return the number of the completion a pod works on."""
    text = str(annotations_of(pod).get(INDEX, ""))
    return int(text) if text.isdigit() else None


def ranges(numbers: Iterable[int]) -> str:
    """Return numbers as Kubernetes writes them: ``1,3-5,7``."""
    groups: list[list[int]] = []
    for number in sorted(numbers):
        if groups and number == groups[-1][1] + 1:
            groups[-1][1] = number
        else:
            groups.append([number, number])
    return ",".join(f"{first}" if first == last else f"{first}-{last}" for first, last in groups)
