"""Imports: make a workflow of an analysis, or put it into one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Router, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from entrypoints.bootstrap import App
from entrypoints.http.access import needs
from entrypoints.http.auditing import CHANGES_NOTHING, audited
from entrypoints.http.ids import checked_id
from entrypoints.http.import_shapes import AppliedOut, ImportedOut
from entrypoints.http.workflow_shapes import WorkflowOut, edges_in, nodes_in
from flowcore.errors import InvalidInputError
from flowcore.merging import OnConflict
from flowcore.model import Position, User
from flowcore.policy import Scope
from flowcore.usecases.drawings.workflows import WorkflowDraft
from flowcore.usecases.imports.analyzing import COMPOSE
from flowcore.usecases.imports.merging import Import, placed


class Place(msgspec.Struct):
    """Where a node stands on the canvas."""

    x: float
    y: float


class CreateIn(msgspec.Struct, rename="camel"):
    """What making a workflow of an analysis takes; the analysis may have been changed in between."""

    name: str
    analysis: dict[str, Any]
    cluster_id: str = ""
    description: str = ""
    team_id: str = ""


class ApplyIn(msgspec.Struct, rename="camel"):
    """What putting an analysed drawing into a workflow takes.

    ``name`` is the analysis's, and tells its nodes from those of other imports. ``onConflict`` is ``keep``,
    ``replace`` or ``copy``: what becomes of nodes that are different from an earlier import.
    """

    workflow_id: str
    nodes: list[dict[str, Any]]
    edges: list[dict[str, Any]] = []
    positions: dict[str, Place] = {}
    name: str = ""
    on_conflict: OnConflict = OnConflict.KEEP
    revision: int | None = None


@post("/import/create-workflow", status_code=200, opt=audited("import.create_workflow"))
async def create(data: JSONBody[CreateIn], user: NamedDependency[User], app: NamedDependency[App]) -> ImportedOut:
    """Make a workflow of an analysis."""
    nodes = nodes_in(_list(data.analysis, "suggestedNodes")) or ()
    positions = data.analysis.get("layoutPositions") or {}
    draft = WorkflowDraft(
        name=data.name,
        description=data.description,
        cluster_id=data.cluster_id,
        nodes=placed(nodes, _positions(positions)),
        edges=edges_in(_list(data.analysis, "suggestedEdges")) or (),
        team_id=data.team_id,
    )
    detected, project = (_text(data.analysis, key) for key in ("detectedType", "name"))
    workflow = await app.imports.create(user, draft, detected_type=detected or COMPOSE, project=project)
    return ImportedOut(WorkflowOut.of(workflow), "Workflow created successfully from import")


@post("/import/apply", status_code=200, opt=audited("import.apply"))
async def apply(data: JSONBody[ApplyIn], user: NamedDependency[User], app: NamedDependency[App]) -> AppliedOut:
    """Put an analysed drawing into a workflow; doing it twice changes nothing."""
    applied = await app.imports.apply(user, checked_id(data.workflow_id, "workflow"), _import(data))
    return AppliedOut.of(applied, "Import applied successfully")


@post("/import/preview", status_code=200, opt=needs(Scope.READ) | CHANGES_NOTHING)
async def preview(data: JSONBody[ApplyIn], user: NamedDependency[User], app: NamedDependency[App]) -> AppliedOut:
    """Tell what ``apply`` would do, and store nothing."""
    applied = await app.imports.preview(user, checked_id(data.workflow_id, "workflow"), _import(data))
    return AppliedOut.of(applied, "Nothing was stored")


def _import(data: ApplyIn) -> Import:
    return Import(
        nodes=nodes_in(data.nodes) or (),
        edges=edges_in(data.edges) or (),
        project=data.name,
        positions={node_id: Position(place.x, place.y) for node_id, place in data.positions.items()},
        on_conflict=data.on_conflict,
        edition=data.revision,
    )


def _list(analysis: Mapping[str, Any], key: str) -> Any:
    found = analysis.get(key)
    if found is None:
        raise InvalidInputError.of(f"analysis.{key} is missing", path=f"analysis.{key}")
    return found


def _text(analysis: Mapping[str, Any], key: str) -> str:
    found = analysis.get(key)
    return found if isinstance(found, str) else ""


def _positions(raw: Any) -> dict[str, Position]:
    try:
        places = msgspec.convert(raw, type=dict[str, Place])
    except msgspec.ValidationError:
        path = "analysis.layoutPositions"
        raise InvalidInputError.of(f"{path} must have x and y for every node", path=path) from None
    return {node_id: Position(place.x, place.y) for node_id, place in places.items()}


router = Router("/", route_handlers=[create, apply, preview], tags=["imports"])
