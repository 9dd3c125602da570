"""Workflows: create, look at, change, save, copy, delete."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from attrs import evolve, field, frozen

from flowcore.errors import ConflictError, Finding, InvalidInputError, NotFoundError, Place
from flowcore.model import Edge, Node, User, Workflow, WorkflowStatus
from flowcore.policy import Permission
from flowcore.ports.storage import Repository
from flowcore.ports.system import Clock, IdSource
from flowcore.usecases._changing import change
from flowcore.usecases.access import Authorizer, missing_workflow
from flowcore.usecases.clusters.targets import ClusterQueries

_TRIMMED = ("name", "namespace", "image")
_LONGEST_NAME = 200

_Change: TypeAlias = Callable[[Workflow], Workflow]


@frozen(kw_only=True)
class WorkflowChanges:
    """What to change of a workflow; None leaves a part as it is.

    Attributes:
        edition: the edition that the changes were made on; None takes the newest, whatever it is.
    """

    name: str | None = None
    description: str | None = None
    cluster_id: str | None = None
    nodes: tuple[Node, ...] | None = None
    edges: tuple[Edge, ...] | None = None
    status: WorkflowStatus | None = None
    tags: tuple[str, ...] | None = None
    origins: Mapping[str, str] | None = None
    edition: int | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to change."""
        return evolve(self, edition=None) == WorkflowChanges()


@frozen(kw_only=True)
class WorkflowDraft:
    """A workflow that is not stored yet.

    Attributes:
        team_id: the team that it belongs to; empty for whoever makes it.
    """

    name: str
    description: str = ""
    cluster_id: str = ""
    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    tags: tuple[str, ...] = ()
    origins: Mapping[str, str] = field(factory=dict)
    status: WorkflowStatus = WorkflowStatus.DRAFT
    team_id: str = ""


@frozen
class Saved:
    """A stored workflow, and which nodes the change took out; the next run deletes their objects."""

    workflow: Workflow
    removed_nodes: tuple[str, ...] = ()


class StaleWorkflowError(ConflictError):
    """Somebody else has changed the workflow since the caller read it.

    Attributes:
        current: the workflow as it is stored.
    """

    code = "workflow.stale"

    def __init__(self, current: Workflow) -> None:
        super().__init__(f"The workflow has changed in the meantime; it is at revision {current.edition} now")
        self.current = current


@frozen(kw_only=True)
class CreateWorkflow:
    """Store a new workflow."""

    authorizer: Authorizer
    workflows: Repository[Workflow]
    clock: Clock
    ids: IdSource

    async def __call__(self, user: User, draft: WorkflowDraft) -> Workflow:
        """Return the stored workflow, a draft of edition 1; it belongs to the user, or to a team of theirs.

        Raises:
            NotFoundError: the user is in no such team.
            ForbiddenError: the user may not change what belongs to the team.
            InvalidInputError: the name is missing or too long, or ids of the drawing occur twice.
        """
        _check_name(draft.name)
        nodes = sanitised(draft.nodes)
        _check_ids(nodes, draft.edges)
        owner_id, now = await self.authorizer.owner_for(user, draft.team_id), self.clock.now()
        workflow = Workflow(
            id=self.ids.new_id(),
            name=draft.name.strip(),
            description=draft.description,
            cluster_id=draft.cluster_id,
            nodes=nodes,
            edges=draft.edges,
            tags=draft.tags,
            origins=draft.origins,
            status=draft.status,
            owner_id=owner_id,
            team_id=draft.team_id,
            edition=1,
            created_at=now,
            updated_at=now,
        )
        return await self.workflows.add(workflow)


@frozen(kw_only=True)
class WorkflowQueries:
    """Look at one's workflows."""

    authorizer: Authorizer

    async def get(self, user: User, workflow_id: str) -> Workflow:
        """Return a workflow.

        Raises:
            NotFoundError: the user has none of this id.
        """
        return await self.authorizer.workflow(user, workflow_id, Permission.VIEW)

    async def list(self, user: User, *, limit: int = 0, offset: int = 0) -> list[Workflow]:
        """Return every workflow that the user may see, the last changed first; a *limit* of 0 means all."""
        return await self.authorizer.workflows_of(user, limit=limit, offset=offset)


