"""On which nodes pods may run, and how they are spread: ``deploy.placement`` in the cluster's words."""

from __future__ import annotations

import re
from typing import Any

from flowcore.compose._marks import Value
from flowcore.compose._scope import Scope
from flowcore.compose._units import whole_number
from flowcore.errors import Place

_CONSTRAINT = re.compile(r"\s*(?P<what>[\w./-]+)\s*(?P<operator>==|!=)\s*(?P<value>.*?)\s*\Z")
_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?\Z")
_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?\Z")
_LABELS = "node.labels."
_KNOWN = {
    "node.hostname": "kubernetes.io/hostname",
    "node.platform.os": "kubernetes.io/os",
    "node.platform.arch": "kubernetes.io/arch",
}
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_HOST = "kubernetes.io/hostname"


def draw_placement(scope: Scope) -> None:
    """Set node selector, affinity and spread from ``deploy.placement``."""
    deploy: Value = scope.get("deploy") or {}
    placement: Value = deploy.get("placement") or {}
    place = scope.place("deploy", "placement", deploy)
    refused: list[dict[str, Any]] = []
    for text in _rows(placement, "constraints"):
        _constrain(scope, str(text), refused, place)
    if refused:
        terms = {"nodeSelectorTerms": [{"matchExpressions": refused}]}
        _affinity(scope)["nodeAffinity"] = {"requiredDuringSchedulingIgnoredDuringExecution": terms}
    for row in _rows(placement, "preferences"):
        _spread(scope, row, place)
    _limit(scope, placement.get("max_replicas_per_node") if isinstance(placement, dict) else None, place)
    for key in placement if isinstance(placement, dict) else ():
        if key not in ("constraints", "preferences", "max_replicas_per_node") and not key.startswith("x-"):
            _tell(scope, f"placement.{key}", place)


def _rows(placement: Value, key: str) -> list[Any]:
    rows = placement.get(key) if isinstance(placement, dict) else None
    return rows if isinstance(rows, list) else []


def _tell(scope: Scope, what: str, place: Place) -> None:
    scope.warn(
        "unsupported",
        f"deploy.{what} has no counterpart and was left out",
        place,
        fix="set nodeSelector, affinity or topologySpreadConstraints on the node",
    )


def _key(what: str) -> str:
    """Return the label of a cluster's node for Swarm's word; empty when there is none."""
    name = what.removeprefix(_LABELS) if what.startswith(_LABELS) else _KNOWN.get(what, "")
    return name if _KEY.match(name) else ""


def _constrain(scope: Scope, text: str, refused: list[dict[str, Any]], place: Place) -> None:
    match = _CONSTRAINT.match(text)
    key = _key(match["what"]) if match else ""
    if match is None or not key or not _VALUE.match(match["value"]):
        _tell(scope, f"placement.constraints: {text}", place)
        return
    value = _ARCHITECTURES.get(match["value"], match["value"])
    if match["operator"] == "!=":
        refused.append({"key": key, "operator": "NotIn", "values": [value]})
    else:
        scope.data.setdefault("nodeSelector", {})[key] = value
    if match["what"].startswith(_LABELS):
        message = f"the label {key} of Swarm's nodes is asked for as a label of the cluster's nodes"
        scope.info("placement", message, place, fix=f"kubectl label node NAME {key}={value}")


def _affinity(scope: Scope) -> dict[str, Any]:
    found: dict[str, Any] = scope.data.setdefault("affinity", {})
    return found


def _spread(scope: Scope, row: Any, place: Place) -> None:
    wish = row.get("spread") if isinstance(row, dict) else None
    key = _key(str(wish)) if wish else ""
    if not key:
        _tell(scope, "placement.preferences", place)
        return
    spread = {"maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": _own(scope)}
    scope.data.setdefault("topologySpreadConstraints", []).append(spread)


def _own(scope: Scope) -> dict[str, Any]:
    return {"matchLabels": {"app": scope.pod.id}}


def _limit(scope: Scope, wish: Any, place: Place) -> None:
    most = whole_number(wish) if wish not in (None, "") else 0
    if most == 1:
        term = {"labelSelector": _own(scope), "topologyKey": _HOST}
        _affinity(scope)["podAntiAffinity"] = {"requiredDuringSchedulingIgnoredDuringExecution": [term]}
    elif most != 0:
        _tell(scope, f"placement.max_replicas_per_node: {wish}", place)
