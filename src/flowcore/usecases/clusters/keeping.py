"""Clusters: register, look at, choose, test, forget."""

from __future__ import annotations

import re
from collections.abc import Mapping

from attrs import evolve, field, frozen

from flowcore.errors import ConflictError, Finding, FlowcoreError, InvalidInputError, Place
from flowcore.model import Cluster, ClusterStatus, User
from flowcore.policy import Permission
from flowcore.ports.cluster import Clusters
from flowcore.ports.storage import Repository
from flowcore.ports.system import Clock, IdSource
from flowcore.usecases._changing import change
from flowcore.usecases.access import Authorizer

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

    authorizer: Authorizer
    clusters: Repository[Cluster]
    access: Clusters
    clock: Clock
    ids: IdSource

    async def __call__(self, user: User, draft: ClusterDraft, *, team_id: str = "") -> Cluster:
        """Return the new cluster, not tested yet; it belongs to the user, or to a team of theirs.

        Raises:
            NotFoundError: the user is in no such team.
            ForbiddenError: the user may not change what belongs to the team.
            InvalidInputError: the draft, its address or its credentials will not do.
            ConflictError: there is a cluster of this name already.
        """
        return await self.to(await self.authorizer.owner_for(user, team_id), draft)

    async def to(self, owner_id: str, draft: ClusterDraft) -> Cluster:
        """Return the new cluster of a user or a team, whoever asked for it.

        Raises:
            InvalidInputError: as above.
            ConflictError: as above.
        """
        _check(draft)
        cluster = Cluster(
            id=self.ids.new_id(),
            owner_id=owner_id,
            name=draft.name,
            display_name=draft.display_name or draft.name,
            description=draft.description,
            server=draft.server,
            auth_type=draft.auth_type,
            single_node=draft.single_node,
            labels=dict(draft.labels),
            is_default=not await self.clusters.count({"owner_id": owner_id}),
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

    authorizer: Authorizer
    clusters: Repository[Cluster]
    access: Clusters
    clock: Clock

    async def __call__(self, user: User, name: str, changes: ClusterChanges) -> Cluster:
        """Return the changed cluster; after another address or other credentials it counts as not tested.

        Raises:
            NotFoundError: the user has no such cluster.
            InvalidInputError: the address or the credentials will not do.
        """
        found = await self.authorizer.cluster(user, name, Permission.EDIT)
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
class SetDefaultCluster:
    """Choose the cluster of workflows that name none."""

    authorizer: Authorizer
    clusters: Repository[Cluster]
    clock: Clock

    async def __call__(self, user: User, name: str) -> Cluster:
        """Return the chosen cluster. The new one is chosen before the old one is let go, so there is always one.

        Raises:
            NotFoundError: the user has no such cluster.
        """
        cluster = await self.authorizer.cluster(user, name, Permission.ADMINISTER)
        now = self.clock.now()
        chosen = await change(self.clusters, cluster.id, lambda c: evolve(c, is_default=True, updated_at=now))
        for other in await self.clusters.find({"owner_id": cluster.owner_id, "is_default": True}):
            if other.id != chosen.id:
                await change(self.clusters, other.id, lambda c: evolve(c, is_default=False))
        return chosen


@frozen(kw_only=True)
class TestCluster:
    """Ask a cluster's API server for its version."""

    __test__ = False  # the name is a sentence, not a test

    authorizer: Authorizer
    clusters: Repository[Cluster]
    access: Clusters
    clock: Clock

    async def __call__(self, user: User, name: str) -> Cluster:
        """Return the cluster with what the test said.

        Raises:
            NotFoundError: the user has no such cluster.
            FlowcoreError: what kept the test from succeeding; the cluster's status tells it too.
        """
        cluster = await self.authorizer.cluster(user, name, Permission.DEPLOY)
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

    authorizer: Authorizer
    clusters: Repository[Cluster]

    async def __call__(self, user: User, name: str) -> None:
        """Forget it.

        Raises:
            NotFoundError: the user has no such cluster.
        """
        cluster = await self.authorizer.cluster(user, name, Permission.ADMINISTER)
        await self.clusters.remove(cluster.id)
        for grant in await self.authorizer.grants.find({"resource_id": cluster.id}):
            await self.authorizer.grants.remove(grant.id)


@frozen(kw_only=True)
class ProvideCluster:
    """Give every user the same cluster under the same name, and keep its address up to date."""

    clusters: Repository[Cluster]
    add: AddCluster
    draft: ClusterDraft

    async def __call__(self, user: User) -> None:
        """Give it to a user who does not have it."""
        await self.give(user.id)

    async def give(self, owner_id: str) -> None:
        """Give it to a user or a team that does not have it."""
        if not await self.clusters.count({"owner_id": owner_id, "name": self.draft.name}):
            try:
                await self.add.to(owner_id, self.draft)
            except ConflictError:
                return

    def is_gift(self, cluster: Cluster) -> bool:
        """Say whether a cluster is the one that everybody is given."""
        return (cluster.name, cluster.labels) == (self.draft.name, self.draft.labels)

    async def refresh(self) -> None:
        """Write today's address and credentials into everybody's record of it."""
        for cluster in await self.clusters.find({"name": self.draft.name}):
            if self.is_gift(cluster):
                await change(self.clusters, cluster.id, self._moved)

    def _moved(self, cluster: Cluster) -> Cluster:
        moved = evolve(cluster, server=self.draft.server, auth_type=self.draft.auth_type)
        return evolve(moved, credentials=self.add.access.seal(moved, self.draft.credentials))


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
