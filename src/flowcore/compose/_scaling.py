"""The autoscaler that labels of kompose ask for."""

from __future__ import annotations

from typing import Any

from flowcore.compose._labels import number_label, wrong_label
from flowcore.compose._scope import Scope
from flowcore.compose._units import memory_of

_PREFIX = "kompose.hpa."
_CPU, _MEMORY, _LEAST, _MOST = (_PREFIX + part for part in ("cpu", "memory", "replicas.min", "replicas.max"))
_LABELS = (_CPU, _MEMORY, _LEAST, _MOST)
#: Pods at most when no label says it.
_DEFAULT_MOST = 3
_LARGEST = 10_000


def draw_scaling(scope: Scope) -> None:
    """Draw an autoscaler for a service with ``kompose.hpa.*`` labels."""
    given = [name for name in _LABELS if scope.label(name)]
    if not given:
        return
    if scope.host is not None:
        message = f"it shares the pod of {scope.host.name}, so the labels {', '.join(given)} were left out"
        scope.warn("label", message, scope.label_place(given[0]), fix=f"set them on {scope.host.name}")
        return
    if scope.kind not in ("deployment", "statefulset"):
        message = f"a {scope.kind} is not scaled, so the labels {', '.join(given)} were left out"
        scope.warn("label", message, scope.label_place(given[0]))
        return
    least = number_label(scope, _LEAST, 1, _LARGEST) or 1
    most = number_label(scope, _MOST, 1, _LARGEST)
    if most is None:
        most = max(least, _DEFAULT_MOST)
        message = f"the autoscaler runs at most {most} pods, because {_MOST} does not say how many"
        scope.info("scaling", message, scope.label_place(given[0]), fix=f"set {_MOST}")
    if most < least:
        message = f"{_MOST} is {most}, below {_LEAST}; it is {least}"
        scope.warn("scaling", message, scope.label_place(_MOST))
        most = least
    data: dict[str, Any] = {"name": scope.drawing.name("hpa", scope.id), "minReplicas": least, "maxReplicas": most}
    cpu = number_label(scope, _CPU, 1, 1000)
    if cpu is not None:
        data["targetCPUUtilization"] = cpu
    data |= _memory(scope)
    node_id = scope.node("hpa", scope.drawing.ids.take(f"{scope.id}-hpa"), data)
    scope.drawing.edge(node_id, scope.id)


def _memory(scope: Scope) -> dict[str, Any]:
    """Return the memory aimed at: a share like ``70%`` or ``70``, or an amount like ``200Mi`` for every pod."""
    text = scope.label(_MEMORY).strip()
    if not text:
        return {}
    if text.removesuffix("%").isdigit():
        share = number_label(scope, _MEMORY, 1, 1000)
        return {} if share is None else {"targetMemoryUtilization": share}
    amount = memory_of(text)
    if amount is None:
        wrong_label(scope, _MEMORY, "a share like 70% or a size like 200Mi")
        return {}
    target = {"type": "AverageValue", "averageValue": amount}
    return {"metrics": [{"type": "Resource", "resource": {"name": "memory", "target": target}}]}
