"""The service as a process of its own: killed in the middle of a run, and stopped in order."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from attrs import define

from adapters.sandbox import Sandbox, open_sandbox

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

#: Real seconds for things that real processes do.
LONG = 40.0

NODES = [
    {"id": "db", "type": "deployment", "data": {"name": "db", "image": "postgres:16", "port": 5432}},
    {"id": "web", "type": "deployment", "data": {"name": "web", "image": "nginx:1.25", "port": 80}},
]
EDGES = [{"id": "e", "source": "web", "target": "db", "data": {"condition": "healthy"}}]


@define
class Running:
    """A service in a process of its own."""

    process: asyncio.subprocess.Process
    client: httpx.AsyncClient

    async def ask(self, method: str, path: str, **sent: Any) -> Any:
        answer = await self.client.request(method, path, **sent)
        assert answer.is_success, answer.text
        return answer.json()

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()


@asynccontextmanager
async def running(folder: Path, token: str = "") -> AsyncIterator[Running]:
    """Start the service over the folder's database."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("FLOWCORE_")}
    env = kept | {
        "FLOWCORE_DATA_DIR": str(folder),
        "FLOWCORE_PORT": "0",
        "FLOWCORE_LEASE_SECONDS": "1",
        "FLOWCORE_RECOVER_EVERY": "0.2",
        "FLOWCORE_ALLOWED_ADDRESSES": "127.0.0.1",
    }
    command = (sys.executable, "-m", "entrypoints.http")
    process = await asyncio.create_subprocess_exec(
        *command, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(LONG):
            url, said = "", ""
            while not url:
                line = (await process.stdout.readline()).decode()
                said += line
                assert line, f"the service ended before it listened: {said}"
                url = line.partition("listens on ")[2].strip()
        draining = asyncio.create_task(process.stdout.read())
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with httpx.AsyncClient(base_url=f"{url}/v1/api", headers=headers, timeout=LONG) as client:
            yield Running(process, client)
        await asyncio.wait([draining], timeout=0)
        draining.cancel()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def deploy(service: Running, sandbox: Sandbox) -> tuple[str, str, str]:
    """Sign up, register the sandbox, and start a run; return token, workflow and run."""
    body = {"email": "ann@example.com", "password": "correct horse 7", "name": "Ann"}
    token = (await service.ask("POST", "/auth/register", json=body))["token"]
    service.client.headers["Authorization"] = f"Bearer {token}"
    cluster = {"name": "box", "server": sandbox.url, "authType": "token", "credentials": {"token": sandbox.token}}
    await service.ask("POST", "/clusters", json=cluster)
    workflow = {"name": "shop", "cluster_id": "box", "nodes": NODES, "edges": EDGES}
    workflow_id = (await service.ask("POST", "/workflows", json=workflow))["id"]
    await service.ask("PUT", f"/workflows/{workflow_id}/status", json={"status": "published"})
    run = await service.ask("POST", f"/workflows/{workflow_id}/run", json={"timeout": 60})
    return token, workflow_id, run["run_id"]


async def until(service: Running, path: str, *wanted: str) -> dict[str, Any]:
    async with asyncio.timeout(LONG):
        while True:
            run: dict[str, Any] = await service.ask("GET", path)
            if run["status"] in wanted:
                return run
            await asyncio.sleep(0.05)


async def test_a_run_of_a_killed_service_ends_with_a_verdict_after_the_next_start(tmp_path: Path) -> None:
    async with open_sandbox() as sandbox:
        async with running(tmp_path) as service:
            token, workflow_id, run_id = await deploy(service, sandbox)
            path = f"/workflows/{workflow_id}/runs/{run_id}"
            await until(service, path, "running")
            await service.kill()
        async with running(tmp_path, token) as service:
            assert (await service.ask("GET", path))["status"] == "running"
            run = await until(service, path, "completed", "failed")
            version = await service.ask("GET", f"/workflows/{workflow_id}/versions/1")
            workflow = await service.ask("GET", f"/workflows/{workflow_id}")
    assert run["status"] == "completed", run
    assert any("taken over by another process" in line for line in run["logs"])
    assert {state["status"] for state in run["node_states"].values()} == {"completed"}
    assert (version["run_id"], version["run_status"]) == (run_id, "completed")
    assert (workflow["run_count"], workflow["success_count"]) == (1, 1)


async def test_a_stopped_service_ends_at_once_although_a_stream_is_open_and_leaves_the_run(tmp_path: Path) -> None:
    async with open_sandbox(speed=0.2) as sandbox, running(tmp_path) as service:
        _, workflow_id, run_id = await deploy(service, sandbox)
        path = f"/workflows/{workflow_id}"
        await until(service, f"{path}/runs/{run_id}", "running")
        async with service.client.stream("GET", f"{path}/status/stream") as stream:
            lines = stream.aiter_lines()
            await anext(lines)
            service.process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(4):
                async for _ in lines:
                    pass
                await service.process.wait()
        assert service.process.returncode == 0
