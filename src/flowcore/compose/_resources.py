"""Replicas, and the memory and processors a container may use."""

from __future__ import annotations

from typing import Any

from flowcore.compose._gpus import draw_gpus
from flowcore.compose._marks import Value
from flowcore.compose._scope import Scope
from flowcore.compose._units import cpus_of, memory_of
from flowcore.errors import Place

_LEGACY = (
    ("cpus", "limits", "cpu"),
    ("mem_limit", "limits", "memory"),
    ("mem_reservation", "requests", "memory"),
)
_RUNS = {
    "job": "a job runs once",
    "cronjob": "a cron job runs once at a time",
    "daemonset": "a daemon set runs once on every node",
}
_GROUPS = (("limits", "limits"), ("reservations", "requests"))


def draw_resources(scope: Scope) -> None:
    """Set the workload's requests and limits."""
    resources: dict[str, dict[str, str]] = {"requests": {}, "limits": {}}
    for key, group, resource in _LEGACY:
        _set(scope, resources[group], resource, scope.get(key), scope.place(key))
    deploy: Value = scope.get("deploy") or {}
    written: Value = deploy.get("resources") or {}
    for key, group in _GROUPS:
        block: Value = written.get(key) or {}
        for name, resource in (("cpus", "cpu"), ("memory", "memory")):
            _set(scope, resources[group], resource, block.get(name), _place(scope, key, name, block))
        _others(scope, key, block)
    _order(scope, resources, scope.place("deploy") if written else scope.place())
    found = {group: values for group, values in resources.items() if values}
    if found:
        scope.data["resources"] = found
    reserved: Value = written.get("reservations") or {}
    draw_gpus(scope, reserved.get("devices"), _inner(scope, "reservations", "devices", reserved))


def _place(scope: Scope, group: str, key: str, block: Value) -> Place:
    return scope.place("deploy", f"resources.{group}.{key}") if key not in block else _inner(scope, group, key, block)


def _inner(scope: Scope, group: str, key: str, block: Value) -> Place:
    marks = getattr(block, "marks", {})
    path = f"services.{scope.name}.deploy.resources.{group}.{key}"
    return marks[key].place(path) if key in marks else scope.place("deploy")


def _set(scope: Scope, group: dict[str, str], resource: str, value: Value, place: Place) -> None:
    if value is None or value in (0, "0", ""):
        return  # Compose's word for no limit
    quantity = cpus_of(value) if resource == "cpu" else memory_of(value)
    if quantity is None or quantity == "0":
        what = "a number of processors like 0.5" if resource == "cpu" else "a size like 512m"
        scope.error("quantity", f"{value!r} is not {what}", place)
        return
    group[resource] = quantity


def _others(scope: Scope, group: str, block: Value) -> None:
    for key in block:
        if key in ("cpus", "memory") or (group, key) == ("reservations", "devices") or key.startswith("x-"):
            continue
        fix = {
            "pids": "the kubelet sets the limit of processes for all pods (podPidsLimit)",
        }
        scope.warn(
            "resources",
            f"{group}.{key} has no counterpart and was left out",
            _inner(scope, group, key, block),
            fix=fix.get(key, "remove it, or set what is meant in the node's overrides"),
        )


def _order(scope: Scope, resources: dict[str, dict[str, str]], place: Place) -> None:
    """A request above its limit is refused by the cluster; Compose allows it."""
    for resource, limit in resources["limits"].items():
        request = resources["requests"].get(resource)
        if request and _amount(request, resource) > _amount(limit, resource):
            resources["requests"][resource] = limit
            scope.warn("resources", f"the reserved {resource} is above the limit and was lowered to {limit}", place)


def _amount(quantity: str, resource: str) -> float:
    if resource == "cpu":
        return float(quantity[:-1]) / 1000 if quantity.endswith("m") else float(quantity)
    powers = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4}
    return float(quantity[:-2]) * 1024.0 ** powers[quantity[-2:]] if quantity[-2:] in powers else float(quantity)


def draw_replicas(scope: Scope) -> None:
    """Set the number of replicas from ``deploy.replicas`` or ``scale``."""
    deploy: Value = scope.get("deploy") or {}
    wish: Any = deploy.get("replicas") if deploy.get("replicas") is not None else scope.get("scale")
    key = "deploy" if deploy.get("replicas") is not None else "scale"
    runs = _RUNS.get(scope.kind)
    if scope.kind == "job" and deploy.get("mode") == "replicated-job":
        return
    if wish is None or runs:
        scope.data.update({} if runs else {"replicas": 1})
        if wish is not None and wish != 1:
            scope.warn("replicas", f"{runs}; the number of replicas was left out", scope.place(key))
        return
    if wish < 0:
        scope.error("replicas", f"the number of replicas is {wish}, below 0", scope.place(key))
        return
    scope.data["replicas"] = wish
