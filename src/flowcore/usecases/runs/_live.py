"""What a watch has seen of a cluster: the objects of every node, in memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from attrs import define, field

from flowcore.model import Manifest, ObjectRef
from flowcore.ports.cluster import Changed, Deleted, Selection, Synced, WatchEvent

#: The labels by which an object is known to belong to a node of a workflow.
WORKFLOW_LABEL = "flowcore.dev/workflow"
NODE_LABEL = "flowcore.dev/node"
MANAGER_LABEL = "app.kubernetes.io/managed-by"
MANAGER = "flowcore"


class Kind(NamedTuple):
    """A kind of objects, as a watch selects them."""

    api_version: str
    name: str

    @property
    def selection(self) -> Selection:
        """The objects of this kind that are ours, in every namespace."""
        return Selection(api_version=self.api_version, kind=self.name, labels={MANAGER_LABEL: MANAGER})


class NodeKey(NamedTuple):
    """A node as its objects name it in their labels."""

    workflow: str
    label: str


@define(eq=False)
class LiveObjects:
    """The objects, by kind and by node.

    Attributes:
        synced: kinds whose whole truth has been seen at least once.
    """

    synced: set[Kind] = field(factory=set)
    _by_kind: dict[Kind, dict[ObjectRef, Manifest]] = field(factory=dict)
    _by_node: dict[NodeKey, dict[ObjectRef, Manifest]] = field(factory=dict)

    def take(self, kind: Kind, event: WatchEvent) -> set[NodeKey]:
        """Take what a watch tells, and return the nodes it is about."""
        match event:
            case Synced(objects):
                return self._sync(kind, objects)
            case Changed(live):
                return self._put(kind, live)
            case Deleted(live):
                return self._drop(kind, live)

    def observe(self, live: Manifest) -> None:
        """Take an object as an apply returned it; what a watch tells late of its earlier states is passed over."""
        self._put(kind_of(live), live)

    def find(self, ref: ObjectRef) -> Manifest | None:
        """Return an object, None when there is none."""
        return self._by_kind.get(Kind(ref.api_version, ref.kind), {}).get(ref)

    def of(self, key: NodeKey) -> Iterable[Manifest]:
        """Return every object that belongs to a node."""
        return self._by_node.get(key, {}).values()

    def _sync(self, kind: Kind, objects: Iterable[Manifest]) -> set[NodeKey]:
        known = self._by_kind.get(kind, {})
        listed = {ObjectRef.of(live): live for live in objects}
        touched = set[NodeKey]()
        for ref in known.keys() - listed.keys():
            touched |= self._drop(kind, known[ref])
        for live in listed.values():
            touched |= self._put(kind, live, is_whole_truth=True)
        self.synced.add(kind)
        return touched

    def _put(self, kind: Kind, live: Manifest, *, is_whole_truth: bool = False) -> set[NodeKey]:
        live = _without_bulk(live)
        ref = ObjectRef.of(live)
        known = self._by_kind.setdefault(kind, {}).get(ref)
        if known is not None and _is_older(live, known) and not (is_whole_truth and _uid(live) != _uid(known)):
            return set()
        self._by_kind[kind][ref] = live
        key = key_of(live)
        before = key_of(known) if known is not None else key
        if before != key:
            self._by_node.get(before, {}).pop(ref, None)
        self._by_node.setdefault(key, {})[ref] = live
        return {before, key}

    def _drop(self, kind: Kind, live: Manifest) -> set[NodeKey]:
        ref = ObjectRef.of(live)
        known = self._by_kind.get(kind, {}).get(ref)
        if known is None or _uid(known) != _uid(live):
            return set()
        del self._by_kind[kind][ref]
        key = key_of(known)
        objects = self._by_node.get(key, {})
        objects.pop(ref, None)
        if not objects:
            self._by_node.pop(key, None)
        return {key}


def kind_of(live: Manifest) -> Kind:
    """Return the kind of an object."""
    return Kind(live["apiVersion"], live["kind"])


def key_of(live: Manifest) -> NodeKey:
    """Return which node an object belongs to, by its labels."""
    labels: dict[str, Any] = live.get("metadata", {}).get("labels") or {}
    return NodeKey(str(labels.get(WORKFLOW_LABEL, "")), str(labels.get(NODE_LABEL, "")))


def _uid(live: Manifest) -> str:
    return str(live.get("metadata", {}).get("uid", ""))


def _is_older(live: Manifest, known: Manifest) -> bool:
    """Say whether *live* is earlier, of this object or of one before it; unknown when the versions are not numbers."""
    versions = [str(obj.get("metadata", {}).get("resourceVersion", "")) for obj in (live, known)]
    return all(version.isdecimal() for version in versions) and int(versions[0]) < int(versions[1])


def _without_bulk(live: Manifest) -> Manifest:
    """Leave out what no verdict needs: the values of secrets and config maps, and who manages which field."""
    kept = {key: value for key, value in live.items() if key not in ("data", "binaryData", "stringData")}
    metadata = {key: value for key, value in live["metadata"].items() if key != "managedFields"}
    return {**kept, "metadata": metadata}
