"""The sandbox cluster's store: the rules of creating, updating and deleting versioned objects."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random
from uuid import UUID

from attrs import define, field

from adapters.sandbox import _garbage as garbage
from adapters.sandbox._history import Change, Collection, Place, place_of
from adapters.sandbox._memory import Memory
from adapters.sandbox._resources import Registry, Resource
from adapters.sandbox._revising import revised
from adapters.sandbox._status import Cause, Object, already_exists, forbidden, future_version, invalid, not_found

HISTORY_LIMIT = 4096
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_NAMESPACE = ("", "Namespace")
_NAMELESS = Cause("FieldValueRequired", "Required value: name or generateName is required", "metadata.name")


def timestamp(moment: datetime) -> str:
    """A moment as Kubernetes writes it: UTC, whole seconds."""
    return _stamp(int(moment.timestamp()))


@lru_cache(maxsize=256)
def _stamp(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _now() -> datetime:
    return datetime.now(UTC)


@define(kw_only=True)
class Store:
    """All objects of the cluster, in memory, for one thread.

    Stored objects are shared with every reader and must never be changed in place: copy what you change, then `update`.
    Every method that names an object raises StatusError: 404 when it (or its kind or namespace) does not exist,
    409 on a name that is taken or a resourceVersion that is old. Listeners run synchronously, each change to the end
    before the next one, in the order of revisions.
    """

    registry: Registry = field(factory=Registry)
    clock: Callable[[], datetime] = _now
    seed: int = 0
    history_limit: int = HISTORY_LIMIT
    _memory: Memory = field(init=False)
    _random: Random = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._memory = Memory(self.history_limit)
        self._random = Random(self.seed)  # noqa: S311 - names and uids of a simulation, no secrets

    # -- reading

    @property
    def revision(self) -> int:
        """The resourceVersion of the last write."""
        return self._memory.revision

    def collection(self, resource: Resource) -> Collection:
        """The objects of a resource's kind with their history."""
        return self._memory.collection(resource.key)

    def get(self, api_version: str, kind: str, namespace: str, name: str) -> Object | None:
        """One object, or None."""
        resource = self.registry.of_kind(api_version, kind)
        return self.collection(resource).objects.get(_place(resource, namespace, name))

    def list(
        self, api_version: str, kind: str, namespace: str = "", labels: dict[str, str] | None = None
    ) -> list[Object]:
        """The objects of a kind, in one namespace or (empty) in all, that carry all these labels."""
        wanted = (labels or {}).items()
        return [
            obj
            for obj in self.collection(self.registry.of_kind(api_version, kind)).objects.values()
            if (not namespace or obj["metadata"].get("namespace") == namespace)
            and (not wanted or wanted <= obj["metadata"].get("labels", {}).items())
        ]

    def by_uid(self, uid: str) -> Object | None:
        """The living object with this uid, whatever its kind."""
        return self._memory.by_uid(uid)

    def dependents(self, uid: str) -> builtins.list[Object]:
        """The living objects that name this uid as an owner."""
        return self._memory.dependents(uid)

    def contents(self, namespace: str) -> Iterator[Object]:
        """Every object inside a namespace."""
        return self._memory.contents(namespace)

    def now(self) -> str:
        """The cluster's time, as a timestamp."""
        return timestamp(self.clock())

    def suffix(self, length: int = 5) -> str:
        """A random ending for a generated name, of Kubernetes' safe letters."""
        return "".join(self._random.choices(_ALPHABET, k=length))

    # -- writing

    def create(self, obj: Object) -> Object:
        """Store a new object: the server's metadata is filled in, `generateName` becomes a name."""
        resource = self.registry.of_kind(obj["apiVersion"], obj["kind"])
        return self.insert(self.prepare(resource, obj))

    def insert(self, prepared: Object) -> Object:
        """Store what `prepare` has made."""
        return self._memory.commit(self._key(prepared), "ADDED", prepared, None)

    def prepare(self, resource: Resource, obj: Object) -> Object:
        """The object as `create` would store it, without storing it. Raises what `create` raises."""
        metadata = dict(obj.get("metadata") or {})
        if not metadata.get("name"):
            if not metadata.get("generateName"):
                raise invalid(resource.kind, resource.group, "", [_NAMELESS])
            metadata["name"] = metadata["generateName"] + self.suffix()
        if resource.namespaced:
            metadata["namespace"] = metadata.get("namespace") or "default"
            self._check_namespace(resource, metadata["namespace"], metadata["name"])
        else:
            metadata.pop("namespace", None)
        if _place(resource, metadata.get("namespace", ""), metadata["name"]) in self.collection(resource).objects:
            raise already_exists(resource.plural, resource.group, metadata["name"])
        metadata["uid"] = str(UUID(int=self._random.getrandbits(128), version=4))
        metadata["creationTimestamp"] = self.now()
        for part in ("resourceVersion", "generation", "deletionTimestamp", "deletionGracePeriodSeconds"):
            metadata.pop(part, None)
        if resource.generations:
            metadata["generation"] = 1
        return {**obj, "metadata": metadata}

    def update(self, obj: Object, *, subresource: str = "") -> Object:
        """Replace an object. With subresource "status" only the status (and who manages it) changes.

        A resourceVersion or uid in the object must be the current one. An update that changes nothing keeps the
        resourceVersion. Removing the last finalizer of an object that is being deleted removes it.
        """
        resource = self.registry.of_kind(obj["apiVersion"], obj["kind"])
        current = self._current(resource, place_of(obj))
        changed = revised(resource, current, obj, subresource)
        if changed == current:
            return current
        leaving = "deletionTimestamp" in changed["metadata"]
        if leaving and resource.key != _NAMESPACE and _may_go(changed):
            return self.remove(changed)
        stored = self.replace(current, changed)
        if leaving and resource.key == _NAMESPACE:
            garbage.finish_namespace(self, stored["metadata"]["name"])
        return stored

    def delete(
        self,
        api_version: str,
        kind: str,
        namespace: str,
        name: str,
        *,
        propagation: str = "Background",
        grace_seconds: int | None = None,
    ) -> Object:
        """Delete an object and, as `propagation` says (Background, Foreground, Orphan), what it owns.

        A running pod is only marked (deletionTimestamp), for its `grace_seconds` or the spec's: the node's part is to
        call again with `grace_seconds=0` when its containers have ended. Finalizers hold every object back, contents
        hold their namespace back. Returns the object as it is after the call: marked, or in its last state.
        """
        resource = self.registry.of_kind(api_version, kind)
        current = self._current(resource, _place(resource, namespace, name))
        if propagation == "Orphan":
            garbage.orphan_dependents(self, current)
        elif propagation == "Foreground" and garbage.blocking_dependents(self, current):
            return garbage.delete_in_foreground(self, current)
        if resource.key == _NAMESPACE:
            return garbage.terminate_namespace(self, current)
        grace = _grace(current, grace_seconds)
        if grace == 0 and not current["metadata"].get("finalizers"):
            return self.remove(current)
        return self.mark_deleted(current, grace)

    def mark_deleted(self, current: Object, grace: int = 0, finalizer: str = "") -> Object:
        """Set the deletionTimestamp `grace` seconds ahead (never later than it is) and add a finalizer."""
        metadata = dict(current["metadata"])
        before = metadata.get("deletionGracePeriodSeconds")
        if before is None or grace < before:
            metadata["deletionTimestamp"] = timestamp(self.clock() + timedelta(seconds=grace))
            metadata["deletionGracePeriodSeconds"] = grace
            if "generation" in metadata:
                metadata["generation"] += 1
        if finalizer and finalizer not in metadata.get("finalizers", ()):
            metadata["finalizers"] = [*metadata.get("finalizers", ()), finalizer]
        if metadata == current["metadata"]:
            return current
        return self.replace(current, {**current, "metadata": metadata})

    def replace(self, current: Object, obj: Object) -> Object:
        """Store `obj` over `current` without any rule but a new resourceVersion."""
        return self._memory.commit(self._key(obj), "MODIFIED", obj, current)

    def remove(self, last: Object) -> Object:
        """Take an object out at once, `last` being its last state, finalizers or not; what it owns follows."""
        key = self._key(last)
        gone = self._memory.commit(key, "DELETED", last, self._memory.collection(key).objects[place_of(last)])
        garbage.after_removal(self, gone)
        return gone

    # -- listening

    def subscribe(self, listener: Callable[[str, Object], None]) -> Callable[[], None]:
        """Call `listener(type, object)` with ADDED, MODIFIED or DELETED on every change; returns what ends that."""
        return self._memory.observe(lambda change: listener(change.type, change.object))

    def observe(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Like `subscribe`, with the whole Change."""
        return self._memory.observe(listener)

    def changes_since(self, resource: Resource, revision: int) -> builtins.list[Change]:
        """The changes of a kind after `revision`. Raises StatusError 410 (forgotten) or 504 (in the future)."""
        if revision > self.revision:
            raise future_version(revision, self.revision)
        return self.collection(resource).since(revision)

    def forget_history(self) -> None:
        """Compact the history: older resourceVersions are answered with 410 from now on."""
        self._memory.forget_history()

    # -- inside

    def _key(self, obj: Object) -> tuple[str, str]:
        return (obj["apiVersion"].rpartition("/")[0], obj["kind"])

    def _current(self, resource: Resource, place: Place) -> Object:
        found = self.collection(resource).objects.get(place)
        if found is None:
            raise not_found(resource.plural, resource.group, place[1])
        return found

    def _check_namespace(self, resource: Resource, namespace: str, name: str) -> None:
        found = self.get("v1", "Namespace", "", namespace)
        if found is None:
            raise not_found("namespaces", "", namespace)
        if "deletionTimestamp" in found["metadata"]:
            text = f"unable to create new content in namespace {namespace} because it is being terminated"
            cause = Cause("NamespaceTerminating", f"namespace {namespace} is being terminated", "metadata.namespace")
            raise forbidden(resource.plural, resource.group, name, text, [cause])


def _place(resource: Resource, namespace: str, name: str) -> Place:
    return (namespace if resource.namespaced else "", name)


def _may_go(obj: Object) -> bool:
    metadata = obj["metadata"]
    return not metadata.get("finalizers") and metadata.get("deletionGracePeriodSeconds", 0) == 0


def _grace(obj: Object, asked: int | None) -> int:
    if obj["kind"] != "Pod" or obj["apiVersion"] != "v1":
        return 0
    if not obj.get("spec", {}).get("nodeName") or obj.get("status", {}).get("phase") in ("Succeeded", "Failed"):
        return 0
    return max(asked, 0) if asked is not None else int(obj["spec"].get("terminationGracePeriodSeconds", 30))
