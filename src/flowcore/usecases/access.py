"""Who may see and change what: the one place that decides it."""

from __future__ import annotations

from flowcore.errors import NotFoundError
from flowcore.model import Cluster, Run, User, Workflow
from flowcore.ports.storage import Repository


def is_owner(user: User, entity: Workflow | Cluster | Run) -> bool:
    """Say whether the entity belongs to the user. An administrator runs the service, not other people's workflows."""
    return bool(user.id) and entity.owner_id == user.id


async def own_workflow(workflows: Repository[Workflow], user: User, workflow_id: str) -> Workflow:
    """Return a workflow of the user.

    Raises:
        NotFoundError: there is none, it is deleted, or it belongs to somebody else: the answer does not tell which.
    """
    try:
        workflow = await workflows.get(workflow_id)
    except NotFoundError:
        raise missing_workflow() from None
    if not is_owner(user, workflow) or workflow.deleted_at is not None:
        raise missing_workflow()
    return workflow


async def own_cluster(clusters: Repository[Cluster], user: User, name: str) -> Cluster:
    """Return the user's cluster of this name.

    Raises:
        NotFoundError: the user has none.
    """
    found = await clusters.find({"owner_id": user.id, "name": name}, limit=1)
    if not found or not is_owner(user, found[0]):
        raise NotFoundError("Cluster not found", code="cluster.not_found")
    return found[0]


async def own_run(runs: Repository[Run], user: User, workflow_id: str, run_id: str) -> Run:
    """Return a run of the user's workflow.

    Raises:
        NotFoundError: the workflow has no such run.
    """
    try:
        run = await runs.get(run_id)
    except NotFoundError:
        raise _missing_run() from None
    if run.workflow_id != workflow_id or not is_owner(user, run):
        raise _missing_run()
    return run


def missing_workflow() -> NotFoundError:
    """Make the one answer for every workflow that is not there for the caller."""
    return NotFoundError("Workflow not found", code="workflow.not_found")


def _missing_run() -> NotFoundError:
    return NotFoundError("Run not found", code="run.not_found")
