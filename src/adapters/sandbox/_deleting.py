"""DELETE: one object or a collection, with its options from the query or the body."""

from __future__ import annotations

from typing import Any

from attrs import evolve, frozen

from adapters.sandbox._bodies import Options
from adapters.sandbox._http import Request, parse_body
from adapters.sandbox._listing import list_objects
from adapters.sandbox._revising import check_preconditions
from adapters.sandbox._routes import Target
from adapters.sandbox._status import Cause, Object, forbidden, invalid, success
from adapters.sandbox._store import Store
from adapters.sandbox._writing import Writing

POLICIES = ("Background", "Foreground", "Orphan")
_PROTECTED = ("default", "kube-system", "kube-public")
#: Kinds whose dependents live on when the caller says nothing.
_ORPHANING = (("batch", "Job"), ("", "ReplicationController"))


@frozen(kw_only=True)
class Deletion:
    """How to delete."""

    propagation: str
    grace_seconds: int | None
    preconditions: Object
    dry_run: bool


def deletion_of(target: Target, request: Request, options: Options) -> Deletion:
    """The deletion that a request asks for. Raises StatusError 400 or 422."""
    body: dict[str, Any] = parse_body(request) if request.body else {}
    policy = body.get("propagationPolicy") or request.query.get("propagationPolicy")
    if not policy:
        orphan = body.get("orphanDependents", request.query.get("orphanDependents"))
        orphans = orphan in (True, "true") or (orphan is None and target.resource.key in _ORPHANING)
        policy = "Orphan" if orphans else "Background"
    if policy not in POLICIES:
        listed = ", ".join(f'"{name}"' for name in (*POLICIES, "nil"))
        text = f'Unsupported value: "{policy}": supported values: {listed}'
        raise invalid("DeleteOptions", "meta.k8s.io", "", [Cause("FieldValueNotSupported", text, "propagationPolicy")])
    grace = body.get("gracePeriodSeconds")
    return Deletion(
        propagation=policy,
        grace_seconds=grace if isinstance(grace, int) else request.whole_number("gracePeriodSeconds"),
        preconditions=body.get("preconditions") or {},
        dry_run=options.dry_run or body.get("dryRun") == ["All"],
    )


def delete_one(writing: Writing, target: Target, deletion: Deletion) -> Object:
    """Delete one object: the object while it is still there, a Status when it is gone. Raises StatusError."""
    current = writing.current(target)
    resource, name = target.resource, target.name
    check_preconditions(resource, current, deletion.preconditions)
    if resource.key == ("", "Namespace") and name in _PROTECTED:
        raise forbidden(resource.plural, resource.group, name, "this namespace may not be deleted")
    uid = current["metadata"]["uid"]
    if deletion.dry_run:
        return _gone(target, uid)
    store: Store = writing.store
    last = store.delete(
        resource.api_version,
        resource.kind,
        target.namespace,
        name,
        propagation=deletion.propagation,
        grace_seconds=deletion.grace_seconds,
    )
    still_there = store.by_uid(uid) or (last if resource.key == ("", "Namespace") else None)
    return still_there or _gone(target, uid)


def _gone(target: Target, uid: str) -> Object:
    details = {"name": target.name, "kind": target.resource.plural, "uid": uid}
    return success(details | ({"group": target.resource.group} if target.resource.group else {}))


def delete_collection(writing: Writing, target: Target, request: Request, deletion: Deletion) -> list[Object]:
    """Delete every object that the request's selectors choose; returns them as they were."""
    chosen = list_objects(writing.store, target, request).items
    for obj in chosen:
        metadata = obj["metadata"]
        if writing.store.by_uid(metadata["uid"]) is not None:
            delete_one(
                writing, evolve(target, namespace=metadata.get("namespace", ""), name=metadata["name"]), deletion
            )
    return chosen
