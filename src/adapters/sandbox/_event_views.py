"""Events seen through events.k8s.io: the same objects as core events, with other field names."""

from __future__ import annotations

from adapters.sandbox._status import Object

GROUP = "events.k8s.io"
_RENAMED = {
    "involvedObject": "regarding",
    "message": "note",
    "reportingComponent": "reportingController",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "count": "deprecatedCount",
    "source": "deprecatedSource",
}
_BACK = {new: old for old, new in _RENAMED.items()}


def as_new(event: Object) -> Object:
    """A core event as events.k8s.io/v1 shows it."""
    return {_RENAMED.get(name, name): part for name, part in event.items()} | {"apiVersion": f"{GROUP}/v1"}


def as_core(event: Object) -> Object:
    """An events.k8s.io/v1 event as it is stored."""
    return {_BACK.get(name, name): part for name, part in event.items()} | {"apiVersion": "v1"}
