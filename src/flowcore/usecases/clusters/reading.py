"""What lives in a namespace of a cluster, read to be drawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from attrs import frozen

from flowcore.errors import ForbiddenError
from flowcore.kinds import Catalogue
from flowcore.model import Cluster, Manifest
from flowcore.ports.cluster import Clusters, RejectedError, Selection

#: What applications consist of beside the kinds of the catalogue.
_FURTHER: Final = (
    ("v1", "ServiceAccount"),
    ("rbac.authorization.k8s.io/v1", "Role"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    ("policy/v1", "PodDisruptionBudget"),
)


@frozen
class LiveObjects:
    """Objects of a namespace.

    Attributes:
        objects: as the API server holds them.
        unread: kinds that the caller may not list.
    """

    objects: tuple[Manifest, ...]
    unread: tuple[str, ...] = ()


@frozen(kw_only=True)
class ReadNamespace:
    """List the objects of the kinds that applications consist of; nothing is changed."""

    access: Clusters
    catalogue: Catalogue

    async def __call__(self, cluster: Cluster, namespace: str, labels: Mapping[str, str] | None = None) -> LiveObjects:
        """Return the objects in a namespace, those of a kind together.

        Raises:
            UnavailableError: the cluster does not answer.
            InvalidInputError: its credentials cannot be used.
        """
        objects: list[Manifest] = []
        unread: list[str] = []
        async with self.access.connect(cluster) as connection:
            for api_version, kind in self._kinds():
                selection = Selection(api_version=api_version, kind=kind, namespace=namespace, labels=labels or {})
                try:
                    found = await connection.list(selection)
                except ForbiddenError:
                    unread.append(kind)
                except RejectedError:
                    continue  # The cluster does not know the kind, so there is nothing of it.
                else:
                    objects.extend(_typed(found, api_version, kind))
        return LiveObjects(tuple(objects), tuple(unread))

    def _kinds(self) -> Iterator[tuple[str, str]]:
        known = [(kind.api_version, kind.object_kind) for kind in self.catalogue.kinds if kind.namespaced]
        yield from dict.fromkeys([*(one for one in known if "*" not in one), *_FURTHER])


def _typed(found: Iterable[Manifest], api_version: str, kind: str) -> Iterator[Manifest]:
    """Yield the objects with their type, which items of lists do not name."""
    return ({"apiVersion": api_version, "kind": kind, **one} for one in found)
