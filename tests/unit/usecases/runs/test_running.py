"""Runs against a played cluster."""

from __future__ import annotations

import asyncio
from base64 import b64encode

import pytest
from attrs import evolve

from flowcore.errors import ConflictError, InvalidInputError, NotFoundError
from flowcore.model import FailurePolicy, Node, NodePhase, RunOptions, RunStatus, User, WorkflowStatus
from flowcore.ports.cluster import RejectedError
from flowcore.ports.storage import LEASES
from flowcore.usecases.runs.preparing import GivenValues
from flowcore.usecases.runs.running import RunRequest
from tests.doubles import START, settle
from tests.doubles_runs import ANN, World, configmap, depends, deployment

pytestmark = pytest.mark.anyio
BOB = User(id="b" * 24, email="bob@x.y", email_key="bob@x.y", name="Bob", created_at=START)
SECRET = Node(id="s", type="secret", data={"name": "keys", "keys": [{"id": "1", "name": "TOKEN"}]})


@pytest.fixture
def world() -> World:
    return World()


def ask(given: GivenValues | None = None, **options: object) -> RunRequest:
    return RunRequest(given=given or GivenValues(), options=evolve(RunOptions(), **options))


async def test_a_run_applies_everything_and_is_completed_when_all_is_healthy(world: World) -> None:
    workflow = await world.shop(configmap("settings"), deployment("web"))
    async with world.process() as process:
        run = await process.run(workflow)
    assert run.status is RunStatus.COMPLETED, run.logs
    assert {state.phase for state in run.node_states.values()} == {NodePhase.HEALTHY}
    assert set(world.cluster.applied) == {"settings", "web"}
    stored = await world.workflows.get(workflow.id)
    assert (stored.current_version, stored.run_count, stored.success_count) == (1, 1, 1)
    version = await process.history.get(workflow.id, 1)
    assert (version.run_id, version.run_status, version.is_automatic) == (run.id, "completed", True)


async def test_what_is_applied_says_whose_it_is_and_pods_restart_only_for_a_reason(world: World) -> None:
    workflow = await world.shop(deployment("web"))
    async with world.process() as process:
        run = await process.run(workflow)
        first = world.cluster.find("Deployment", "web")
        again = await process.run(workflow)
    live = world.cluster.find("Deployment", "web")
    assert live["metadata"]["labels"]["flowcore.dev/workflow"] == workflow.id
    assert live["metadata"]["annotations"]["flowcore.dev/run"] == again.id != run.id
    template = live["spec"]["template"]["metadata"]
    assert template["labels"]["flowcore.dev/node"] == "web"
    assert template == first["spec"]["template"]["metadata"]
    assert again.node_states["web"].operation == "unchanged"


async def test_the_run_is_returned_before_anything_is_applied(world: World) -> None:
    workflow = await world.shop(configmap("settings"))
    world.cluster.held = {"settings"}
    async with world.process() as process:
        run = await process.start(ANN, workflow.id, ask())
        assert (run.status, run.version) == (RunStatus.PENDING, 1)
        assert (await process.history.get(workflow.id, 1)).run_id == run.id
        world.cluster.release()
        assert (await process.ended(run)).status is RunStatus.COMPLETED


async def test_a_node_that_waits_for_a_healthy_one_is_applied_after_it(world: World) -> None:
    world.cluster.heals = False
    workflow = await world.shop(deployment("web"), deployment("db"), edges=(depends("web", "db"),))
    async with world.process() as process:
        run = await process.start(ANN, workflow.id, ask())
        await process.until(run, lambda r: r.node_states["db"].phase is NodePhase.APPLIED)
        await settle()
        assert world.cluster.applied == ["db"]
        world.cluster.heal("Deployment", "db")
        await process.until(run, lambda r: r.node_states["web"].phase is NodePhase.APPLIED)
        world.cluster.heal("Deployment", "web")
        assert (await process.ended(run)).status is RunStatus.COMPLETED


async def test_health_seen_before_the_apply_does_not_complete_a_run(world: World) -> None:
    workflow = await world.shop(deployment("web"))
    async with world.process() as process:
        await process.run(workflow)
        world.cluster.heals = False
        await world.redraw(workflow, deployment("web", "nginx:broken"))
        run = await process.start(ANN, workflow.id, ask(timeout=60))
        await process.until(run, lambda r: r.node_states["web"].phase is NodePhase.APPLIED)
        await settle()
        await world.clock.pass_time(61)
        run = await process.ended(run)
    assert run.status is RunStatus.FAILED
    assert "not healthy after 60 s" in run.node_states["web"].message


