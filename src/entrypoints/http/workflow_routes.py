"""Workflows: create, list, show, change, save, copy, delete."""

from __future__ import annotations

import re
from typing import Annotated, Any

import msgspec
from litestar import Response, Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody

from entrypoints.bootstrap import App
from entrypoints.http.access import needs
from entrypoints.http.auditing import audited, tell_target
from entrypoints.http.ids import checked_id
from entrypoints.http.workflow_shapes import WorkflowOut, edges_in, nodes_in
from flowcore.errors import InvalidInputError
from flowcore.model import User, Workflow, WorkflowStatus
from flowcore.policy import Scope
from flowcore.usecases.drawings.workflows import WorkflowChanges, WorkflowDraft

_ETAG = re.compile(r'(?:W/)?"?([0-9]{1,18})"?')

#: The revision that a change is based on, as a header; the same as ``revision`` in the body.
IfMatch = Annotated[str | None, HeaderParameter(name="If-Match")]


class WorkflowIn(msgspec.Struct):
    """What creating a workflow takes; with ``team_id`` it belongs to the team."""

    name: str
    cluster_id: str = ""
    description: str = ""
    nodes: list[dict[str, Any]] = []
    edges: list[dict[str, Any]] = []
    tags: list[str] = []
    team_id: str = ""


class ChangesIn(msgspec.Struct):
    """What can be changed of a workflow; what is missing stays as it is."""

    name: str | None = None
    description: str | None = None
    cluster_id: str | None = None
    nodes: list[dict[str, Any]] | None = None
    edges: list[dict[str, Any]] | None = None
    status: str | None = None
    tags: list[str] | None = None
    revision: int | None = None


class SaveIn(msgspec.Struct):
    """What a canvas saves; a missing list leaves what is stored."""

    nodes: list[dict[str, Any]] | None = None
    edges: list[dict[str, Any]] | None = None
    description: str | None = None
    revision: int | None = None


class StatusIn(msgspec.Struct):
    """A status to set."""

    status: str


class CloneIn(msgspec.Struct):
    """What a copy is called."""

    name: str


class Created(msgspec.Struct):
    """The answer to what made a workflow."""

    id: str
    message: str
    workflow: WorkflowOut


class Changed(msgspec.Struct):
    """The answer to a save; ``removed_nodes`` are those whose objects the next run deletes."""

    message: str
    workflow: WorkflowOut
    removed_nodes: list[str] = []
    warning: str = ""


class Listed(msgspec.Struct):
    """One's workflows, the last changed first."""

    workflows: list[WorkflowOut]


class Said(msgspec.Struct):
    """An answer that only says what was done."""

    message: str


@post("/workflows", opt=audited("workflow.create"))
async def create(data: JSONBody[WorkflowIn], user: NamedDependency[User], app: NamedDependency[App]) -> Created:
    """Create a workflow."""
    draft = WorkflowDraft(
        name=data.name,
        description=data.description,
        cluster_id=data.cluster_id,
        nodes=nodes_in(data.nodes) or (),
        edges=edges_in(data.edges) or (),
        tags=tuple(data.tags),
        team_id=data.team_id,
    )
    workflow = await app.workflows.create(user, draft)
    tell_target("workflow", workflow.id, workflow.name)
    return Created(workflow.id, "Workflow created successfully", WorkflowOut.of(workflow))


@get("/workflows")
async def list_all(
    user: NamedDependency[User],
    app: NamedDependency[App],
    limit: FromQuery[int | None] = None,
    offset: FromQuery[int | None] = None,
) -> Listed:
    """List one's workflows; all of them, unless a limit is given."""
    found = await app.workflows.queries.list(user, limit=_size(limit), offset=_size(offset))
    return Listed([WorkflowOut.of(workflow) for workflow in found])


@get("/workflows/{workflow_id:str}")
async def show(
    workflow_id: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]
) -> Response[WorkflowOut]:
    """Show a workflow."""
    return _tagged(await app.workflows.queries.get(user, checked_id(workflow_id, "workflow")))


