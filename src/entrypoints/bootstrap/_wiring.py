"""Put every use case together; here the type checker sees that every adapter fits its port."""

from __future__ import annotations

from entrypoints.bootstrap._accounts import wire_accounts
from entrypoints.bootstrap._app import App
from entrypoints.bootstrap._auditing import wire_administration, wire_auditing, wire_executor
from entrypoints.bootstrap._clusters import wire_clusters
from entrypoints.bootstrap._drawings import wire_plugins, wire_versions, wire_workflows
from entrypoints.bootstrap._identity import wire_identity
from entrypoints.bootstrap._importing import wire_imports
from entrypoints.bootstrap._ports import Ports
from entrypoints.bootstrap._runs import wire_desk, wire_runs
from entrypoints.bootstrap._sharing import wire_together
from entrypoints.settings import Settings
from flowcore.usecases.access import Authorizer
from flowcore.usecases.accounts.registering import welcome_nobody


def wire(ports: Ports, settings: Settings) -> App:
    """Put every use case together; nothing is opened and nothing starts."""
    authorizer = Authorizer.over(ports.store, ports.clock)
    clusters = wire_clusters(ports, authorizer)
    accounts = wire_accounts(ports, settings, clusters.provide or welcome_nobody)
    workflows = wire_workflows(ports, authorizer, clusters.queries)
    desk = wire_desk(ports, settings, authorizer)
    audit = wire_auditing(ports, settings)
    executor = wire_executor(desk, ports, settings, audit.recorder)
    return App(
        settings=settings,
        catalogue=ports.catalogue,
        clock=ports.clock,
        store=ports.store,
        feed=ports.feed,
        sandbox_kubeconfig=ports.sandbox_kubeconfig,
        accounts=accounts,
        oauth=wire_identity(ports, settings, accounts.register, desk.leases),
        together=wire_together(ports, authorizer, desk.leases, clusters.queries, clusters.provide),
        clusters=clusters,
        workflows=workflows,
        versions=wire_versions(ports, authorizer, desk.history),
        runs=wire_runs(desk, executor, clusters.queries, workflows.save),
        imports=wire_imports(ports, settings, authorizer, workflows),
        plugins=wire_plugins(ports),
        audit=audit,
        administration=wire_administration(
            ports,
            authorizer,
            accounts.sessions,
            desk.leases,
            clusters.queries,
            provide=clusters.provide,
            forgive=accounts.lockout.forgive,
        ),
    )
