"""A workflow: the drawing of one application, and what the service keeps beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from attrs import field, frozen


@frozen
class Position:
    """Where a node stands on the canvas, in pixels, x to the right and y down."""

    x: float = 0.0
    y: float = 0.0


@frozen(kw_only=True)
class Node:
    """One resource of the drawing.

    Attributes:
        id: unique inside the workflow; edges refer to it, so renaming the resource never breaks a link.
        type: the kind's name, like ``deployment``.
        data: the kind's parameters as plain JSON values; treated as read-only.
        position: place on the canvas; it means nothing to the cluster.
    """

    id: str
    type: str
    data: Mapping[str, Any] = field(factory=dict)
    position: Position = field(factory=Position)

    @property
    def name(self) -> str:
        """The resource's name in the cluster: ``data.name``, else the node's id."""
        name = self.data.get("name")
        return name if isinstance(name, str) and name else self.id


@frozen(kw_only=True)
class Edge:
    """One wire of the drawing; what it means follows from the kinds it connects.

    Attributes:
        id: unique inside the workflow.
        source: id of the node it starts at.
        target: id of the node it ends at.
        source_handle: the port on the source, empty for the node itself.
        target_handle: the port on the target, empty for the node itself.
        type: how a canvas draws it; it means nothing to the cluster.
        data: what the link carries, like ``{"condition": "healthy"}`` or ``{"as": "envFrom"}``; treated as read-only.
    """

    id: str
    source: str
    target: str
    source_handle: str = ""
    target_handle: str = ""
    type: str = ""
    data: Mapping[str, Any] = field(factory=dict)


def as_nodes(nodes: Iterable[Node]) -> tuple[Node, ...]:
    """Return the nodes as a tuple (a converter that the type checker can follow)."""
    return tuple(nodes)


def as_edges(edges: Iterable[Edge]) -> tuple[Edge, ...]:
    """Return the edges as a tuple."""
    return tuple(edges)


def as_texts(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the texts as a tuple."""
    return tuple(texts)


class WorkflowStatus(StrEnum):
    """Life of a workflow in the service; only a published one can be run."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"


@frozen(kw_only=True)
class Workflow:
    """An application: nodes and edges under a name, and the service's bookkeeping, which the library leaves alone.

    Attributes:
        name: what people call it.
        nodes: the resources, in drawing order.
        edges: the wires, in drawing order.
        description: free text.
        id: id in the service; empty in the library.
        revision: counts every stored change, bookkeeping too.
        edition: counts the changes that a person makes; a save based on another edition than the stored one is refused.
        cluster_id: name of the cluster it is deployed to.
        status: draft, published or archived.
        tags: free words.
        origins: where imported nodes came from, ``<project>/<node id of the import>`` by node id.
        owner_id: id of the user it belongs to.
        team_id: id of the team it belongs to; empty for none.
        current_version: number of the newest version, 0 before the first.
        run_count, success_count, failure_count: runs started, ended well, ended badly.
        created_at, updated_at, last_run_at, deleted_at: moments in UTC; None when it has not happened.
    """

    name: str
    nodes: tuple[Node, ...] = field(default=(), converter=as_nodes)
    edges: tuple[Edge, ...] = field(default=(), converter=as_edges)
    description: str = ""
    id: str = ""
    revision: int = 0
    edition: int = 0
    cluster_id: str = ""
    status: WorkflowStatus = WorkflowStatus.DRAFT
    tags: tuple[str, ...] = field(default=(), converter=as_texts)
    origins: Mapping[str, str] = field(factory=dict)
    owner_id: str = ""
    team_id: str = ""
    current_version: int = 0
    run_count: int = 0
    success_count: int = 0
    failure_count: int = 0
    created_at: datetime | None = None
    updated_at: datetime | None = None
    last_run_at: datetime | None = None
    deleted_at: datetime | None = None

    def node(self, node_id: str) -> Node:
        """Return the node with this id.

        Raises:
            KeyError: there is none.
        """
        for node in self.nodes:
            if node.id == node_id:
                return node
        raise KeyError(node_id)

    def edges_from(self, node_id: str) -> Iterable[Edge]:
        """Yield the edges that start at a node, in drawing order."""
        return (edge for edge in self.edges if edge.source == node_id)
