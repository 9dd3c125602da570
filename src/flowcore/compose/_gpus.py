"""Graphics processors: what Compose reserves becomes a limit of the device plugin's resource."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flowcore.compose._marks import Block, Value
from flowcore.compose._scope import Scope
from flowcore.compose._units import whole_number
from flowcore.errors import Place

_RESOURCES = {"nvidia": "nvidia.com/gpu", "amd": "amd.com/gpu", "cdi": "nvidia.com/gpu", "": "nvidia.com/gpu"}
_MOST = 1024


def draw_gpus(scope: Scope, reserved: Value, place: Place) -> None:
    """Ask for the processors of ``gpus`` and of *reserved*, the ``devices`` of ``deploy.resources.reservations``."""
    for wish in reserved if isinstance(reserved, list) else []:
        _draw(scope, wish, place)
    for wish in _rows(scope.get("gpus")):
        _draw(scope, wish, scope.place("gpus"))


def _rows(gpus: Value) -> Iterable[Value]:
    if gpus is None or gpus == "":
        return []
    return gpus if isinstance(gpus, list) else [{"count": gpus, "capabilities": ["gpu"]}]


def _draw(scope: Scope, wish: Value, place: Place) -> None:
    row = wish if isinstance(wish, dict) else Block()
    driver, capabilities, ids = row.get("driver") or "", row.get("capabilities") or [], row.get("device_ids") or []
    is_gpu = driver in _RESOURCES and (driver or "gpu" in capabilities)
    count = len(ids) or whole_number(row.get("count"))
    if not is_gpu or (count is not None and not 0 < count <= _MOST):
        scope.warn(
            "resources",
            "these devices have no counterpart and were left out",
            place,
            fix="set resources.limits with the device plugin's name on the node, like nvidia.com/gpu: 1",
        )
        return
    _ask(scope, _RESOURCES[driver], count or 1)
    if count is None or ids:
        was = "all of the machine's are asked for" if count is None else "they are chosen by number"
        message = f"{was}, which a cluster does not offer; it is any {count or 1} of {_RESOURCES[driver]}"
        scope.warn("gpu", message, place, fix="set resources.limits on the node when it needs another number")
    else:
        scope.info("gpu", f"{count} of {_RESOURCES[driver]} are asked for, which needs a node that offers them", place)


def _ask(scope: Scope, resource: str, count: int) -> None:
    limits: dict[str, Any] = scope.data.setdefault("resources", {}).setdefault("limits", {})
    limits[resource] = str(int(limits.get(resource, 0)) + count)
