"""Real Compose files, from the file to a running application: every one deploys, or is refused with a reason."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from attrs import evolve, frozen

from adapters.sandbox import open_sandbox
from entrypoints.bootstrap import App, open_app
from entrypoints.settings import Settings
from flowcore import InvalidInputError, Workflow, import_compose, render, validate
from flowcore.manifests import to_yaml
from flowcore.model import Manifest, Run, RunOptions, RunStatus, User, WorkflowStatus
from flowcore.usecases.clusters.keeping import ClusterDraft
from flowcore.usecases.drawings.workflows import WorkflowDraft
from flowcore.usecases.runs.preparing import GivenValues
from flowcore.usecases.runs.running import RunRequest
from tests.schemas import violations

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

#: The field's best known score is 30 rendered and 9 refused.
AT_LEAST_RUNNING = 36
KUBECTL = Path(sys.executable).with_name("kubectl")


@frozen
class Project:
    """One real file: what it became, or why it was refused."""

    name: str
    workflow: Workflow | None
    secrets: Mapping[str, Mapping[str, str]]
    refusal: str = ""


def project_of(path: Path) -> Project:
    try:
        imported = import_compose(path)
    except InvalidInputError as error:
        return Project(path.parent.name.lower(), None, {}, str(error))
    return Project(path.parent.name.lower(), imported.workflow, imported.secret_values)


@pytest.fixture
def projects(testdata: Path) -> list[Project]:
    folder = testdata / "compose" / "awesome-compose"
    return [project_of(path) for path in sorted([*folder.glob("*/compose.yaml"), *folder.glob("*/compose.yml")])]


def manifests_of(project: Project) -> list[Manifest]:
    assert project.workflow is not None
    return render(project.workflow, namespace=project.name, secret_values=project.secrets)


def namespaces_of(projects: list[Project]) -> list[Manifest]:
    return [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": project.name}} for project in projects]


def test_every_file_is_imported_or_refused_for_a_reason_that_names_its_place(projects: list[Project]) -> None:
    assert len(projects) == 39
    for project in projects:
        if project.workflow is None:
            assert "compose.y" in project.refusal, project
        else:
            assert not [finding for finding in validate(project.workflow) if finding.is_error], project.name


def test_every_manifest_of_every_file_passes_the_strict_schemas(projects: list[Project]) -> None:
    wrong = {
        f"{project.name}: {manifest['kind']}/{manifest['metadata']['name']}": problems
        for project in projects
        if project.workflow is not None
        for manifest in manifests_of(project)
        if (problems := violations(manifest))
    }
    assert not wrong


async def test_kubectl_applies_every_manifest_of_every_file(projects: list[Project], tmp_path: Path) -> None:
    accepted = [project for project in projects if project.workflow is not None]
    documents = [*namespaces_of(accepted), *(manifest for project in accepted for manifest in manifests_of(project))]
    kubeconfig = tmp_path / "kubeconfig"
    async with open_sandbox() as sandbox:
        kubeconfig.write_text(sandbox.kubeconfig(), encoding="utf-8")
        command = [str(KUBECTL), f"--kubeconfig={kubeconfig}", "apply", "--server-side", "-f", "-"]
        done = await asyncio.to_thread(
            subprocess.run, command, input=to_yaml(documents), capture_output=True, text=True, check=False, timeout=120
        )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("serverside-applied") == len(documents)


async def deployed(app: App, user: User, project: Project) -> Run:
    """Deploy one project into a namespace of its own and return its run when it has ended."""
    assert project.workflow is not None
    nodes = [evolve(node, data={**node.data, "namespace": project.name}) for node in project.workflow.nodes]
    draft = WorkflowDraft(
        name=project.name, nodes=tuple(nodes), edges=project.workflow.edges, status=WorkflowStatus.PUBLISHED
    )
    workflow = await app.workflows.create(user, draft)
    options = RunOptions(generate_secrets=True, timeout=120)
    run = await app.runs.start(
        user, workflow.id, RunRequest(given=GivenValues(secrets=project.secrets), options=options)
    )
    await app.runs.executor.finished(run.id)
    return await app.runs.queries.get(user, workflow.id, run.id)


async def test_nearly_every_file_comes_up_healthy_on_the_sandbox(projects: list[Project]) -> None:
    accepted = [project for project in projects if project.workflow is not None]
    async with open_sandbox(speed=20) as sandbox:
        gift = ClusterDraft(name="sandbox", server=sandbox.url, credentials={"token": sandbox.token})
        async with open_app(Settings(store_url="memory://"), gift=gift) as app:
            user = await app.accounts.act_locally()
            async with app.runs.executor.desk.access.connect(await app.clusters.queries.default(user.id)) as connection:
                for namespace in namespaces_of(accepted):
                    await connection.apply(namespace)
            runs = await asyncio.gather(*(deployed(app, user, project) for project in accepted))
    ended = {project.name: run for project, run in zip(accepted, runs, strict=True)}
    failed = {
        name: (run.error, run.node_states) for name, run in ended.items() if run.status is not RunStatus.COMPLETED
    }
    assert len(ended) - len(failed) >= AT_LEAST_RUNNING, failed
    assert not failed, failed
