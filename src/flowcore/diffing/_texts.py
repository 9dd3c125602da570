"""A diff told to people and to programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from difflib import unified_diff
from typing import Any

from attrs import evolve

from flowcore.diffing._drawings import Diff, DiffStatus, EdgeDiff, NodeDiff, drawn
from flowcore.diffing._values import ABSENT, Change
from flowcore.model import Edge, Node, edge_to_json, node_to_json

_SIGNS = {DiffStatus.ADDED: "+", DiffStatus.REMOVED: "-", DiffStatus.CHANGED: "~", DiffStatus.MOVED: ">"}


def to_text(diff: Diff) -> str:
    """Return the diff for reading: one paragraph for each node and edge, changed fields as ``-`` and ``+`` lines.

    ``+`` stands for added, ``-`` for removed, ``~`` for changed and ``>`` for moved. The text ends with a line feed
    and is empty for an empty diff. Graphs hold no secrets, so none appears.
    """
    lines = [line for node in diff.nodes for line in _node_lines(node)]
    lines += [line for edge in diff.edges for line in _edge_lines(edge, diff.names)]
    return "".join(f"{line}\n" for line in lines)


def _node_lines(item: NodeDiff) -> Iterator[str]:
    label = "" if item.name == item.node_id else f" ({_inline(item.node_id)})"
    yield f"{_SIGNS[item.status]} {item.type} {_inline(item.name)}{label}"
    if item.status in (DiffStatus.ADDED, DiffStatus.REMOVED):
        node = item.new or item.old
        assert node is not None
        sign = _SIGNS[item.status]
        yield from (f"  {sign} {_inline(key)}: {_shown(value)}" for key, value in drawn(node.data).items())
        return
    for change in item.changes:
        if not change.path.startswith("position."):
            yield from _change_lines(change)
    if any(change.path.startswith("position.") for change in item.changes) and item.old and item.new:
        yield f"  > position: {_place(item.old)} -> {_place(item.new)}"


def _place(node: Node) -> str:
    return f"({node.position.x:g}, {node.position.y:g})"


def _edge_lines(item: EdgeDiff, names: Mapping[str, str]) -> Iterator[str]:
    edge = item.new or item.old
    assert edge is not None
    yield f"{_SIGNS[item.status]} edge {_wire(edge, names)} ({_inline(item.edge_id)})"
    if item.status is not DiffStatus.CHANGED:
        sign = _SIGNS[item.status]
        yield from (f"  {sign} {_inline(key)}: {_shown(value)}" for key, value in drawn(edge.data).items())
    for change in item.changes:
        yield from _change_lines(change)


def _wire(edge: Edge, names: Mapping[str, str]) -> str:
    source, target = names.get(edge.source, edge.source), names.get(edge.target, edge.target)
    return f"{_inline(source)} -> {_inline(target)}"


def _change_lines(change: Change) -> Iterator[str]:
    path = _inline(change.path.removeprefix("data."))
    old, new = change.old, change.new
    if isinstance(old, str) and isinstance(new, str) and ("\n" in old or "\n" in new):
        yield f"  ~ {path}:"
        hunks = unified_diff(old.splitlines(), new.splitlines(), n=2, lineterm="")
        yield from (f"      {_inline(line)}" for line in list(hunks)[2:])
        if old.endswith("\n") != new.endswith("\n"):
            yield f"      {'+' if old.endswith(chr(10)) else '-'} (no line feed at the end)"
        return
    if old is not ABSENT:
        yield f"  - {path}: {_shown(old)}"
    if new is not ABSENT:
        yield f"  + {path}: {_shown(new)}"


def _shown(value: Any) -> str:
    """Return a value in one line: texts bare where that cannot be misread, everything else as JSON."""
    if isinstance(value, str) and value.strip() == value and value.isprintable() and _is_plain(value):
        return value
    return _inline(json.dumps(value, ensure_ascii=False, default=dict))


def _is_plain(value: str) -> bool:
    try:
        json.loads(value)
    except ValueError:
        return bool(value)
    return False


def _inline(text: str) -> str:
    """Return a text without characters that would break or colour the line."""
    return "".join(char if char.isprintable() or char == "\t" else repr(char)[1:-1] for char in text)


def to_json(diff: Diff) -> dict[str, Any]:
    """Return the diff as plain JSON values, nodes and edges in their wire form; a side that is absent has no key."""
    return {
        "counts": diff.counts,
        "nodes": [_node_json(item) for item in diff.nodes],
        "edges": [_edge_json(item) for item in diff.edges],
    }


def _node_json(item: NodeDiff) -> dict[str, Any]:
    sides = {"old": item.old, "new": item.new}
    return {
        "node_id": item.node_id,
        "type": item.type,
        "name": item.name,
        "status": item.status.value,
        **{side: node_to_json(evolve(node, data=drawn(node.data))) for side, node in sides.items() if node},
        "changes": [_change_json(change) for change in item.changes],
    }


def _edge_json(item: EdgeDiff) -> dict[str, Any]:
    sides = {"old": item.old, "new": item.new}
    return {
        "edge_id": item.edge_id,
        "status": item.status.value,
        **{side: edge_to_json(evolve(edge, data=drawn(edge.data))) for side, edge in sides.items() if edge},
        "changes": [_change_json(change) for change in item.changes],
    }


def _change_json(change: Change) -> dict[str, Any]:
    sides = {"old": change.old, "new": change.new}
    found = {"path": change.path, **{side: value for side, value in sides.items() if value is not ABSENT}}
    return found if change.position is None else {**found, "position": change.position}
