"""One run in this process: its lease, its turn among the runs of its workflow, its work, and its end."""

from __future__ import annotations

import asyncio

from attrs import define, field

from flowcore.errors import FlowcoreError, NotFoundError, UnavailableError
from flowcore.model import Cluster, Lease, Run, RunStatus
from flowcore.runs import CancelRequested, ExecutorLost, RunEvent, RunResumed, RunStarted
from flowcore.usecases._waiting import first_of, until_answered
from flowcore.usecases.runs.desk import RunDesk
from flowcore.usecases.runs.preparing import GivenValues, Prepared, prepare
from flowcore.usecases.runs.record import LostRunError, RunRecord
from flowcore.usecases.runs.site import Site
from flowcore.versioning import with_drawing

#: Seconds between two looks whether the runs before this one have ended.
_TURN_POLL = 1.0


@define(eq=False)
class RunExecution:
    """Carries one run to its end.

    Attributes:
        given: values that came with the run; None when it was taken over from another process.
        rolls_back: whether the run asked for the last good version when it ended.
        broken: the error of ours that ended the run, if one did.
    """

    desk: RunDesk
    record: RunRecord
    lease: Lease
    given: GivenValues | None
    rolls_back: bool = False
    broken: Exception | None = None
    _events: asyncio.Queue[RunEvent] = field(factory=asyncio.Queue)
    _cancelled: asyncio.Event = field(factory=asyncio.Event)

    @classmethod
    def of(cls, desk: RunDesk, run: Run, lease: Lease, given: GivenValues | None) -> RunExecution:
        """Make the execution of a stored run under a held lease."""
        return cls(desk, RunRecord(desk, run, lease.token), lease, given)

    def cancel(self) -> None:
        """Ask the run to stop."""
        if not self._cancelled.is_set():
            self._cancelled.set()
            self._events.put_nowait(CancelRequested())

    async def __call__(self) -> Run:
        """Carry the run to its end, or until another process has it, and return it.

        While the store does not answer, the run waits for it; when the lease ends meanwhile, who comes next takes it.
        """
        try:
            keeping = asyncio.create_task(self._keep_lease())
            working = asyncio.create_task(self._carry_out())
            try:
                await asyncio.wait({keeping, working}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                keeping.cancel()
                working.cancel()
                await asyncio.wait({keeping, working})
            await (keeping if working.cancelled() else working)
        except LostRunError:
            pass
        finally:
            if not self.record.run.status.is_final:
                await self.desk.leases.release(self.lease)
        return self.record.run

    async def _keep_lease(self) -> None:
        leases = self.desk.leases
        while True:
            await self.desk.clock.sleep(leases.seconds / 3)
            try:
                renewed = await leases.renew(self.lease)
                if renewed is None:
                    raise LostRunError("the lease is lost")
                self.lease = renewed
                if await self.record.is_unwanted():
                    self.cancel()
            except UnavailableError:
                continue

    async def _carry_out(self) -> None:
        try:
            await self._work()
        except LostRunError:
            raise
        except FlowcoreError as error:
            await self.record.tell(ExecutorLost(error.message))
        except Exception as error:  # noqa: BLE001  a run never stays open because of a mistake in our code
            self.broken = error
            await self.record.tell(ExecutorLost(f"internal error: {type(error).__name__}"))
        await until_answered(self.desk.clock, lambda: self.desk.close_run(self.record.run))
        self.record.announce_end()

    async def _work(self) -> None:
        cluster, prepared = await until_answered(self.desk.clock, self._prepare)
        await self._turn()
        if await until_answered(self.desk.clock, self.record.is_unwanted):
            self.cancel()
        if self._cancelled.is_set() and self.record.run.status is RunStatus.PENDING:
            await self.record.tell(CancelRequested())
            return
        workflow_id = self.record.run.workflow_id
        async with (
            self.desk.access.connect(cluster) as connection,
            self.desk.watching.follow(workflow_id, cluster, prepared.targets) as view,
        ):
            site = Site(self.record, connection, view, prepared, self.given, self._events)
            await site.work(RunStarted() if self.given is not None else RunResumed())
            self.rolls_back = site.rolls_back

    async def _prepare(self) -> tuple[Cluster, Prepared]:
        run = self.record.run
        try:
            cluster = await self.desk.clusters.get(run.cluster_id)
        except NotFoundError:
            raise NotFoundError("the cluster of the run is not registered any more", code="cluster.not_found") from None
        workflow = await self.desk.workflows.get(run.workflow_id)
        version = await self.desk.history.get(run.workflow_id, run.version)
        drawn = with_drawing(workflow, version)
        return cluster, prepare(drawn, self.desk.catalogue, self.given or GivenValues())

    async def _turn(self) -> None:
        """Wait until every run of an earlier version has ended, so that the newest version is deployed last."""
        while not self._cancelled.is_set():
            if not await until_answered(self.desk.clock, lambda: self.desk.is_behind(self.record.run)):
                return
            await first_of(self.desk.turns.wait(self.desk.clock, _TURN_POLL), self._cancelled.wait())
