"""What is put together: what stands behind every port."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypedDict

from attrs import field, frozen

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
from flowcore.usecases.clusters import keeping


@frozen(kw_only=True)
class Ports:
    """What stands behind every port.

    Attributes:
        gift: the cluster that every user is given; None for none.
        guard: the gate for every host that a user names.
        git: the way to Git repositories, through the gate.
        sandbox_kubeconfig: how kubectl reaches the sandbox; empty without one. It holds the sandbox's token.
        identity_providers: the ways to the providers of the settings, by name.
        is_common_password: says whether many people use a password.
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
    gift: keeping.ClusterDraft | None = None
    sandbox_kubeconfig: str = field(default="", repr=False)
    identity_providers: Mapping[str, IdentityProvider] = field(factory=dict)
    is_common_password: Callable[[str], bool] = lambda _: False
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
    gift: keeping.ClusterDraft | None
    identity_providers: Mapping[str, IdentityProvider]
    on_run_end: Callable[[Run, BaseException | None], None]
