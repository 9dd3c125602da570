"""The executor: owns every run that this process works on, and takes over what others left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from attrs import define, evolve, field

from flowcore.errors import FlowcoreError
from flowcore.model import FailurePolicy, Lease, Run, RunStatus, Version
from flowcore.usecases._changing import change
from flowcore.usecases.runs.desk import RunDesk, RunOrder, lease_name
from flowcore.usecases.runs.execution import RunExecution
from flowcore.usecases.runs.preparing import GivenValues, prepare
from flowcore.usecases.runs.record import RunRecord
from flowcore.versioning import restored, with_drawing


def _ignore(run: Run, error: BaseException | None) -> None:
    return None


def _ignore_run(run: Run, is_rollback: bool) -> None:
    return None


@define(eq=False)
class RunExecutor:
    """Works on runs in the background. Open it as an async context; leaving it stops the work, not the runs: their
    leases are given back, and another process, or the next start of this one, finishes them.

    Attributes:
        recover_every: seconds between two looks for runs that nobody works on.
        on_end: told when the work on a run ends, with the error that broke it off, if one did.
        on_unasked: told when work begins that nobody asked for: on a run that another process left, or on a rollback;
            the second word says whether it is one.
    """

    desk: RunDesk
    recover_every: float = 5
    on_end: Callable[[Run, BaseException | None], None] = _ignore
    on_unasked: Callable[[Run, bool], None] = _ignore_run
    _jobs: dict[str, asyncio.Task[None]] = field(factory=dict)
    _executions: dict[str, RunExecution] = field(factory=dict)
    _recovering: asyncio.Task[None] | None = None

    async def __aenter__(self) -> RunExecutor:
        self._recovering = asyncio.create_task(self._recover(), name="recover runs")
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = [task for task in (self._recovering, *self._jobs.values()) if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def submit(self, run: Run, lease: Lease, given: GivenValues | None) -> None:
        """Work on a stored run under its lease, in the background; *given* is None when it was taken over."""
        execution = RunExecution.of(self.desk, run, lease, given)
        self._executions[run.id] = execution
        self._jobs[run.id] = asyncio.create_task(self._execute(execution), name=f"run {run.id}")

    def cancel(self, run_id: str) -> bool:
        """Ask a run that this process works on to stop; say whether there is one."""
        execution = self._executions.get(run_id)
        if execution is not None:
            execution.cancel()
        return execution is not None

    async def finished(self, run_id: str) -> None:
        """Wait until this process no longer works on a run."""
        job = self._jobs.get(run_id)
        if job is not None:
            await asyncio.wait([job])

    async def recover(self) -> list[str]:
        """Take over every run that should be worked on and is not; return their ids.

        Raises:
            UnavailableError: the store does not answer.
        """
        taken = []
        active = {"status": (RunStatus.PENDING, RunStatus.RUNNING)}
        for run in await self.desk.runs.find(active, order_by=("started_at",)):
            with suppress(FlowcoreError):  # one that cannot be taken over now is tried again, and holds up no other
                if run.id not in self._jobs and await self._take_over(run):
                    taken.append(run.id)
        return taken

    async def _take_over(self, run: Run) -> bool:
        lease = await self.desk.leases.acquire(lease_name(run.id))
        if lease is None:
            return False
        fenced = await change(self.desk.runs, run.id, lambda r: evolve(r, fencing=max(r.fencing, lease.token)))
        if fenced.status.is_final:
            await self.desk.leases.forget(lease.id)
            return False
        self.submit(fenced, lease, None)
        self.on_unasked(fenced, False)
        return True

    async def close_forgotten(self) -> None:
        """Write down what a process that died had no time for: how runs ended, on their versions.

        Raises:
            UnavailableError: the store does not answer.
        """
        versions = self.desk.history.versions
        for version in await self.desk.history.pending():
            found = await self.desk.runs.find({"id": version.run_id}, limit=1)
            if found and found[0].status.is_final:
                with suppress(FlowcoreError):
                    await self._close(found[0])
            if not found and self.desk.is_forsaken(version):
                # Nothing was ever applied.
                await change(versions, version.id, lambda v: evolve(v, run_status=str(RunStatus.CANCELLED)))

    async def _close(self, run: Run) -> None:
        """Write down how a run ended, unless the process that ended it is about to: it still holds the lease."""
        lease = await self.desk.leases.acquire(lease_name(run.id))
        if lease is None:
            return
        version = await self.desk.history.get(run.workflow_id, run.version)
        if version.run_status == RunStatus.PENDING:
            await self.desk.close_run(run)
            RunRecord(self.desk, run, lease.token).announce_end()
            if run.status is RunStatus.FAILED and run.options.policy is FailurePolicy.ROLLBACK and run.deadline:
                await self._roll_back(run)
        else:
            await self.desk.leases.forget(lease.id)

    async def _recover(self) -> None:
        while True:
            with suppress(FlowcoreError):
                await self.close_forgotten()
            with suppress(FlowcoreError):
                await self.recover()
            await self.desk.clock.sleep(self.recover_every)

    async def _execute(self, execution: RunExecution) -> None:
        run = execution.record.run
        error: BaseException | None = None
        try:
            run = await execution()
            error = execution.broken
            if execution.rolls_back:
                await self._roll_back(run)
        except FlowcoreError as caught:
            error = caught
        finally:
            self._executions.pop(run.id, None)
            self._jobs.pop(run.id, None)
        self.on_end(run, error)

    async def _roll_back(self, failed: Run) -> None:
        """Run the last good version again, as a new version; a rollback that fails is not rolled back.

        Where a newer version is being deployed already, or was, that one stands: a rollback would undo it.
        """
        desk = self.desk
        good = await desk.history.last_good(failed.workflow_id, before=failed.version)
        if good is None or await desk.history.newest_run(failed.workflow_id) > failed.version:
            return
        workflow = with_drawing(await desk.workflows.get(failed.workflow_id), good)
        cluster = await desk.clusters.get(failed.cluster_id)

        def make(number: int, run_id: str) -> Version:
            now, by = desk.clock.now(), failed.user_id
            return restored(good, id_=desk.ids.new_id(), number=number, at=now, by=by, run_id=run_id)

        order = RunOrder(
            workflow=workflow,
            cluster=cluster,
            prepared=prepare(workflow, desk.catalogue, GivenValues()),
            make_version=make,
            options=evolve(failed.options, policy=FailurePolicy.STOP, given_env={}),
            triggered_by="rollback",
            user_id=failed.user_id,
        )
        run, lease = await desk.open_run(order)
        self.submit(run, lease, GivenValues())
        self.on_unasked(run, True)
