"""The run's state machine, case by case."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from attrs import evolve

from flowcore.errors import ConflictError
from flowcore.model import FailurePolicy, NodePhase, NodeState, Run, RunOptions, RunStatus
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
    RollBack,
    RunEvent,
    RunResumed,
    RunStarted,
    advance,
)
from flowcore.runs._states import MOST_LINES

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


def a_run(states: dict[str, NodeState], **options: object) -> Run:
    return Run(
        id="r1",
        workflow_id="w1",
        version=3,
        started_at=NOW,
        node_states=states,
        options=evolve(RunOptions(), **options),
    )


def two_waves(**options: object) -> Run:
    return a_run(
        {"db": NodeState(wave=0), "web": NodeState(wave=1, gates={"db": "healthy"}), "api": NodeState(wave=1)},
        **options,
    )


def play(run: Run, *events: RunEvent) -> tuple[Run, list[object]]:
    effects: list[object] = []
    for event in events:
        run, now = advance(run, event, NOW)
        effects.extend(now)
    return run, effects


def healthy(node_id: str) -> NodeApplied:
    return NodeApplied(node_id, "created", "Healthy")


def test_a_started_run_applies_its_first_wave_and_has_a_deadline() -> None:
    run, effects = play(two_waves(timeout=60), RunStarted())
    assert effects == [Apply(("db",))]
    assert run.status is RunStatus.RUNNING
    assert run.deadline is not None
    assert (run.deadline - NOW).total_seconds() == 60
    assert run.node_states["db"].phase is NodePhase.APPLYING


def test_a_gate_holds_only_the_node_that_waits_for_it() -> None:
    run, effects = play(two_waves(), RunStarted(), NodeApplied("db", "created"))
    assert effects[-1] == Apply(("api",))
    run, effects = play(run, NodeHealthChanged("db", "Healthy"))
    assert effects == [Apply(("web",))]


def test_a_run_is_completed_when_all_is_healthy_and_pruned() -> None:
    run, effects = play(two_waves(), RunStarted(), healthy("db"), healthy("web"), healthy("api"))
    assert effects[-1] == Prune()
    run, effects = play(run, Pruned(("Service/old",)))
    assert effects == [Finish(RunStatus.COMPLETED)]
    assert run.completed_at == NOW
    assert any("Service/old" in line for line in run.logs)


def test_what_was_healthy_before_the_apply_does_not_count_after_it() -> None:
    run, _ = play(a_run({"web": NodeState()}), RunStarted(), NodeHealthChanged("web", "Healthy"))
    run, effects = play(run, NodeApplied("web", "configured", "Progressing", "0 of 1 updated"))
    assert effects == []
    assert run.node_states["web"].phase is NodePhase.APPLIED


def test_a_node_that_falls_ill_before_the_end_keeps_the_run_open() -> None:
    run, _ = play(a_run({"a": NodeState(), "b": NodeState()}), RunStarted(), healthy("a"))
    run, _ = play(run, NodeHealthChanged("a", "Degraded", "crash loop"))
    run, effects = play(run, healthy("b"))
    assert effects == []
    _, effects = play(run, NodeHealthChanged("a", "Healthy"))
    assert effects == [Prune()]


def test_the_first_refused_node_stops_the_run_after_the_applies_under_way() -> None:
    run, effects = play(a_run({"a": NodeState(), "b": NodeState(), "c": NodeState(wave=1)}), RunStarted())
    run, effects = play(run, NodeRejected("a", "spec.replicas: must be positive"))
    assert effects == []
    run, effects = play(run, NodeApplied("b", "created"))
    assert effects == [Finish(RunStatus.FAILED)]
    assert run.error == "a: spec.replicas: must be positive"
    assert run.node_states["c"].phase is NodePhase.SKIPPED


def test_a_failed_run_rolls_back_when_its_policy_says_so() -> None:
    _, effects = play(a_run({"a": NodeState()}, policy=FailurePolicy.ROLLBACK), RunStarted(), NodeRejected("a", "no"))
    assert effects[-2:] == [Finish(RunStatus.FAILED), RollBack()]


def test_the_deadline_gives_every_node_a_verdict() -> None:
    run, _ = play(two_waves(timeout=30), RunStarted(), NodeApplied("db", "created", "Progressing", "0 of 1 ready"))
    run, effects = play(run, healthy("api"), DeadlinePassed())
    assert effects[-1] == Finish(RunStatus.FAILED)
    assert run.node_states["db"].message == "not healthy after 30 s (Progressing: 0 of 1 ready)"
    assert run.node_states["web"].phase is NodePhase.SKIPPED
    assert run.node_states["web"].message == "waited for db to be healthy"
    assert run.node_states["api"].phase is NodePhase.HEALTHY


def test_a_gate_on_a_job_that_failed_fails_the_node_behind_it() -> None:
    states = {"migrate": NodeState(), "web": NodeState(wave=1, gates={"migrate": "completed"})}
    run, effects = play(a_run(states), RunStarted(), NodeApplied("migrate", "created"))
    run, effects = play(run, NodeHealthChanged("migrate", "Degraded", "BackoffLimitExceeded"))
    assert effects == [Finish(RunStatus.FAILED)]
    assert run.node_states["web"].message == "migrate did not complete: BackoffLimitExceeded"


def test_hopeless_health_fails_the_node_at_once() -> None:
    run, _ = play(a_run({"job": NodeState()}), RunStarted(), NodeApplied("job", "created"))
    run, effects = play(run, NodeHealthChanged("job", "Degraded", "deadline exceeded", hopeless=True))
    assert effects == [Finish(RunStatus.FAILED)]
    assert run.error == "job: deadline exceeded"


def test_a_run_that_goes_up_and_down_keeps_its_newest_lines_and_says_that_there_were_more() -> None:
    run, _ = play(a_run({"web": NodeState(), "db": NodeState()}), RunStarted(), NodeApplied("web", "created"))
    for number in range(MOST_LINES):
        run, _ = play(run, NodeHealthChanged("web", ("Degraded", "Healthy")[number % 2], str(number)))
    assert len(run.logs) == MOST_LINES
    assert run.logs[0].endswith("earlier lines are left out")
    assert run.logs[-1].endswith(str(MOST_LINES - 1))


def test_cancelling_waits_for_the_applies_under_way() -> None:
    run, effects = play(two_waves(), RunStarted(), CancelRequested())
    assert effects[-1:] == [Apply(("db",))]
    run, effects = play(run, NodeApplied("db", "created"))
    assert effects == [Finish(RunStatus.CANCELLED)]
    assert run.node_states["web"].message == "the run was cancelled first"


def test_a_run_that_has_not_begun_is_cancelled_at_once() -> None:
    run, effects = play(two_waves(), CancelRequested())
    assert effects == [Finish(RunStatus.CANCELLED)]
    assert run.status is RunStatus.CANCELLED


def test_a_run_that_is_taken_over_applies_everything_again() -> None:
    run, _ = play(two_waves(), RunStarted(), NodeApplied("db", "created"))
    run, effects = play(run, RunResumed())
    assert effects == [Apply(("db",))]
    _, effects = play(run, NodeApplied("db", "unchanged", "Healthy"))
    assert effects == [Apply(("web", "api"))]


def test_a_run_that_is_taken_over_leaves_nodes_alone_whose_values_are_lost() -> None:
    run, _ = play(two_waves(given_env={"db": ("PASSWORD",)}), RunStarted(), NodeApplied("db", "created", "Healthy"))
    run, effects = play(run, RunResumed())
    assert effects == [Apply(("api",))]
    assert run.node_states["db"].phase is NodePhase.APPLIED


def test_a_cancelled_run_that_is_taken_over_ends() -> None:
    run, _ = play(two_waves(), RunStarted())
    run, effects = play(evolve(run, cancel_requested=True), RunResumed())
    assert effects == [Finish(RunStatus.CANCELLED)]


def test_a_run_nobody_can_go_on_with_ends_with_the_reason() -> None:
    run, effects = play(two_waves(), RunStarted(), ExecutorLost("the cluster is not registered any more"))
    assert effects[-1] == Finish(RunStatus.FAILED)
    assert run.error == "the cluster is not registered any more"


def test_a_run_without_nodes_completes() -> None:
    _, effects = play(a_run({}), RunStarted(), Pruned())
    assert effects == [Prune(), Finish(RunStatus.COMPLETED)]


def test_an_ended_run_accepts_nothing() -> None:
    run, _ = play(two_waves(), CancelRequested())
    assert advance(run, RunStarted(), NOW) == (run, ())


def test_what_cannot_happen_says_so() -> None:
    with pytest.raises(ConflictError, match="pending run cannot have NodeApplied"):
        advance(two_waves(), NodeApplied("db", "created"), NOW)
    run, _ = play(two_waves(), RunStarted())
    with pytest.raises(ConflictError, match="has no node 'nobody'"):
        advance(run, NodeApplied("nobody", "created"), NOW)
