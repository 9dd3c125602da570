"""What kinds of custom resources a cluster knows."""

from __future__ import annotations

from attrs import frozen

from flowcore.model import Manifest, User
from flowcore.ports.cluster import Clusters, Selection
from flowcore.usecases.clusters.targets import ClusterQueries

_DEFINITIONS = Selection(api_version="apiextensions.k8s.io/v1", kind="CustomResourceDefinition")


@frozen(kw_only=True)
class ListDefinitions:
    """Read the CustomResourceDefinitions of a cluster; nothing is changed."""

    clusters: ClusterQueries
    access: Clusters

    async def __call__(self, user: User, name: str = "") -> list[Manifest]:
        """Return the definitions by name, of the user's default cluster if none is named.

        Raises:
            NotFoundError: the user has no such cluster.
            ForbiddenError: the cluster does not let its user list them.
            UnavailableError: the cluster does not answer.
        """
        cluster = await self.clusters.target(user.id, name)
        async with self.access.connect(cluster) as connection:
            found = await connection.list(_DEFINITIONS)
        typed = [{"apiVersion": _DEFINITIONS.api_version, "kind": _DEFINITIONS.kind, **one} for one in found]
        return sorted(typed, key=lambda one: str(one["metadata"]["name"]))
