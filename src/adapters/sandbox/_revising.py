"""What an update may change of a stored object, and what the server keeps."""

from __future__ import annotations

from adapters.sandbox._resources import Resource
from adapters.sandbox._status import Object, conflict

#: What a write can never change: the server set it.
_OWN_METADATA = (
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "namespace",
    "generateName",
)
_NOT_SPEC = frozenset({"apiVersion", "kind", "metadata", "status"})


def revised(resource: Resource, current: Object, obj: Object, subresource: str = "") -> Object:
    """The object that stands after an update of `current` with `obj`. Raises StatusError 409 on an old copy."""
    check_preconditions(resource, current, obj["metadata"])
    if subresource == "status":
        return _with_status(current, obj)
    metadata = dict(obj["metadata"])
    old = current["metadata"]
    metadata["resourceVersion"] = old["resourceVersion"]
    for part in _OWN_METADATA:
        if part in old:
            metadata[part] = old[part]
        else:
            metadata.pop(part, None)
    changed = {**obj, "metadata": metadata}
    if "status" in resource.subresources:
        changed.pop("status", None)
        if "status" in current:
            changed["status"] = current["status"]
    if resource.generations and _spec_differs(changed, current):
        metadata["generation"] = old.get("generation", 0) + 1
    return changed


def check_preconditions(resource: Resource, current: Object, asked: Object) -> None:
    """Raise StatusError 409 when the uid or resourceVersion that a caller names is not the current one."""
    old = current["metadata"]
    if asked.get("uid") and asked["uid"] != old["uid"]:
        why = f"Precondition failed: UID in precondition: {asked['uid']}, UID in object meta: {old['uid']}"
        raise conflict(resource.plural, resource.group, old["name"], why)
    if asked.get("resourceVersion") and asked["resourceVersion"] != old["resourceVersion"]:
        raise conflict(resource.plural, resource.group, old["name"])


def _with_status(current: Object, obj: Object) -> Object:
    metadata = current["metadata"]
    if "managedFields" in obj["metadata"]:
        metadata = {**metadata, "managedFields": obj["metadata"]["managedFields"]}
    changed = {**current, "metadata": metadata}
    changed.pop("status", None)
    if "status" in obj:
        changed["status"] = obj["status"]
    return changed


def _spec_differs(new: Object, old: Object) -> bool:
    parts = (new.keys() | old.keys()) - _NOT_SPEC
    return any(new.get(part) != old.get(part) for part in parts)
