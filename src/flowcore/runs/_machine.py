"""The run as a state machine without I/O.

A run goes ``pending -> running -> completed | failed | cancelled`` and ends exactly once. Its nodes go::

    waiting -> applying -> applied <-> healthy        the way of every node of a good run
       |          |           |
       |          v           v
       |        failed      failed                    refused; or not healthy in time
       v
    skipped                                           never tried, because the run ended first

A wave begins when every node of the waves before it is applied; inside a wave, a node with gates waits for the nodes
that it names. The run is completed when every node is healthy at the same moment and what is no longer drawn is gone.
The first failed node stops the run: nothing new is applied, applies under way are waited for, then it ends.

``TRANSITIONS`` is the whole table: what is not in it cannot happen, and says so.
"""

from __future__ import annotations

from datetime import datetime

from attrs import evolve

from flowcore.errors import ConflictError
from flowcore.model import FailurePolicy, NodePhase, NodeState, Run, RunStatus
from flowcore.runs._events import Apply, Finish, Prune, Pruned, RollBack, RunEffect, RunEvent
from flowcore.runs._states import ended_as, node_failed, verdict, with_state
from flowcore.runs._transitions import TRANSITIONS


def advance(run: Run, event: RunEvent, at: datetime) -> tuple[Run, tuple[RunEffect, ...]]:
    """Return the run after *event*, and what has to be done now, in order.

    An ended run accepts nothing: it comes back as it is, without effects, because late news are normal.

    Args:
        run: the run as it stands.
        event: what happened.
        at: when, in UTC.

    Raises:
        ConflictError: the event cannot happen to a run in this status, or names a node it does not have.
    """
    if run.status.is_final:
        return run, ()
    step = TRANSITIONS.get((run.status, type(event)))
    if step is None:
        raise ConflictError(f"a {run.status} run cannot have {type(event).__name__}", code="run.impossible")
    after = step(run, event, at)
    if after.status.is_final:
        return _ended(after, at)
    return _proceed(run, after, at, pruned=isinstance(event, Pruned))


def _proceed(before: Run, run: Run, at: datetime, *, pruned: bool) -> tuple[Run, tuple[RunEffect, ...]]:
    phases = [state.phase for state in run.node_states.values()]
    stopping = run.cancel_requested or NodePhase.FAILED in phases
    if stopping:
        if NodePhase.APPLYING in phases:
            return run, ()
        status = RunStatus.FAILED if NodePhase.FAILED in phases else RunStatus.CANCELLED
        return _ended(ended_as(run, status, verdict(run), at), at)
    if _is_settled(run):
        if pruned:
            return _ended(ended_as(run, RunStatus.COMPLETED, "", at), at)
        return run, () if _is_settled(before) else (Prune(),)
    hopeless = _hopeless_gates(run)
    for node_id, message in hopeless.items():
        run = node_failed(run, node_id, message, at)
    if hopeless:
        return _proceed(before, run, at, pruned=pruned)
    due = due_nodes(run)
    for node_id in due:
        run = with_state(run, node_id, evolve(run.node_states[node_id], phase=NodePhase.APPLYING, changed_at=at))
    return run, (Apply(due),) if due else ()


def due_nodes(run: Run) -> tuple[str, ...]:
    """Return the waiting nodes whose wave has come and whose gates are open, in the order of the run's nodes."""
    open_waves = [s.wave for s in run.node_states.values() if s.phase in (NodePhase.WAITING, NodePhase.APPLYING)]
    wave = min(open_waves, default=0)
    return tuple(
        node_id
        for node_id, state in run.node_states.items()
        if state.phase is NodePhase.WAITING and state.wave == wave and _gates_open(run, state)
    )


def _gates_open(run: Run, state: NodeState) -> bool:
    gates = (run.node_states.get(node_id) for node_id in state.gates)
    return all(gate is None or gate.phase is NodePhase.HEALTHY for gate in gates)


def _hopeless_gates(run: Run) -> dict[str, str]:
    """Return the waiting nodes that can never be applied, with the reason: a job that they wait for has failed."""
    verdicts = {}
    for node_id, state in run.node_states.items():
        for gate, condition in state.gates.items():
            target = run.node_states.get(gate)
            failed = target is not None and target.phase is NodePhase.APPLIED and target.health == "Degraded"
            if state.phase is NodePhase.WAITING and condition == "completed" and failed and target is not None:
                verdicts[node_id] = f"{gate} did not complete: {target.message or target.health}"
    return verdicts


def _is_settled(run: Run) -> bool:
    phases = (state.phase for state in run.node_states.values())
    return run.status is RunStatus.RUNNING and all(phase is NodePhase.HEALTHY for phase in phases)


def _ended(run: Run, at: datetime) -> tuple[Run, tuple[RunEffect, ...]]:
    skipped = {
        node_id: evolve(
            state, phase=NodePhase.SKIPPED, message=state.message or _why_skipped(run, state), changed_at=at
        )
        for node_id, state in run.node_states.items()
        if state.phase in (NodePhase.WAITING, NodePhase.APPLYING)
    }
    run = evolve(run, node_states={**run.node_states, **skipped})
    finish: tuple[RunEffect, ...] = (Finish(run.status),)
    rolls_back = run.status is RunStatus.FAILED and run.options.policy is FailurePolicy.ROLLBACK
    return run, (*finish, RollBack()) if rolls_back else finish


def _why_skipped(run: Run, state: NodeState) -> str:
    if run.cancel_requested:
        return "the run was cancelled first"
    closed = [
        f"{node_id} to be {condition}"
        for node_id, condition in state.gates.items()
        if node_id in run.node_states and run.node_states[node_id].phase is not NodePhase.HEALTHY
    ]
    return f"waited for {', '.join(closed)}" if closed else "the run ended first"
