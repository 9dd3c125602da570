"""What is wrong with a drawing's shape, before anything is known about its kinds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flowcore.errors import Finding, Place
from flowcore.model import Edge


def shape_problems(node_ids: Sequence[str], edges: Sequence[Edge]) -> list[Finding]:
    """Return every duplicate id, dangling edge and self edge."""
    known = set(node_ids)
    findings = [
        Finding(
            rule="graph-duplicate-node",
            message=f"several nodes have the id {id_}",
            place=Place(node=id_),
            why="edges could not tell them apart",
            fix="give every node its own id",
        )
        for id_ in _repeated(node_ids)
    ]
    findings += [
        Finding(
            rule="graph-duplicate-edge",
            message=f"several edges have the id {id_}",
            place=Place(edge=id_),
            fix="give every edge its own id",
        )
        for id_ in _repeated(edge.id for edge in edges)
    ]
    for edge in edges:
        findings.extend(_edge_problems(edge, known))
    return findings


def _edge_problems(edge: Edge, known: set[str]) -> Iterable[Finding]:
    for end, id_ in (("source", edge.source), ("target", edge.target)):
        if id_ not in known:
            yield Finding(
                rule="graph-dangling-edge",
                message=f"the {end} of this edge, {id_ or 'an empty id'}, is not a node",
                place=Place(edge=edge.id, path=end),
                fix="remove the edge, or draw it to a node that is there",
            )
    if edge.source == edge.target and edge.source in known:
        yield Finding(
            rule="graph-self-edge",
            message=f"this edge leads from {edge.source} to itself",
            place=Place(edge=edge.id, node=edge.source),
            fix="remove the edge",
        )


def _repeated(ids: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    twice: dict[str, None] = {}
    for id_ in ids:
        if id_ in seen:
            twice[id_] = None
        seen.add(id_)
    return list(twice)
