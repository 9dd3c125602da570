"""Runs: from the store and the clusters to what can be asked for."""

from __future__ import annotations

from attrs import frozen

from entrypoints.bootstrap._ports import Ports
from entrypoints.settings import Settings
from flowcore.ports.storage import CLUSTERS, LEASES, RUNS, VERSIONS, WORKFLOWS
from flowcore.usecases.access import Authorizer
from flowcore.usecases.clusters.targets import ClusterQueries
from flowcore.usecases.drawings.versions import History
from flowcore.usecases.drawings.workflows import SaveWorkflow
from flowcore.usecases.leasing import Leases
from flowcore.usecases.runs.archiving import SetStatus
from flowcore.usecases.runs.desk import RunDesk
from flowcore.usecases.runs.executing import RunExecutor
from flowcore.usecases.runs.following import FollowWorkflow, StatusQueries
from flowcore.usecases.runs.previewing import PreviewRun
from flowcore.usecases.runs.running import CancelRun, RunQueries, StartRun
from flowcore.usecases.runs.watching import Watching


@frozen(kw_only=True)
class Runs:
    """The use cases of runs, and the two that live as long as the service: the executor and the watches."""

    executor: RunExecutor
    watching: Watching
    start: StartRun
    queries: RunQueries
    cancel: CancelRun
    preview: PreviewRun
    set_status: SetStatus
    statuses: StatusQueries
    follow: FollowWorkflow


def wire_desk(ports: Ports, settings: Settings, authorizer: Authorizer) -> RunDesk:
    """Return what every run needs at hand."""
    store, clock, ids = ports.store, ports.clock, ports.ids
    leases = Leases(
        store=store.repository(LEASES), clock=clock, holder=ids.new_secret(), seconds=settings.lease_seconds
    )
    return RunDesk(
        authorizer=authorizer,
        workflows=store.repository(WORKFLOWS),
        runs=store.repository(RUNS),
        clusters=store.repository(CLUSTERS),
        history=History(versions=store.repository(VERSIONS), keep=settings.keep_versions),
        leases=leases,
        access=ports.access,
        watching=Watching(ports.access, ports.feed, clock, lingers=settings.watch_lingers),
        feed=ports.feed,
        catalogue=ports.catalogue,
        clock=clock,
        ids=ids,
    )


def wire_runs(desk: RunDesk, executor: RunExecutor, targets: ClusterQueries, save: SaveWorkflow) -> Runs:
    """Put the use cases together; nothing starts."""
    queries = RunQueries(authorizer=desk.authorizer, runs=desk.runs)
    statuses = StatusQueries(authorizer=desk.authorizer, runs=desk.runs, watching=desk.watching)
    return Runs(
        executor=executor,
        watching=desk.watching,
        start=StartRun(desk=desk, executor=executor, clusters=targets),
        queries=queries,
        cancel=CancelRun(queries=queries, executor=executor),
        preview=PreviewRun(desk=desk, clusters=targets),
        set_status=SetStatus(desk=desk, save=save),
        statuses=statuses,
        follow=FollowWorkflow(
            queries=statuses,
            clusters=targets,
            history=desk.history,
            watching=desk.watching,
            feed=desk.feed,
            catalogue=desk.catalogue,
            clock=desk.clock,
        ),
    )
