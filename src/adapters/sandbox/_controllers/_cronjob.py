"""CronJobs: a Job at each time of a schedule."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import define, field

from adapters.sandbox._controllers._cluster import Cluster
from adapters.sandbox._controllers._job_status import is_over
from adapters.sandbox._controllers._objects import (
    is_leaving,
    is_true,
    metadata,
    moment_of,
    name_of,
    namespace_of,
    owner_of,
    owner_reference,
    spec,
    stamp,
    status,
    uid_of,
)
from adapters.sandbox._controllers._seams import Place
from adapters.sandbox._cron import Schedule
from flowcore.model import Manifest

_COMPONENT = "cronjob-controller"
_MANY = 100


@define
class CronJobs:
    """Starts Jobs by schedule."""

    name: ClassVar[str] = "cronjob"
    kinds: ClassVar[frozenset[str]] = frozenset({"CronJob", "Job"})

    cluster: Cluster
    _since: dict[str, datetime] = field(init=False, factory=dict)

    def concerned(self, change: str, obj: Manifest) -> Iterable[Place]:
        """A Job's change concerns the CronJob that owns it."""
        if obj["kind"] == "CronJob":
            if change == "DELETED":
                self._since.pop(uid_of(obj), None)
            return ((namespace_of(obj), name_of(obj)),)
        owner = owner_of(obj)
        return ((namespace_of(obj), str(owner["name"])),) if owner and owner["kind"] == "CronJob" else ()

    def reconcile(self, namespace: str, name: str) -> None:
        """Take in finished Jobs, start the one that is due, and wait for the next."""
        cron = self.cluster.get("CronJob", namespace, name)
        if cron is None or is_leaving(cron):
            return
        jobs = [job for job in self.cluster.owned(cron, "Job") if not is_leaving(job)]
        self._take_in(cron, jobs)
        self._forget(cron, jobs)
        if spec(cron).get("suspend"):
            return
        try:
            schedule, zone = _schedule(cron)
        except ValueError as error:
            text = f"Unparseable schedule: {spec(cron).get('schedule')} : {error}"
            self.cluster.events.warning(cron, "UnparseableSchedule", text, _COMPONENT)
            return
        self._start_due(cron, schedule, zone)
        self._wait(cron, schedule, zone)

    # ---------------------------------------------------------------- finished ones

    def _take_in(self, cron: Manifest, jobs: list[Manifest]) -> None:
        known = {str(reference.get("name")) for reference in status(cron).get("active") or ()}
        succeeded = moment_of(status(cron).get("lastSuccessfulTime"))
        for job in jobs:
            if is_over(job) and name_of(job) in known:
                how = "Complete" if is_true(job, "Complete") else "Failed"
                text = f"Saw completed job: {name_of(job)}, condition: {how}"
                self.cluster.events.normal(cron, "SawCompletedJob", text, _COMPONENT)
            done = moment_of(status(job).get("completionTime"))
            if done is not None:
                succeeded = max(succeeded or done, done)
        self._report(cron, succeeded=succeeded)

    def _report(self, cron: Manifest, *, succeeded: datetime | None = None, scheduled: datetime | None = None) -> None:
        cron = self.cluster.get("CronJob", namespace_of(cron), name_of(cron)) or cron
        jobs = [job for job in self.cluster.owned(cron, "Job") if not is_over(job) and not is_leaving(job)]
        wanted = {key: value for key, value in status(cron).items() if key != "active"}
        if jobs:
            wanted["active"] = [_reference(job) for job in jobs]
        if scheduled is not None:
            wanted["lastScheduleTime"] = stamp(scheduled)
        if succeeded is not None:
            wanted["lastSuccessfulTime"] = stamp(succeeded)
        self.cluster.set_status(cron, wanted)

    def _forget(self, cron: Manifest, jobs: list[Manifest]) -> None:
        for kind, key, default in (
            ("Complete", "successfulJobsHistoryLimit", 3),
            ("Failed", "failedJobsHistoryLimit", 1),
        ):
            limit = spec(cron).get(key)
            over = [job for job in jobs if is_true(job, kind)]
            for job in over[: max(len(over) - (default if limit is None else int(limit)), 0)]:
                self.cluster.delete(job)
                text = f"Deleted job {name_of(job)}"
                self.cluster.events.normal(cron, "SuccessfulDelete", text, _COMPONENT)

    # ---------------------------------------------------------------- the next one

    def _start_due(self, cron: Manifest, schedule: Schedule, zone: tzinfo) -> None:
        now = self.cluster.now()
        due = _last_due(schedule, zone, self._counted_since(cron), now)
        if due is None:
            return
        grace = spec(cron).get("startingDeadlineSeconds")
        if grace is not None and due + timedelta(seconds=float(grace)) < now:
            text = f"Missed scheduled time to start a job: {stamp(due)}"
            self.cluster.events.warning(cron, "MissSchedule", text, _COMPONENT)
            self._since[uid_of(cron)] = due
            return
        if self._may_start(cron):
            job = _job(cron, due)
            if self.cluster.get("Job", namespace_of(cron), name_of(job)) is None:
                self.cluster.create(job)
                self.cluster.events.normal(cron, "SuccessfulCreate", f"Created job {name_of(job)}", _COMPONENT)
            self._since[uid_of(cron)] = due
            self._report(cron, scheduled=due)

    def _counted_since(self, cron: Manifest) -> datetime:
        """Return the moment after which times of the schedule count."""
        last = moment_of(status(cron).get("lastScheduleTime"))
        created = moment_of(metadata(cron).get("creationTimestamp")) or self.cluster.now()
        first = self._since.setdefault(uid_of(cron), max(created, last or created))
        return max(first, last or first)

    def _may_start(self, cron: Manifest) -> bool:
        active = [job for job in self.cluster.owned(cron, "Job") if not is_over(job) and not is_leaving(job)]
        policy = spec(cron).get("concurrencyPolicy") or "Allow"
        if not active or policy == "Allow":
            return True
        if policy == "Forbid":
            text = "Not starting job because prior execution is running and concurrency policy is Forbid"
            self.cluster.events.normal(cron, "JobAlreadyActive", text, _COMPONENT)
            return False
        for job in active:
            self.cluster.delete(job)
            self.cluster.events.normal(cron, "SuccessfulDelete", f"Deleted job {name_of(job)}", _COMPONENT)
        return True

    def _wait(self, cron: Manifest, schedule: Schedule, zone: tzinfo) -> None:
        now = self.cluster.now()
        following = schedule.next_after(now, zone)
        if following is not None:
            delay = (following - now).total_seconds()
            self.cluster.wake(self.name, (namespace_of(cron), name_of(cron)), delay)


