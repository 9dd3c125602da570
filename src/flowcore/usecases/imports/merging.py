"""Make a workflow of an analysed application, or put it into one that exists; look first, if wanted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import evolve, field, frozen

from flowcore.errors import Finding, InvalidInputError, NotFoundError, Place
from flowcore.kinds import Catalogue
from flowcore.layout import arrange, card_size
from flowcore.merging import Merged, OnConflict, merge_drawing
from flowcore.model import Edge, Node, Position, User, Workflow
from flowcore.policy import Permission
from flowcore.usecases.access import Authorizer
from flowcore.usecases.clusters.targets import ClusterQueries
from flowcore.usecases.drawings.workflows import (
    CreateWorkflow,
    SaveWorkflow,
    StaleWorkflowError,
    WorkflowChanges,
    WorkflowDraft,
)

#: Tries before somebody who applies an import always loses against others who save.
_TRIES = 5


@frozen(kw_only=True)
class Import:
    """An analysed drawing that is to go into a workflow.

    Attributes:
        project: the application's name; tells its nodes from those of other imports.
        positions: where nodes should stand, by id; those that would stand on others are moved.
        on_conflict: what becomes of nodes that were changed since an earlier import.
        edition: of the workflow that the caller has seen; None takes the newest.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...] = ()
    project: str = ""
    positions: Mapping[str, Position] = field(factory=dict)
    on_conflict: OnConflict = OnConflict.KEEP
    edition: int | None = None


@frozen(kw_only=True)
class Applied:
    """A workflow with an import in it, and what became of each node."""

    workflow: Workflow
    merged: Merged


@frozen(kw_only=True)
class CreateFromImport:
    """Make a new workflow of an analysed application."""

    create: CreateWorkflow
    targets: ClusterQueries

    async def __call__(self, user: User, draft: WorkflowDraft, *, detected_type: str, project: str = "") -> Workflow:
        """Return the stored workflow.

        Raises:
            NotFoundError: the user is in no such team.
            ForbiddenError: the user may not change what belongs to the team.
            InvalidInputError: the name will not do, there is no such cluster, or ids of the drawing occur twice.
        """
        owner_id = await self.create.authorizer.owner_for(user, draft.team_id)
        if draft.cluster_id:
            try:
                await self.targets.target(owner_id, draft.cluster_id)
            except NotFoundError:
                message = f"There is no cluster called {draft.cluster_id} to deploy to"
                raise InvalidInputError.of(message, path="clusterId", fix="choose another one") from None
        described = draft.description or f"Imported from {detected_type}"
        origins = {node.id: f"{project}/{node.id}" for node in draft.nodes}
        tags = ("imported", detected_type)
        return await self.create(user, evolve(draft, description=described, tags=tags, origins=origins))


@frozen(kw_only=True)
class PreviewImport:
    """Tell what applying an import would do, and store nothing."""

    authorizer: Authorizer
    catalogue: Catalogue

    async def __call__(self, user: User, workflow_id: str, wanted: Import) -> Applied:
        """Return the workflow as it would be.

        Raises:
            NotFoundError: the user has no such workflow.
            InvalidInputError: an id of the import occurs twice, or an edge leads nowhere; every problem is listed.
        """
        _check(wanted)
        return merge(await self.authorizer.workflow(user, workflow_id, Permission.VIEW), wanted, self.catalogue)


@frozen(kw_only=True)
class ApplyImport:
    """Put an analysed application into a workflow; doing it twice changes nothing."""

    authorizer: Authorizer
    catalogue: Catalogue
    save: SaveWorkflow

    async def __call__(self, user: User, workflow_id: str, wanted: Import) -> Applied:
        """Return the stored workflow.

        Raises:
            NotFoundError: the user has no such workflow.
            StaleWorkflowError: the workflow has changed since the caller read it.
            InvalidInputError: an id of the import occurs twice, or an edge leads nowhere; every problem is listed.
        """
        _check(wanted)
        tries = _TRIES if wanted.edition is None else 1
        while True:
            current = await self.authorizer.workflow(user, workflow_id, Permission.EDIT)
            applied = merge(current, wanted, self.catalogue)
            # Based on the edition just read, so that nothing saved in between is overwritten.
            changes = WorkflowChanges(
                nodes=applied.workflow.nodes,
                edges=applied.workflow.edges,
                origins=applied.workflow.origins,
                edition=current.edition if wanted.edition is None else wanted.edition,
            )
            tries -= 1
            try:
                return evolve(applied, workflow=(await self.save(user, workflow_id, changes)).workflow)
            except StaleWorkflowError:
                if not tries:
                    raise


def merge(workflow: Workflow, wanted: Import, catalogue: Catalogue) -> Applied:
    """Return a workflow as it is with an import in it, every new node in a place of its own."""
    merged = merge_drawing(
        workflow,
        wanted.nodes,
        wanted.edges,
        catalogue=catalogue,
        project=wanted.project,
        on_conflict=wanted.on_conflict,
    )
    nodes = _placed(merged, {merged.ids[id_]: place for id_, place in wanted.positions.items() if id_ in merged.ids})
    after = evolve(workflow, nodes=nodes, edges=merged.edges, origins=merged.origins)
    return Applied(workflow=after, merged=merged)


def _placed(merged: Merged, wished: Mapping[str, Position]) -> tuple[Node, ...]:
    """Return the drawing with its new nodes where they were wished, else beside what they are wired to."""
    added = set(merged.added)
    fixed = {node.id: node for node in merged.nodes if node.id not in added}
    for node in merged.nodes:
        if node.id in added and node.id in wished:
            moved = evolve(node, position=wished[node.id])
            if not any(_overlap(moved, other) for other in fixed.values()):
                fixed[node.id] = moved
    if len(fixed) == len(merged.nodes):
        return tuple(fixed[node.id] for node in merged.nodes)
    nodes = tuple(fixed.get(node.id, node) for node in merged.nodes)
    return arrange(nodes, merged.edges, keep=fixed.keys())


def _overlap(one: Node, other: Node) -> bool:
    (width, height), (other_width, other_height) = card_size(one), card_size(other)
    apart_x = one.position.x + width <= other.position.x or other.position.x + other_width <= one.position.x
    apart_y = one.position.y + height <= other.position.y or other.position.y + other_height <= one.position.y
    return not (apart_x or apart_y)


def placed(nodes: Iterable[Node], positions: Mapping[str, Position]) -> tuple[Node, ...]:
    """Return the nodes where *positions* puts them; the others stay."""
    return tuple(evolve(node, position=positions.get(node.id, node.position)) for node in nodes)


def _check(wanted: Import) -> None:
    """Require an import that can be merged.

    Raises:
        InvalidInputError: with every problem.
    """
    ids = [node.id for node in wanted.nodes]
    findings = [
        _problem(f"the node id {node_id} occurs more than once", Place(node=node_id, path="nodes"))
        for node_id in sorted({id_ for id_ in ids if ids.count(id_) > 1})
    ]
    for edge in wanted.edges:
        findings += [
            _problem(f"the edge {edge.id} leads to {end}, which is not a node of the import", Place(edge=edge.id))
            for end in (edge.source, edge.target)
            if end not in ids
        ]
    if findings:
        raise InvalidInputError(findings)


def _problem(message: str, place: Place) -> Finding:
    return Finding(rule="import-drawing", message=message, place=place)