async def test_a_refused_object_fails_its_node_with_the_causes_of_the_server(world: World) -> None:
    causes = ("spec.replicas: must be positive", "spec.paused: unknown")
    world.cluster.refused["web"] = RejectedError("no", reason="Invalid", causes=causes)
    workflow = await world.shop(deployment("web"))
    async with world.process() as process:
        run = await process.run(workflow)
    assert run.status is RunStatus.FAILED
    assert run.node_states["web"].message == "spec.replicas: must be positive; spec.paused: unknown"
    assert (await world.workflows.get(workflow.id)).failure_count == 1


async def test_what_is_no_longer_drawn_is_pruned_but_claims_only_when_asked(world: World) -> None:
    claim = Node(id="data", type="persistentvolumeclaim", data={"name": "data"})
    workflow = await world.shop(configmap("old"), configmap("kept"), claim)
    async with world.process() as process:
        await process.run(workflow)
        await world.redraw(workflow, configmap("kept"))
        await process.run(workflow)
        assert [ref.name for ref in world.cluster.deleted] == ["old"]
        await process.run(workflow, ask(prune_claims=True))
    assert [ref.name for ref in world.cluster.deleted] == ["old", "data"]


async def test_a_failed_run_rolls_back_to_the_last_good_version_when_asked(world: World) -> None:
    workflow = await world.shop(configmap("a", KEY="good"))
    async with world.process() as process:
        good = await process.run(workflow)
        world.cluster.refused["b"] = RejectedError("no", reason="Forbidden")
        await world.redraw(workflow, configmap("a", KEY="bad"), configmap("b"))
        failed = await process.run(workflow, ask(policy=FailurePolicy.ROLLBACK))
        rollback = (await process.queries.list(ANN, workflow.id, limit=1))[0]
        rollback = await process.ended(rollback)
    assert (good.status, failed.status, rollback.status) == ("completed", "failed", "completed")
    assert (rollback.triggered_by, rollback.version) == ("rollback", 3)
    assert process.unasked == [("pending", True)]
    assert (await process.history.get(workflow.id, 3)).restored_from == 1
    assert world.cluster.find("ConfigMap", "a")["data"] == {"KEY": "good"}


async def test_a_run_can_be_cancelled_while_it_waits(world: World) -> None:
    world.cluster.heals = False
    workflow = await world.shop(deployment("web"), deployment("db"), edges=(depends("web", "db"),))
    async with world.process() as process:
        run = await process.start(ANN, workflow.id, ask())
        await process.until(run, lambda r: r.node_states["db"].phase is NodePhase.APPLIED)
        await process.cancel(ANN, workflow.id, run.id)
        run = await process.ended(run)
        assert run.status is RunStatus.CANCELLED
        assert run.node_states["web"].phase is NodePhase.SKIPPED
        with pytest.raises(ConflictError, match="has ended"):
            await process.cancel(ANN, workflow.id, run.id)
    assert world.cluster.applied == ["db"]


async def test_another_process_can_cancel_a_run(world: World) -> None:
    world.cluster.heals = False
    workflow = await world.shop(deployment("web"))
    async with world.process("p1") as first, world.process("p2") as second:
        run = await first.start(ANN, workflow.id, ask())
        await first.until(run, lambda r: r.node_states["web"].phase is NodePhase.APPLIED)
        await second.cancel(ANN, workflow.id, run.id)
        await world.clock.pass_time(6)
        assert (await first.ended(run)).status is RunStatus.CANCELLED


async def test_many_runs_at_once_have_gapless_versions_and_deploy_in_their_order(world: World) -> None:
    workflow = await world.shop(configmap("settings"))
    async with world.process() as process:
        runs = await asyncio.gather(*(process.start(ANN, workflow.id, ask()) for _ in range(20)))
        assert sorted(run.version for run in runs) == list(range(1, 21))
        for _ in range(25):
            await world.clock.pass_time(1)
        ended = [await process.ended(run) for run in runs]
    assert {run.status for run in ended} == {RunStatus.COMPLETED}
    moments = [run.completed_at for run in sorted(ended, key=lambda run: run.version)]
    assert moments == sorted(moments, key=lambda moment: moment or START)
    assert (await world.workflows.get(workflow.id)).run_count == 20
    assert world.cluster.find("ConfigMap", "settings")["metadata"]["annotations"]["flowcore.dev/version"] == "20"


