"""What is put together: the ports, and everything that can be asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypedDict

from attrs import field, frozen

from entrypoints.bootstrap._importing import Imports
from entrypoints.settings import Settings
from flowcore.kinds import Catalogue, core_catalogue
from flowcore.model import Run
from flowcore.ports.cluster import Clusters
from flowcore.ports.events import EventFeed
from flowcore.ports.git import GitSource
from flowcore.ports.identity import IdentityProvider
from flowcore.ports.network import AddressGuard
from flowcore.ports.security import PasswordHasher, SecretCipher, TokenIssuer
from flowcore.ports.storage import Store
from flowcore.ports.system import Clock, IdSource
from flowcore.usecases import (
    api_tokens,
    archiving,
    authenticating,
    clusters,
    discovering,
    executing,
    following,
    local_account,
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
    versions,
    workflows,
)
from flowcore.usecases.watching import Watching


@frozen(kw_only=True)
class Ports:
    """What stands behind every port.

    Attributes:
        gift: the cluster that every user is given; None for none.
        guard: the gate for every host that a user names.
        git: the way to Git repositories, through the gate.
        sandbox_kubeconfig: how kubectl reaches the sandbox; empty without one. It holds the sandbox's token.
        identity_providers: the ways to the providers of the settings, by name.
        on_run_end: told when the work on a run ends, with the error that broke it off, if one did.
    """

    store: Store
    feed: EventFeed
    access: Clusters
    hasher: PasswordHasher
    tokens: TokenIssuer
    clock: Clock
    ids: IdSource
    guard: AddressGuard
    git: GitSource
    cipher: SecretCipher
    catalogue: Catalogue = field(factory=core_catalogue)
    gift: clusters.ClusterDraft | None = None
    sandbox_kubeconfig: str = field(default="", repr=False)
    identity_providers: Mapping[str, IdentityProvider] = field(factory=dict)
    on_run_end: Callable[[Run, BaseException | None], None] = lambda _run, _error: None


class Overrides(TypedDict, total=False):
    """Fields of ``Ports`` that stand in for what the settings would open."""

    store: Store
    feed: EventFeed
    access: Clusters
    hasher: PasswordHasher
    tokens: TokenIssuer
    clock: Clock
    ids: IdSource
    guard: AddressGuard
    git: GitSource
    catalogue: Catalogue
    gift: clusters.ClusterDraft | None
    identity_providers: Mapping[str, IdentityProvider]
    on_run_end: Callable[[Run, BaseException | None], None]


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
    change_password: profiles.ChangePassword
    add_cluster: clusters.AddCluster
    update_cluster: clusters.UpdateCluster
    cluster_queries: clusters.ClusterQueries
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