def _schedule(cron: Manifest) -> tuple[Schedule, tzinfo]:
    name = spec(cron).get("timeZone")
    try:
        zone: tzinfo = ZoneInfo(str(name)) if name else UTC
    except (ZoneInfoNotFoundError, OSError) as error:
        raise ValueError(f"unknown time zone {name}") from error
    return Schedule.parse(str(spec(cron).get("schedule") or "")), zone


def _last_due(schedule: Schedule, zone: tzinfo, since: datetime, now: datetime) -> datetime | None:
    """Return the latest time of the schedule after *since* and not after *now*."""
    due, following = None, schedule.next_after(since, zone)
    for _ in range(_MANY):
        if following is None or following > now:
            return due
        due, following = following, schedule.next_after(following, zone)
    return _last_due(schedule, zone, since + (now - since) / 2, now) or due


def _reference(job: Manifest) -> Manifest:
    meta = metadata(job)
    return {
        "apiVersion": job["apiVersion"],
        "kind": job["kind"],
        "name": meta["name"],
        "namespace": meta["namespace"],
        "uid": meta["uid"],
        "resourceVersion": meta["resourceVersion"],
    }


def _job(cron: Manifest, due: datetime) -> Manifest:
    template = spec(cron).get("jobTemplate") or {}
    meta = template.get("metadata") or {}
    annotations = {**(meta.get("annotations") or {}), "batch.kubernetes.io/cronjob-scheduled-timestamp": stamp(due)}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": f"{name_of(cron)}-{int(due.timestamp()) // 60}",
            "namespace": namespace_of(cron),
            "annotations": annotations,
            **({"labels": meta["labels"]} if meta.get("labels") else {}),
            "ownerReferences": [owner_reference(cron)],
        },
        "spec": template.get("spec") or {},
    }
