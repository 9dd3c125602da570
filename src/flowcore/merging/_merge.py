"""Merge an imported drawing into a workflow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from attrs import define, evolve, field, frozen

from flowcore.errors import Finding, Place, Severity
from flowcore.kinds import Catalogue
from flowcore.merging._names import TakenNames, free, group_of
from flowcore.merging._renames import Renames
from flowcore.model import Edge, Node, Workflow


class OnConflict(StrEnum):
    """What becomes of a node that came with an earlier import and is different now.

    ``keep`` leaves it as it is, ``replace`` takes the import's data, ``copy`` adds the import's beside it.
    """

    KEEP = "keep"
    REPLACE = "replace"
    COPY = "copy"


@frozen(kw_only=True)
class Merged:
    """The outcome.

    Attributes:
        nodes, edges: the whole drawing afterwards; new nodes have the positions they came with.
        origins: ``<project>/<node id of the import>`` by node id, for every node that came with an import.
        ids: node id in the workflow by node id of the import.
        added, replaced, unchanged: ids in the workflow.
        kept: fields that differ from the import, by id of the node that was left as it is.
        renamed: new name in the cluster by id in the workflow.
        gone: ids of nodes that came with an earlier import of the project and are not in this one; they stay.
        findings: what somebody should look at.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    origins: Mapping[str, str]
    ids: Mapping[str, str]
    added: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    kept: Mapping[str, tuple[str, ...]] = field(factory=dict)
    renamed: Mapping[str, str] = field(factory=dict)
    gone: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def merge_drawing(
    workflow: Workflow,
    nodes: Sequence[Node],
    edges: Iterable[Edge],
    *,
    catalogue: Catalogue,
    project: str = "",
    on_conflict: OnConflict = OnConflict.KEEP,
) -> Merged:
    """Return *workflow*'s drawing with an imported one in it; doing it again changes nothing.

    A node is recognised by the import that it came with: its project and its id there, or its id alone where a
    project has no name. What is taken, ids and names in the cluster, gets a number
    behind it, and everything in the import that names it follows: edges, references, and hosts in config maps.
    Nodes that did not come with this project are never changed. What somebody deleted comes back.

    Args:
        workflow: where the drawing goes.
        nodes: of the import, each id once.
        edges: of the import.
        catalogue: the kinds; what names another resource follows when that is renamed.
        project: the import's name, so that two projects with equal ids are told apart.
        on_conflict: what becomes of nodes that were changed since they were imported.
    """
    work = _Merging(workflow, catalogue, project, on_conflict)
    work.recognise(nodes)
    work.name(nodes)
    for node in nodes:
        work.put(node)
    work.wire(edges)
    return work.outcome(nodes)


