"""Runs: start, look at, cancel."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from attrs import evolve, field, frozen

from flowcore.errors import ConflictError, Finding, FlowcoreError, InvalidInputError, Place, Severity
from flowcore.model import Cluster, Run, RunOptions, User, Version, Workflow, WorkflowStatus
from flowcore.planning import Step
from flowcore.policy import Permission
from flowcore.ports.storage import Repository
from flowcore.usecases._changing import change
from flowcore.usecases._waiting import first_of
from flowcore.usecases.access import Authorizer
from flowcore.usecases.clusters.targets import ClusterQueries
from flowcore.usecases.runs.applying import kept_secrets
from flowcore.usecases.runs.desk import RunDesk, RunOrder
from flowcore.usecases.runs.executing import RunExecutor
from flowcore.usecases.runs.preparing import GivenValues, Prepared, prepare
from flowcore.versioning import snapshot

_LONGEST_TIMEOUT = 24 * 3600
#: Seconds that a request waits for the cluster to tell which secrets it has.
_PATIENCE = 5.0


@frozen(kw_only=True)
class RunRequest:
    """What somebody asks for with a run.

    Attributes:
        given: values of secrets and variables; they are never stored.
    """

    given: GivenValues = field(factory=GivenValues, repr=False)
    options: RunOptions = field(factory=RunOptions)
    triggered_by: str = "manual"


@frozen(kw_only=True)
class StartRun:
    """Deploy a workflow: keep its drawing as a version, record the run, and work on it in the background."""

    desk: RunDesk
    executor: RunExecutor
    clusters: ClusterQueries

    async def __call__(self, user: User, workflow_id: str, request: RunRequest) -> Run:
        """Return the stored run at once.

        Raises:
            NotFoundError: the user has no such workflow, or its cluster is not registered.
            InvalidInputError: it is not published, or with everything that is wrong with the drawing, or with every
                secret key that has no value anywhere; nothing was stored.
        """
        workflow = await self.desk.authorizer.workflow(user, workflow_id, Permission.DEPLOY)
        if workflow.status is not WorkflowStatus.PUBLISHED:
            raise InvalidInputError.of(
                "Workflow must be published to run", path="status", code="workflow.not_published"
            )
        if not 1 <= request.options.timeout <= _LONGEST_TIMEOUT:
            raise InvalidInputError.of(f"timeout must be 1 to {_LONGEST_TIMEOUT} seconds", path="timeout")
        cluster = await self.clusters.target(workflow.owner_id, workflow.cluster_id)
        prepared = prepare(workflow, self.desk.catalogue, request.given)
        if not request.options.generate_secrets:
            await self._require_secrets(cluster, prepared)
        run, lease = await self.desk.open_run(self._order(user, workflow, cluster, prepared, request))
        self.executor.submit(run, lease, request.given)
        return run

    def _order(
        self, user: User, workflow: Workflow, cluster: Cluster, prepared: Prepared, request: RunRequest
    ) -> RunOrder:
        def make(number: int, run_id: str) -> Version:
            now = self.desk.clock.now()
            text = f"Snapshot for run at {now:%Y-%m-%dT%H:%M:%SZ}"
            id_ = self.desk.ids.new_id()
            return snapshot(workflow, id_=id_, number=number, at=now, by=user.id, run_id=run_id, description=text)

        takers = {step.node_id for step in prepared.steps if _runs_containers(step)}
        given = request.given.env.items()
        names = {node_id: tuple(sorted(values)) for node_id, values in given if values and node_id in takers}
        return RunOrder(
            workflow=workflow,
            cluster=cluster,
            prepared=prepared,
            make_version=make,
            options=evolve(request.options, given_env=names),
            triggered_by=request.triggered_by,
            user_id=user.id,
            notes=_notes(prepared, request.given),
        )

    async def _require_secrets(self, cluster: Cluster, prepared: Prepared) -> None:
        """Refuse keys without a value while nothing is applied yet.

        Where the cluster does not tell soon, the run finds out; a request does not wait for a cluster.
        """
        wanting = [step for step in prepared.steps if step.missing_secrets]
        findings: list[Finding] = []
        if wanting:
            asking = self._find_missing(cluster, wanting, findings)
            await first_of(asking, self.desk.clock.sleep(_PATIENCE))
        if findings:
            raise InvalidInputError(findings, code="run.secrets_missing")

    async def _find_missing(self, cluster: Cluster, steps: list[Step], findings: list[Finding]) -> None:
        with suppress(FlowcoreError):
            async with self.desk.access.connect(cluster) as connection:
                for step in steps:
                    kept = await kept_secrets(connection, step.manifest, step.missing_secrets)
                    findings += [_no_value(step.node_id, key) for key in step.missing_secrets if key not in kept]


@frozen(kw_only=True)
class RunQueries:
    """Look at the runs of one's workflows."""

    authorizer: Authorizer
    runs: Repository[Run]

    async def list(self, user: User, workflow_id: str, *, limit: int) -> list[Run]:
        """Return the newest runs, newest first.

        Raises:
            NotFoundError: the user has no such workflow.
        """
        await self.authorizer.workflow(user, workflow_id, Permission.VIEW)
        order = ("-started_at", "-version")
        return await self.runs.find({"workflow_id": workflow_id}, order_by=order, limit=limit)

    async def get(self, user: User, workflow_id: str, run_id: str, needed: Permission = Permission.VIEW) -> Run:
        """Return one run that the user may do something with.

        Raises:
            NotFoundError: the user has no such workflow, or it has no such run.
        """
        return await self.authorizer.run(user, workflow_id, run_id, needed)


