"""Set a workflow's status; archiving one that was deployed takes its objects out of the cluster."""

from __future__ import annotations

from attrs import frozen

from flowcore.errors import ConflictError, FlowcoreError
from flowcore.model import Run, RunStatus, User, Workflow, WorkflowStatus
from flowcore.policy import Permission
from flowcore.usecases.drawings.workflows import SaveWorkflow, WorkflowChanges
from flowcore.usecases.runs.desk import RunDesk
from flowcore.usecases.runs.pruning import Pruner


@frozen(kw_only=True)
class SetStatus:
    """Draft, publish or archive a workflow."""

    desk: RunDesk
    save: SaveWorkflow

    async def __call__(self, user: User, workflow_id: str, status: WorkflowStatus) -> tuple[Workflow, str]:
        """Return the stored workflow, and a warning when something of an archived one is left in the cluster.

        Claims stay, with the data in them.

        Raises:
            NotFoundError: the user has no such workflow.
            ConflictError: it cannot be archived while a run is at work.
        """
        workflow = await self.desk.authorizer.workflow(user, workflow_id, Permission.EDIT)
        warning = ""
        if status is WorkflowStatus.ARCHIVED and workflow.status is not WorkflowStatus.ARCHIVED and workflow.run_count:
            warning = await self._clean_up(workflow)
        saved = await self.save(user, workflow_id, WorkflowChanges(status=status))
        return saved.workflow, warning

    async def _clean_up(self, workflow: Workflow) -> str:
        where = {"workflow_id": workflow.id, "status": (RunStatus.PENDING, RunStatus.RUNNING)}
        if await self.desk.runs.count(where):
            raise ConflictError("A run of the workflow is at work; cancel it or wait for it", code="workflow.running")
        problems = [problem for run in await self._last_runs(workflow.id) for problem in await self._prune(run)]
        text = f"K8s resources may not have been fully cleaned up: {'; '.join(problems)}"
        return text if problems else ""

    async def _last_runs(self, workflow_id: str) -> list[Run]:
        """Return the newest run in every cluster that the workflow was deployed to."""
        runs = await self.desk.runs.find({"workflow_id": workflow_id}, order_by=("version",))
        return list({run.cluster_id: run for run in runs}.values())

    async def _prune(self, run: Run) -> tuple[str, ...]:
        try:
            cluster = await self.desk.clusters.get(run.cluster_id)
            async with self.desk.access.connect(cluster) as connection:
                desk = self.desk
                pruner = Pruner(connection=connection, catalogue=desk.catalogue, history=desk.history)
                pruned = await pruner(run.workflow_id, ())
        except FlowcoreError as error:
            return (error.message,)
        return pruned.problems
