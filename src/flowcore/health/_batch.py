"""Jobs and what makes them."""

from __future__ import annotations

from flowcore.health._reading import Tree, condition, number, part, text
from flowcore.health._status import Health, HealthStatus, degraded, healthy, progressing, suspended


def job(obj: Tree) -> Health:
    """Judge a Job: only its conditions say that it has ended, one failed try is no failure."""
    spec, status = part(obj, "spec"), part(obj, "status")
    failed = condition(obj, "Failed")
    if failed.is_true:
        return degraded(failed.explained("The job failed"))
    complete = condition(obj, "Complete")
    if complete.is_true:
        return healthy(complete.message or "Completed")
    paused = condition(obj, "Suspended")
    if spec.get("suspend") is True or (paused.is_true and spec.get("suspend") is not False):
        return suspended(paused.explained("The job is suspended"))
    done, wanted = number(status, "succeeded"), number(spec, "completions", 1)
    told = f"{done} of {wanted} completed"
    if number(status, "failed"):
        told += f", {number(status, 'failed')} failed"
    if number(status, "active"):
        told += f", {number(status, 'active')} running"
    return progressing(told)


def cron_job(obj: Tree) -> Health:
    """Judge a CronJob: it is well as it stands, also when nothing is scheduled for now."""
    status = part(obj, "status")
    if part(obj, "spec").get("suspend") is True:
        return healthy("The schedule is suspended")
    if not status.get("lastScheduleTime"):
        return healthy("Not started yet")
    if not status.get("lastSuccessfulTime"):
        return healthy("Started, but no job has ended well yet")
    return healthy()


_WORKFLOW_PHASES = {
    "": HealthStatus.PROGRESSING,
    "Pending": HealthStatus.PROGRESSING,
    "Running": HealthStatus.PROGRESSING,
    "Succeeded": HealthStatus.HEALTHY,
    "Failed": HealthStatus.DEGRADED,
    "Error": HealthStatus.DEGRADED,
}


def workflow(obj: Tree) -> Health:
    """Judge a workflow of Argo Workflows."""
    status = part(obj, "status")
    phase = text(status, "phase")
    told = text(status, "message") or phase or "Not started yet"
    return Health(_WORKFLOW_PHASES.get(phase, HealthStatus.UNKNOWN), told)
