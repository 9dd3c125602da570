"""Label and field selectors: their texts parsed to a question that an object answers with yes or no."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from adapters.sandbox._resources import Resource
from adapters.sandbox._status import Object, bad_request

Matches = Callable[[Object], bool]
Test = Callable[[Mapping[str, str]], bool]

_SET = re.compile(r"^\s*([^\s,()!=]+)\s+(in|notin)\s*\(([^()]*)\)\s*$")
_EQUALITY = re.compile(r"^\s*([^\s,()!=]+)\s*(==|=|!=)\s*([^\s,()!=]*)\s*$")
_PRESENCE = re.compile(r"^\s*(!?)\s*([^\s,()!=]+)\s*$")
_COMPARISON = re.compile(r"^\s*([^\s,()!=<>]+)\s*([<>])\s*(-?\d+)\s*$")
_METADATA = ("metadata.name", "metadata.namespace")
_FIELDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("", "Pod"): (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ),
    ("", "Event"): (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    ("", "Secret"): ("type",),
    ("", "Namespace"): ("status.phase",),
    ("", "Node"): ("spec.unschedulable",),
    ("", "Service"): ("spec.clusterIP", "spec.type"),
    ("", "ReplicationController"): ("status.replicas",),
    ("apps", "ReplicaSet"): ("status.replicas",),
    ("batch", "Job"): ("status.successful",),
}


def label_test(selector: str) -> Test:
    """The question a label selector asks of a set of labels. Raises StatusError 400."""
    tests = [_requirement(part) for part in _split(selector)]
    return lambda labels: all(test(labels) for test in tests)


def _split(selector: str) -> list[str]:
    parts = re.split(r",(?![^()]*\))", selector)
    return [part for part in parts if part.strip()]


def _requirement(text: str) -> Test:
    if found := _SET.match(text):
        key, operator, listed = found.groups()
        values = {value.strip() for value in listed.split(",")}
        if operator == "in":
            return lambda labels: labels.get(key) in values
        return lambda labels: labels.get(key) not in values
    if found := _EQUALITY.match(text):
        key, operator, value = found.groups()
        if operator == "!=":
            return lambda labels: labels.get(key) != value
        return lambda labels: labels.get(key) == value
    if found := _PRESENCE.match(text):
        absent, key = found.groups()
        return lambda labels: (key in labels) != bool(absent)
    if found := _COMPARISON.match(text):
        key, operator, value = found.groups()
        return lambda labels: _compared(labels.get(key, ""), operator, int(value))
    raise bad_request(f"unable to parse requirement: found '{text.strip()}', expected: a label selector requirement")


def _compared(value: str, operator: str, limit: int) -> bool:
    try:
        number = int(value)
    except ValueError:
        return False
    return number > limit if operator == ">" else number < limit


def field_test(selector: str, resource: Resource) -> Matches:
    """The question a field selector asks of an object. Raises StatusError 400 for fields that cannot be selected."""
    tests: list[Matches] = []
    for part in _split(selector):
        found = _EQUALITY.match(part)
        if found is None:
            raise bad_request(f"invalid selector: '{part}'; can't understand '{part}'")
        path, operator, value = found.groups()
        path = path.replace("regarding.", "involvedObject.").replace("reportingController", "reportingComponent")
        if path not in _METADATA and path not in _FIELDS.get(resource.key, ()):
            raise bad_request(f'field label not supported: "{path}"')
        tests.append(_field_requirement(path, value, wanted=operator != "!="))
    return lambda obj: all(test(obj) for test in tests)


def _field_requirement(path: str, value: str, *, wanted: bool) -> Matches:
    return lambda obj: (selected_field(obj, path) == value) is wanted


def selected_field(obj: Object, path: str) -> str:
    """The text of a selectable field, empty when absent."""
    if path == "source" and isinstance(obj.get("source"), dict):
        return str(obj["source"].get("component", ""))
    if path == "status.successful":
        path = "status.succeeded"
    value: Any = obj
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if value is None:
        return "false" if path in ("spec.unschedulable", "spec.hostNetwork") else ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def selects(labels: str, fields: str, resource: Resource) -> Matches | None:
    """Both selectors as one question; None when they select everything. Raises StatusError 400."""
    if not labels and not fields:
        return None
    by_label = label_test(labels)
    by_field = field_test(fields, resource)
    return lambda obj: by_label(obj["metadata"].get("labels", {})) and by_field(obj)
