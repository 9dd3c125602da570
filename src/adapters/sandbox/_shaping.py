"""The shape in which objects are answered: themselves, a Table for people, or their metadata only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from adapters.sandbox._event_views import GROUP as EVENTS
from adapters.sandbox._event_views import as_new
from adapters.sandbox._resources import Resource
from adapters.sandbox._status import Object
from adapters.sandbox._tables import table


def shaped(obj: Object, resource: Resource, shape: str, now: datetime, include: str = "") -> Object:
    """One object in the shape that was negotiated."""
    if shape != "Table":
        obj = _versioned(obj, resource)
    if shape == "Table":
        return table([obj], resource, include, {"resourceVersion": obj["metadata"].get("resourceVersion", "")}, now)
    if shape.startswith("PartialObjectMetadata"):
        return _partial(obj)
    return obj


def shaped_list(
    items: list[Object], metadata: Object, resource: Resource, shape: str, now: datetime, include: str = ""
) -> Object:
    """A list in the shape that was negotiated."""
    if shape == "Table":
        return table(items, resource, include, metadata, now)
    if shape.startswith("PartialObjectMetadata"):
        return {
            "kind": "PartialObjectMetadataList",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": metadata,
            "items": [_partial(item) for item in items],
        }
    return {
        "kind": f"{resource.kind}List",
        "apiVersion": resource.api_version,
        "metadata": metadata,
        "items": [_versioned(item, resource) for item in items],
    }


def _versioned(obj: Object, resource: Resource) -> Object:
    """An object in the version that was asked for; custom resources differ by the name of the version alone."""
    if obj["apiVersion"] == resource.api_version:
        return obj
    return as_new(obj) if resource.group == EVENTS else {**obj, "apiVersion": resource.api_version}


def _partial(obj: Object) -> Object:
    metadata: dict[str, Any] = obj["metadata"]
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata}
