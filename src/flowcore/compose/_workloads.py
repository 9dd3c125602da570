"""Which kind of workload a service becomes, and what follows from that."""

from __future__ import annotations

import re
from collections.abc import Iterable

from flowcore.compose._images import is_stateful
from flowcore.compose._labels import choice_label, number_label, wrong_label
from flowcore.compose._marks import Value
from flowcore.compose._scope import Scope
from flowcore.compose._storage import mounts_claims
from flowcore.compose._units import whole_number
from flowcore.errors import Place

_KINDS = ("deployment", "statefulset", "daemonset", "job", "cronjob")
_TYPE, _CRON = "kompose.controller.type", "kompose.cronjob."
_SCHEDULE = re.compile(r"@[a-z]+|\S+( +\S+){4}")
_POLICIES = {"allow": "Allow", "forbid": "Forbid", "never": "Forbid", "replace": "Replace"}
#: What the modes of Swarm for tasks that end become.
_JOB_MODES = frozenset({"replicated-job", "global-job"})
_COMPLETED = "service_completed_successfully"


def restart_of(scope: Scope) -> str:
    """Return when a service is started again: that of ``restart``, else of ``deploy.restart_policy``, else empty."""
    if scope.get("restart"):
        return str(scope.get("restart"))
    deploy: Value = scope.get("deploy") or {}
    policy: Value = deploy.get("restart_policy") or {}
    words = {"none": "no", "on-failure": "on-failure", "any": "always"}
    word = words.get(str(policy.get("condition")), "")
    attempts = whole_number(policy.get("max_attempts"))
    return f"{word}:{attempts}" if word == "on-failure" and attempts else word


def awaited_to_end(services: Iterable[Value]) -> set[str]:
    """Return the names of the services that another one waits for until they have completed."""
    return {
        name
        for service in services
        for name, options in (service.get("depends_on") or {}).items()
        if options["condition"] == _COMPLETED
    }


def choose_kind(scope: Scope, awaited: set[str]) -> None:
    """Set the scope's kind, and say which rule chose it when it is not a deployment.

    The first of these that holds decides: the label, a schedule, being awaited to the end, Swarm's mode, a stateful
    image with a named volume.
    """
    label = scope.label(_TYPE).lower()
    schedule = _schedule(scope)
    if schedule and label in ("", "cronjob"):
        scope.kind = "cronjob"
    elif label:
        _labelled(scope, label)
    elif scope.name in awaited:
        _job(scope)
    elif _mode(scope) in _JOB_MODES:
        _mode_job(scope)
    elif _is_global(scope):
        scope.kind = "daemonset"
    elif is_stateful(scope.get("image") or "") and mounts_claims(scope):
        scope.kind = "statefulset"
        scope.info(
            "kind",
            f"it is a stateful set, because {scope.get('image')} is a known database or broker "
            "and keeps its data in a named volume",
            scope.place("image"),
            why="its pods get stable names, and a new one never starts before the old one has let the volume go",
            fix=f"set the label {_TYPE}: deployment for a deployment",
        )


def _schedule(scope: Scope) -> str:
    """Return the schedule of the label, empty when there is none or it is wrong."""
    schedule = scope.label(_CRON + "schedule").strip()
    if schedule and not _SCHEDULE.fullmatch(schedule):
        wrong_label(scope, _CRON + "schedule", "a schedule like 0 3 * * *")
        return ""
    return schedule


def _labelled(scope: Scope, label: str) -> None:
    if label in _KINDS and label != "cronjob":
        scope.kind = label
        return
    if label == "cronjob":
        message, fix = "the label asks for a cron job, but there is no schedule", f"set {_CRON}schedule"
    else:
        message, fix = f"the label asks for a {label}, which is not offered", f"use one of {', '.join(_KINDS)}"
    scope.warn("kind", f"{message}; it is a deployment", scope.label_place(_TYPE), fix=fix)


def _is_global(scope: Scope) -> bool:
    deploy: Value = scope.get("deploy") or {}
    if deploy.get("mode") != "global":
        return False
    scope.info(
        "kind",
        "with deploy.mode global it runs on every node, so it is a daemon set",
        scope.place("deploy", "mode", deploy),
    )
    return True


def _mode(scope: Scope) -> str:
    deploy: Value = scope.get("deploy") or {}
    return str(deploy.get("mode") or "replicated")


def _mode_job(scope: Scope) -> None:
    scope.kind = "job"
    deploy: Value = scope.get("deploy")
    place, mode = scope.place("deploy", "mode", deploy), _mode(scope)
    if mode == "replicated-job":
        scope.info("kind", "with deploy.mode replicated-job it runs to its end, so it is a job", place)
        return
    scope.warn(
        "kind",
        "with deploy.mode global-job it would run once on every node; it is a job, which runs once on one node",
        place,
        why="a cluster has no kind that runs to its end on every node",
        fix=f"set completions and parallelism on the node, or the label {_TYPE}: daemonset and let it sleep at its end",
    )


def _job(scope: Scope) -> None:
    scope.kind = "job"
    restart = restart_of(scope)
    if restart.startswith(("always", "unless")):
        scope.warn(
            "kind",
            f"another service waits until it has completed, but with restart: {restart} it never does; it is a job",
            scope.place("restart" if scope.get("restart") else "deploy"),
            fix="set restart to no or on-failure",
        )
        return
    scope.info("kind", "another service waits until it has completed, so it is a job", scope.place())


def _retries(scope: Scope) -> None:
    name, _, count = restart_of(scope).partition(":")
    if name == "on-failure":
        scope.data.update(restartPolicy="OnFailure", backoffLimit=whole_number(count or 6) or 6)
    else:
        scope.data.update(restartPolicy="Never", backoffLimit=0)


def _cron(scope: Scope) -> None:
    schedule = _schedule(scope)
    scope.data["schedule"] = schedule
    scope.info("kind", f"the label gives it the schedule {schedule}, so it is a cron job", _cron_place(scope))
    policy = choice_label(scope, _CRON + "concurrency_policy", _POLICIES)
    if policy:
        scope.data["concurrencyPolicy"] = policy
    retries = number_label(scope, _CRON + "backoff_limit", 0, 10_000)
    if retries is not None:
        scope.data["backoffLimit"] = retries


def _cron_place(scope: Scope) -> Place:
    return scope.label_place(_CRON + "schedule")


def _parallel(scope: Scope) -> None:
    """Swarm starts the tasks of a replicated job at once."""
    deploy: Value = scope.get("deploy") or {}
    count = whole_number(deploy.get("replicas"))
    if count is not None and count > 1:
        scope.data.update(completions=count, parallelism=count)


def draw_kind(scope: Scope) -> None:
    """Set what only this kind of workload has."""
    if scope.kind in ("job", "cronjob"):
        _retries(scope)
        if scope.kind == "cronjob":
            _cron(scope)
        elif _mode(scope) == "replicated-job":
            _parallel(scope)
    elif scope.kind == "statefulset":
        scope.data["serviceName"] = scope.id
    elif scope.has_claim and scope.kind == "deployment":
        # A rolling update would start the second pod while the first still holds the claim.
        scope.data["strategy"] = {"type": "Recreate"}
    replicas = scope.data.get("replicas", 1)
    if scope.has_claim and replicas > 1:
        scope.warn(
            "replicas",
            f"{replicas} replicas share one claim, which ReadWriteOnce allows on one node only",
            scope.place("deploy" if scope.get("deploy") else "scale"),
            fix="set accessModes to ReadWriteMany on the claim, or replicas to 1",
        )
