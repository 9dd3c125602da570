"""Who manages which field: managedFields after an update, and server-side apply with its conflicts."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from adapters.sandbox._fieldsets import (
    FieldSet,
    UnkeyedItemError,
    difference,
    fields_of,
    intersection,
    members,
    readable,
    union,
)
from adapters.sandbox._schema import Struct
from adapters.sandbox._status import Cause, Object, StatusError, apply_conflict
from adapters.sandbox._structured import compare, merge, prune

_SERVERS_METADATA = frozenset(
    {
        "name",
        "namespace",
        "creationTimestamp",
        "selfLink",
        "uid",
        "generation",
        "managedFields",
        "resourceVersion",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    }
)


#: What every configuration states although nobody is recorded as its owner.
_IDENTITY: FieldSet = {"f:metadata": {"f:name": {}}}


@frozen(kw_only=True)
class Writer:
    """Who writes, how, and when: what identifies an entry of managedFields."""

    manager: str
    operation: str
    api_version: str
    time: str
    subresource: str = ""

    def owns(self, entry: Object) -> bool:
        """Whether an entry of managedFields is this writer's."""
        return (
            entry.get("manager") == self.manager
            and entry.get("operation") == self.operation
            and entry.get("subresource", "") == self.subresource
            and (self.operation == "Apply" or entry.get("apiVersion") == self.api_version)
        )

    def entry(self, fields: FieldSet) -> Object:
        """The entry that records these fields as this writer's."""
        entry: Object = {
            "manager": self.manager,
            "operation": self.operation,
            "apiVersion": self.api_version,
            "time": self.time,
            "fieldsType": "FieldsV1",
            "fieldsV1": fields,
        }
        return entry | ({"subresource": self.subresource} if self.subresource else {})


@frozen
class Scope:
    """The fields that a write through one subresource may manage."""

    kind: Struct
    subresource: str = ""
    status_apart: bool = False

    def managed(self, obj: Object) -> Object:
        """The object reduced to what managers can own through this subresource."""
        if self.subresource == "status":
            return {"status": obj["status"]} if "status" in obj else {}
        view = {name: part for name, part in obj.items() if name not in ("apiVersion", "kind", "metadata")}
        if self.status_apart:
            view.pop("status", None)
        metadata = {name: part for name, part in obj["metadata"].items() if name not in _SERVERS_METADATA}
        return view | ({"metadata": metadata} if metadata else {})


def after_update(old: Object | None, new: Object, scope: Scope, writer: Writer) -> list[Object]:
    """The managedFields of `new`, written over `old` (None: created) by an Update."""
    before = scope.managed(old) if old else {}
    touched, removed = compare(before, scope.managed(new), scope.kind)
    entries = list((new if old is None else old)["metadata"].get("managedFields", ()))
    if not touched and not removed:
        return entries
    kept = _without(entries, touched, removed, writer)
    own = next((entry for entry in entries if writer.owns(entry)), None)
    fields: FieldSet = own["fieldsV1"] if own else {}
    taken = union(difference(fields, removed), touched)
    if taken:
        unchanged = own is not None and taken == fields
        kept.append(own if own is not None and unchanged else writer.entry(taken))
    return _sorted(kept)


def _without(entries: list[Object], touched: FieldSet, removed: FieldSet, writer: Writer) -> list[Object]:
    """What the other managers keep when these fields are touched and those removed."""
    kept: list[Object] = []
    for entry in entries:
        if writer.owns(entry):
            continue
        fields: FieldSet = entry["fieldsV1"]
        left = difference(fields, intersection(fields, touched)) if touched else fields
        left = difference(left, removed) if removed else left
        if left == fields:
            kept.append(entry)
        elif left:
            kept.append({**entry, "fieldsV1": left})
    return kept


def _sorted(entries: list[Object]) -> list[Object]:
    return sorted(
        entries,
        key=lambda entry: (entry["operation"], entry.get("time", ""), entry["manager"], entry.get("subresource", "")),
    )


def applied(live: Object, config: Object, scope: Scope, writer: Writer, *, force: bool) -> Object:
    """`live` after a server-side apply of `config`; `live` itself when nothing changes.

    Raises StatusError 409 naming every field that another manager owns with another value, unless `force`.
    """
    stated = scope.managed(config)
    try:
        fields = fields_of(stated, scope.kind)
        merged: Object = merge(live, _stated_object(live, stated), scope.kind)
    except UnkeyedItemError as error:
        raise _untypable(config, str(error)) from None
    entries: list[Object] = live["metadata"].get("managedFields", [])
    own = next((entry for entry in entries if writer.owns(entry)), None)
    last: FieldSet = own["fieldsV1"] if own else {}
    if own is not None and last != fields:
        others: FieldSet = union(fields, _IDENTITY)
        for entry in entries:
            if entry is not own:
                others = union(others, entry["fieldsV1"])
        merged = prune(merged, last, others, scope.kind)
    elif own is not None and merged is live and own["apiVersion"] == writer.api_version:
        return live
    kept = [entry for entry in entries if entry is not own]
    if kept and merged is not live:
        touched, removed = compare(scope.managed(live), scope.managed(merged), scope.kind)
        if not force:
            _refuse_conflicts(entries, touched, writer)
        kept = _without(entries, touched, removed, writer)
    if own is None or last != fields or own["apiVersion"] != writer.api_version:
        own = writer.entry(fields)
    return _with_entries(merged, _sorted([*kept, own]) if fields else kept)


def _stated_object(live: Object, stated: Object) -> Object:
    return stated if stated.get("metadata") else {**stated, "metadata": live["metadata"]}


def _with_entries(obj: Object, entries: list[Object]) -> Object:
    metadata = {**obj["metadata"], "managedFields": entries}
    return {**obj, "metadata": metadata}


def _refuse_conflicts(entries: list[Object], touched: FieldSet, writer: Writer) -> None:
    found: list[tuple[str, str]] = []
    for entry in entries:
        if not writer.owns(entry):
            disputed = intersection(entry["fieldsV1"], touched)
            found += [(_manager_text(entry), readable(path)) for path in members(disputed)]
    if found:
        raise apply_conflict(
            [Cause("FieldManagerConflict", f"conflict with {manager}", path) for manager, path in found],
            _conflict_text(found),
        )


def _manager_text(entry: Object) -> str:
    text = f'"{entry["manager"]}"'
    if entry.get("subresource"):
        text += f' with subresource "{entry["subresource"]}"'
    return f"{text} using {entry['apiVersion']}" if entry["operation"] == "Update" else text


def _conflict_text(found: list[tuple[str, str]]) -> str:
    if len(found) == 1:
        return f"Apply failed with 1 conflict: conflict with {found[0][0]}: {found[0][1]}"
    by_manager: dict[str, list[str]] = {}
    for manager, path in found:
        by_manager.setdefault(manager, []).append(path)
    lines: list[str] = []
    for manager in sorted(by_manager):
        lines += [f"conflicts with {manager}:", *(f"- {path}" for path in by_manager[manager])]
    return f"Apply failed with {len(found)} conflicts: " + "\n".join(lines)


def _untypable(config: Object, why: str) -> StatusError:
    metadata: dict[str, Any] = config["metadata"]
    group, _, version = config["apiVersion"].rpartition("/")
    place = f"{metadata.get('namespace', '')}/{metadata['name']}; {f'{group}/{version}' if group else version}"
    text = f"failed to create typed patch object ({place}, Kind={config['kind']}): {why}"
    return StatusError(500, "", text)
