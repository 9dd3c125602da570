"""Owner references: what follows an object that is deleted, and what a namespace takes with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from adapters.sandbox._status import Object

if TYPE_CHECKING:
    from adapters.sandbox._store import Store

FOREGROUND = "foregroundDeletion"


def follow_owners(store: Store) -> Callable[[], None]:
    """Collect every new object whose owners are all gone, or never were; returns what ends that."""

    def collect(change: str, obj: Object) -> None:
        owners = obj["metadata"].get("ownerReferences", ()) if change == "ADDED" else ()
        if owners and not any(store.by_uid(owner["uid"]) for owner in owners) and _lives(store, obj):
            _delete(store, obj, "Background")

    return store.subscribe(collect)


def _lives(store: Store, obj: Object) -> bool:
    return store.by_uid(obj["metadata"]["uid"]) is not None


def blocking_dependents(store: Store, owner: Object) -> list[Object]:
    """The dependents that a foreground deletion of their owner waits for."""
    uid = owner["metadata"]["uid"]
    return [
        obj
        for obj in store.dependents(uid)
        if any(ref["uid"] == uid and ref.get("blockOwnerDeletion") for ref in obj["metadata"]["ownerReferences"])
    ]


def orphan_dependents(store: Store, owner: Object) -> None:
    """Let the dependents live on without this owner."""
    for obj in store.dependents(owner["metadata"]["uid"]):
        _drop_reference(store, obj, owner["metadata"]["uid"])


def delete_in_foreground(store: Store, owner: Object) -> Object:
    """Mark the owner, delete its dependents, and let the owner go when the last blocking one is gone."""
    marked = store.mark_deleted(owner, finalizer=FOREGROUND)
    for obj in store.dependents(owner["metadata"]["uid"]):
        _delete(store, obj, "Foreground")
    _release(store, owner["metadata"]["uid"])
    return store.by_uid(owner["metadata"]["uid"]) or marked


def terminate_namespace(store: Store, namespace: Object) -> Object:
    """Mark a namespace as terminating, delete its contents, and remove it once it is empty."""
    marked = namespace
    if "deletionTimestamp" not in namespace["metadata"]:
        status = {**namespace.get("status", {}), "phase": "Terminating"}
        marked = store.mark_deleted({**namespace, "status": status})
    name = namespace["metadata"]["name"]
    for obj in list(store.contents(name)):
        if store.by_uid(obj["metadata"]["uid"]) is not None and "deletionTimestamp" not in obj["metadata"]:
            _delete(store, obj, "Background")
    finish_namespace(store, name)
    return marked


def after_removal(store: Store, gone: Object) -> None:
    """Collect what the removed object owned, and let go what waited for its end."""
    metadata = gone["metadata"]
    for obj in store.dependents(metadata["uid"]):
        others = [ref for ref in obj["metadata"]["ownerReferences"] if ref["uid"] != metadata["uid"]]
        if any(store.by_uid(ref["uid"]) is not None for ref in others):
            _drop_reference(store, obj, metadata["uid"])
        elif "deletionTimestamp" not in obj["metadata"]:
            _delete(store, obj, "Background")
    for ref in metadata.get("ownerReferences", ()):
        _release(store, ref["uid"])
    if metadata.get("namespace"):
        finish_namespace(store, metadata["namespace"])


def _delete(store: Store, obj: Object, propagation: str) -> None:
    metadata = obj["metadata"]
    store.delete(
        obj["apiVersion"], obj["kind"], metadata.get("namespace", ""), metadata["name"], propagation=propagation
    )


def _drop_reference(store: Store, obj: Object, uid: str) -> None:
    metadata = dict(obj["metadata"])
    metadata["ownerReferences"] = [ref for ref in metadata["ownerReferences"] if ref["uid"] != uid]
    if not metadata["ownerReferences"]:
        del metadata["ownerReferences"]
    store.replace(obj, {**obj, "metadata": metadata})


def _release(store: Store, uid: str) -> None:
    owner = store.by_uid(uid)
    if owner is None or FOREGROUND not in owner["metadata"].get("finalizers", ()) or blocking_dependents(store, owner):
        return
    metadata = dict(owner["metadata"])
    metadata["finalizers"] = [finalizer for finalizer in metadata["finalizers"] if finalizer != FOREGROUND]
    if not metadata["finalizers"]:
        del metadata["finalizers"]
    store.update({**owner, "metadata": metadata})


def finish_namespace(store: Store, name: str) -> None:
    """Remove a terminating namespace when nothing is left in it and no finalizer holds it."""
    namespace = store.get("v1", "Namespace", "", name)
    if namespace is None or "deletionTimestamp" not in namespace["metadata"]:
        return
    if next(store.contents(name), None) is None and not namespace["metadata"].get("finalizers"):
        store.remove(namespace)
