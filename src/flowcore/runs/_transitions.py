"""What each event changes in a run, and the table of all that can happen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from attrs import evolve

from flowcore.model import NodePhase, NodeState, Run, RunStatus
from flowcore.runs._events import (
    CancelRequested,
    DeadlinePassed,
    ExecutorLost,
    NodeApplied,
    NodeHealthChanged,
    NodeRejected,
    Pruned,
    RunEvent,
    RunResumed,
    RunStarted,
)
from flowcore.runs._states import HEALTHY, ended_as, logged, node_failed, state_of, verdict, with_state

Step: TypeAlias = Callable[[Run, Any, datetime], Run]


def _start(run: Run, _: RunStarted, at: datetime) -> Run:
    deadline = at + timedelta(seconds=run.options.timeout)
    running = evolve(run, status=RunStatus.RUNNING, deadline=deadline)
    return logged(running, f"version {run.version}: {len(run.node_states)} nodes to apply", at)


def _resume(run: Run, _: RunResumed, at: datetime) -> Run:
    """Apply everything again, which changes nothing where it is applied already.

    Not so nodes with environment values that are lost: applying those again would take the values away.
    """
    states = {
        node_id: evolve(state, phase=_phase_again(run, node_id, state)) for node_id, state in run.node_states.items()
    }
    return logged(evolve(run, node_states=states), "taken over by another process", at)


def _phase_again(run: Run, node_id: str, state: NodeState) -> NodePhase:
    if state.phase in (NodePhase.FAILED, NodePhase.SKIPPED):
        return state.phase
    is_kept = state.phase in (NodePhase.APPLIED, NodePhase.HEALTHY) and run.options.given_env.get(node_id)
    return NodePhase.APPLIED if is_kept else NodePhase.WAITING


def _applied(run: Run, event: NodeApplied, at: datetime) -> Run:
    state = state_of(run, event.node_id)
    if state.phase is not NodePhase.APPLYING:
        return run
    phase = NodePhase.HEALTHY if event.health == HEALTHY else NodePhase.APPLIED
    state = evolve(state, operation=event.operation, health=event.health, message=event.message)
    run = with_state(run, event.node_id, evolve(state, phase=phase, changed_at=at))
    return logged(run, f"{event.node_id}: {event.operation}", at)


def _rejected(run: Run, event: NodeRejected, at: datetime) -> Run:
    state = state_of(run, event.node_id)
    if state.phase.is_final:
        return run
    return node_failed(run, event.node_id, event.message, at)


def _health(run: Run, event: NodeHealthChanged, at: datetime) -> Run:
    state = state_of(run, event.node_id)
    if state.phase in (NodePhase.FAILED, NodePhase.SKIPPED):
        return run
    changed = evolve(state, health=event.health, message=event.message)
    settled = state.phase in (NodePhase.APPLIED, NodePhase.HEALTHY)
    if settled:
        changed = evolve(changed, phase=NodePhase.HEALTHY if event.health == HEALTHY else NodePhase.APPLIED)
    if settled and event.hopeless:
        # Also when nothing looks different: the apply may have found the object like this.
        return node_failed(with_state(run, event.node_id, changed), event.node_id, event.message, at)
    if changed == state:
        return run
    run = with_state(run, event.node_id, evolve(changed, changed_at=at))
    if changed.health != state.health and settled:
        run = logged(run, _sentence(event.node_id, event.health, event.message), at)
    return run


def _pruned(run: Run, event: Pruned, at: datetime) -> Run:
    for name in event.deleted:
        run = logged(run, f"{name}: deleted, no longer drawn", at)
    for problem in event.problems:
        run = logged(run, f"not deleted: {problem}", at)
    return run


def _late(run: Run, _: DeadlinePassed, at: datetime) -> Run:
    for node_id, state in run.node_states.items():
        if state.phase in (NodePhase.APPLYING, NodePhase.APPLIED):
            run = node_failed(run, node_id, _too_late(run, state), at)
    error = verdict(run) or f"not finished after {run.options.timeout:g} s"
    return ended_as(run, RunStatus.FAILED, error, at)


def _cancel(run: Run, _: CancelRequested, at: datetime) -> Run:
    return logged(evolve(run, cancel_requested=True), "cancel requested", at)


def _cancel_unstarted(run: Run, event: CancelRequested, at: datetime) -> Run:
    return ended_as(_cancel(run, event, at), RunStatus.CANCELLED, "", at)


def _lost(run: Run, event: ExecutorLost, at: datetime) -> Run:
    for node_id, state in run.node_states.items():
        if state.phase is NodePhase.APPLYING:
            run = node_failed(run, node_id, event.reason, at)
    return ended_as(run, RunStatus.FAILED, event.reason, at)


def _too_late(run: Run, state: NodeState) -> str:
    if state.phase is NodePhase.APPLYING:
        return f"the cluster did not answer within {run.options.timeout:g} s"
    seen = f"{state.health}: {state.message}" if state.message else state.health
    return f"not healthy after {run.options.timeout:g} s ({seen})"


def _sentence(node_id: str, health: str, message: str) -> str:
    return f"{node_id}: {health}, {message}" if message else f"{node_id}: {health}"


#: Everything that can happen: the status it can happen in, and the step it makes.
TRANSITIONS: dict[tuple[RunStatus, type[RunEvent]], Step] = {
    (RunStatus.PENDING, RunStarted): _start,
    (RunStatus.PENDING, RunResumed): lambda run, _, at: _start(run, RunStarted(), at),
    (RunStatus.PENDING, CancelRequested): _cancel_unstarted,
    (RunStatus.PENDING, ExecutorLost): _lost,
    (RunStatus.RUNNING, RunResumed): _resume,
    (RunStatus.RUNNING, NodeApplied): _applied,
    (RunStatus.RUNNING, NodeRejected): _rejected,
    (RunStatus.RUNNING, NodeHealthChanged): _health,
    (RunStatus.RUNNING, Pruned): _pruned,
    (RunStatus.RUNNING, DeadlinePassed): _late,
    (RunStatus.RUNNING, CancelRequested): _cancel,
    (RunStatus.RUNNING, ExecutorLost): _lost,
}
