"""One deployment from the command line: through the same use cases as the service, with a live view."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from attrs import evolve, field, frozen
from rich.console import Console

from entrypoints.bootstrap import App
from entrypoints.cli._live import DeploymentView, Row
from flowcore.errors import ConflictError
from flowcore.kinds import Catalogue, WiredNode, identity_of
from flowcore.model import (
    Cluster,
    FailurePolicy,
    Node,
    NodePhase,
    Run,
    RunOptions,
    RunStatus,
    User,
    Workflow,
    WorkflowStatus,
)
from flowcore.planning import waves
from flowcore.usecases.drawings.workflows import WorkflowChanges, WorkflowDraft
from flowcore.usecases.runs.preparing import GivenValues
from flowcore.usecases.runs.running import RunRequest
from flowcore.versioning import with_drawing


@frozen(kw_only=True)
class Deployment:
    """What is deployed and how.

    Attributes:
        workflow: the drawing.
        cluster: where to.
        secrets: values of secret nodes by node id and key; they live in memory only.
        options: how the run goes about its work.
        waits: follow it until every node is healthy, not only until everything is applied.
    """

    workflow: Workflow
    cluster: Cluster
    secrets: Mapping[str, Mapping[str, str]] = field(factory=dict, repr=False)
    options: RunOptions = field(factory=lambda: RunOptions(generate_secrets=True))
    waits: bool = True


async def deploy(app: App, user: User, deployment: Deployment, console: Console) -> Run:
    """Keep the drawing as a version, deploy it and show it come up; return the run as it was last seen.

    Raises:
        InvalidInputError: with everything that is wrong with the drawing; nothing was applied.
        UnavailableError: the cluster or the store does not answer.
    """
    stored = await _stored(app, user, deployment)
    request = RunRequest(given=GivenValues(secrets=deployment.secrets), options=deployment.options, triggered_by="cli")
    started = await app.runs.start(user, stored.id, request)
    title = f"Deploying {stored.name}, version {started.version}, to {deployment.cluster.display_name}"
    run = await _shown(app, user, started, _View(title, stored, console, deployment.waits))
    if run.status is RunStatus.FAILED and deployment.options.policy is FailurePolicy.ROLLBACK:
        await _show_rollback(app, user, run, console)
    return run


@frozen
class _View:
    """How a run is shown: under which title, the drawing it deploys, where, and whether until everything is healthy."""

    title: str
    drawing: Workflow
    console: Console
    waits: bool = True


async def _shown(app: App, user: User, run: Run, view: _View) -> Run:
    with DeploymentView(view.title, _rows(view.drawing, app.catalogue), view.console) as live:
        async with aclosing(_followed(app, user, run)) as seen:
            async for current in seen:
                run = current
                live.show(run.node_states)
                if run.status.is_final or (not view.waits and _is_applied(run)):
                    break
    return run


async def _show_rollback(app: App, user: User, failed: Run, console: Console) -> None:
    """Show the run that brings the last good version back; there is none when no version was ever good."""
    await app.runs.executor.finished(failed.id)
    newest = (await app.runs.queries.list(user, failed.workflow_id, limit=1))[0]
    if newest.id == failed.id:
        console.print("There is no good version to go back to.")
        return
    version = await app.versions.queries.get(user, failed.workflow_id, newest.version)
    workflow = await app.workflows.queries.get(user, failed.workflow_id)
    title = f"Going back to version {version.restored_from}, as version {version.number}"
    await _shown(app, user, newest, _View(title, with_drawing(workflow, version), console))


async def _stored(app: App, user: User, deployment: Deployment) -> Workflow:
    """Return the workflow as the service keeps it: the one of this name in its newest drawing, published."""
    wanted = deployment.workflow
    known = [each for each in await app.workflows.queries.list(user) if each.name == wanted.name]
    if known:
        changes = WorkflowChanges(
            nodes=wanted.nodes,
            edges=wanted.edges,
            cluster_id=deployment.cluster.name,
            status=WorkflowStatus.PUBLISHED,
        )
        return (await app.workflows.save(user, known[0].id, changes)).workflow
    draft = WorkflowDraft(
        name=wanted.name,
        description=wanted.description,
        cluster_id=deployment.cluster.name,
        nodes=wanted.nodes,
        edges=wanted.edges,
        status=WorkflowStatus.PUBLISHED,
    )
    return await app.workflows.create(user, draft)


async def _followed(app: App, user: User, run: Run) -> AsyncGenerator[Run, None]:
    """Yield the run now and after every event of its workflow; what is read is always newer than the event."""
    async with app.runs.follow(user, run.workflow_id) as told:
        async for _ in told:
            yield await app.runs.queries.get(user, run.workflow_id, run.id)


def _is_applied(run: Run) -> bool:
    return all(state.phase not in (NodePhase.WAITING, NodePhase.APPLYING) for state in run.node_states.values())


def _rows(workflow: Workflow, catalogue: Catalogue) -> list[list[Row]]:
    nodes = {node.id: node for node in workflow.nodes}
    return [[_row(nodes[node_id], catalogue) for node_id in wave] for wave in waves(workflow, catalogue)]


def _row(node: Node, catalogue: Catalogue) -> Row:
    """Return the row of a node; a raw manifest is called like its object."""
    kind = catalogue.kind(node.type)
    if kind.is_fixed:
        return Row(node.id, kind.label, node.name)
    made = identity_of(WiredNode(node, kind, kind.read(node.data, node.id)[0]))
    return Row(node.id, made.kind, made.name)


def in_namespace(workflow: Workflow, namespace: str, catalogue: Catalogue) -> Workflow:
    """Return the workflow with a namespace on every node that names none and makes an object that lives in one."""
    if not namespace:
        return workflow
    nodes = [
        evolve(node, data={"namespace": namespace, **node.data}) if _takes_namespace(node, catalogue) else node
        for node in workflow.nodes
    ]
    return evolve(workflow, nodes=nodes)


def _takes_namespace(node: Node, catalogue: Catalogue) -> bool:
    kind = catalogue.kind(node.type) if node.type in catalogue else None
    if kind is None or kind.is_fixed:
        return kind is None or kind.namespaced
    return not identity_of(WiredNode(node, kind, kind.read(node.data, node.id)[0])).namespace


async def stop(app: App, user: User, run: Run) -> None:
    """Ask a run to stop that nobody waits for any more; one that has ended meanwhile is left alone."""
    try:
        await app.runs.cancel(user, run.workflow_id, run.id)
    except ConflictError:
        return
    await app.runs.executor.finished(run.id)
