"""The objects of one kind with their bounded past, from which watches resume and lists are rebuilt."""

from __future__ import annotations

from collections import deque

from attrs import define, field, frozen

from adapters.sandbox._status import Object, expired

Place = tuple[str, str]
"""Namespace (empty for cluster-scoped objects) and name."""


@frozen
class Change:
    """One write: its revision, ADDED, MODIFIED or DELETED, the object after it and the object before it."""

    revision: int
    type: str
    object: Object
    previous: Object | None


def place_of(obj: Object) -> Place:
    """Where an object stands."""
    metadata = obj["metadata"]
    return (metadata.get("namespace", ""), metadata["name"])


@define
class Collection:
    """The live objects of one kind and the last `limit` changes. Objects are never changed in place."""

    limit: int
    objects: dict[Place, Object] = field(factory=dict)
    _changes: deque[Change] = field(factory=deque)
    _floor: int = 0

    def record(self, change: Change) -> None:
        """Make the change the present state, and forget the oldest change above the limit."""
        place = place_of(change.object)
        if change.type == "DELETED":
            del self.objects[place]
        else:
            self.objects[place] = change.object
        self._changes.append(change)
        if len(self._changes) > self.limit:
            self._floor = self._changes.popleft().revision

    def forget(self, revision: int) -> None:
        """Compact: every change up to `revision` can no longer be replayed."""
        self._floor = max(self._floor, revision)
        while self._changes and self._changes[0].revision <= revision:
            self._changes.popleft()

    def since(self, revision: int) -> list[Change]:
        """The changes after `revision`, oldest first. Raises StatusError 410 when they are forgotten."""
        if revision < self._floor:
            raise expired(f"too old resource version: {revision} ({self._floor})")
        newer: list[Change] = []
        for change in reversed(self._changes):
            if change.revision <= revision:
                break
            newer.append(change)
        newer.reverse()
        return newer

    def at(self, revision: int) -> dict[Place, Object]:
        """The objects as they were at `revision`. Raises StatusError 410 when that is forgotten."""
        newer = self.since(revision)
        if not newer:
            return self.objects
        objects = dict(self.objects)
        for change in reversed(newer):
            place = place_of(change.object)
            if change.previous is None:
                objects.pop(place, None)
            else:
                objects[place] = change.previous
        return objects
