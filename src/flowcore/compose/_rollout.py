"""How a new version replaces the old one: ``deploy.update_config`` as a rolling update."""

from __future__ import annotations

from typing import Any

from flowcore.compose._marks import Value
from flowcore.compose._scope import Scope
from flowcore.compose._units import whole_number, whole_seconds

_USED = frozenset({"parallelism", "order", "delay"})


def draw_rollout(scope: Scope) -> None:
    """Set the rolling update of a deployment or a daemon set; one with a claim is recreated and keeps that."""
    deploy: Value = scope.get("deploy") or {}
    update: Value = deploy.get("update_config") or {}
    if not isinstance(update, dict) or not update:
        return
    place = scope.place("deploy", "update_config", deploy)
    if scope.kind not in ("deployment", "daemonset") or scope.has_claim or scope.host is not None:
        reason = "its claim lets no second pod run beside it" if scope.has_claim else f"it is a {scope.kind}"
        reason = f"it shares the pod of {scope.host.name}" if scope.host is not None else reason
        scope.info("left-out", f"deploy.update_config was left out, because {reason}", place)
        return
    _set(scope, _step(scope, update), str(update.get("order") or "stop-first"))
    delay = whole_seconds(update.get("delay"), least=0) if update.get("delay") is not None else None
    if delay:
        scope.data["minReadySeconds"] = delay
    left = [key for key in update if key not in _USED and not key.startswith("x-")]
    if left:
        message = (
            f"{', '.join(left)} of deploy.update_config were left out: a cluster's rollout waits until pods are ready"
        )
        scope.info("left-out", message, place, fix="give the service a healthcheck, and roll back when a run fails")


def _step(scope: Scope, update: Value) -> int | str:
    """Return how many pods are replaced at once; Swarm's 0 means all of them."""
    step = whole_number(update.get("parallelism", 1))
    return "100%" if step == 0 else max(1, step or 1)


def _set(scope: Scope, step: int | str, order: str) -> None:
    first, second = ("maxSurge", "maxUnavailable") if order == "start-first" else ("maxUnavailable", "maxSurge")
    limits: dict[str, Any] = {first: step, second: 0}
    if scope.kind == "daemonset":
        scope.data.update(limits)
    else:
        scope.data["strategy"] = {"type": "RollingUpdate", "rollingUpdate": limits}
