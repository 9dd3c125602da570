"""Put every use case together; here the type checker sees that every adapter fits its port."""

from __future__ import annotations

from entrypoints.bootstrap._app import App, Ports
from entrypoints.bootstrap._identity import wire_identity
from entrypoints.bootstrap._importing import wire_imports
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
    executing,
    following,
    local_account,
    plugins,
    previewing,
    profiles,
    reading,
    registering,
    running,
    sessions,
    signing_in,
    versions,
    workflows,
)
from flowcore.usecases.desk import RunDesk
from flowcore.usecases.enrolling import SignUpPolicy
from flowcore.usecases.leasing import Leases
from flowcore.usecases.throttling import Throttle
from flowcore.usecases.watching import Watching


def wire(ports: Ports, settings: Settings) -> App:
    """Put every use case together; nothing is opened and nothing starts."""
    store, clock, ids, catalogue = ports.store, ports.clock, ports.ids, ports.catalogue
    users, kept = store.repository(USERS), store.repository(CLUSTERS)
    drawn, runs = store.repository(WORKFLOWS), store.repository(RUNS)
    desk = _desk(ports, settings)
    leases, history, watching = desk.leases, desk.history, desk.watching
    executor = executing.RunExecutor(desk, settings.recover_every, ports.on_run_end)
    add = clusters.AddCluster(clusters=kept, access=ports.access, clock=clock, ids=ids)
    provide = None
    if ports.gift is not None:
        provide = clusters.ProvideCluster(clusters=kept, add=add, draft=ports.gift)
    welcome = provide or registering.welcome_nobody
    opened = sessions.Sessions(kept=store.repository(SESSIONS), tokens=ports.tokens, clock=clock, ids=ids)
    register = registering.Register(
        users=users,
        hasher=ports.hasher,
        sessions=opened,
        clock=clock,
        ids=ids,
        leases=leases,
        policy=_policy(settings),
        welcome=welcome,
    )
    authenticate = authenticating.Authenticate(users=users, sessions=opened.kept, tokens=ports.tokens, clock=clock)
    own_tokens = api_tokens.ApiTokens(kept=store.repository(API_TOKENS), clock=clock, ids=ids)
    chosen = clusters.ClusterQueries(clusters=kept)
    create = workflows.CreateWorkflow(workflows=drawn, clock=clock, ids=ids)
    save = workflows.SaveWorkflow(workflows=drawn, clock=clock)
    run_queries = running.RunQueries(workflows=drawn, runs=runs)
    statuses = following.StatusQueries(workflows=drawn, runs=runs, watching=watching)
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
        register=register,
        **wire_identity(ports, settings, register),
        act_locally=local_account.ActLocally(users=users, clock=clock, ids=ids, welcome=welcome),
        sign_in=signing_in.SignIn(
            users=users,
            hasher=ports.hasher,
            sessions=opened,
            throttle=Throttle(clock),
            welcome=welcome,
        ),
        authenticate=authenticate,
        identify=authenticating.Identify(authenticate=authenticate, api_tokens=own_tokens, users=users),
        api_tokens=own_tokens,
        sign_out_everywhere=sessions.SignOutEverywhere(users=users, sessions=opened, clock=clock),
        sessions=opened,
        refresh_token=authenticating.RefreshToken(authenticate=authenticate, sessions=opened, clock=clock, ids=ids),
        change_profile=profiles.ChangeProfile(users=users, clock=clock),
        change_password=profiles.ChangePassword(users=users, hasher=ports.hasher, sessions=opened, clock=clock),
        add_cluster=add,
        update_cluster=clusters.UpdateCluster(clusters=kept, access=ports.access, clock=clock),
        cluster_queries=chosen,
        set_default_cluster=clusters.SetDefaultCluster(clusters=kept, clock=clock),
        test_cluster=clusters.TestCluster(clusters=kept, access=ports.access, clock=clock),
        read_namespace=reading.ReadNamespace(access=ports.access, catalogue=catalogue),
        plugins=plugins.Plugins(choices=store.repository(PLUGIN_CHOICES), catalogue=catalogue, clock=clock, ids=ids),
        list_definitions=discovering.ListDefinitions(clusters=chosen, access=ports.access),
        delete_cluster=clusters.DeleteCluster(clusters=kept),
        create_workflow=create,
        workflow_queries=workflows.WorkflowQueries(workflows=drawn),
        save_workflow=save,
        clone_workflow=workflows.CloneWorkflow(workflows=drawn, create=create),
        delete_workflow=workflows.DeleteWorkflow(workflows=drawn, clock=clock),
        set_status=archiving.SetStatus(desk=desk, save=save),
        version_queries=versions.VersionQueries(workflows=drawn, history=history),
        create_version=versions.CreateVersion(workflows=drawn, history=history, clock=clock, ids=ids),
        describe_version=versions.DescribeVersion(workflows=drawn, history=history),
        restore_version=versions.RestoreVersion(workflows=drawn, history=history, clock=clock, ids=ids),
        start_run=running.StartRun(desk=desk, executor=executor, clusters=chosen),
        run_queries=run_queries,
        cancel_run=running.CancelRun(queries=run_queries, executor=executor),
        validate_workflow=previewing.ValidateWorkflow(workflows=drawn, catalogue=catalogue),
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
        imports=wire_imports(
            store,
            settings,
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


def _desk(ports: Ports, settings: Settings) -> RunDesk:
    store, clock, ids = ports.store, ports.clock, ports.ids
    leases = Leases(
        store=store.repository(LEASES), clock=clock, holder=ids.new_secret(), seconds=settings.lease_seconds
    )
    return RunDesk(
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


def _policy(settings: Settings) -> SignUpPolicy:
    return SignUpPolicy(
        is_enabled=settings.signup_enabled,
        invite_code=settings.invite_code,
        allowed_domains=settings.allowed_domains,
    )
