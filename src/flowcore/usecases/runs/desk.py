"""What every run needs at hand, and the first steps of a run: version, record, counters."""

from __future__ import annotations

from collections.abc import Callable

from attrs import evolve, field, frozen

from flowcore.errors import UnavailableError
from flowcore.kinds import Catalogue
from flowcore.model import Cluster, Lease, Run, RunOptions, RunStatus, Version, Workflow
from flowcore.ports.cluster import Clusters
from flowcore.ports.events import EventFeed
from flowcore.ports.storage import Repository
from flowcore.ports.system import Clock, IdSource
from flowcore.usecases._changing import change
from flowcore.usecases._waiting import Turns
from flowcore.usecases.access import Authorizer
from flowcore.usecases.drawings.versions import History, with_newest
from flowcore.usecases.leasing import Leases
from flowcore.usecases.runs.preparing import Prepared
from flowcore.usecases.runs.watching import Watching


@frozen(kw_only=True)
class RunDesk:
    """The ports that runs are worked on with."""

    authorizer: Authorizer
    workflows: Repository[Workflow]
    runs: Repository[Run]
    clusters: Repository[Cluster]
    history: History
    leases: Leases
    access: Clusters
    watching: Watching
    feed: EventFeed
    catalogue: Catalogue
    clock: Clock
    ids: IdSource
    turns: Turns = field(factory=Turns)

    async def open_run(self, order: RunOrder) -> tuple[Run, Lease]:
        """Store the version and the run record, in this order, and hold the run's lease.

        Nothing is applied before both exist. The lease is taken first, so that no other process can take the run for
        an orphan, and with it the values that only this process knows.

        Raises:
            ConflictError: others took the next version number too often.
            UnavailableError: the lease could not be taken.
        """
        run_id = self.ids.new_id()
        lease = await self.leases.acquire(lease_name(run_id))
        if lease is None:
            raise UnavailableError(f"the lease of the new run {run_id} is not free")
        version = await self.history.append(order.workflow.id, lambda number: order.make_version(number, run_id))
        now = self.clock.now()
        run = Run(
            id=run_id,
            workflow_id=order.workflow.id,
            version=version.number,
            owner_id=order.workflow.owner_id,
            cluster_id=order.cluster.id,
            started_at=now,
            node_states=order.prepared.states(),
            triggered_by=order.triggered_by,
            user_id=order.user_id,
            logs=tuple(f"[{now:%H:%M:%S}] {note}" for note in order.notes),
            options=order.options,
            fencing=lease.token,
        )
        stored = await self.runs.add(run)

        def count(workflow: Workflow) -> Workflow:
            counted = evolve(workflow, run_count=workflow.run_count + 1, last_run_at=now)
            return with_newest(counted, version.number)

        await change(self.workflows, order.workflow.id, count)
        return stored, lease

    async def is_behind(self, run: Run) -> bool:
        """Say whether a run of an earlier version of the same workflow is still to end, or even to be recorded."""
        active = {"workflow_id": run.workflow_id, "status": (RunStatus.PENDING, RunStatus.RUNNING)}
        if any(other.version < run.version for other in await self.runs.find(active)):
            return True
        pending = await self.history.pending(run.workflow_id)
        return any([await self._is_coming(version) for version in pending if version.number < run.version])

    async def _is_coming(self, version: Version) -> bool:
        found = await self.runs.find({"id": version.run_id}, limit=1)
        return not found[0].status.is_final if found else not self.is_forsaken(version)

    def is_forsaken(self, version: Version) -> bool:
        """Say of a version without a run record whether it never gets one: its process died between the two."""
        return (self.clock.now() - version.created_at).total_seconds() > self.leases.seconds

    async def close_run(self, run: Run) -> None:
        """Write down elsewhere how a run ended: on its version, on the workflow's counters."""
        good = int(run.status is RunStatus.COMPLETED)
        bad = int(run.status is RunStatus.FAILED)
        await change(
            self.workflows,
            run.workflow_id,
            lambda w: evolve(w, success_count=w.success_count + good, failure_count=w.failure_count + bad),
        )
        version = await self.history.get(run.workflow_id, run.version)
        await change(self.history.versions, version.id, lambda v: evolve(v, run_status=str(run.status)))
        await self.leases.forget(lease_name(run.id))
        self.turns.tell()


@frozen(kw_only=True)
class RunOrder:
    """What is to be run.

    Attributes:
        workflow: as it is drawn in the version that is run.
        make_version: makes the version from its number and the run's id.
        notes: what people should know before it begins.
    """

    workflow: Workflow
    cluster: Cluster
    prepared: Prepared
    make_version: Callable[[int, str], Version]
    options: RunOptions = field(factory=RunOptions)
    triggered_by: str = "manual"
    user_id: str = ""
    notes: tuple[str, ...] = ()


def lease_name(run_id: str) -> str:
    """Return the name of a run's lease."""
    return f"run:{run_id}"
