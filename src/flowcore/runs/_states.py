"""Small changes of a run that the steps are made of."""

from __future__ import annotations

from datetime import datetime

from attrs import evolve

from flowcore.errors import ConflictError
from flowcore.model import NodePhase, NodeState, Run, RunStatus

#: The word for a node that is as it should be.
HEALTHY = "Healthy"
#: Lines that a run keeps: one that flaps for a day must not outgrow what every store can keep.
MOST_LINES = 2_000


def state_of(run: Run, node_id: str) -> NodeState:
    """Return how a node stands.

    Raises:
        ConflictError: the run has no such node.
    """
    try:
        return run.node_states[node_id]
    except KeyError:
        raise ConflictError(f"run {run.id} has no node {node_id!r}", code="run.unknown_node") from None


def with_state(run: Run, node_id: str, state: NodeState) -> Run:
    """Return the run with a node in another state."""
    return evolve(run, node_states={**run.node_states, node_id: state})


def node_failed(run: Run, node_id: str, message: str, at: datetime) -> Run:
    """Return the run with a node that has failed, and why."""
    failed = evolve(run.node_states[node_id], phase=NodePhase.FAILED, message=message, changed_at=at)
    return logged(with_state(run, node_id, failed), f"{node_id}: failed, {message}", at)


def ended_as(run: Run, status: RunStatus, error: str, at: datetime) -> Run:
    """Return the run at its end."""
    ended = evolve(run, status=status, error=error, completed_at=at)
    return logged(ended, f"{status}: {error}" if error else str(status), at)


def verdict(run: Run) -> str:
    """Return every failed node with its reason, in one line."""
    failed = (f"{i}: {state.message}" for i, state in run.node_states.items() if state.phase is NodePhase.FAILED)
    return "; ".join(failed)


def logged(run: Run, text: str, at: datetime) -> Run:
    """Return the run with one more line for people, the oldest ones left out when there are too many."""
    stamp = f"[{at:%H:%M:%S}]"
    lines = (*run.logs, f"{stamp} {text}")
    if len(lines) > MOST_LINES:
        lines = (f"{stamp} earlier lines are left out", *lines[1 - MOST_LINES :])
    return evolve(run, logs=lines)
