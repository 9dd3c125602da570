"""Clusters: register, look at, choose, test, forget."""

from __future__ import annotations

import re
from collections.abc import Mapping

from attrs import evolve, field, frozen

from flowcore.errors import ConflictError, Finding, FlowcoreError, InvalidInputError, NotFoundError, Place
from flowcore.model import Cluster, ClusterStatus, User
from flowcore.ports.cluster import Clusters
from flowcore.ports.storage import Repository
from flowcore.ports.system import Clock, IdSource
from flowcore.usecases._changing import change
from flowcore.usecases.access import own_cluster

#: Words of ``Cluster.auth_type``.
AUTH_TYPES = ("kubeconfig", "serviceaccount", "token", "certificate", "oidc")
_NAME = re.compile(r"[A-Za-z0-9]([-_.A-Za-z0-9]{0,98}[A-Za-z0-9])?")


@frozen(kw_only=True)
class ClusterDraft:
    """What somebody tells of a cluster to register it."""

    name: str
    server: str = ""
    auth_type: str = "token"
    credentials: Mapping[str, str] = field(factory=dict, repr=False)
    display_name: str = ""
    description: str = ""
    single_node: bool = False
    labels: Mapping[str, str] = field(factory=dict)


@frozen(kw_only=True)
class AddCluster:
    """Register a cluster; its credentials are stored encrypted. The first one becomes the default."""

    clusters: Repository[Cluster]
    access: Clusters
    clock: Clock
    ids: IdSource

    async def __call__(self, user: User, draft: ClusterDraft) -> Cluster:
        """Return the new cluster, not tested yet.

        Raises:
            InvalidInputError: the draft, its address or its credentials will not do.
            ConflictError: the user has a cluster of this name.
        """
        _check(draft)
        cluster = Cluster(
            id=self.ids.new_id(),
            owner_id=user.id,
            name=draft.name,
            display_name=draft.display_name or draft.name,
            description=draft.description,
            server=draft.server,
            auth_type=draft.auth_type,
            single_node=draft.single_node,
            labels=dict(draft.labels),
            is_default=not await self.clusters.count({"owner_id": user.id}),
            created_at=self.clock.now(),
        )
        sealed = evolve(cluster, credentials=self.access.seal(cluster, draft.credentials))
        await self.access.vet(sealed)
        try:
            return await self.clusters.add(sealed)
        except ConflictError:
            raise ConflictError(f"There is a cluster named {draft.name} already", code="cluster.exists") from None


@frozen(kw_only=True)
class ClusterChanges:
    """What to change of a cluster; None leaves a part as it is. The name stays: workflows refer to it."""

    server: str | None = None
    auth_type: str | None = None
    credentials: Mapping[str, str] | None = field(default=None, repr=False)
    display_name: str | None = None
    description: str | None = None
    single_node: bool | None = None
    labels: Mapping[str, str] | None = None


@frozen(kw_only=True)
class UpdateCluster:
    """Change a cluster's address, credentials or description."""

    clusters: Repository[Cluster]
    access: Clusters
    clock: Clock

    async def __call__(self, user: User, name: str, changes: ClusterChanges) -> Cluster:
        """Return the changed cluster; after another address or other credentials it counts as not tested.

        Raises:
            NotFoundError: the user has no such cluster.
            InvalidInputError: the address or the credentials will not do.
        """
        found = await own_cluster(self.clusters, user, name)
        if (changes.server, changes.auth_type, changes.credentials) != (None, None, None):
            await self.access.vet(self._changed(found, changes))
        return await change(self.clusters, found.id, lambda cluster: self._changed(cluster, changes))

    def _changed(self, cluster: Cluster, changes: ClusterChanges) -> Cluster:
        names = ("server", "auth_type", "display_name", "description", "single_node", "labels")
        chosen = {name: value for name in names if (value := getattr(changes, name)) is not None}
        changed = evolve(cluster, **chosen, updated_at=self.clock.now())
        _check(ClusterDraft(name=changed.name, server=changed.server, auth_type=changed.auth_type))
        if changes.credentials is not None:
            changed = evolve(changed, credentials=self.access.seal(changed, changes.credentials))
        if (changed.server, changed.credentials) != (cluster.server, cluster.credentials):
            changed = evolve(changed, status=ClusterStatus.UNKNOWN, version="", last_check=None)
        return changed


