"""What is put together: everything that can be asked for."""

from __future__ import annotations

from attrs import field, frozen

from entrypoints.bootstrap._auditing import Administration, Auditing
from entrypoints.bootstrap._importing import Imports
from entrypoints.bootstrap._sharing import Together
from entrypoints.settings import Settings
from flowcore.kinds import Catalogue
from flowcore.ports.events import EventFeed
from flowcore.ports.storage import Store
from flowcore.ports.system import Clock
from flowcore.usecases import (
    api_tokens,
    archiving,
    authenticating,
    clusters,
    discovering,
    executing,
    following,
    invites,
    local_account,
    locking,
    oauth,
    oauth_linking,
    plugins,
    previewing,
    profiles,
    reading,
    registering,
    running,
    sessions,
    signing_in,
    targets,
    versions,
    workflows,
)
from flowcore.usecases.watching import Watching


@frozen(kw_only=True)
class App:
    """Everything that can be asked for, one field per use case, and the parts that live as long as the service."""

    settings: Settings
    catalogue: Catalogue
    clock: Clock
    store: Store
    feed: EventFeed
    watching: Watching
    executor: executing.RunExecutor
    sandbox_kubeconfig: str = field(repr=False)
    provide_cluster: clusters.ProvideCluster | None
    register: registering.Register
    act_locally: local_account.ActLocally
    sign_in: signing_in.SignIn
    authenticate: authenticating.Authenticate
    identify: authenticating.Identify
    api_tokens: api_tokens.ApiTokens
    sign_out_everywhere: sessions.SignOutEverywhere
    sessions: sessions.Sessions
    refresh_token: authenticating.RefreshToken
    providers: oauth.Providers
    begin_oauth: oauth.BeginOAuth
    finish_oauth: oauth.FinishOAuth
    exchange_code: oauth.ExchangeCode
    identities: oauth_linking.Identities
    change_profile: profiles.ChangeProfile
    change_email: profiles.ChangeEmail
    change_password: profiles.ChangePassword
    confirm_password: profiles.ConfirmPassword
    lockout: locking.Lockout
    house_codes: invites.HouseCodes
    invites: invites.Invites
    add_cluster: clusters.AddCluster
    update_cluster: clusters.UpdateCluster
    cluster_queries: targets.ClusterQueries
    set_default_cluster: clusters.SetDefaultCluster
    test_cluster: clusters.TestCluster
    read_namespace: reading.ReadNamespace
    list_definitions: discovering.ListDefinitions
    plugins: plugins.Plugins
    delete_cluster: clusters.DeleteCluster
    create_workflow: workflows.CreateWorkflow
    workflow_queries: workflows.WorkflowQueries
    save_workflow: workflows.SaveWorkflow
    clone_workflow: workflows.CloneWorkflow
    delete_workflow: workflows.DeleteWorkflow
    set_status: archiving.SetStatus
    version_queries: versions.VersionQueries
    create_version: versions.CreateVersion
    describe_version: versions.DescribeVersion
    restore_version: versions.RestoreVersion
    start_run: running.StartRun
    run_queries: running.RunQueries
    cancel_run: running.CancelRun
    validate_workflow: previewing.ValidateWorkflow
    preview_run: previewing.PreviewRun
    status_queries: following.StatusQueries
    follow_workflow: following.FollowWorkflow
    imports: Imports
    together: Together
    audit: Auditing
    administration: Administration
