"""Administration and the audit log: from the store to what can be asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from attrs import frozen

from entrypoints.bootstrap._ports import Ports
from entrypoints.settings import Settings
from flowcore.model import Run, User
from flowcore.ports.audit import AuditLog
from flowcore.ports.storage import (
    API_TOKENS,
    AUDIT_LOG,
    GIT_ACCESSES,
    GRANTS,
    IDENTITIES,
    IMPORT_SESSIONS,
    PLUGIN_CHOICES,
    TEAMS,
    USERS,
    Store,
)
from flowcore.usecases.access import Authorizer
from flowcore.usecases.accounts.sessions import Sessions
from flowcore.usecases.administration.accounts import AdministerUser, Administrators, UserDirectory
from flowcore.usecases.administration.inheriting import Deployments, TeamPlaces
from flowcore.usecases.administration.leaving import DeleteUser, Estate, Personal
from flowcore.usecases.auditing.dampening import Dampener
from flowcore.usecases.auditing.queries import AuditQueries
from flowcore.usecases.auditing.recording import AuditRecorder, StoredAuditLog, run_ended, run_unasked
from flowcore.usecases.clusters.keeping import ProvideCluster
from flowcore.usecases.clusters.targets import ClusterQueries
from flowcore.usecases.leasing import Leases
from flowcore.usecases.runs.desk import RunDesk
from flowcore.usecases.runs.executing import RunExecutor


@frozen(kw_only=True)
class Auditing:
    """The audit log: writing, reading, and not being flooded."""

    recorder: AuditRecorder
    queries: AuditQueries
    dampener: Dampener


@frozen(kw_only=True)
class Administration:
    """The use cases of who runs the service."""

    users: UserDirectory
    administer: AdministerUser
    delete: DeleteUser


def wire_auditing(ports: Ports, settings: Settings) -> Auditing:
    """Put the audit log together; nothing is written yet."""
    log = audit_log_of(ports.store)
    return Auditing(
        recorder=AuditRecorder(log=log, clock=ports.clock, ids=ports.ids, keep=keep_of(settings)),
        queries=AuditQueries(log=log, users=ports.store.repository(USERS)),
        dampener=Dampener(ports.clock),
    )


def keep_of(settings: Settings) -> timedelta | None:
    """Return how long entries are kept; None for ever."""
    return timedelta(days=settings.audit_keep_days) if settings.audit_keep_days else None


def audit_log_of(store: Store) -> AuditLog:
    """Return the audit log of a store."""
    return StoredAuditLog(store.repository(AUDIT_LOG))


def wire_executor(desk: RunDesk, ports: Ports, settings: Settings, recorder: AuditRecorder) -> RunExecutor:
    """Put the executor together: what it does with runs that nobody asked for just then is recorded."""

    def on_end(run: Run, error: BaseException | None) -> None:
        recorder.note(run_ended(run))
        ports.on_run_end(run, error)

    def on_unasked(run: Run, is_rollback: bool) -> None:
        recorder.note(run_unasked(run, is_rollback))

    return RunExecutor(desk, settings.recover_every, on_end, on_unasked)


def wire_administration(
    ports: Ports,
    authorizer: Authorizer,
    sessions: Sessions,
    leases: Leases,
    targets: ClusterQueries,
    *,
    provide: ProvideCluster | None,
    forgive: Callable[[User], Awaitable[None]],
) -> Administration:
    """Put the use cases together.

    Args:
        ports: what stands behind every port.
        authorizer: knows what belongs to whom.
        sessions: everybody's.
        leases: of this process.
        targets: finds the clusters that workflows are deployed to.
        provide: gives everybody a cluster; None where nothing is given.
        forgive: lets somebody who is locked out by failed sign-ins try again.
    """
    store, clock = ports.store, ports.clock
    users, teams = store.repository(USERS), store.repository(TEAMS)
    administrators = Administrators(users=users, leases=leases)
    deployments = Deployments(
        workflows=authorizer.workflows,
        clusters=authorizer.clusters,
        grants=authorizer.grants,
        targets=targets,
        clock=clock,
        is_gift=provide.is_gift if provide is not None else lambda _: False,
    )
    estates: list[Estate] = [
        Personal(store.repository(API_TOKENS), "user_id"),
        Personal(store.repository(GIT_ACCESSES), "owner_id"),
        Personal(store.repository(IMPORT_SESSIONS), "owner_id"),
        Personal(store.repository(PLUGIN_CHOICES), "user_id"),
        deployments,
        Personal(store.repository(GRANTS), "grantee_id"),
        TeamPlaces(teams=teams, memberships=authorizer.memberships, leases=leases),
        Personal(store.repository(IDENTITIES), "user_id"),
    ]
    return Administration(
        users=UserDirectory(users=users),
        administer=AdministerUser(
            users=users, sessions=sessions, administrators=administrators, clock=clock, forgive=forgive
        ),
        delete=DeleteUser(
            users=users, teams=teams, sessions=sessions, administrators=administrators, estates=estates, clock=clock
        ),
    )
