"""Laws of runs: whatever happens, in whatever order."""

from __future__ import annotations

from datetime import UTC, datetime

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from flowcore.model import FailurePolicy, NodePhase, NodeState, Run, RunOptions
from flowcore.runs import (
    Apply,
    CancelRequested,
    DeadlinePassed,
    ExecutorLost,
    Finish,
    NodeApplied,
    NodeHealthChanged,
    NodeRejected,
    Prune,
    Pruned,
    RunEvent,
    RunResumed,
    RunStarted,
    advance,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = st.sampled_from(["Healthy", "Progressing", "Degraded", "Missing", "Suspended", "Unknown"])


@st.composite
def runs(draw: st.DrawFn) -> Run:
    count = draw(st.integers(0, 6))
    states: dict[str, NodeState] = {}
    for index in range(count):
        wave = draw(st.integers(0, 2))
        before = [node_id for node_id, state in states.items() if state.wave < wave]
        conditions = st.sampled_from(["healthy", "completed"])
        gates = draw(st.dictionaries(st.sampled_from(before), conditions, max_size=2)) if before else {}
        states[f"n{index}"] = NodeState(wave=wave, gates=gates)
    options = evolve(RunOptions(), policy=draw(st.sampled_from(FailurePolicy)))
    return Run(id="r", workflow_id="w", version=1, started_at=NOW, node_states=states, options=options)


def events(run: Run) -> st.SearchStrategy[RunEvent]:
    always: list[st.SearchStrategy[RunEvent]] = [
        st.just(RunResumed()),
        st.just(CancelRequested()),
        st.just(DeadlinePassed()),
        st.just(ExecutorLost("gone")),
        st.just(Pruned()),
    ]
    if not run.node_states:
        return st.one_of(always)
    ids = st.sampled_from(sorted(run.node_states))
    return st.one_of(
        st.builds(NodeApplied, ids, st.just("created"), WORDS),
        st.builds(NodeHealthChanged, ids, WORDS),
        st.builds(NodeRejected, ids, st.just("no")),
        *always,
    )


def story(data: st.DataObject, run: Run) -> list[tuple[Run, RunEvent, Run, tuple[object, ...]]]:
    told = []
    for event in [RunStarted(), *data.draw(st.lists(events(run), max_size=25))]:
        after, effects = advance(run, event, NOW)
        told.append((run, event, after, effects))
        run = after
    return told


@given(runs(), st.data())
def test_a_run_ends_at_most_once_and_then_stays_as_it_is(run: Run, data: st.DataObject) -> None:
    told = story(data, run)
    assert sum(isinstance(effect, Finish) for *_, effects in told for effect in effects) <= 1
    for before, _, after, effects in told:
        if before.status.is_final:
            assert after is before
            assert effects == ()


@given(runs(), st.data())
def test_a_node_is_applied_only_behind_its_wave_and_its_gates(run: Run, data: st.DataObject) -> None:
    for _, _, after, effects in story(data, run):
        for effect in effects:
            if isinstance(effect, Apply):
                for node_id in effect.node_ids:
                    state = after.node_states[node_id]
                    earlier = [other for other in after.node_states.values() if other.wave < state.wave]
                    assert all(other.phase in (NodePhase.APPLIED, NodePhase.HEALTHY) for other in earlier)
                    assert all(after.node_states[gate].phase is NodePhase.HEALTHY for gate in state.gates)


@given(runs(), st.data())
def test_an_ended_run_leaves_no_node_waiting_and_says_when_it_ended(run: Run, data: st.DataObject) -> None:
    final = story(data, run)[-1][2]
    if final.status.is_final:
        assert final.completed_at == NOW
        assert not {NodePhase.WAITING, NodePhase.APPLYING} & {state.phase for state in final.node_states.values()}
    assert not (final.status == "failed" and not final.error)


@given(runs())
def test_a_run_in_which_everything_goes_well_completes(run: Run) -> None:
    run, todo = advance(run, RunStarted(), NOW)
    for _ in range(50):
        if run.status.is_final:
            break
        effects, todo = todo, ()
        for effect in effects:
            if isinstance(effect, Apply):
                for node_id in effect.node_ids:
                    run, more = advance(run, NodeApplied(node_id, "created", "Healthy"), NOW)
                    todo += more
            if isinstance(effect, Prune):
                run, todo = advance(run, Pruned(), NOW)
    assert run.status == "completed"
    assert all(state.phase is NodePhase.HEALTHY for state in run.node_states.values())


@given(runs(), st.data())
def test_however_a_run_stands_its_deadline_ends_it(run: Run, data: st.DataObject) -> None:
    last = story(data, run)[-1][2]
    ended, _ = advance(last, DeadlinePassed(), NOW)
    assert ended.status.is_final
