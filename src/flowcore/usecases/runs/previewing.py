"""See what a run would do, without doing it: what is wrong, what would be created, changed and deleted."""

from __future__ import annotations

import asyncio

from attrs import frozen

from flowcore.errors import Finding
from flowcore.kinds import Catalogue
from flowcore.lint import review
from flowcore.model import Edge, Manifest, Node, ObjectRef, User, Workflow
from flowcore.planning import Change, Step, compare
from flowcore.policy import Permission
from flowcore.ports.cluster import ClusterConnection
from flowcore.usecases.access import Authorizer
from flowcore.usecases.clusters.targets import ClusterQueries
from flowcore.usecases.runs.applying import kept_secrets
from flowcore.usecases.runs.desk import RunDesk
from flowcore.usecases.runs.preparing import (
    RUN_ANNOTATION,
    VERSION_ANNOTATION,
    GivenValues,
    Prepared,
    label_of,
    prepare,
    refs_of,
    stamped,
)
from flowcore.usecases.runs.pruning import Pruner


@frozen(kw_only=True)
class StepPreview:
    """What a run would do with one node.

    Attributes:
        wave: position of its wave, from 0.
        change: what applying its object would change; secret values are never shown.
        missing_secrets: keys that have no value in the cluster.
    """

    node_id: str
    ref: ObjectRef
    wave: int
    change: Change
    missing_secrets: tuple[str, ...] = ()


@frozen(kw_only=True)
class Preview:
    """What a run would do.

    Attributes:
        leftovers: objects that are no longer drawn and would be deleted.
        problems: where could not be looked for leftovers.
        findings: warnings and remarks about the drawing.
    """

    cluster: str
    steps: tuple[StepPreview, ...]
    leftovers: tuple[ObjectRef, ...] = ()
    problems: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


@frozen(kw_only=True)
class ValidateWorkflow:
    """Look for everything that is wrong or odd in a drawing, stored or not."""

    authorizer: Authorizer
    catalogue: Catalogue

    async def __call__(
        self,
        user: User,
        workflow_id: str,
        *,
        nodes: tuple[Node, ...] | None = None,
        edges: tuple[Edge, ...] | None = None,
    ) -> tuple[Finding, ...]:
        """Return the findings about the stored drawing, or about it with other nodes or edges.

        Raises:
            NotFoundError: the user has no such workflow.
        """
        stored = await self.authorizer.workflow(user, workflow_id, Permission.VIEW)
        drawn = Workflow(
            name=stored.name,
            nodes=stored.nodes if nodes is None else nodes,
            edges=stored.edges if edges is None else edges,
        )
        return tuple(review(drawn, self.catalogue))


@frozen(kw_only=True)
class PreviewRun:
    """Compare a workflow with what is in its cluster."""

    desk: RunDesk
    clusters: ClusterQueries

    async def __call__(self, user: User, workflow_id: str) -> Preview:
        """Return what a run would do now.

        Raises:
            NotFoundError: the user has no such workflow, or its cluster is not registered.
            InvalidInputError: with everything that is wrong with the drawing.
            UnavailableError: the cluster does not answer.
        """
        workflow = await self.desk.authorizer.workflow(user, workflow_id, Permission.VIEW)
        cluster = await self.clusters.target(workflow.owner_id, workflow.cluster_id)
        prepared = prepare(workflow, self.desk.catalogue, GivenValues())
        async with self.desk.access.connect(cluster) as connection:
            steps = await asyncio.gather(
                *(
                    _preview(connection, workflow_id, wave, step)
                    for wave, group in enumerate(prepared.waves)
                    for step in group
                )
            )
            leftovers, problems = await self._leftovers(connection, workflow_id, prepared)
        return Preview(
            cluster=cluster.name,
            steps=tuple(steps),
            leftovers=leftovers,
            problems=problems,
            findings=prepared.findings,
        )

    async def _leftovers(
        self, connection: ClusterConnection, workflow_id: str, prepared: Prepared
    ) -> tuple[tuple[ObjectRef, ...], tuple[str, ...]]:
        desired = refs_of(prepared.steps)
        namespaces = tuple(sorted({ref.namespace for ref in desired if ref.namespace}))
        pruner = Pruner(
            connection=connection, catalogue=self.desk.catalogue, history=self.desk.history, namespaces=namespaces
        )
        leftovers, problems = await pruner.leftovers(workflow_id, desired)
        return leftovers, tuple(problems)


async def _preview(connection: ClusterConnection, workflow_id: str, wave: int, step: Step) -> StepPreview:
    ref = ObjectRef.of(step.manifest)
    live = await connection.get(ref)
    missing = step.missing_secrets
    if missing:
        kept = await kept_secrets(connection, step.manifest, missing)
        missing = tuple(key for key in missing if key not in kept)
    change = compare(_as_applied(step, workflow_id, live), live)
    return StepPreview(node_id=step.node_id, ref=ref, wave=wave, change=change, missing_secrets=missing)


def _as_applied(step: Step, workflow_id: str, live: Manifest | None) -> Manifest:
    """Return the object as a run would apply it; what differs in every run, and kept values, count as equal."""
    manifest = stamped(step.manifest, workflow_id=workflow_id, node_label=label_of(step), version=0, run_id="")
    if live is None:
        return manifest
    kept = live["metadata"].get("annotations") or {}
    annotations = manifest["metadata"]["annotations"]
    for name in (VERSION_ANNOTATION, RUN_ANNOTATION):
        annotations[name] = kept.get(name, "")
    values = live.get("data") or {}
    known = {key: values[key] for key in step.missing_secrets if key in values}
    return {**manifest, "data": {**(manifest.get("data") or {}), **known}} if known else manifest
