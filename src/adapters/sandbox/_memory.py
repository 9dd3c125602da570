"""What the store stands on: collections, indexes, the revision counter, and the delivery of changes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from attrs import define, field

from adapters.sandbox._history import Change, Collection, Place, place_of
from adapters.sandbox._status import Object

Key = tuple[str, str]
"""Group and kind."""


@define
class Memory:
    """Collections by group and kind under one rising revision. Knows no rules; `commit` is the only way to write."""

    history_limit: int
    revision: int = 1
    _collections: dict[Key, Collection] = field(init=False, factory=dict)
    _by_uid: dict[str, Object] = field(init=False, factory=dict)
    _dependents: dict[str, dict[tuple[Key, Place], None]] = field(init=False, factory=dict)
    _listeners: dict[int, Callable[[Change], None]] = field(init=False, factory=dict)
    _pending: deque[Change] = field(init=False, factory=deque)
    _delivering: bool = field(init=False, default=False)
    _subscriptions: int = field(init=False, default=0)
    _compacted: int = field(init=False, default=0)

    def collection(self, key: Key) -> Collection:
        """The objects of a group and kind with their history."""
        found = self._collections.get(key)
        if found is None:
            found = self._collections[key] = Collection(self.history_limit, floor=self._compacted)
        return found

    def by_uid(self, uid: str) -> Object | None:
        """The living object with this uid, whatever its kind."""
        return self._by_uid.get(uid)

    def dependents(self, uid: str) -> list[Object]:
        """The living objects that name this uid as an owner."""
        found = (self.collection(key).objects.get(place) for key, place in list(self._dependents.get(uid, ())))
        return [obj for obj in found if obj is not None]

    def contents(self, namespace: str) -> Iterator[Object]:
        """Every object inside a namespace."""
        for collection in list(self._collections.values()):
            yield from [obj for place, obj in collection.objects.items() if place[0] == namespace]

    def commit(self, key: Key, kind_of_change: str, obj: Object, previous: Object | None) -> Object:
        """Write one change under the next revision, and tell the listeners."""
        self.revision += 1
        stored = {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(self.revision)}}
        change = Change(self.revision, kind_of_change, stored, previous)
        self.collection(key).record(change)
        self._index(key, change)
        self._pending.append(change)
        self._deliver()
        return stored

    def observe(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Call `listener` on every change from now on; returns what ends that."""
        self._subscriptions += 1
        number = self._subscriptions
        self._listeners[number] = listener

        def unsubscribe() -> None:
            self._listeners.pop(number, None)

        return unsubscribe

    def forget_history(self) -> None:
        """Compact every collection: changes up to now can no longer be replayed."""
        self._compacted = self.revision
        for collection in self._collections.values():
            collection.forget(self.revision)

    def _index(self, key: Key, change: Change) -> None:
        metadata = change.object["metadata"]
        uid, address = metadata["uid"], (key, place_of(change.object))
        gone = change.type == "DELETED"
        if gone:
            self._by_uid.pop(uid, None)
        else:
            self._by_uid[uid] = change.object
        owners = set() if gone else _owners(change.object)
        before = _owners(change.previous) if change.previous else set()
        for owner in before - owners:
            self._dependents[owner].pop(address, None)
            if not self._dependents[owner]:
                del self._dependents[owner]
        for owner in owners - before:
            self._dependents.setdefault(owner, {})[address] = None

    def _deliver(self) -> None:
        if self._delivering:
            return
        self._delivering = True
        try:
            while self._pending:
                change = self._pending.popleft()
                for listener in list(self._listeners.values()):
                    listener(change)
        finally:
            self._delivering = False


def _owners(obj: Object) -> set[str]:
    return {owner["uid"] for owner in obj["metadata"].get("ownerReferences", ())}