@frozen(kw_only=True)
class CancelRun:
    """Ask a run to stop. What is applied stays; what is not yet applied never will be."""

    queries: RunQueries
    executor: RunExecutor

    async def __call__(self, user: User, workflow_id: str, run_id: str) -> Run:
        """Return the run, which ends soon, whichever process works on it.

        Raises:
            NotFoundError: the user has no such workflow, or it has no such run.
            ConflictError: the run has ended.
        """
        run = await self.queries.get(user, workflow_id, run_id, Permission.DEPLOY)

        def ask(current: Run) -> Run:
            if current.status.is_final:
                raise ConflictError(f"The run has ended: {current.status}", code="run.ended")
            return evolve(current, cancel_requested=True)

        asked = await change(self.queries.runs, run.id, ask)
        self.executor.cancel(run.id)
        return asked


def _notes(prepared: Prepared, given: GivenValues) -> tuple[str, ...]:
    """Tell what is odd about the drawing, and which given values nothing takes."""
    steps = {step.node_id: step for step in prepared.steps}
    unknown = sorted({*given.secrets, *given.env} - steps.keys())
    ignored = [f"values for {node_id} are not used: there is no such node" for node_id in unknown]
    ignored += [
        f"environment values for {node_id} are not used: it runs no containers"
        for node_id in sorted(steps.keys() & given.env.keys())
        if not _runs_containers(steps[node_id])
    ]
    ignored += [
        f"secrets for {node_id} are not used: it is not a secret"
        for node_id in sorted(steps.keys() & given.secrets.keys())
        if steps[node_id].manifest["kind"] != "Secret"
    ]
    return (*(str(finding) for finding in prepared.findings if finding.severity is Severity.WARNING), *ignored)


def _runs_containers(step: Step) -> bool:
    spec = step.manifest.get("spec")
    return isinstance(spec, Mapping) and ("template" in spec or "jobTemplate" in spec)


def _no_value(node_id: str, key: str) -> Finding:
    return Finding(
        rule="secret-without-value",
        message=f"the secret key {key} has no value: none was given, and the cluster has none",
        place=Place(node=node_id, path=f"trigger_data.secrets.{node_id}.{key}"),
        fix='give it with the run, or ask for missing_secrets "generate"',
    )