async def test_a_run_waits_until_the_runs_before_it_have_ended(world: World) -> None:
    workflow = await world.shop(configmap("a"))
    world.cluster.held = {"a"}
    async with world.process() as process:
        first = await process.start(ANN, workflow.id, ask())
        await process.until(first, lambda r: r.node_states["a"].phase is NodePhase.APPLYING)
        second = await process.start(ANN, workflow.id, ask())
        await settle()
        assert (await world.runs.get(second.id)).status is RunStatus.PENDING
        await process.cancel(ANN, workflow.id, second.id)
        assert (await process.ended(second)).status is RunStatus.CANCELLED
        third = await process.start(ANN, workflow.id, ask())
        await settle()
        assert (await world.runs.get(third.id)).status is RunStatus.PENDING
        world.cluster.release()
        assert (await process.ended(third)).status is RunStatus.COMPLETED
        assert (await process.ended(first)).status is RunStatus.COMPLETED


async def test_a_run_is_refused_with_every_problem_of_the_drawing(world: World) -> None:
    bad = [Node(id=name, type="deployment", data={"name": name}) for name in ("a", "b")]
    workflow = await world.shop(*bad)
    async with world.process() as process:
        with pytest.raises(InvalidInputError) as caught:
            await process.start(ANN, workflow.id, ask())
        assert {finding.place.node for finding in caught.value.findings} == {"a", "b"}
        assert await process.history.newest(workflow.id) == 0


@pytest.mark.parametrize("timeout", [-1.0, 0.0, 0.5, 86401.0, float("nan"), float("inf")])
async def test_a_timeout_is_a_second_to_a_day(world: World, timeout: float) -> None:
    workflow = await world.shop(configmap("a"))
    async with world.process() as process:
        with pytest.raises(InvalidInputError, match="timeout must be 1 to 86400 seconds"):
            await process.start(ANN, workflow.id, ask(timeout=timeout))


async def test_only_published_workflows_of_ones_own_on_a_registered_cluster_are_run(world: World) -> None:
    workflow = await world.shop(configmap("a"))
    async with world.process() as process:
        with pytest.raises(NotFoundError, match="Workflow not found"):
            await process.start(BOB, workflow.id, ask())
        moved = await world.workflows.replace(evolve(workflow, cluster_id="elsewhere"))
        with pytest.raises(NotFoundError, match="elsewhere is not registered"):
            await process.start(ANN, workflow.id, ask())
        await world.workflows.replace(evolve(moved, status=WorkflowStatus.DRAFT))
        with pytest.raises(InvalidInputError, match="must be published"):
            await process.start(ANN, workflow.id, ask())


async def test_secret_keys_without_a_value_are_told_before_anything_is_applied(world: World) -> None:
    workflow = await world.shop(SECRET)
    async with world.process() as process:
        with pytest.raises(InvalidInputError) as caught:
            await process.start(ANN, workflow.id, ask())
    assert [finding.place.path for finding in caught.value.findings] == ["trigger_data.secrets.s.TOKEN"]
    assert world.cluster.applied == []


async def test_a_request_does_not_wait_long_for_a_cluster_to_tell_its_secrets(world: World) -> None:
    workflow = await world.shop(SECRET)
    world.cluster.is_silent = True
    async with world.process() as process:
        starting = asyncio.create_task(process.start(ANN, workflow.id, ask()))
        await world.clock.pass_time(6)
        assert starting.done()
        run = await starting
        world.cluster.is_silent = False
        await process.cancel(ANN, workflow.id, run.id)


async def test_given_secrets_reach_the_cluster_and_nothing_else_and_are_kept_there(world: World) -> None:
    workflow = await world.shop(SECRET)
    given = GivenValues(secrets={"s": {"TOKEN": "hunter22"}})
    async with world.process() as process:
        run = await process.run(workflow, ask(given))
        again = await process.run(workflow)
    assert (run.status, again.status) == ("completed", "completed")
    assert world.cluster.find("Secret", "keys")["data"] == {"TOKEN": b64encode(b"hunter22").decode()}
    assert "hunter22" not in f"{run!r}{again!r}{await process.history.get(workflow.id, 1)!r}"


async def test_values_that_nothing_takes_are_told(world: World) -> None:
    workflow = await world.shop(configmap("a"))
    given = GivenValues(secrets={"gone": {"TOKEN": "hunter22"}})
    async with world.process() as process:
        run = await process.run(workflow, ask(given))
    assert "values for gone are not used: there is no such node" in run.logs[0]


async def test_values_given_to_a_node_that_takes_no_such_ones_are_told_and_not_waited_for(world: World) -> None:
    workflow = await world.shop(configmap("a"), deployment("web"))
    given = GivenValues(secrets={"web": {"TOKEN": "hunter22"}}, env={"a": {"B": "c"}, "web": {"B": "c"}})
    async with world.process() as process:
        run = await process.run(workflow, ask(given))
    assert [line[11:] for line in run.logs if "not used" in line] == [
        "environment values for a are not used: it runs no containers",
        "secrets for web are not used: it is not a secret",
    ]
    assert run.options.given_env == {"web": ("B",)}


