"""Tables for people: what `kubectl get` prints, made by the server as a real one does."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from adapters.sandbox import _cluster_columns, _network_columns, _workload_columns
from adapters.sandbox._columns import AGE, Column
from adapters.sandbox._json_path import find
from adapters.sandbox._resources import Resource
from adapters.sandbox._status import Object
from adapters.sandbox._times import age

_COLUMNS = _workload_columns.COLUMNS | _network_columns.COLUMNS | _cluster_columns.COLUMNS
_DESCRIPTION = "Printed by the flowcore sandbox."
_NAME: Object = {"name": "Name", "type": "string", "format": "name", "description": _DESCRIPTION, "priority": 0}


def table(items: list[Object], resource: Resource, include: str, metadata: Object, now: datetime) -> Object:
    """A meta.k8s.io Table with one row for each object, ages counted to `now`."""
    columns = _printed(resource) if resource.printed else _COLUMNS.get(resource.key, [AGE])
    named = not columns or columns[0].name != "Last Seen"
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": [*([_NAME] if named else []), *(_defined(column) for column in columns)],
        "rows": [_row(item, columns, include, now, named=named) for item in items],
    }


def _defined(column: Column) -> Object:
    return {
        "name": column.name,
        "type": column.type,
        "format": "",
        "description": _DESCRIPTION,
        "priority": column.priority,
    }


def _row(item: Object, columns: list[Column], include: str, now: datetime, *, named: bool) -> Object:
    cells = [column.cell(item, now) for column in columns]
    row: Object = {"cells": [_shown_name(item), *cells] if named else cells}
    if include == "Object":
        row["object"] = item
    elif include != "None":
        row["object"] = {
            "kind": "PartialObjectMetadata",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": item["metadata"],
        }
    return row


def _shown_name(item: Object) -> str:
    metadata = item["metadata"]
    is_default = metadata.get("annotations", {}).get("storageclass.kubernetes.io/is-default-class") == "true"
    name: str = metadata["name"]
    return f"{name} (default)" if is_default and item["kind"] == "StorageClass" else name


def _printed(resource: Resource) -> list[Column]:
    """The columns of a custom resource, as its definition asks for them."""
    return [
        Column(
            declared["name"],
            _cell_at(declared["jsonPath"], declared.get("type", "string")),
            declared.get("priority", 0),
            declared.get("type", "string"),
        )
        for declared in resource.printed
    ]


def _cell_at(path: str, form: str) -> Any:
    def cell(obj: Object, now: datetime) -> Any:
        value = find(obj, path)
        if form == "date":
            return age(value, now) if isinstance(value, str) else "<unknown>"
        if isinstance(value, int | float | bool) and form != "string":
            return value
        return "" if value is None else str(value)

    return cell
