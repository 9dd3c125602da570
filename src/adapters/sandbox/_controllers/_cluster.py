"""What every controller shares: the store with an index over it, time, chance, the work queue and events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from attrs import define, field

from adapters.sandbox._controllers._chance import Chance
from adapters.sandbox._controllers._clock import Clock
from adapters.sandbox._controllers._events import Recorder
from adapters.sandbox._controllers._objects import (
    API_VERSIONS,
    is_leaving,
    labels_of,
    metadata,
    name_of,
    namespace_of,
    owner_of,
    owner_reference,
    selects,
    spec,
    stamp,
    status,
    uid_of,
)
from adapters.sandbox._controllers._queue import Key, WorkQueue
from adapters.sandbox._controllers._seams import Place, Store
from flowcore.model import Manifest


@define
class Cluster:
    """The store as the controllers see it."""

    store: Store
    clock: Clock
    chance: Chance
    queue: WorkQueue
    events: Recorder
    _index: dict[str, dict[str, dict[str, Manifest]]] = field(init=False, factory=dict)
    _named: dict[str, int] = field(init=False, factory=dict)
    _owned: dict[str, dict[tuple[str, str, str], Manifest]] = field(init=False, factory=dict)

    def now(self) -> datetime:
        """Return the cluster's moment."""
        return self.clock.now()

    def stamp(self) -> str:
        """Return the cluster's moment as a timestamp."""
        return stamp(self.clock.now())

    def wake(self, controller: str, place: Place, delay: float) -> None:
        """Have a controller look at an object again after *delay* seconds."""
        self.queue.add_after(Key(controller, *place), delay)

    def fill(self) -> Iterator[Manifest]:
        """Read everything from the store anew; yield what was read."""
        self._index.clear()
        self._owned.clear()
        for kind, api_version in API_VERSIONS.items():
            if kind != "Event":
                for obj in self.store.list(api_version, kind):
                    self.keep(obj)
                    yield obj

    def keep(self, obj: Manifest) -> None:
        """Take an added or changed object into the index; it keeps its place in the order."""
        space = self._index.setdefault(obj["kind"], {}).setdefault(namespace_of(obj), {})
        old = space.get(name_of(obj))
        space[name_of(obj)] = obj
        uid = _owner_uid(obj)
        if old is not None and _owner_uid(old) != uid:
            self._disown(old)
        self._owned.setdefault(uid, {})[_triple(obj)] = obj

    def forget(self, obj: Manifest) -> None:
        """Take a deleted object out of the index."""
        self._index.get(obj["kind"], {}).get(namespace_of(obj), {}).pop(name_of(obj), None)
        self._disown(obj)

    def _disown(self, obj: Manifest) -> None:
        uid = _owner_uid(obj)
        children = self._owned.get(uid)
        if children is not None:
            children.pop(_triple(obj), None)
            if not children:
                del self._owned[uid]

    def get(self, kind: str, namespace: str, name: str) -> Manifest | None:
        """Return an object, None when there is none."""
        return self._index.get(kind, {}).get(namespace, {}).get(name)

    def all(self, kind: str, namespace: str | None = None) -> list[Manifest]:
        """Return the objects of a kind, of one namespace or of all, in order of creation."""
        spaces = self._index.get(kind, {})
        if namespace is not None:
            return list(spaces.get(namespace, {}).values())
        return [obj for space in spaces.values() for obj in space.values()]

    def owned(self, owner: Manifest, kind: str) -> list[Manifest]:
        """Return the objects of a kind that *owner* controls, in order of creation."""
        children = self._owned.get(uid_of(owner), {})
        return [obj for (child, _, _), obj in children.items() if child == kind]

    def adopt(self, owner: Manifest, kind: str) -> None:
        """Make *owner* the controller of the objects in its namespace that it selects and nothing controls."""
        orphans = self._owned.get(kind, {})
        if not orphans:
            return
        selector, namespace = spec(owner).get("selector"), namespace_of(owner)
        for (_, place, _), obj in list(orphans.items()):
            if place == namespace and not is_leaving(obj) and selects(selector, labels_of(obj)):
                others = metadata(obj).get("ownerReferences") or []
                self.update(with_metadata(obj, ownerReferences=[*others, owner_reference(owner)]))

    def new_name(self, kind: str, namespace: str, stem: str) -> str:
        """Return a name that is free: the stem and five letters that depend on the seed."""
        number = self._named[stem] = self._named.get(stem, 0) + 1
        name = f"{stem}-{self.chance.word(5, kind, namespace, stem, number)}"
        return name if self.get(kind, namespace, name) is None else self.new_name(kind, namespace, stem)

    def create(self, obj: Manifest) -> Manifest:
        """Store a new object."""
        return self.store.create(obj)

    def update(self, obj: Manifest) -> Manifest:
        """Store a changed object."""
        return self.store.update(obj)

    def set_status(self, obj: Manifest, wanted: Manifest) -> None:
        """Write an object's status where it differs from what is stored."""
        if status(obj) != wanted:
            self.store.update({**obj, "status": wanted}, subresource="status")

    def delete(self, obj: Manifest) -> None:
        """Delete an object and what it owns."""
        self.store.delete(obj["apiVersion"], obj["kind"], namespace_of(obj), name_of(obj))

    def remove_pod(self, pod: Manifest) -> None:
        """Take a pod out whose containers have ended."""
        self.store.delete("v1", "Pod", namespace_of(pod), name_of(pod), grace_seconds=0)


def _triple(obj: Manifest) -> tuple[str, str, str]:
    return obj["kind"], namespace_of(obj), name_of(obj)


def _owner_uid(obj: Manifest) -> str:
    """Return the uid of the object's controller; for orphans their kind stands for it."""
    owner = owner_of(obj)
    return str(owner.get("uid")) if owner else str(obj["kind"])


def with_metadata(obj: Manifest, **changes: object) -> Manifest:
    """Return a copy of an object with other metadata fields."""
    return {**obj, "metadata": {**metadata(obj), **changes}}