async def test_missing_secrets_are_generated_once_when_asked(world: World) -> None:
    workflow = await world.shop(SECRET)
    async with world.process() as process:
        await process.run(workflow, ask(generate_secrets=True))
        first = world.cluster.find("Secret", "keys")["data"]
        await process.run(workflow, ask(generate_secrets=True))
    assert world.cluster.find("Secret", "keys")["data"] == first


async def test_a_cluster_that_does_not_answer_ends_the_run_with_that_reason(world: World) -> None:
    workflow = await world.shop(configmap("a"))
    world.cluster.is_down = True
    async with world.process() as process:
        run = await process.run(workflow)
    assert (run.status, run.error) == ("failed", "the cluster does not answer")


async def test_a_shut_down_process_leaves_its_run_to_the_next_one(world: World) -> None:
    world.cluster.heals = False
    workflow = await world.shop(deployment("web"), deployment("db"), edges=(depends("web", "db"),))
    async with world.process("p1") as first:
        run = await first.start(ANN, workflow.id, ask())
        await first.until(run, lambda r: r.node_states["db"].phase is NodePhase.APPLIED)
    world.cluster.heals = True
    world.cluster.heal("Deployment", "db")
    async with world.process("p2") as second:
        ended = await second.until(run, lambda r: r.status.is_final)
        await second.ended(run)
    assert ended.status is RunStatus.COMPLETED
    assert world.cluster.applied == ["db", "db", "web"]
    assert ended.node_states["db"].operation == "unchanged"
    assert ended.fencing == 2


async def test_a_run_of_a_killed_process_is_taken_over_when_its_lease_has_expired(world: World) -> None:
    workflow = await world.shop(configmap("settings"))
    world.cluster.held = {"settings"}
    leases = world.store.repository(LEASES)
    async with world.process("p1") as first:
        run = await first.start(ANN, workflow.id, ask())
        await first.until(run, lambda r: r.node_states["settings"].phase is NodePhase.APPLYING)
        held = await leases.get(f"run:{run.id}")
    # A killed process gives nothing back.
    left = await leases.get(held.id)
    await leases.replace(evolve(held, revision=left.revision))
    world.cluster.release()
    async with world.process("p2") as second:
        await world.clock.pass_time(10)
        assert world.cluster.applied == []
        await world.clock.pass_time(10)
        ended = await second.until(run, lambda r: r.status.is_final)
        await second.ended(run)
    assert (ended.status, ended.fencing) == (RunStatus.COMPLETED, 2)
    assert second.unasked == [("running", False)]


async def test_a_process_that_lost_its_lease_writes_nothing_more(world: World) -> None:
    workflow = await world.shop(configmap("settings"))
    world.cluster.held = {"settings"}
    async with world.process("p1") as first:
        run = await first.start(ANN, workflow.id, ask())
        applying = await first.until(run, lambda r: r.node_states["settings"].phase is NodePhase.APPLYING)
        theirs = await world.runs.replace(evolve(applying, fencing=2, error="theirs"))
        world.cluster.release()
        await first.ended(run)
        assert await world.runs.get(run.id) == theirs
    assert first.broken == []


async def test_what_a_dead_process_did_not_write_down_is_written_down_at_the_next_start(world: World) -> None:
    workflow = await world.shop(configmap("a"))
    async with world.process("p1") as first:
        run = await first.run(workflow)
        version = await first.history.get(workflow.id, 1)
        forgotten = await first.history.versions.replace(evolve(version, run_status="pending"))
        lost = evolve(forgotten, id="lost", number=2, run_id="never-stored", revision=0)
        await first.history.versions.add(lost)
    world.clock.advance(60)
    async with world.process("p2") as second:
        await settle()
        statuses = [(await second.history.get(workflow.id, number)).run_status for number in (1, 2)]
    assert statuses == [run.status, "cancelled"]


async def test_env_values_that_were_lost_with_a_process_close_the_run_with_that_verdict(world: World) -> None:
    world.cluster.heals = False
    workflow = await world.shop(deployment("web"), deployment("db"), edges=(depends("web", "db"),))
    given = GivenValues(env={"web": {"PASSWORD": "hunter22"}})
    async with world.process("p1") as first:
        run = await first.start(ANN, workflow.id, ask(given))
        await first.until(run, lambda r: r.node_states["db"].phase is NodePhase.APPLIED)
    world.cluster.heal("Deployment", "db")
    async with world.process("p2") as second:
        ended = await second.until(run, lambda r: r.status.is_final)
        await second.ended(run)
    assert ended.status is RunStatus.FAILED
    assert "the values given for PASSWORD were lost" in ended.error
    assert "hunter22" not in repr(ended)
