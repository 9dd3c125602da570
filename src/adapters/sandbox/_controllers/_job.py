"""Jobs: pods that are to succeed a number of times."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from attrs import define, field

from adapters.sandbox._controllers._cluster import Cluster
from adapters.sandbox._controllers._job_pods import job_pod, with_selector
from adapters.sandbox._controllers._job_status import (
    Verdict,
    completions_of,
    conditions,
    deadline_of,
    ended_at,
    index_of,
    is_indexed,
    is_over,
    parallelism_of,
    ranges,
    restarts_of,
    verdict,
)
from adapters.sandbox._controllers._objects import (
    condition,
    is_leaving,
    name_of,
    namespace_of,
    owner_of,
    spec,
    stamp,
    status,
    uid_of,
)
from adapters.sandbox._controllers._replicas import is_active, is_ready
from adapters.sandbox._controllers._seams import Place
from flowcore.model import Manifest

_COMPONENT = "job-controller"
#: Waits before another pod is tried: a tenth of Kubernetes'.
_FIRST_WAIT, _LAST_WAIT = 1.0, 36.0


@define
class Course:
    """What became of a Job's pods, also of those that are gone.

    Attributes:
        ends: phase by uid of each pod that ended.
        indexes: numbers of the completions that succeeded.
        retry_at: when the next pod may be tried after a failure.
    """

    ends: dict[str, str] = field(factory=dict)
    indexes: set[int] = field(factory=set)
    retry_at: datetime | None = None

    def note(self, pods: Iterable[Manifest], now: datetime) -> None:
        """Take in the pods that have ended."""
        for pod in pods:
            phase = str(status(pod).get("phase"))
            if phase not in ("Succeeded", "Failed") or uid_of(pod) in self.ends:
                continue
            self.ends[uid_of(pod)] = phase
            index = index_of(pod)
            if phase == "Succeeded" and index is not None:
                self.indexes.add(index)
            if phase == "Failed":
                wait = min(_FIRST_WAIT * 2 ** (self.count("Failed") - 1), _LAST_WAIT)
                self.retry_at = now + timedelta(seconds=wait)

    def count(self, phase: str) -> int:
        """Return how many pods ended so."""
        return sum(1 for end in self.ends.values() if end == phase)

    def succeeded(self, job: Manifest) -> int:
        """Return how many completions are done."""
        return len(self.indexes) if is_indexed(job) else self.count("Succeeded")


@define
class Jobs:
    """Runs Jobs."""

    name: ClassVar[str] = "job"
    kinds: ClassVar[frozenset[str]] = frozenset({"Job", "Pod"})

    cluster: Cluster
    _courses: dict[str, Course] = field(init=False, factory=dict)

    def concerned(self, change: str, obj: Manifest) -> Iterable[Place]:
        """A pod's change concerns the Job that owns it."""
        if obj["kind"] == "Job":
            if change == "DELETED":
                self._courses.pop(uid_of(obj), None)
            return ((namespace_of(obj), name_of(obj)),)
        owner = owner_of(obj)
        return ((namespace_of(obj), str(owner["name"])),) if owner and owner["kind"] == "Job" else ()

    def reconcile(self, namespace: str, name: str) -> None:
        """Start the pods that are needed next, and tell how far the Job is."""
        job = self.cluster.get("Job", namespace, name)
        if job is None or is_leaving(job):
            return
        if is_over(job):
            self._expire(job)
            return
        job = with_selector(self.cluster, job)
        course = self._courses.setdefault(uid_of(job), Course())
        course.note(self.cluster.owned(job, "Pod"), self.cluster.now())
        if spec(job).get("suspend"):
            self._suspend(job, course)
            return
        self._begin(job, course)

    # ---------------------------------------------------------------- course

    def _begin(self, job: Manifest, course: Course) -> None:
        if not status(job).get("startTime"):
            job = self._start(job)
        pods = self._active(job)
        end = verdict(
            job,
            succeeded=course.succeeded(job),
            failed=course.count("Failed"),
            restarts=restarts_of(pods),
            active=len(pods),
            now=self.cluster.now(),
        )
        if end is not None:
            self._end(job, course, end)
            return
        self._fill(job, course, pods)
        self._report(job, course)
        self._wait(job, course)

    def _start(self, job: Manifest) -> Manifest:
        known = [entry for entry in status(job).get("conditions") or () if entry.get("type") != "Suspended"]
        if condition(job, "Suspended") is not None:
            self.cluster.events.normal(job, "Resumed", "Job resumed", _COMPONENT)
            known.append(_suspended("False", "JobResumed", "Job resumed", self.cluster.stamp()))
        begun = {**status(job), "startTime": self.cluster.stamp(), **({"conditions": known} if known else {})}
        self.cluster.set_status(job, begun)
        return self.cluster.get("Job", namespace_of(job), name_of(job)) or job

    def _active(self, job: Manifest) -> list[Manifest]:
        return [pod for pod in self.cluster.owned(job, "Pod") if is_active(pod)]

    def _fill(self, job: Manifest, course: Course, pods: Sequence[Manifest]) -> None:
        wanted, done = completions_of(job), course.succeeded(job)
        left = wanted - done if wanted is not None else 0 if done else parallelism_of(job)
        room = min(parallelism_of(job), left)
        if room > len(pods) and (course.retry_at is None or course.retry_at <= self.cluster.now()):
            for index in self._free_indexes(job, course, pods)[: room - len(pods)]:
                self._create(job, index)
        for pod in pods[room:] if wanted is not None else ():
            self._delete(job, pod)

    def _free_indexes(self, job: Manifest, course: Course, pods: Sequence[Manifest]) -> Sequence[int | None]:
        if not is_indexed(job):
            return [None] * parallelism_of(job)
        taken = {index_of(pod) for pod in pods} | course.indexes
        return [index for index in range(completions_of(job) or 0) if index not in taken]

    def _create(self, job: Manifest, index: int | None) -> None:
        stem = name_of(job) if index is None else f"{name_of(job)}-{index}"
        name = self.cluster.new_name("Pod", namespace_of(job), stem)
        self.cluster.create(job_pod(job, name, index))
        self.cluster.events.normal(job, "SuccessfulCreate", f"Created pod: {name}", _COMPONENT)

    def _delete(self, job: Manifest, pod: Manifest) -> None:
        self.cluster.events.normal(job, "SuccessfulDelete", f"Deleted pod: {name_of(pod)}", _COMPONENT)
        self.cluster.delete(pod)

    def _wait(self, job: Manifest, course: Course) -> None:
        now = self.cluster.now()
        moments = [moment for moment in (deadline_of(job), course.retry_at) if moment is not None and moment > now]
        if moments:
            self.cluster.wake(self.name, (namespace_of(job), name_of(job)), (min(moments) - now).total_seconds())

    # ---------------------------------------------------------------- report

    def _counts(self, job: Manifest, course: Course) -> Manifest:
        active = self._active(job)
        leaving = sum(1 for pod in self.cluster.owned(job, "Pod") if is_leaving(pod))
        numbers = {
            "active": len(active),
            "succeeded": course.succeeded(job),
            "failed": course.count("Failed"),
        }
        indexed = {"completedIndexes": ranges(course.indexes)} if is_indexed(job) and course.indexes else {}
        return {
            **{key: value for key, value in numbers.items() if value},
            "ready": sum(1 for pod in active if is_ready(pod)),
            "terminating": leaving,
            "uncountedTerminatedPods": {},
            **indexed,
        }

    def _report(self, job: Manifest, course: Course) -> None:
        job = self.cluster.get("Job", namespace_of(job), name_of(job)) or job
        kept: Manifest = {key: status(job)[key] for key in ("startTime", "conditions") if key in status(job)}
        self.cluster.set_status(job, {**kept, **self._counts(job, course)})

    def _end(self, job: Manifest, course: Course, end: Verdict) -> None:
        for pod in self._active(job):
            self._delete(job, pod)
        now = self.cluster.now()
        kept = [entry for entry in status(job).get("conditions") or () if entry.get("type") == "Suspended"]
        job = self.cluster.get("Job", namespace_of(job), name_of(job)) or job
        done = {"completionTime": stamp(now)} if end.kind == "Complete" else {}
        self.cluster.set_status(
            job,
            {
                "startTime": status(job).get("startTime"),
                **done,
                **self._counts(job, course),
                "conditions": [*kept, *conditions(end, stamp(now))],
            },
        )
        if end.kind == "Complete":
            self.cluster.events.normal(job, "Completed", "Job completed", _COMPONENT)
        else:
            self.cluster.events.warning(job, end.reason, end.message, _COMPONENT)
        self._courses.pop(uid_of(job), None)

    def _suspend(self, job: Manifest, course: Course) -> None:
        for pod in self._active(job):
            self._delete(job, pod)
        known = condition(job, "Suspended")
        if known is None or known.get("status") != "True":
            self.cluster.events.normal(job, "Suspended", "Job suspended", _COMPONENT)
        since = known.get("lastTransitionTime") if known and known.get("status") == "True" else None
        entry = _suspended("True", "JobSuspended", "Job suspended", since or self.cluster.stamp())
        self.cluster.set_status(job, {**self._counts(job, course), "conditions": [entry]})

    def _expire(self, job: Manifest) -> None:
        seconds, ended = spec(job).get("ttlSecondsAfterFinished"), ended_at(job)
        if seconds is None or ended is None:
            return
        left = (ended + timedelta(seconds=float(seconds)) - self.cluster.now()).total_seconds()
        if left > 0:
            self.cluster.wake(self.name, (namespace_of(job), name_of(job)), left)
        else:
            self.cluster.delete(job)


def _suspended(state: str, reason: str, message: str, now: str) -> Manifest:
    return {
        "type": "Suspended",
        "status": state,
        "lastProbeTime": now,
        "lastTransitionTime": now,
        "reason": reason,
        "message": message,
    }
