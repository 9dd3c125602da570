"""The clusters that one may see, and the one among them that a workflow is deployed to."""

from __future__ import annotations

from attrs import evolve, frozen

from flowcore.errors import InvalidInputError, NotFoundError
from flowcore.model import AccessRole, Cluster, User
from flowcore.policy import Permission, allows
from flowcore.usecases.access import Authorizer


@frozen(kw_only=True)
class ClusterQueries:
    """Look at the clusters that one may see."""

    authorizer: Authorizer

    async def list(self, user: User) -> list[Cluster]:
        """Return the user's clusters, those of their teams and those shared with them, each newest first; exactly one
        is the default when there are any.
        """
        found = await self.authorizer.clusters_of(user.id)
        chosen = _default_among(user.id, found)
        return [evolve(cluster, is_default=cluster is chosen) for cluster, _ in found]

    async def get(self, user: User, name: str) -> Cluster:
        """Return the cluster of this name or id.

        Raises:
            NotFoundError: the user sees none.
        """
        wanted = await self.authorizer.cluster(user, name, Permission.VIEW)
        return next(cluster for cluster in await self.list(user) if cluster.id == wanted.id)

    async def default(self, owner_id: str) -> Cluster:
        """Return the cluster of workflows that name none, by the user or the team that they belong to.

        Raises:
            NotFoundError: they have no cluster.
        """
        chosen = _default_among(owner_id, await self.authorizer.clusters_of(owner_id))
        if chosen is None:
            raise NotFoundError("No default cluster set", code="cluster.no_default")
        return evolve(chosen, is_default=True)

    async def target(self, owner_id: str, name: str) -> Cluster:
        """Return the cluster that a workflow with this cluster name is deployed to.

        It is looked for among what the workflow's owner, a user or a team, may deploy to, whoever runs the workflow.
        A name that leads nowhere is an error, never another cluster.

        Raises:
            NotFoundError: there is none.
        """
        if not name:
            return await self.default(owner_id)
        for cluster, role in await self.authorizer.clusters_of(owner_id):
            if name in (cluster.name, cluster.id) and allows(role, Permission.DEPLOY):
                return cluster
        text = f"The cluster {name} is not registered; add it, or choose another for the workflow"
        raise NotFoundError(text, code="cluster.not_found")

    async def require_target(self, user: User, owner_id: str, name: str) -> None:
        """Let a user choose a cluster for a workflow: an owner any, another one that they could deploy to themselves.

        Otherwise, who may edit one workflow of somebody could bring it into every cluster of theirs.

        Raises:
            InvalidInputError: they may not.
        """
        if user.id == owner_id:
            return
        try:
            cluster = await self.target(owner_id, name)
        except NotFoundError as error:
            raise InvalidInputError.of(error.message, rule="workflow-cluster", path="cluster_id") from None
        if not allows(await self.authorizer.role_in(user, cluster), Permission.DEPLOY):
            text = "you may not deploy to this cluster of the workflow's owner"
            fix = "choose another, or ask its owner to share it with you"
            raise InvalidInputError.of(text, rule="workflow-cluster", path="cluster_id", fix=fix)


def _default_of(newest_first: list[Cluster]) -> Cluster | None:
    """Return the default: the one chosen last, else the oldest."""
    chosen = [cluster for cluster in newest_first if cluster.is_default]
    moments = sorted(chosen, key=lambda cluster: cluster.updated_at or cluster.created_at)
    return moments[-1] if moments else (newest_first[-1] if newest_first else None)


def _default_among(owner_id: str, found: list[tuple[Cluster, AccessRole]]) -> Cluster | None:
    """Return the default among the owner's own clusters; where there are none, among the others they may deploy to."""
    usable = [cluster for cluster, role in found if allows(role, Permission.DEPLOY)]
    return _default_of([cluster for cluster in usable if cluster.owner_id == owner_id]) or _default_of(usable)
