"""Put every use case together; here the type checker sees that every adapter fits its port."""

from __future__ import annotations

from entrypoints.bootstrap._accounts import wire_accounts
from entrypoints.bootstrap._app import App
from entrypoints.bootstrap._auditing import wire_administration, wire_auditing, wire_executor
from entrypoints.bootstrap._identity import wire_identity
from entrypoints.bootstrap._importing import wire_imports
from entrypoints.bootstrap._ports import Ports
from entrypoints.bootstrap._sharing import wire_together
from entrypoints.settings import Settings
from flowcore.ports.storage import (
    API_TOKENS,
    CLUSTERS,
    LEASES,
    PLUGIN_CHOICES,
    RUNS,
    SESSIONS,
    USERS,
    VERSIONS,
    WORKFLOWS,
)
from flowcore.usecases import (
    api_tokens,
    archiving,
    authenticating,
    clusters,
    discovering,
    following,
    local_account,
    plugins,
    previewing,
    reading,
    registering,
    running,
    sessions,
    targets,
    versions,
    workflows,
)
from flowcore.usecases.access import Authorizer
from flowcore.usecases.desk import RunDesk
from flowcore.usecases.leasing import Leases
from flowcore.usecases.watching import Watching


def wire(ports: Ports, settings: Settings) -> App:
    """Put every use case together; nothing is opened and nothing starts."""
    store, clock, ids, catalogue = ports.store, ports.clock, ports.ids, ports.catalogue
    users, kept = store.repository(USERS), store.repository(CLUSTERS)
    drawn, runs = store.repository(WORKFLOWS), store.repository(RUNS)
    authorizer = Authorizer.over(store, clock)
    desk = _desk(ports, settings, authorizer)
    leases, history, watching = desk.leases, desk.history, desk.watching
    audit = wire_auditing(ports, settings)
    executor = wire_executor(desk, ports, settings, audit.recorder)
    add = clusters.AddCluster(authorizer=authorizer, clusters=kept, access=ports.access, clock=clock, ids=ids)
    provide = None
    if ports.gift is not None:
        provide = clusters.ProvideCluster(clusters=kept, add=add, draft=ports.gift)
    welcome = provide or registering.welcome_nobody
    opened = sessions.Sessions(kept=store.repository(SESSIONS), tokens=ports.tokens, clock=clock, ids=ids)
    accounts = wire_accounts(ports, settings, opened, welcome)
    authenticate = authenticating.Authenticate(users=users, sessions=opened.kept, tokens=ports.tokens, clock=clock)
    own_tokens = api_tokens.ApiTokens(kept=store.repository(API_TOKENS), clock=clock, ids=ids)
    chosen = targets.ClusterQueries(authorizer=authorizer)
    create = workflows.CreateWorkflow(authorizer=authorizer, workflows=drawn, clock=clock, ids=ids)
    save = workflows.SaveWorkflow(authorizer=authorizer, targets=chosen, workflows=drawn, clock=clock)
    run_queries = running.RunQueries(authorizer=authorizer, runs=runs)
    statuses = following.StatusQueries(authorizer=authorizer, runs=runs, watching=watching)
    return App(
        settings=settings,
        catalogue=catalogue,
        clock=clock,
        store=store,
        feed=ports.feed,
        watching=watching,
        executor=executor,
        sandbox_kubeconfig=ports.sandbox_kubeconfig,
        provide_cluster=provide,
        **accounts,
        **wire_identity(ports, settings, accounts["register"], leases),
        act_locally=local_account.ActLocally(users=users, clock=clock, ids=ids, welcome=welcome),
        authenticate=authenticate,
        identify=authenticating.Identify(authenticate=authenticate, api_tokens=own_tokens, users=users),
        api_tokens=own_tokens,
        sign_out_everywhere=sessions.SignOutEverywhere(users=users, sessions=opened, clock=clock),
        sessions=opened,
        refresh_token=authenticating.RefreshToken(authenticate=authenticate, sessions=opened, clock=clock, ids=ids),
        add_cluster=add,
        update_cluster=clusters.UpdateCluster(authorizer=authorizer, clusters=kept, access=ports.access, clock=clock),
        cluster_queries=chosen,
        set_default_cluster=clusters.SetDefaultCluster(authorizer=authorizer, clusters=kept, clock=clock),
        test_cluster=clusters.TestCluster(authorizer=authorizer, clusters=kept, access=ports.access, clock=clock),
        read_namespace=reading.ReadNamespace(access=ports.access, catalogue=catalogue),
        plugins=plugins.Plugins(choices=store.repository(PLUGIN_CHOICES), catalogue=catalogue, clock=clock, ids=ids),
        list_definitions=discovering.ListDefinitions(clusters=chosen, access=ports.access),
        delete_cluster=clusters.DeleteCluster(authorizer=authorizer, clusters=kept),
        create_workflow=create,
        workflow_queries=workflows.WorkflowQueries(authorizer=authorizer),
        save_workflow=save,
        clone_workflow=workflows.CloneWorkflow(authorizer=authorizer, create=create),
        delete_workflow=workflows.DeleteWorkflow(authorizer=authorizer, workflows=drawn, clock=clock),
        set_status=archiving.SetStatus(desk=desk, save=save),
        version_queries=versions.VersionQueries(authorizer=authorizer, history=history),
        create_version=versions.CreateVersion(
            authorizer=authorizer, workflows=drawn, history=history, clock=clock, ids=ids
        ),
        describe_version=versions.DescribeVersion(authorizer=authorizer, history=history),
        restore_version=versions.RestoreVersion(
            authorizer=authorizer, workflows=drawn, history=history, clock=clock, ids=ids
        ),
        start_run=running.StartRun(desk=desk, executor=executor, clusters=chosen),
        run_queries=run_queries,
        cancel_run=running.CancelRun(queries=run_queries, executor=executor),
        validate_workflow=previewing.ValidateWorkflow(authorizer=authorizer, catalogue=catalogue),
        preview_run=previewing.PreviewRun(desk=desk, clusters=chosen),
        status_queries=statuses,
        follow_workflow=following.FollowWorkflow(
            queries=statuses,
            clusters=chosen,
            history=history,
            watching=watching,
            feed=ports.feed,
            catalogue=catalogue,
            clock=clock,
        ),
        audit=audit,
        administration=wire_administration(
            ports, authorizer, opened, leases, chosen, provide=provide, forgive=accounts["lockout"].forgive
        ),
        together=wire_together(ports, authorizer, leases, chosen, provide),
        imports=wire_imports(
            store,
            settings,
            authorizer=authorizer,
            git=ports.git,
            cipher=ports.cipher,
            feed=ports.feed,
            clock=clock,
            ids=ids,
            catalogue=catalogue,
            create=create,
            save=save,
        ),
    )


def _desk(ports: Ports, settings: Settings, authorizer: Authorizer) -> RunDesk:
    store, clock, ids = ports.store, ports.clock, ports.ids
    leases = Leases(
        store=store.repository(LEASES), clock=clock, holder=ids.new_secret(), seconds=settings.lease_seconds
    )
    return RunDesk(
        authorizer=authorizer,
        workflows=store.repository(WORKFLOWS),
        runs=store.repository(RUNS),
        clusters=store.repository(CLUSTERS),
        history=versions.History(versions=store.repository(VERSIONS), keep=settings.keep_versions),
        leases=leases,
        access=ports.access,
        watching=Watching(ports.access, ports.feed, clock, lingers=settings.watch_lingers),
        feed=ports.feed,
        catalogue=ports.catalogue,
        clock=clock,
        ids=ids,
    )
