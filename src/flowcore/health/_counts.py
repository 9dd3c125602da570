"""What counted members in the status of a custom resource say."""

from __future__ import annotations

from collections.abc import Iterator

from flowcore.health._reading import Tree, counted, number, part, text
from flowcore.health._status import Health, degraded, healthy, progressing

_READY = ("readyReplicas", "updatedReadyReplicas", "updatedAvailableReplicas", "availableReplicas")
#: Fields that count trouble.
_BAD_COUNTS = ("failedTasksCount",)


def from_counts(obj: Tree) -> Iterator[Health]:
    """Yield what counts of replicas, machines and failures say."""
    status = part(obj, "status")
    yield from _of_replicas(part(obj, "spec"), status)
    yield from (degraded(f"{number(status, key)} tasks failed") for key in _BAD_COUNTS if number(status, key))
    if "expectedMachines" in status:
        have, want = number(status, "currentHealthy"), number(status, "expectedMachines")
        yield healthy() if have >= want else degraded(f"{have} of {counted(want, 'machine')} healthy")
    ratio = text(part(status, "scale"), "statusReplicas").partition("/")
    if ratio[0].isdecimal() and ratio[2].isdecimal():
        have, want = int(ratio[0]), int(ratio[2])
        yield healthy() if have >= want else progressing(f"{have} of {counted(want, 'replica')} ready")
    if status.get("lastScheduleTime"):
        yield progressing("Jobs are running") if status.get("active") else healthy()


def _of_replicas(spec: Tree, status: Tree) -> Iterator[Health]:
    if "replicas" not in status:
        return
    wanted = number(spec, "replicas", number(status, "replicas"))
    if number(status, "updatedReplicas", wanted) < wanted:
        yield progressing(f"{number(status, 'updatedReplicas')} of {counted(wanted, 'replica')} updated")
    found = [number(status, key) for key in _READY if key in status]
    if not found:
        return
    ready = min(found)
    yield healthy() if ready >= wanted else progressing(f"{ready} of {counted(wanted, 'replica')} ready")
