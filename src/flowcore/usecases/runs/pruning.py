"""Delete objects of a workflow that are no longer drawn."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from attrs import frozen

from flowcore.errors import FlowcoreError, ForbiddenError
from flowcore.kinds import Catalogue
from flowcore.model import Manifest, ObjectRef
from flowcore.planning import prunable, raw_kinds
from flowcore.ports.cluster import ClusterConnection, RejectedError, Selection
from flowcore.runs import Pruned
from flowcore.usecases.drawings.versions import History
from flowcore.usecases.runs._live import MANAGER, MANAGER_LABEL, WORKFLOW_LABEL, Kind

#: How many versions are asked for the kinds of raw manifests that may be left over.
_REMEMBERED = 20


@frozen(kw_only=True)
class Pruner:
    """Finds and deletes leftovers through one connection. Only objects that carry the workflow's label are touched,
    and nothing that another object owns.

    Attributes:
        history: tells what earlier versions made of raw manifests.
        claims: delete what holds data, like persistent volume claims, too.
        namespaces: where to look when the cluster does not let us look everywhere.
    """

    connection: ClusterConnection
    catalogue: Catalogue
    history: History
    claims: bool = False
    namespaces: tuple[str, ...] = ()

    async def __call__(self, workflow_id: str, desired: Sequence[ObjectRef]) -> Pruned:
        """Delete what is labelled with the workflow and not *desired*; tell what is gone and what could not go."""
        leftovers, problems = await self.leftovers(workflow_id, desired)
        deleted: list[str] = []
        for ref in leftovers:
            try:
                if await self.connection.delete(ref):
                    deleted.append(str(ref))
            except FlowcoreError as error:
                problems.append(f"{ref}: {error.message}")
        return Pruned(tuple(deleted), tuple(problems))

    async def leftovers(
        self, workflow_id: str, desired: Sequence[ObjectRef]
    ) -> tuple[tuple[ObjectRef, ...], list[str]]:
        """Return what would be deleted, in that order, and where could not be looked."""
        live, problems = await self._find(workflow_id)
        return prunable(desired, live, catalogue=self.catalogue, with_data=self.claims), problems

    async def _find(self, workflow_id: str) -> tuple[list[Manifest], list[str]]:
        found: list[Manifest] = []
        problems: list[str] = []
        kinds = await self._kinds(workflow_id)
        listings = await asyncio.gather(*(self._list(kind, workflow_id, problems) for kind in kinds))
        for listing in listings:
            found.extend(listing)
        return found, problems

    async def _kinds(self, workflow_id: str) -> list[Kind]:
        """Return the kinds of everything that the workflow may have made."""
        found = {Kind(kind.api_version, kind.object_kind) for kind in self.catalogue.kinds if kind.is_fixed}
        for version in await self.history.latest(workflow_id, _REMEMBERED):
            found |= {Kind(*kind) for kind in raw_kinds(version.nodes, self.catalogue)}
        return sorted(found)

    async def _list(self, kind: Kind, workflow_id: str, problems: list[str]) -> list[Manifest]:
        try:
            return await self._list_in(kind, workflow_id, [""])
        except ForbiddenError:
            pass
        except RejectedError:
            return []  # the cluster does not know the kind, so it has no such objects
        except FlowcoreError as error:
            problems.append(f"{kind.name}: {error.message}")
            return []
        try:
            return await self._list_in(kind, workflow_id, self.namespaces)
        except FlowcoreError as error:
            problems.append(f"{kind.name}: {error.message}")
            return []

    async def _list_in(self, kind: Kind, workflow_id: str, namespaces: Iterable[str]) -> list[Manifest]:
        labels = {WORKFLOW_LABEL: workflow_id, MANAGER_LABEL: MANAGER}
        found: list[Manifest] = []
        for namespace in namespaces:
            selection = Selection(api_version=kind.api_version, kind=kind.name, namespace=namespace, labels=labels)
            found += await self.connection.list(selection)
        return found
