"""Custom resources: what their conditions, phases and counts say by the habits of controllers."""

from __future__ import annotations

from collections.abc import Iterator

from flowcore.health._conditions import from_conditions, from_parts
from flowcore.health._counts import from_counts
from flowcore.health._families import from_labels, is_strict, silent
from flowcore.health._phases import from_phases
from flowcore.health._reading import Tree, generation, number, part, parts, text
from flowcore.health._status import Health, HealthStatus, progressing, suspended

#: From what decides first to what decides last.
_WEIGHT = (
    HealthStatus.SUSPENDED,
    HealthStatus.DEGRADED,
    HealthStatus.MISSING,
    HealthStatus.PROGRESSING,
    HealthStatus.UNKNOWN,
    HealthStatus.HEALTHY,
)
#: Annotations by which controllers are told to leave an object alone, and the values that say so; "*" is any.
_RESTING = {
    "cnpg.io/reconciliationLoop": "disabled",
    "cnpg.io/hibernation": "on",
    "cluster.x-k8s.io/paused": "*",
    "crossplane.io/paused": "true",
    "autoscaling.keda.sh/paused": "true",
    "strimzi.io/pause-reconciliation": "true",
}


def custom(obj: Tree) -> Health:
    """Judge an object of a kind that has no rule of its own."""
    if _rests(obj):
        return suspended("Paused")
    if not part(obj, "status"):
        return silent(obj)
    if _is_stale(obj):
        return progressing("The newest settings have not been taken up yet")
    return min(_signals(obj), key=lambda health: _WEIGHT.index(health.status), default=silent(obj))


def _rests(obj: Tree) -> bool:
    """Whether the object asks to be left alone for now."""
    spec = part(obj, "spec")
    strategy = part(spec, "updateStrategy")
    places = (spec, strategy, part(strategy, "rollingUpdate"), part(spec, "strategy"))
    if any(place.get("paused") is True for place in places) or spec.get("enabled") is False:
        return True
    if spec.get("suspend") is True or spec.get("suspended") is True:
        return True
    annotations = part(obj, "metadata", "annotations")
    return any(
        annotations.get(key) == value or (value == "*" and key in annotations) for key, value in _RESTING.items()
    )


def _is_stale(obj: Tree) -> bool:
    """Whether the status, or the condition that sums it up, was written before the newest change of the wish."""
    status, wished = part(obj, "status"), generation(obj)
    seen = [number(status, key, wished) for key in ("observedGeneration", "lastEvaluatedGeneration")]
    seen += [
        number(item, "observedGeneration", wished)
        for item in parts(status, "conditions")
        if text(item, "type") in ("Ready", "Accepted", "Valid")
    ]
    return min(seen) < wished


def _signals(obj: Tree) -> Iterator[Health]:
    status = part(obj, "status")
    items = parts(status, "conditions") + parts(status, "conditionedStatus", "conditions")
    yield from from_conditions(items, is_strict=is_strict(obj))
    yield from from_parts(obj)
    yield from from_phases(obj)
    yield from from_counts(obj)
    yield from from_labels(obj)