@frozen(kw_only=True)
class ClusterQueries:
    """Look at one's clusters."""

    clusters: Repository[Cluster]

    async def list(self, user: User) -> list[Cluster]:
        """Return the user's clusters, newest first; exactly one is the default when there are any."""
        found = await self.clusters.find({"owner_id": user.id}, order_by=("-created_at",))
        chosen = _default_of(found)
        return [evolve(cluster, is_default=cluster is chosen) for cluster in found]

    async def get(self, user: User, name: str) -> Cluster:
        """Return the user's cluster of this name.

        Raises:
            NotFoundError: the user has none.
        """
        await own_cluster(self.clusters, user, name)
        return next(cluster for cluster in await self.list(user) if cluster.name == name)

    async def default(self, user: User) -> Cluster:
        """Return the cluster of workflows that name none.

        Raises:
            NotFoundError: the user has no cluster.
        """
        chosen = _default_of(await self.clusters.find({"owner_id": user.id}, order_by=("-created_at",)))
        if chosen is None:
            raise NotFoundError("No default cluster set", code="cluster.no_default")
        return evolve(chosen, is_default=True)

    async def target(self, user: User, name: str) -> Cluster:
        """Return the cluster that a workflow with this cluster name is deployed to.

        A name that the user has no cluster of is an error, never another cluster.

        Raises:
            NotFoundError: there is none.
        """
        if not name:
            return await self.default(user)
        try:
            return await own_cluster(self.clusters, user, name)
        except NotFoundError:
            text = f"The cluster {name} is not registered; add it, or choose another for the workflow"
            raise NotFoundError(text, code="cluster.not_found") from None


@frozen(kw_only=True)
class SetDefaultCluster:
    """Choose the cluster of workflows that name none."""

    clusters: Repository[Cluster]
    clock: Clock

    async def __call__(self, user: User, name: str) -> Cluster:
        """Return the chosen cluster. The new one is chosen before the old one is let go, so there is always one.

        Raises:
            NotFoundError: the user has no such cluster.
        """
        cluster = await own_cluster(self.clusters, user, name)
        now = self.clock.now()
        chosen = await change(self.clusters, cluster.id, lambda c: evolve(c, is_default=True, updated_at=now))
        for other in await self.clusters.find({"owner_id": user.id, "is_default": True}):
            if other.id != chosen.id:
                await change(self.clusters, other.id, lambda c: evolve(c, is_default=False))
        return chosen


@frozen(kw_only=True)
class TestCluster:
    """Ask a cluster's API server for its version."""

    __test__ = False  # the name is a sentence, not a test

    clusters: Repository[Cluster]
    access: Clusters
    clock: Clock

    async def __call__(self, user: User, name: str) -> Cluster:
        """Return the cluster with what the test said.

        Raises:
            NotFoundError: the user has no such cluster.
            FlowcoreError: what kept the test from succeeding; the cluster's status tells it too.
        """
        cluster = await own_cluster(self.clusters, user, name)
        try:
            async with self.access.connect(cluster) as connection:
                version = await connection.version()
        except FlowcoreError:
            await self._store(cluster, ClusterStatus.ERROR, cluster.version)
            raise
        return await self._store(cluster, ClusterStatus.CONNECTED, version)

    async def _store(self, cluster: Cluster, status: ClusterStatus, version: str) -> Cluster:
        now = self.clock.now()
        return await change(
            self.clusters, cluster.id, lambda c: evolve(c, status=status, version=version, last_check=now)
        )


@frozen(kw_only=True)
class DeleteCluster:
    """Forget a cluster and its credentials; what runs in it stays as it is."""

    clusters: Repository[Cluster]

    async def __call__(self, user: User, name: str) -> None:
        """Forget it.

        Raises:
            NotFoundError: the user has no such cluster.
        """
        cluster = await own_cluster(self.clusters, user, name)
        await self.clusters.remove(cluster.id)


@frozen(kw_only=True)
class ProvideCluster:
    """Give every user the same cluster under the same name, and keep its address up to date."""

    clusters: Repository[Cluster]
    add: AddCluster
    draft: ClusterDraft

    async def __call__(self, user: User) -> None:
        """Give it to a user who does not have it."""
        if not await self.clusters.count({"owner_id": user.id, "name": self.draft.name}):
            try:
                await self.add(user, self.draft)
            except ConflictError:
                return

    async def refresh(self) -> None:
        """Write today's address and credentials into everybody's record of it."""
        for cluster in await self.clusters.find({"name": self.draft.name}):
            if cluster.labels == self.draft.labels:
                await change(self.clusters, cluster.id, self._moved)

    def _moved(self, cluster: Cluster) -> Cluster:
        moved = evolve(cluster, server=self.draft.server, auth_type=self.draft.auth_type)
        return evolve(moved, credentials=self.add.access.seal(moved, self.draft.credentials))


def _default_of(newest_first: list[Cluster]) -> Cluster | None:
    """Return the default: the one chosen last, else the oldest."""
    chosen = [cluster for cluster in newest_first if cluster.is_default]
    moments = sorted(chosen, key=lambda cluster: cluster.updated_at or cluster.created_at)
    return moments[-1] if moments else (newest_first[-1] if newest_first else None)


def _check(draft: ClusterDraft) -> None:
    problems = {}
    if not _NAME.fullmatch(draft.name):
        problems["name"] = "must have 1 to 100 letters, digits, dots, dashes or underscores"
    if draft.name == "default":
        problems["name"] = "cannot be the word default"
    if draft.auth_type not in AUTH_TYPES:
        problems["authType"] = f"must be one of {', '.join(AUTH_TYPES)}"
    if not draft.server and draft.auth_type != "kubeconfig":
        problems["server"] = "is required"
    if problems:
        findings = [Finding(rule="cluster", message=f"{k} {v}", place=Place(path=k)) for k, v in problems.items()]
        raise InvalidInputError(findings)