@put("/workflows/{workflow_id:str}", opt=audited("workflow.change"))
async def change(
    workflow_id: FromPath[str],
    data: JSONBody[ChangesIn],
    user: NamedDependency[User],
    app: NamedDependency[App],
    if_match: IfMatch = None,
) -> Response[WorkflowOut]:
    """Change parts of a workflow."""
    changes = WorkflowChanges(
        name=data.name,
        description=data.description,
        cluster_id=data.cluster_id,
        nodes=nodes_in(data.nodes),
        edges=edges_in(data.edges),
        status=None if data.status is None else _status(data.status),
        tags=None if data.tags is None else tuple(data.tags),
        edition=_base(data.revision, if_match),
    )
    if changes.is_empty:
        raise InvalidInputError.of("No valid fields to update")
    return _tagged((await app.workflows.save(user, checked_id(workflow_id, "workflow"), changes)).workflow)


@post("/workflows/{workflow_id:str}/save", status_code=200, opt=audited("workflow.save"))
async def save(
    workflow_id: FromPath[str],
    data: JSONBody[SaveIn],
    user: NamedDependency[User],
    app: NamedDependency[App],
    if_match: IfMatch = None,
) -> Changed:
    """Save the canvas; refused with 409 when it was drawn on another revision than the stored one."""
    changes = WorkflowChanges(
        nodes=nodes_in(data.nodes),
        edges=edges_in(data.edges),
        description=data.description,
        edition=_base(data.revision, if_match),
    )
    saved = await app.workflows.save(user, checked_id(workflow_id, "workflow"), changes)
    return Changed("Workflow saved successfully", WorkflowOut.of(saved.workflow), list(saved.removed_nodes))


@put("/workflows/{workflow_id:str}/status", opt=needs(Scope.DEPLOY) | audited("workflow.status.change"))
async def set_status(
    workflow_id: FromPath[str], data: JSONBody[StatusIn], user: NamedDependency[User], app: NamedDependency[App]
) -> Changed:
    """Draft, publish or archive a workflow; archiving deletes what it has in the cluster, except claims."""
    workflow, warning = await app.runs.set_status(user, checked_id(workflow_id, "workflow"), _status(data.status))
    return Changed("Workflow status updated successfully", WorkflowOut.of(workflow), warning=warning)


@post("/workflows/{workflow_id:str}/clone", opt=audited("workflow.clone"))
async def clone(
    workflow_id: FromPath[str], data: JSONBody[CloneIn], user: NamedDependency[User], app: NamedDependency[App]
) -> Created:
    """Copy a workflow under another name."""
    workflow = await app.workflows.clone(user, checked_id(workflow_id, "workflow"), name=data.name)
    return Created(workflow.id, "Workflow cloned successfully", WorkflowOut.of(workflow))


@delete("/workflows/{workflow_id:str}", status_code=200, opt=audited("workflow.delete"))
async def remove(workflow_id: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]) -> Said:
    """Delete a workflow; what it has in the cluster stays. Archive it first to take that out."""
    await app.workflows.delete(user, checked_id(workflow_id, "workflow"))
    return Said("Workflow deleted successfully")


def _size(number: int | None) -> int:
    return min(max(number or 0, 0), 2**31)


def _tagged(workflow: Workflow) -> Response[WorkflowOut]:
    return Response(WorkflowOut.of(workflow), headers={"ETag": f'"{workflow.edition}"'})


def _status(word: str) -> WorkflowStatus:
    try:
        return WorkflowStatus(word)
    except ValueError:
        fix = f"use one of {', '.join(WorkflowStatus)}"
        raise InvalidInputError.of("Invalid status", path="status", fix=fix) from None


def _base(revision: int | None, if_match: str | None) -> int | None:
    if revision is not None or if_match is None or if_match.strip() == "*":
        return revision
    match = _ETAG.fullmatch(if_match.strip())
    if match is None:
        raise InvalidInputError.of("If-Match must be a revision, like the ETag of the workflow", path="If-Match")
    return int(match[1])


router = Router(
    "/", route_handlers=[create, list_all, show, change, save, set_status, clone, remove], tags=["workflows"]
)
