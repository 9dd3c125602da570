"""The conversion, counted over real files, and a larger application with every option up and running."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import evolve

from adapters.sandbox import open_sandbox
from entrypoints.bootstrap import open_app
from entrypoints.settings import Settings
from flowcore import import_compose, render, validate
from flowcore.model import RunOptions, RunStatus, WorkflowStatus
from flowcore.usecases.clusters.keeping import ClusterDraft
from flowcore.usecases.drawings.workflows import WorkflowDraft
from flowcore.usecases.runs.preparing import GivenValues
from flowcore.usecases.runs.running import RunRequest
from tests.carrying import count
from tests.schemas import violations

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

LARGER = Path(__file__).resolve().parents[1] / "compose_files" / "larger"


def test_every_entry_of_every_real_file_is_carried_over_or_reported(testdata: Path) -> None:
    found = count(testdata / "compose")
    assert found.files == 39
    assert not found.refused
    assert not found.dropped
    assert found.carried / found.entries > 0.7


def test_the_larger_application_passes_the_strict_schemas() -> None:
    imported = import_compose(LARGER, networks="policies", expose="ingress")
    manifests = render(imported.workflow, secret_values=imported.secret_values)
    assert not {m["metadata"]["name"]: problems for m in manifests if (problems := violations(m))}
    assert not [finding for finding in validate(imported.workflow) if finding.is_error]
    assert {m["kind"] for m in manifests} >= {
        "CronJob",
        "DaemonSet",
        "Deployment",
        "HorizontalPodAutoscaler",
        "Ingress",
        "Job",
        "NetworkPolicy",
        "StatefulSet",
    }


async def test_the_larger_application_comes_up_on_the_sandbox() -> None:
    imported = import_compose(LARGER, networks="policies", expose="ingress")
    nodes = tuple(evolve(node, data={**node.data, "namespace": "larger"}) for node in imported.workflow.nodes)
    draft = WorkflowDraft(name="larger", nodes=nodes, edges=imported.workflow.edges, status=WorkflowStatus.PUBLISHED)
    async with open_sandbox(speed=20) as sandbox:
        gift = ClusterDraft(name="sandbox", server=sandbox.url, credentials={"token": sandbox.token})
        async with open_app(Settings(store_url="memory://"), gift=gift) as app:
            user = await app.accounts.act_locally()
            async with app.runs.executor.desk.access.connect(await app.clusters.queries.default(user.id)) as connection:
                await connection.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "larger"}})
            workflow = await app.workflows.create(user, draft)
            options = RunOptions(generate_secrets=True, timeout=120)
            given = GivenValues(secrets=imported.secret_values)
            run = await app.runs.start(user, workflow.id, RunRequest(given=given, options=options))
            await app.runs.executor.finished(run.id)
            ended = await app.runs.queries.get(user, workflow.id, run.id)
    assert ended.status is RunStatus.COMPLETED, (ended.error, ended.node_states)
