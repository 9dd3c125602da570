"""Nodes and edges as plain JSON values, in the names of the wire and of workflow files, and back."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from flowcore.errors import Finding, InvalidInputError, Place
from flowcore.model._workflows import Edge, Node, Position

T = TypeVar("T")


def node_to_json(node: Node) -> dict[str, Any]:
    """Return a node as ``{id, type, position: {x, y}, data}``."""
    position = {"x": node.position.x, "y": node.position.y}
    return {"id": node.id, "type": node.type, "position": position, "data": dict(node.data)}


def edge_to_json(edge: Edge) -> dict[str, Any]:
    """Return an edge as ``{id, source, target}`` and what else it has of ``sourceHandle, targetHandle, type, data``."""
    optional = {
        "sourceHandle": edge.source_handle,
        "targetHandle": edge.target_handle,
        "type": edge.type,
        "data": dict(edge.data),
    }
    given = {key: value for key, value in optional.items() if value}
    return {"id": edge.id, "source": edge.source, "target": edge.target, **given}


def nodes_from_json(raw: Any) -> tuple[Node, ...]:
    """Return the nodes of a JSON list; keys that only a canvas knows (``measured``, ``selected`` …) are left out.

    Raises:
        InvalidInputError: with a finding for every entry that is not a node.
    """
    return _each(raw, "nodes", _node)


def edges_from_json(raw: Any) -> tuple[Edge, ...]:
    """Return the edges of a JSON list. An edge without an id gets one from its ends.

    Raises:
        InvalidInputError: with a finding for every entry that is not an edge.
    """
    return _each(raw, "edges", _edge)


def drawing_from_json(raw: Mapping[str, Any]) -> tuple[tuple[Node, ...], tuple[Edge, ...]]:
    """Return ``raw["nodes"]`` and ``raw["edges"]``; either may be missing.

    Raises:
        InvalidInputError: with every problem of both.
    """
    findings: list[Finding] = []
    nodes = _collected(nodes_from_json, raw.get("nodes"), findings)
    edges = _collected(edges_from_json, raw.get("edges"), findings)
    if findings:
        raise InvalidInputError(findings)
    return nodes, edges


def _collected(parse: Callable[[Any], tuple[T, ...]], raw: Any, findings: list[Finding]) -> tuple[T, ...]:
    try:
        return parse(raw)
    except InvalidInputError as error:
        findings.extend(error.findings)
        return ()


def _each(raw: Any, path: str, parse: Callable[[Mapping[str, Any], str, list[Finding]], T]) -> tuple[T, ...]:
    if raw is None:
        return ()
    findings: list[Finding] = []
    if not isinstance(raw, list | tuple):
        raise InvalidInputError([_wrong(path, f"must be a list, not {_word(raw)}")])
    parsed = []
    for index, entry in enumerate(raw):
        place = f"{path}[{index}]"
        if isinstance(entry, Mapping):
            parsed.append(parse(entry, place, findings))
        else:
            findings.append(_wrong(place, f"must be a mapping, not {_word(entry)}"))
    if findings:
        raise InvalidInputError(findings)
    return tuple(parsed)


def _node(raw: Mapping[str, Any], path: str, findings: list[Finding]) -> Node:
    return Node(
        id=_text(raw, "id", path, findings, required=True),
        type=_text(raw, "type", path, findings, required=True),
        data=dict(_mapping(raw, "data", path, findings)),
        position=_position(raw, path, findings),
    )


def _edge(raw: Mapping[str, Any], path: str, findings: list[Finding]) -> Edge:
    source = _text(raw, "source", path, findings, required=True)
    target = _text(raw, "target", path, findings, required=True)
    handles = [_text(raw, key, path, findings) for key in ("sourceHandle", "targetHandle")]
    made_up = "-".join(part for part in (source, handles[0], target, handles[1]) if part)
    return Edge(
        id=_text(raw, "id", path, findings) or made_up,
        source=source,
        target=target,
        source_handle=handles[0],
        target_handle=handles[1],
        type=_text(raw, "type", path, findings),
        data=dict(_mapping(raw, "data", path, findings)),
    )


def _position(raw: Mapping[str, Any], path: str, findings: list[Finding]) -> Position:
    position = _mapping(raw, "position", path, findings)
    return Position(*(_number(position, axis, f"{path}.position", findings) for axis in ("x", "y")))


def _text(raw: Mapping[str, Any], key: str, path: str, findings: list[Finding], *, required: bool = False) -> str:
    value = raw.get(key)
    if isinstance(value, str) and (value or not required):
        return value
    if value is not None or required:
        findings.append(_wrong(f"{path}.{key}", "is missing" if not value else f"must be a text, not {_word(value)}"))
    return ""


def _mapping(raw: Mapping[str, Any], key: str, path: str, findings: list[Finding]) -> Mapping[str, Any]:
    value = raw.get(key)
    if isinstance(value, Mapping):
        odd: Iterable[Any] = (name for name in value if not isinstance(name, str))
        findings.extend(_wrong(f"{path}.{key}", f"has the key {name!r}, which is not a text") for name in odd)
        return value
    if value is not None:
        findings.append(_wrong(f"{path}.{key}", f"must be a mapping, not {_word(value)}"))
    return {}


def _number(raw: Mapping[str, Any], key: str, path: str, findings: list[Finding]) -> float:
    value = raw.get(key, 0)
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    findings.append(_wrong(f"{path}.{key}", f"must be a number, not {_word(value)}"))
    return 0.0


def _wrong(path: str, problem: str) -> Finding:
    return Finding(rule="drawing-shape", message=f"{path} {problem}", place=Place(path=path))


def _word(value: Any) -> str:
    words = {dict: "a mapping", list: "a list", str: "a text", bool: "true or false", type(None): "empty"}
    return words.get(type(value), "a number" if isinstance(value, int | float) else type(value).__name__)
