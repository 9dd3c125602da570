"""Versions: list, show, compare, make, describe, restore."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Router, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from entrypoints.bootstrap import App
from entrypoints.http.auditing import audited
from entrypoints.http.ids import checked_id, clamped
from entrypoints.http.workflow_shapes import VersionOut, WorkflowOut
from flowcore.diffing import ABSENT, Change, Diff, DiffStatus, EdgeDiff, NodeDiff
from flowcore.errors import InvalidInputError
from flowcore.model import Edge, Node, User
from flowcore.usecases.drawings.versions import Description

_NEWEST = 2**31


class DescriptionIn(msgspec.Struct):
    """What people write on a version; what is missing stays as it is."""

    name: str | None = None
    tag: str | None = None
    description: str | None = None

    def translated(self) -> Description:
        """Return it for the use case."""
        return Description(name=self.name, tag=self.tag, text=self.description)


class VersionPage(msgspec.Struct):
    """A page of versions, newest first; pages count from 1."""

    versions: list[VersionOut]
    total: int
    page: int
    limit: int


class VersionSaid(msgspec.Struct):
    """The answer to what was done with a version."""

    message: str
    version: VersionOut


class RestoredOut(msgspec.Struct):
    """The answer to a restore: the new version and the workflow drawn like it."""

    message: str
    version: VersionOut
    workflow: WorkflowOut


class VersionDiffOut(msgspec.Struct):
    """What differs from one version to another. A node that only stands elsewhere is moved, not modified."""

    from_version: int
    to_version: int
    added_nodes: list[dict[str, Any]]
    removed_nodes: list[dict[str, Any]]
    modified_nodes: list[dict[str, Any]]
    moved_nodes: list[dict[str, Any]]
    added_edges: list[dict[str, Any]]
    removed_edges: list[dict[str, Any]]
    modified_edges: list[dict[str, Any]]

    @classmethod
    def of(cls, old: int, new: int, diff: Diff) -> VersionDiffOut:
        """Translate a diff."""

        def nodes(status: DiffStatus) -> list[dict[str, Any]]:
            return [_node_diff(item) for item in diff.nodes if item.status is status]

        def edges(status: DiffStatus) -> list[dict[str, Any]]:
            return [_edge_diff(item) for item in diff.edges if item.status is status]

        return cls(
            from_version=old,
            to_version=new,
            added_nodes=nodes(DiffStatus.ADDED),
            removed_nodes=nodes(DiffStatus.REMOVED),
            modified_nodes=nodes(DiffStatus.CHANGED),
            moved_nodes=nodes(DiffStatus.MOVED),
            added_edges=edges(DiffStatus.ADDED),
            removed_edges=edges(DiffStatus.REMOVED),
            modified_edges=edges(DiffStatus.CHANGED),
        )


@get("/workflows/{workflow_id:str}/versions")
async def list_all(
    workflow_id: FromPath[str],
    user: NamedDependency[User],
    app: NamedDependency[App],
    page: FromQuery[int | None] = None,
    limit: FromQuery[int | None] = None,
) -> VersionPage:
    """List versions."""
    number = clamped(page, low=1, high=_NEWEST, default=1)
    size = clamped(limit, low=1, high=50, default=10)
    id_ = checked_id(workflow_id, "workflow")
    found, total = await app.versions.queries.list(user, id_, page=number, limit=size)
    return VersionPage([VersionOut.of(version) for version in found], total, number, size)


@get("/workflows/{workflow_id:str}/versions/compare")
async def compare(
    workflow_id: FromPath[str],
    user: NamedDependency[User],
    app: NamedDependency[App],
    v1: FromQuery[str | None] = None,
    v2: FromQuery[str | None] = None,
) -> VersionDiffOut:
    """Compare two versions."""
    old = _number(v1, "Invalid or missing version number v1", "v1")
    new = _number(v2, "Invalid or missing version number v2", "v2")
    _, _, diff = await app.versions.queries.compare(user, checked_id(workflow_id, "workflow"), old, new)
    return VersionDiffOut.of(old, new, diff)


@get("/workflows/{workflow_id:str}/versions/{version:str}")
async def show(
    workflow_id: FromPath[str], version: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]
) -> VersionOut:
    """Show a version."""
    found = await app.versions.queries.get(user, checked_id(workflow_id, "workflow"), _number(version))
    return VersionOut.of(found)


@post("/workflows/{workflow_id:str}/versions", opt=audited("version.create"))
async def create(
    workflow_id: FromPath[str], data: JSONBody[DescriptionIn], user: NamedDependency[User], app: NamedDependency[App]
) -> VersionSaid:
    """Keep the stored drawing as a version."""
    version = await app.versions.create(user, checked_id(workflow_id, "workflow"), data.translated())
    return VersionSaid("Version created successfully", VersionOut.of(version))


@put("/workflows/{workflow_id:str}/versions/{version:str}", opt=audited("version.change"))
async def describe(
    workflow_id: FromPath[str],
    version: FromPath[str],
    data: JSONBody[DescriptionIn],
    user: NamedDependency[User],
    app: NamedDependency[App],
) -> VersionSaid:
    """Name, tag or describe a version."""
    id_, number = checked_id(workflow_id, "workflow"), _number(version)
    described = await app.versions.describe(user, id_, number, data.translated())
    return VersionSaid("Version updated successfully", VersionOut.of(described))


@post("/workflows/{workflow_id:str}/versions/{version:str}/restore", status_code=200, opt=audited("version.restore"))
async def restore(
    workflow_id: FromPath[str], version: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]
) -> RestoredOut:
    """Bring an old drawing back as a new version."""
    id_, number = checked_id(workflow_id, "workflow"), _number(version)
    made, workflow = await app.versions.restore(user, id_, number)
    return RestoredOut("Version restored successfully", VersionOut.of(made), WorkflowOut.of(workflow))


def _number(text: str | None, message: str = "Invalid version number", path: str = "version") -> int:
    if text is None or not text.isascii() or not text.isdecimal() or not 0 < int(text) < _NEWEST:
        raise InvalidInputError.of(message, path=path)
    return int(text)


def _node_diff(item: NodeDiff) -> dict[str, Any]:
    told: dict[str, Any] = {"node_id": item.node_id, "type": item.type, "name": item.name}
    for side, node in (("old", item.old), ("new", item.new)):
        if node is not None:
            told |= {f"{side}_data": dict(node.data), f"{side}_position": _position(node)}
    return {**told, "changes": [_change(change) for change in item.changes]}


def _edge_diff(item: EdgeDiff) -> dict[str, Any]:
    told: dict[str, Any] = {"edge_id": item.edge_id}
    for edge, prefix in ((item.new or item.old, ""), (item.old if item.new else None, "old_")):
        if edge is not None:
            told |= {f"{prefix}{key}": value for key, value in _ends(edge).items()}
    return {**told, "changes": [_change(change) for change in item.changes]}


def _ends(edge: Edge) -> dict[str, str]:
    return {
        "source": edge.source,
        "target": edge.target,
        "sourceHandle": edge.source_handle,
        "targetHandle": edge.target_handle,
    }


def _position(node: Node) -> dict[str, float]:
    return {"x": node.position.x, "y": node.position.y}


def _change(change: Change) -> dict[str, Any]:
    sides = {"old": change.old, "new": change.new}
    return {"path": change.path, **{side: value for side, value in sides.items() if value is not ABSENT}}


router = Router("/", route_handlers=[list_all, compare, show, create, describe, restore], tags=["versions"])
