"""Workflows, their versions and runs, as the wire shows them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from attrs import evolve

from flowcore.model import (
    Edge,
    Node,
    NodePhase,
    NodeState,
    Run,
    Version,
    Workflow,
    edge_to_json,
    edges_from_json,
    node_to_json,
    nodes_from_json,
)
from flowcore.usecases.runs.statuses import NodeStatus


class WorkflowOut(msgspec.Struct):
    """A workflow. ``revision`` rises with every change a person makes; send it back with a save."""

    id: str
    name: str
    description: str
    cluster_id: str
    status: str
    tags: list[str]
    nodes: list[dict[str, Any]]
    edges: list[dict[str, Any]]
    versions: list[dict[str, Any]]
    current_version: int
    owner_id: str
    team_id: str
    created_at: datetime | None
    updated_at: datetime | None
    last_run_at: datetime | None
    run_count: int
    success_count: int
    failure_count: int
    revision: int

    @classmethod
    def of(cls, workflow: Workflow, statuses: Mapping[str, NodeStatus] | None = None) -> WorkflowOut:
        """Translate a workflow; with *statuses*, every node's data tells how it stands in ``_status``."""
        return cls(
            id=workflow.id,
            name=workflow.name,
            description=workflow.description,
            cluster_id=workflow.cluster_id,
            status=str(workflow.status),
            tags=list(workflow.tags),
            nodes=nodes_out(workflow.nodes, statuses or {}),
            edges=edges_out(workflow.edges),
            versions=[],
            current_version=workflow.current_version,
            owner_id=workflow.owner_id,
            team_id=workflow.team_id,
            created_at=workflow.created_at,
            updated_at=workflow.updated_at,
            last_run_at=workflow.last_run_at,
            run_count=workflow.run_count,
            success_count=workflow.success_count,
            failure_count=workflow.failure_count,
            revision=workflow.edition,
        )


class VersionOut(msgspec.Struct):
    """A version."""

    id: str
    workflow_id: str
    version: int
    nodes: list[dict[str, Any]]
    edges: list[dict[str, Any]]
    name: str
    tag: str
    description: str
    created_at: datetime
    created_by: str
    restored_from: int | None
    is_automatic: bool
    run_id: str
    run_status: str

    @classmethod
    def of(cls, version: Version) -> VersionOut:
        """Translate a version."""
        return cls(
            id=version.id,
            workflow_id=version.workflow_id,
            version=version.number,
            nodes=nodes_out(version.nodes),
            edges=edges_out(version.edges),
            name=version.name,
            tag=version.tag,
            description=version.description,
            created_at=version.created_at,
            created_by=version.created_by,
            restored_from=version.restored_from or None,
            is_automatic=version.is_automatic,
            run_id=version.run_id,
            run_status=version.run_status,
        )


class RunOut(msgspec.Struct):
    """A run; ``duration`` in milliseconds, null while it is at work."""

    id: str
    workflow_id: str
    version: int
    status: str
    started_at: datetime
    completed_at: datetime | None
    deadline: datetime | None
    duration: int | None
    node_states: dict[str, dict[str, Any]]
    output: dict[str, dict[str, Any]]
    logs: list[str]
    error: str
    triggered_by: str
    trigger_data: dict[str, Any]
    cancel_requested: bool
    options: dict[str, Any]

    @classmethod
    def of(cls, run: Run) -> RunOut:
        """Translate a run."""
        took = run.completed_at - run.started_at if run.completed_at else None
        states = run.node_states.items()
        return cls(
            id=run.id,
            workflow_id=run.workflow_id,
            version=run.version,
            status=str(run.status),
            started_at=run.started_at,
            completed_at=run.completed_at,
            deadline=run.deadline,
            duration=round(took.total_seconds() * 1000) if took is not None else None,
            node_states={node_id: state_out(state) for node_id, state in states},
            output={node_id: {"operation": state.operation} for node_id, state in states if state.operation},
            logs=list(run.logs),
            error=run.error,
            triggered_by=run.triggered_by,
            trigger_data={"user_id": run.user_id},
            cancel_requested=run.cancel_requested,
            options={
                "timeout": run.options.timeout,
                "on_failure": str(run.options.policy),
                "missing_secrets": "generate" if run.options.generate_secrets else "refuse",
                "prune": run.options.prune,
                "prune_claims": run.options.prune_claims,
                "force": run.options.force,
            },
        )


#: The word older clients know for the phases that they do not.
_STATE_WORDS = {NodePhase.HEALTHY: "completed", NodePhase.FAILED: "failed"}


def state_out(state: NodeState) -> dict[str, Any]:
    """Translate how a node stands in a run."""
    told = {
        "status": _STATE_WORDS.get(state.phase, str(state.phase)),
        "phase": str(state.phase),
        "health": state.health,
        "message": state.message,
        "operation": state.operation,
        "wave": state.wave,
        "waits_for": dict(state.gates),
        "timestamp": state.changed_at,
    }
    return {**told, "error": state.message} if state.phase is NodePhase.FAILED else told


#: The words of the wire for a node's state, by health; some kinds have their own.
_WORDS = {
    "Healthy": "healthy",
    "Progressing": "partial",
    "Degraded": "error",
    "Suspended": "partial",
    "Missing": "pending",
    "Unknown": "unknown",
}
_WORDS_OF_KINDS = {
    "persistentvolumeclaim": {"Healthy": "Bound", "Progressing": "Pending", "Degraded": "Lost"},
    "ingress": {"Progressing": "pending"},
}


def status_out(status: NodeStatus) -> dict[str, Any]:
    """Translate a node's live status into the ``_status`` of a canvas."""
    return {
        "state": _state_word(status),
        "message": status.message,
        "health": status.health,
        "phase": status.phase,
        "operation": status.operation,
        **status.details,
    }


def _state_word(status: NodeStatus) -> str:
    if status.has_failed:
        return "error"
    if status.health == "Missing" and status.phase in (NodePhase.APPLIED, NodePhase.HEALTHY):
        return "error"  # it was there and is gone
    return _WORDS_OF_KINDS.get(status.type, {}).get(status.health) or _WORDS[status.health]


def nodes_out(nodes: tuple[Node, ...], statuses: Mapping[str, NodeStatus] | None = None) -> list[dict[str, Any]]:
    """Translate nodes, with their live status where there is one."""
    known = statuses or {}
    return [node_to_json(_with_status(node, known.get(node.id))) for node in nodes]


def edges_out(edges: tuple[Edge, ...]) -> list[dict[str, Any]]:
    """Translate edges."""
    return [edge_to_json(edge) for edge in edges]


def nodes_in(raw: list[dict[str, Any]] | None) -> tuple[Node, ...] | None:
    """Read nodes; None stays None.

    Raises:
        InvalidInputError: with a finding for every entry that is not a node.
    """
    return None if raw is None else nodes_from_json(raw)


def edges_in(raw: list[dict[str, Any]] | None) -> tuple[Edge, ...] | None:
    """Read edges; None stays None.

    Raises:
        InvalidInputError: with a finding for every entry that is not an edge.
    """
    return None if raw is None else edges_from_json(raw)


def _with_status(node: Node, status: NodeStatus | None) -> Node:
    return node if status is None else evolve(node, data={**node.data, "_status": status_out(status)})