@frozen(kw_only=True)
class SaveWorkflow:
    """Change a workflow in one atomic step; what the service keeps beside the drawing is never overwritten."""

    authorizer: Authorizer
    targets: ClusterQueries
    workflows: Repository[Workflow]
    clock: Clock

    async def __call__(self, user: User, workflow_id: str, changes: WorkflowChanges) -> Saved:
        """Return the stored workflow.

        Raises:
            NotFoundError: the user has none of this id.
            StaleWorkflowError: the changes were made on another edition than the stored one.
            InvalidInputError: the name will not do, or ids of the drawing occur twice.
        """
        if changes.name is not None:
            _check_name(changes.name)
        seen = await self.authorizer.workflow(user, workflow_id, Permission.EDIT)
        if changes.cluster_id not in (None, seen.cluster_id):
            await self.targets.require_target(user, seen.owner_id, changes.cluster_id or "")
        nodes = None if changes.nodes is None else sanitised(changes.nodes)
        _check_ids(nodes or (), changes.edges or ())
        before: list[Workflow] = []

        def make(current: Workflow) -> Workflow:
            _require(current, changes)
            before[:] = [current]
            return self._changed(current, evolve(changes, nodes=nodes))

        stored = await _find_and_change(self.workflows, workflow_id, make)
        left = {node.id for node in stored.nodes}
        removed = tuple(node.id for node in before[0].nodes if node.id not in left) if nodes is not None else ()
        return Saved(stored, removed)

    def _changed(self, current: Workflow, changes: WorkflowChanges) -> Workflow:
        chosen = {
            name: value
            for name in ("name", "description", "cluster_id", "nodes", "edges", "status", "tags", "origins")
            if (value := getattr(changes, name)) is not None
        }
        changed = evolve(current, **chosen)
        if changed == current:
            return current  # saving what is stored already makes nobody else's drawing stale
        return evolve(changed, edition=current.edition + 1, updated_at=self.clock.now())


@frozen(kw_only=True)
class CloneWorkflow:
    """Copy one's own workflow under another name.

    The copy is a draft without a history. Its nodes keep their resource names, so it should be deployed to another
    cluster or namespace, or renamed first.
    """

    authorizer: Authorizer
    create: CreateWorkflow

    async def __call__(self, user: User, workflow_id: str, *, name: str) -> Workflow:
        """Return the copy.

        Raises:
            NotFoundError: the user has none of this id.
            InvalidInputError: the name will not do.
        """
        source = await self.authorizer.workflow(user, workflow_id, Permission.VIEW)
        draft = WorkflowDraft(
            name=name,
            description=f"{source.description} (Cloned)".strip(),
            cluster_id=source.cluster_id,
            nodes=source.nodes,
            edges=source.edges,
            tags=source.tags,
            origins=source.origins,
        )
        return await self.create(user, draft)


@frozen(kw_only=True)
class DeleteWorkflow:
    """Put a workflow out of sight; its versions and runs stay stored."""

    authorizer: Authorizer
    workflows: Repository[Workflow]
    clock: Clock

    async def __call__(self, user: User, workflow_id: str) -> None:
        """Delete it.

        Raises:
            NotFoundError: the user has none of this id.
        """
        await self.authorizer.workflow(user, workflow_id, Permission.ADMINISTER)
        now = self.clock.now()
        await change(self.workflows, workflow_id, lambda current: evolve(current, deleted_at=now))


def sanitised(nodes: Iterable[Node]) -> tuple[Node, ...]:
    """Return the nodes without live status, and without white space around names and images."""
    return tuple(evolve(node, data=_sanitised_data(node)) for node in nodes)


def _sanitised_data(node: Node) -> dict[str, object]:
    return {
        key: value.strip() if key in _TRIMMED and isinstance(value, str) else value
        for key, value in node.data.items()
        if key != "_status"
    }


async def _find_and_change(workflows: Repository[Workflow], workflow_id: str, make: _Change) -> Workflow:
    try:
        return await change(workflows, workflow_id, make)
    except NotFoundError:
        raise missing_workflow() from None


def _require(current: Workflow, changes: WorkflowChanges) -> None:
    if current.deleted_at is not None:
        raise missing_workflow()
    if changes.edition is not None and changes.edition != current.edition:
        raise StaleWorkflowError(current)


def _check_name(name: str) -> None:
    if not name.strip() or len(name) > _LONGEST_NAME:
        raise InvalidInputError.of(f"name must have 1 to {_LONGEST_NAME} characters", path="name")


def _check_ids(nodes: Iterable[Node], edges: Iterable[Edge]) -> None:
    findings = [
        Finding(rule="duplicate-id", message=f"the id {id_!r} occurs more than once", place=Place(path=path))
        for path, seen in (("nodes", Counter(n.id for n in nodes)), ("edges", Counter(e.id for e in edges)))
        for id_ in sorted(id_ for id_ in seen if seen[id_] > 1)
    ]
    if findings:
        raise InvalidInputError(findings)
