"""The whole way over HTTP to a cluster that answers like a real one: the sandbox, through our Kubernetes adapter."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest
from attrs import define

from adapters.sandbox import Sandbox, open_sandbox
from adapters.security import Argon2BcryptHasher
from entrypoints.bootstrap import open_app
from flowcore.model import Manifest, ObjectRef
from flowcore.usecases.clusters.keeping import ClusterDraft
from tests.http.conftest import CHEAP, SETTINGS
from tests.http.serving import Service, serve

pytestmark = pytest.mark.anyio

LONG = 30.0
COMPOSE = b"""
services:
  web:
    image: nginx:1.25
    ports: ["8080:80"]
    environment: {SESSION_SECRET: hunter22, MODE: fast}
    depends_on:
      db: {condition: service_healthy}
  db:
    image: postgres:16
    environment: {POSTGRES_PASSWORD: "hunter33"}
    volumes: ["data:/var/lib/postgresql/data"]
volumes: {data: {}}
"""


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with open_sandbox(speed=20) as sandbox:
        yield sandbox


@define
class Caller:
    """Somebody who is signed in at a service with the sandbox."""

    service: Service

    async def ask(self, method: str, path: str, *, status: int = 200, **sent: Any) -> Any:
        answer = await self.service.client.request(method, path, **sent)
        assert answer.status_code == status, (method, path, answer.status_code, answer.text)
        return answer.json()

    async def workflow(self, *nodes: dict[str, Any]) -> str:
        return await self.service.workflow(*nodes)


@pytest.fixture
async def ann(sandbox: Sandbox) -> AsyncIterator[Caller]:
    gift = ClusterDraft(name="sandbox", server=sandbox.url, credentials={"token": sandbox.token})
    hasher = Argon2BcryptHasher(cost=CHEAP)
    async with serve(lambda: open_app(SETTINGS, gift=gift, hasher=hasher), SETTINGS) as service:
        yield Caller(service)


async def live(ann: Caller, kind: str, name: str, api_version: str = "v1") -> Manifest | None:
    app = ann.service.app
    cluster = (await app.clusters.queries.authorizer.clusters.find({}))[0]
    async with app.clusters.test.access.connect(cluster) as connection:
        return await connection.get(ObjectRef(api_version, kind, name, "default"))


async def run(ann: Caller, workflow_id: str, **body: Any) -> dict[str, Any]:
    """Run a workflow to its end."""
    path = f"/workflows/{workflow_id}"
    started = await ann.ask("POST", f"{path}/run", json={"timeout": LONG} | body)
    async with asyncio.timeout(LONG):
        while True:
            run: dict[str, Any] = await ann.ask("GET", f"{path}/runs/{started['run_id']}")
            if run["status"] not in ("pending", "running"):
                return run
            await asyncio.sleep(0.05)


async def test_a_compose_application_is_imported_deployed_changed_and_brought_back(ann: Caller) -> None:
    analysis = (await ann.ask("POST", "/import/upload", files={"file": ("compose.yaml", COMPOSE)}))["analysis"]
    body = {"name": "shop", "clusterId": "sandbox", "analysis": analysis}
    workflow = (await ann.ask("POST", "/import/create-workflow", json=body, status=200))["workflow"]
    path = f"/workflows/{workflow['id']}"
    await ann.ask("PUT", f"{path}/status", json={"status": "published"})
    plan = await ann.ask("POST", f"{path}/plan")
    assert plan["counts"] == {"create": len(workflow["nodes"]), "update": 0, "unchanged": 0, "prune": 0}
    missing = await ann.ask("POST", f"{path}/run", json={}, status=400)
    assert {problem["path"] for problem in missing["problems"]} == {
        "trigger_data.secrets.web-secret.SESSION_SECRET",
        "trigger_data.secrets.db-secret.POSTGRES_PASSWORD",
    }

    first = await run(ann, workflow["id"], trigger_data={"secrets": analysis["secretValues"]})
    assert first["status"] == "completed", first["logs"]
    order = [line.split()[1].rstrip(":") for line in first["logs"] if line.endswith(": created")]
    assert order.index("db") < order.index("web")
    secret = await live(ann, "Secret", "web-secret")
    assert secret is not None
    assert base64.b64decode(secret["data"]["SESSION_SECRET"]) == b"hunter22"

    again = await run(ann, workflow["id"])
    assert again["status"] == "completed", again["logs"]
    assert await live(ann, "Secret", "web-secret") is not None

    kept = [node for node in workflow["nodes"] if node["id"] not in ("web-published", "web-config")]
    ids = {node["id"] for node in kept}
    edges = [edge for edge in workflow["edges"] if {edge["source"], edge["target"]} <= ids]
    saved = await ann.ask("POST", f"{path}/save", json={"nodes": kept, "edges": edges})
    assert sorted(saved["removed_nodes"]) == ["web-config", "web-published"]
    plan = await ann.ask("POST", f"{path}/plan")
    assert {one["name"] for one in plan["prune"]} == {"web-published", "web-config"}
    actions = {step["node_id"]: step["action"] for step in plan["steps"]}
    assert actions.pop("web") == "update"  # it no longer reads the config map
    assert set(actions.values()) == {"unchanged"}, plan
    pruned = await run(ann, workflow["id"])
    assert pruned["status"] == "completed", pruned["logs"]
    assert await live(ann, "Service", "web-published") is None
    assert await live(ann, "ConfigMap", "web-config") is None
    assert await live(ann, "Service", "web") is not None

    await ann.ask("POST", f"{path}/versions/1/restore")
    back = await run(ann, workflow["id"])
    assert back["status"] == "completed", back["logs"]
    assert await live(ann, "Service", "web-published") is not None
    assert back["version"] == 5


async def test_a_job_that_changed_is_made_anew(ann: Caller) -> None:
    def job(image: str) -> dict[str, Any]:
        return {"id": "j", "type": "job", "data": {"name": "migrate", "image": image}}

    workflow = await ann.workflow(job("busybox:1.36"))
    first = await run(ann, workflow)
    assert first["status"] == "completed", first["logs"]
    await ann.ask("POST", f"/workflows/{workflow}/save", json={"nodes": [job("busybox:1.37")]})
    second = await run(ann, workflow)
    assert second["status"] == "completed", second["logs"]
    made = await live(ann, "Job", "migrate", "batch/v1")
    assert made is not None
    assert made["spec"]["template"]["spec"]["containers"][0]["image"] == "busybox:1.37"


async def test_what_the_cluster_refuses_is_told_field_by_field(ann: Caller) -> None:
    bad = {"id": "w", "type": "deployment", "data": {"name": "web", "image": "nginx:1", "namespace": "nowhere"}}
    workflow = await ann.workflow(bad)
    refused = await run(ann, workflow)
    assert refused["status"] == "failed"
    assert "nowhere" in refused["error"]


async def test_a_failed_run_rolls_back(ann: Caller) -> None:
    def web(image: str, **more: Any) -> dict[str, Any]:
        return {"id": "w", "type": "deployment", "data": {"name": "web", "image": image, **more}}

    workflow = await ann.workflow(web("nginx:1.25"))
    assert (await run(ann, workflow))["status"] == "completed"
    lost = {"id": "l", "type": "configmap", "data": {"name": "lost", "namespace": "nowhere", "data": {"K": "v"}}}
    await ann.ask("POST", f"/workflows/{workflow}/save", json={"nodes": [web("nginx:1.27"), lost]})
    failed = await run(ann, workflow, on_failure="rollback")
    assert failed["status"] == "failed"
    async with asyncio.timeout(LONG):
        while (newest := (await ann.ask("GET", f"/workflows/{workflow}/runs"))["runs"][0])["status"] != "completed":
            assert newest["status"] in ("pending", "running", "failed")
            await asyncio.sleep(0.05)
    assert newest["triggered_by"] == "rollback"
    made = await live(ann, "Deployment", "web", "apps/v1")
    assert made is not None
    assert made["spec"]["template"]["spec"]["containers"][0]["image"] == "nginx:1.25"
