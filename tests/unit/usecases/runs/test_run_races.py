"""Runs when things happen at the same time, or an answer is lost on its way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from attrs import evolve

from flowcore.errors import UnavailableError
from flowcore.model import FailurePolicy, Node, NodePhase, Run, RunOptions, RunStatus, Version
from flowcore.ports.cluster import RejectedError
from flowcore.ports.storage import LEASES, VERSIONS, Repository
from flowcore.usecases.drawings.workflows import DeleteWorkflow
from flowcore.usecases.leasing import Leases
from flowcore.usecases.runs.preparing import GivenValues
from flowcore.usecases.runs.running import RunRequest
from tests.doubles import settle
from tests.doubles_runs import ANN, World, configmap, deployment

pytestmark = pytest.mark.anyio


@pytest.fixture
def world() -> World:
    return World()


class Between:
    """A repository in front of another one, with something that happens around its writes.

    Attributes:
        before: awaited before a write reaches the store.
        after: awaited when it has, before the writer knows.
    """

    def __init__(self, repository: Repository[Any]) -> None:
        self._repository = repository
        self.before: Callable[[Any], Awaitable[None]] = _nothing
        self.after: Callable[[Any], Awaitable[None]] = _nothing

    async def add(self, entity: Any) -> Any:
        await self.before(entity)
        stored = await self._repository.add(entity)
        await self.after(stored)
        return stored

    async def replace(self, entity: Any) -> Any:
        await self.before(entity)
        stored = await self._repository.replace(entity)
        await self.after(stored)
        return stored

    def __getattr__(self, name: str) -> Any:
        return getattr(self._repository, name)


async def _nothing(_: Any) -> None:
    return None


def once(error: Exception, *, when: Callable[[Any], bool] = lambda _: True) -> Callable[[Any], Awaitable[None]]:
    """Raise *error* at the first write for which *when* holds, and never again."""
    left = [error]

    async def fail(entity: Any) -> None:
        if left and when(entity):
            raise left.pop()

    return fail


async def test_a_run_waits_for_an_earlier_one_whose_record_is_not_stored_yet(world: World) -> None:
    workflow = await world.shop(configmap("a", KEY="old"))
    world.runs = runs = Between(world.runs)
    arrived, may_go_on = asyncio.Event(), asyncio.Event()

    async def hold_first(run: Run) -> None:
        if run.version == 1 and run.revision == 0:
            arrived.set()
            await may_go_on.wait()

    runs.before = hold_first
    async with world.process() as process:
        slow = asyncio.create_task(process.start(ANN, workflow.id, RunRequest()))
        await arrived.wait()
        await world.redraw(workflow, configmap("a", KEY="new"))
        second = await process.start(ANN, workflow.id, RunRequest())
        await settle()
        may_go_on.set()
        first = await slow
        await process.ended(first)
        await world.clock.pass_time(2)
        await process.ended(second)
    assert world.cluster.find("ConfigMap", "a")["data"] == {"KEY": "new"}


async def test_a_run_does_not_wait_for_ever_for_a_record_that_never_comes(world: World) -> None:
    workflow = await world.shop(configmap("a"))
    async with world.process() as process:
        lost = Version(
            id="f" * 24,
            workflow_id=workflow.id,
            number=1,
            created_at=world.clock.now(),
            is_automatic=True,
            run_id="e" * 24,
            run_status="pending",
        )
        await process.history.versions.add(lost)
        run = await process.start(ANN, workflow.id, RunRequest())
        await world.clock.pass_time(2)
        assert (await world.runs.get(run.id)).status is RunStatus.PENDING
        await world.clock.pass_time(20)
        assert (await process.ended(run)).status is RunStatus.COMPLETED


async def test_a_run_whose_last_write_is_on_its_way_is_not_taken_for_anothers(world: World) -> None:
    workflow = await world.shop(configmap("a"))
    world.runs = runs = Between(world.runs)
    arrived, may_go_on = asyncio.Event(), asyncio.Event()

    async def hold_last(run: Run) -> None:
        if run.status.is_final:
            arrived.set()
            await may_go_on.wait()

    runs.after = hold_last
    async with world.process() as process:
        run = await process.start(ANN, workflow.id, RunRequest())
        await arrived.wait()
        await world.clock.pass_time(6)  # the lease is renewed, and the stored run looked at
        may_go_on.set()
        await process.ended(run)
        assert (await process.history.get(workflow.id, 1)).run_status == "completed"


@pytest.mark.parametrize("is_stored", [False, True], ids=["the write is lost", "the answer is lost"])
@pytest.mark.parametrize("status", [RunStatus.RUNNING, RunStatus.COMPLETED])
async def test_a_store_that_is_gone_for_a_moment_fails_no_run(world: World, status: str, is_stored: bool) -> None:
    workflow = await world.shop(configmap("a"))
    world.runs = runs = Between(world.runs)
    fail = once(UnavailableError("the store does not answer"), when=lambda run: run.status == status)
    if is_stored:
        runs.after = fail
    else:
        runs.before = fail
    async with world.process() as process:
        run = await process.start(ANN, workflow.id, RunRequest())
        await world.clock.pass_time(3)
        assert (await process.ended(run)).status is RunStatus.COMPLETED
        assert (await process.history.get(workflow.id, 1)).run_status == "completed"
        assert (await world.workflows.get(workflow.id)).success_count == 1


async def test_a_lease_is_kept_although_the_answer_to_its_renewal_was_lost() -> None:
    world = World()
    store = Between(world.store.repository(LEASES))
    leases = Leases(store=store, clock=world.clock, holder="p1")
    lease = await leases.acquire("run:1")
    assert lease is not None
    store.after = once(UnavailableError("the store does not answer"))
    with pytest.raises(UnavailableError):
        await leases.renew(lease)
    renewed = await leases.renew(lease)
    assert renewed is not None
    assert renewed.token == lease.token


async def test_a_rollback_does_not_undo_a_newer_run(world: World) -> None:
    workflow = await world.shop(configmap("a", KEY="good"))
    async with world.process() as process:
        await process.run(workflow)
        world.cluster.refused["b"] = RejectedError("no", reason="Forbidden")
        world.cluster.held = {"b"}
        await world.redraw(workflow, configmap("a", KEY="bad"), configmap("b"))
        options = RunOptions(policy=FailurePolicy.ROLLBACK)
        failing = await process.start(ANN, workflow.id, RunRequest(options=options))
        await process.until(failing, lambda r: r.node_states["b"].phase is NodePhase.APPLYING)
        await world.redraw(workflow, configmap("a", KEY="mended"))
        newer = await process.start(ANN, workflow.id, RunRequest())
        world.cluster.release()
        await process.ended(failing)
        for _ in range(3):
            await world.clock.pass_time(1)
        await process.ended(newer)
        latest = (await process.queries.list(ANN, workflow.id, limit=1))[0]
        await process.ended(latest)
    assert world.cluster.find("ConfigMap", "a")["data"] == {"KEY": "mended"}
    assert latest.id == newer.id


async def test_running_an_unchanged_job_that_has_failed_fails_at_once(world: World) -> None:
    job = Node(id="migrate", type="job", data={"name": "migrate", "image": "busybox:1.36"})
    world.cluster.heals = False
    workflow = await world.shop(job)
    async with world.process() as process:
        first = await process.start(ANN, workflow.id, RunRequest())
        await process.until(first, lambda r: r.node_states["migrate"].phase is NodePhase.APPLIED)
        failed = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "too many"}
        world.cluster.set_status("Job", "migrate", {"failed": 1, "conditions": [failed]})
        assert (await process.ended(first)).status is RunStatus.FAILED
        again = await process.start(ANN, workflow.id, RunRequest())
        await settle()
        assert (await process.ended(again)).status is RunStatus.FAILED


async def test_an_end_that_nobody_wrote_down_is_written_down_while_other_processes_run(world: World) -> None:
    workflow = await world.shop(configmap("a"))
    async with world.process() as process:
        run = await process.run(workflow)
        version = await process.history.get(workflow.id, 1)
        await process.history.versions.replace(evolve(version, run_status="pending"))
        await world.clock.pass_time(6)
        assert (await process.history.get(workflow.id, 1)).run_status == run.status


async def test_an_end_that_another_process_is_writing_down_is_not_counted_twice(world: World) -> None:
    workflow = await world.shop(configmap("a"))
    leases = Leases(store=world.store.repository(LEASES), clock=world.clock, holder="p0")
    async with world.process() as process:
        run = await process.run(workflow)
        version = await process.history.get(workflow.id, 1)
        await process.history.versions.replace(evolve(version, run_status="pending"))
        await leases.acquire(f"run:{run.id}")
        await world.clock.pass_time(6)
        assert (await world.workflows.get(workflow.id)).success_count == 1


async def test_runs_of_a_deleted_workflow_are_cancelled_and_queued_ones_deploy_nothing(world: World) -> None:
    world.cluster.heals = False
    workflow = await world.shop(deployment("web"))
    async with world.process() as process:
        first = await process.start(ANN, workflow.id, RunRequest())
        await process.until(first, lambda r: r.node_states["web"].phase is NodePhase.APPLIED)
        second = await process.start(ANN, workflow.id, RunRequest())
        await DeleteWorkflow(authorizer=process.authorizer, workflows=world.workflows, clock=world.clock)(
            ANN, workflow.id
        )
        for _ in range(8):
            await world.clock.pass_time(1)
        assert (await process.ended(first)).status is RunStatus.CANCELLED
        assert (await process.ended(second)).status is RunStatus.CANCELLED
    assert world.cluster.applied == ["web"]


async def test_a_rollback_that_a_process_did_not_live_to_begin_is_begun_by_another(world: World) -> None:
    workflow = await world.shop(configmap("a", KEY="good"))
    async with world.process() as process:
        await process.run(workflow)
        world.cluster.refused["b"] = RejectedError("no", reason="Forbidden")
        await world.redraw(workflow, configmap("a", KEY="bad"), configmap("b"))
        failed = await process.run(workflow)
    asked = evolve(failed, options=evolve(failed.options, policy=FailurePolicy.ROLLBACK))
    await world.runs.replace(asked)
    versions = world.store.repository(VERSIONS)
    version = await process.history.get(workflow.id, 2)
    await versions.replace(evolve(version, run_status="pending"))
    async with world.process("p2") as other:
        await settle()
        rollback = (await other.queries.list(ANN, workflow.id, limit=1))[0]
        assert (await other.ended(rollback)).triggered_by == "rollback"
    assert world.cluster.find("ConfigMap", "a")["data"] == {"KEY": "good"}


async def test_of_given_values_that_hold_one_another_nothing_is_left_in_a_message(world: World) -> None:
    workflow = await world.shop(deployment("web"))
    world.cluster.refused["web"] = RejectedError("env: hunter2-and-more is bad", reason="Invalid")
    given = GivenValues(env={"web": {"A": "hunter2", "B": "hunter2-and-more"}})
    async with world.process() as process:
        run = await process.run(workflow, RunRequest(given=given))
    assert run.node_states["web"].message == "env: *** is bad"


async def test_an_orphan_that_cannot_be_taken_over_holds_up_no_other(world: World) -> None:
    async with world.process() as process:
        first = await process.run(await world.shop(configmap("a")))
        second = await process.run(await world.shop(configmap("b")))
    for ended in (first, second):
        await world.runs.replace(evolve(ended, status=RunStatus.RUNNING, completed_at=None, fencing=0))
    world.runs = runs = Between(world.runs)

    async def refuse(run: Run) -> None:
        if run.id == first.id:
            raise UnavailableError("the store does not answer")

    runs.before = refuse
    async with world.process("p2") as process:
        await process.until(second, lambda run: run.status.is_final)
        await process.ended(second)
