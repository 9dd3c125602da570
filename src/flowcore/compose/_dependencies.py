"""``depends_on`` and ``links`` to edges that say what must be there first."""

from __future__ import annotations

from flowcore.compose._checks import dependencies_of
from flowcore.compose._marks import Value
from flowcore.compose._scope import Scope

_CONDITIONS = {
    "service_started": "started",
    "service_healthy": "healthy",
    "service_completed_successfully": "completed",
}


def draw_dependencies(scope: Scope, scopes: dict[str, Scope]) -> None:
    """Draw an edge from a workload to each one it depends on."""
    depends: Value = scope.get("depends_on") or {}
    for name in dependencies_of(scope.service):
        target = scopes.get(name)
        if target is None:
            continue
        options = depends.get(name) or {"condition": "service_started"}
        if target.pod is scope.pod:
            _tell_together(scope, target, depends)
            continue
        if options["condition"] == "service_healthy":
            _check_health(scope, target, depends)
        condition = _CONDITIONS[options["condition"]]
        if condition == "completed" and target.kind != "job":
            condition = "started"
            _tell_endless(scope, target, depends)
        scope.drawing.edge(scope.id, target.id, {"condition": condition})
        if options.get("restart"):
            place = scope.place("depends_on", name, depends)
            scope.info("dependency", f"it is not restarted together with {name}", place)


def _tell_together(scope: Scope, target: Scope, depends: Value) -> None:
    is_written = target.name in depends
    scope.info(
        "dependency",
        f"it starts together with {target.name}, because both are containers of one pod",
        scope.place("depends_on", target.name, depends) if is_written else scope.place(),
        why="the containers of a pod do not wait for each other; one that fails is started again",
    )


def _tell_endless(scope: Scope, target: Scope, depends: Value) -> None:
    scope.warn(
        "dependency",
        f"it waits until {target.name} has completed, but that is a {target.kind}, which never does",
        scope.place("depends_on", target.name, depends),
        fix=f"make {target.name} a job: take its label kompose.controller.type or its schedule away",
    )


def _check_health(scope: Scope, target: Scope, depends: Value) -> None:
    place = scope.place("depends_on", target.name, depends)
    if target.kind in ("job", "cronjob"):
        scope.warn("dependency", f"{target.name} is a job, which is healthy when it has completed", place)
    elif "readinessProbe" not in target.data:
        scope.warn(
            "dependency",
            f"it waits until {target.name} is healthy, which has no healthcheck, so running is enough",
            place,
            fix=f"give {target.name} a healthcheck",
        )