@define
class _Merging:
    workflow: Workflow
    catalogue: Catalogue
    project: str
    on_conflict: OnConflict
    nodes: dict[str, Node] = field(init=False)
    edges: list[Edge] = field(init=False)
    origins: dict[str, str] = field(init=False)
    ids: dict[str, str] = field(factory=dict)
    taken: TakenNames = field(factory=TakenNames)
    renames: Renames = field(init=False)
    known: dict[str, Node] = field(factory=dict)
    told: dict[str, list[str]] = field(factory=lambda: {"added": [], "replaced": [], "unchanged": []})
    kept: dict[str, tuple[str, ...]] = field(factory=dict)
    findings: list[Finding] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.renames = Renames(self.catalogue)
        self.nodes = {node.id: node for node in self.workflow.nodes}
        self.edges = list(self.workflow.edges)
        self.origins = {id_: origin for id_, origin in self.workflow.origins.items() if id_ in self.nodes}

    def origin(self, node: Node) -> str:
        return f"{self.project}/{node.id}"

    def recognise(self, nodes: Sequence[Node]) -> None:
        """Find the nodes that came with an earlier import."""
        by_origin = {origin: self.nodes[id_] for id_, origin in self.origins.items()}
        # An import without a name may be any project's, and the other way round.
        loose = {
            origin.partition("/")[2]: self.nodes[id_]
            for id_, origin in self.origins.items()
            if not self.project or origin.startswith("/")
        }
        for node in nodes:
            found = by_origin.get(self.origin(node)) or loose.get(node.id)
            if found is not None and found.type == node.type:
                self.known[node.id] = found

    def name(self, nodes: Sequence[Node]) -> None:
        """Choose ids and names; what is known has both."""
        names = {}
        for node in self.workflow.nodes:
            self.taken.take(group_of(node, self.catalogue), node.name)
        for node in nodes:
            known = self.known.get(node.id)
            new = known.name if known is not None else self.taken.take(group_of(node, self.catalogue), node.name)
            if new != node.name:
                names[group_of(node, self.catalogue), node.name] = new
        self.renames = Renames(self.catalogue, names)

    def put(self, node: Node) -> None:
        known = self.known.get(node.id)
        fresh = evolve(node, data=self.renames.applied(node))
        differing = _differing(known.data, fresh.data) if known is not None else ()
        if known is None or (differing and self.on_conflict is OnConflict.COPY):
            self._add(node, fresh, is_copy=known is not None)
            return
        self.ids[node.id] = known.id
        if not differing:
            self.told["unchanged"].append(known.id)
        elif self.on_conflict is OnConflict.REPLACE:
            self.nodes[known.id] = evolve(known, data=fresh.data)
            self.told["replaced"].append(known.id)
        else:
            self.kept[known.id] = differing
            self.findings.append(_kept(known, differing))

    def _add(self, node: Node, fresh: Node, *, is_copy: bool) -> None:
        new_id = free(node.id, self.nodes.keys())
        if is_copy:
            # A copy of what is there under this name needs another one.
            fresh = evolve(
                fresh, data={**fresh.data, "name": self.taken.take(group_of(fresh, self.catalogue), fresh.name)}
            )
            self.origins = {id_: origin for id_, origin in self.origins.items() if origin != self.origin(node)}
        self.nodes[new_id] = evolve(fresh, id=new_id)
        self.ids[node.id] = new_id
        self.origins[new_id] = self.origin(node)
        self.told["added"].append(new_id)
        self.findings.extend(
            evolve(found, place=evolve(found.place, node=new_id)) for found in self.renames.leftovers(node)
        )

    def wire(self, edges: Iterable[Edge]) -> None:
        """Add the edges that are not there."""
        there = {_meaning(edge) for edge in self.edges}
        taken = {edge.id for edge in self.edges}
        for edge in edges:
            source, target = self.ids.get(edge.source, edge.source), self.ids.get(edge.target, edge.target)
            fresh = evolve(edge, source=source, target=target)
            if _meaning(fresh) in there:
                continue
            fresh = evolve(fresh, id=free(edge.id, taken))
            taken.add(fresh.id)
            there.add(_meaning(fresh))
            self.edges.append(fresh)

    def outcome(self, nodes: Sequence[Node]) -> Merged:
        present = {self.origin(node) for node in nodes}
        mine = f"{self.project}/"
        gone = tuple(
            id_
            for id_, origin in self.origins.items()
            if self.project and origin.startswith(mine) and origin not in present
        )
        renamed = {
            self.ids[node.id]: self.nodes[self.ids[node.id]].name
            for node in nodes
            if self.nodes[self.ids[node.id]].name != node.name
        }
        return Merged(
            nodes=tuple(self.nodes.values()),
            edges=tuple(self.edges),
            origins=self.origins,
            ids=self.ids,
            added=tuple(self.told["added"]),
            replaced=tuple(self.told["replaced"]),
            unchanged=tuple(self.told["unchanged"]),
            kept=self.kept,
            renamed=renamed,
            gone=gone,
            findings=(*self.findings, *map(_gone, gone)),
        )


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the fields that differ; those with a leading ``_`` are a canvas's own."""
    return tuple(
        sorted(key for key in {*old, *new} if not key.startswith("_") and _plain(old.get(key)) != _plain(new.get(key)))
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def _meaning(edge: Edge) -> tuple[str, ...]:
    """Return what makes two edges say the same."""
    return edge.source, edge.target, edge.source_handle, edge.target_handle, repr(_sorted(edge.data))


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return sorted((key, _sorted(item)) for key, item in value.items())
    return [_sorted(item) for item in value] if isinstance(value, (list, tuple)) else value


def _kept(node: Node, differing: tuple[str, ...]) -> Finding:
    return Finding(
        rule="import-kept",
        severity=Severity.WARNING,
        message=f"{node.name} is different from the import in {', '.join(differing)}, and was left as it is",
        place=Place(node=node.id, path=f"data.{differing[0]}"),
        why="it was changed here, or in the Compose file, since it was imported",
        fix="import with onConflict replace to take the import's, or copy to have both",
    )


def _gone(node_id: str) -> Finding:
    return Finding(
        rule="import-gone",
        severity=Severity.INFO,
        message=f"{node_id} came with an earlier import and is not in this one; it stays",
        place=Place(node=node_id),
        fix="delete the node if it is not needed any more",
    )
