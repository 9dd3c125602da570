"""Differences between two drawings: which resources and wires were added, removed, changed or only moved."""

from __future__ import annotations

import marshal
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from attrs import field, frozen

from flowcore.diffing._values import Change, changes
from flowcore.model import Edge, Node

#: The newest marshal format that writes values only, not which of them are one object.
_BY_VALUE = 2


class Drawing(Protocol):
    """What has nodes and edges: a workflow or a version."""

    @property
    def nodes(self) -> Sequence[Node]:
        """The resources."""

    @property
    def edges(self) -> Sequence[Edge]:
        """The wires."""


class DiffStatus(StrEnum):
    """What happened to a node or an edge; only nodes move."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"


@frozen(kw_only=True)
class NodeDiff:
    """What happened to one node.

    Attributes:
        node_id: the node's id.
        type: its kind, after the change where it was changed.
        status: added, removed, changed, or moved when nothing but its place on the canvas differs.
        old: the node before; None when it was added.
        new: the node after; None when it was removed.
        changes: the fields that differ, with paths from the node, like ``data.image`` or ``position.x``; none for an
            added or removed node.
    """

    node_id: str
    type: str
    status: DiffStatus
    old: Node | None = None
    new: Node | None = None
    changes: tuple[Change, ...] = ()

    @property
    def name(self) -> str:
        """The resource's name, after the change where there is one."""
        node = self.new or self.old
        return node.name if node else self.node_id


@frozen(kw_only=True)
class EdgeDiff:
    """What happened to one edge.

    Attributes:
        edge_id: the edge's id.
        status: added, removed, or changed when it was wired elsewhere or carries something else.
        old: the edge before; None when it was added.
        new: the edge after; None when it was removed.
        changes: the fields that differ, with paths from the edge, like ``target``, ``sourceHandle`` or
            ``data.mountPath``.
    """

    edge_id: str
    status: DiffStatus
    old: Edge | None = None
    new: Edge | None = None
    changes: tuple[Change, ...] = ()


@frozen
class Diff:
    """What differs between two drawings.

    Attributes:
        nodes: what happened to nodes: those that are still there in the new drawing's order, then removed ones.
        edges: what happened to edges, in the same order.
        names: names of the resources by node id, for telling what edges connect; the newer name where both have one.
    """

    nodes: tuple[NodeDiff, ...] = ()
    edges: tuple[EdgeDiff, ...] = ()
    names: Mapping[str, str] = field(factory=dict, eq=False, repr=False)

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs."""
        return not self.nodes and not self.edges

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """How many nodes and edges were added, removed, changed and moved: ``counts["nodes"]["added"]``."""
        return {"nodes": _counts(self.nodes), "edges": _counts(self.edges)}


def _counts(items: Iterable[NodeDiff | EdgeDiff]) -> dict[str, int]:
    found = Counter(item.status for item in items)
    return {status.value: found[status] for status in DiffStatus}


def diff(old: Drawing, new: Drawing) -> Diff:
    """Return what differs between two workflows or versions.

    Nodes and edges are matched by id, the first with the first where an id is there twice. The order they are drawn in
    does not count, nor do fields at the top of their data that start with an underscore: they are kept by the running
    service, not drawn by a person.
    """
    names = {node.id: node.name for node in (*old.nodes, *new.nodes)}
    return Diff(tuple(_node_diffs(old.nodes, new.nodes)), tuple(_edge_diffs(old.edges, new.edges)), names)


_Item = TypeVar("_Item", Node, Edge)


def _numbered(items: Iterable[_Item]) -> dict[tuple[str, int], _Item]:
    """Return the items by their id and how often it was there before."""
    seen: Counter[str] = Counter()
    found: dict[tuple[str, int], _Item] = {}
    for item in items:
        found[item.id, seen[item.id]] = item
        seen[item.id] += 1
    return found


def _matched(old: Iterable[_Item], new: Iterable[_Item]) -> Iterator[tuple[_Item | None, _Item | None]]:
    before, after = _numbered(old), _numbered(new)
    for key, item in after.items():
        yield before.get(key), item
    for key, item in before.items():
        if key not in after:
            yield item, None


def drawn(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the data without what the running service keeps in it."""
    return {key: value for key, value in data.items() if not key.startswith("_")}


def _node_diffs(old: Iterable[Node], new: Iterable[Node]) -> Iterator[NodeDiff]:
    for before, after in _matched(old, new):
        if before is after:
            continue
        if before is None or after is None:
            yield _one_sided_node(before, after)
            continue
        content = _field_changes(("type", before.type, after.type)) + _data_changes(before.data, after.data)
        place = _field_changes(
            ("position.x", before.position.x, after.position.x), ("position.y", before.position.y, after.position.y)
        )
        if content or place:
            status = DiffStatus.CHANGED if content else DiffStatus.MOVED
            yield NodeDiff(
                node_id=after.id, type=after.type, status=status, old=before, new=after, changes=content + place
            )


def _one_sided_node(before: Node | None, after: Node | None) -> NodeDiff:
    node = after or before
    assert node is not None
    status = DiffStatus.ADDED if after else DiffStatus.REMOVED
    return NodeDiff(node_id=node.id, type=node.type, status=status, old=before, new=after)


def _edge_diffs(old: Iterable[Edge], new: Iterable[Edge]) -> Iterator[EdgeDiff]:
    for before, after in _matched(old, new):
        if before is after:
            continue
        if before is None or after is None:
            edge = after or before
            assert edge is not None
            status = DiffStatus.ADDED if after else DiffStatus.REMOVED
            yield EdgeDiff(edge_id=edge.id, status=status, old=before, new=after)
            continue
        found = _field_changes(
            ("source", before.source, after.source),
            ("target", before.target, after.target),
            ("sourceHandle", before.source_handle, after.source_handle),
            ("targetHandle", before.target_handle, after.target_handle),
            ("type", before.type, after.type),
        ) + _data_changes(before.data, after.data)
        if found:
            yield EdgeDiff(edge_id=after.id, status=DiffStatus.CHANGED, old=before, new=after, changes=found)


def _field_changes(*fields: tuple[str, Any, Any]) -> tuple[Change, ...]:
    return tuple(Change(name, old, new) for name, old, new in fields if old != new)


def _data_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Change, ...]:
    if old is new or _is_copy(old, new):
        return ()
    return changes({"data": drawn(old)}, {"data": drawn(new)})


def _is_copy(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether both serialise alike, which says at the speed of C that they are equal; if not, they may still be."""
    try:
        return marshal.dumps(dict(old), _BY_VALUE) == marshal.dumps(dict(new), _BY_VALUE)
    except ValueError:  # a mapping of another class
        return False
