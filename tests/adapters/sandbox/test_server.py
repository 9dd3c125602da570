"""A served sandbox: it listens on loopback, works, ends quickly and leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from ruamel.yaml import YAML

from adapters.sandbox import Sandbox, create_sandbox, open_sandbox

pytestmark = pytest.mark.anyio


async def ready_replicas(http: httpx.AsyncClient, path: str, count: int) -> None:
    """Watch a workload until so many replicas are ready."""
    async with asyncio.timeout(10), http.stream("GET", path, params={"watch": "true"}) as reply:
        async for line in reply.aiter_lines():
            if json.loads(line)["object"]["status"].get("readyReplicas") == count:
                return


async def test_it_serves_the_api_and_its_controllers_work(deployment: Any) -> None:
    async with open_sandbox(speed=20) as sandbox, httpx.AsyncClient(base_url=sandbox.url) as http:
        http.headers["authorization"] = f"Bearer {sandbox.token}"
        path = "/apis/apps/v1/namespaces/default/deployments"
        assert (await http.post(path, json=deployment(replicas=2))).status_code == 201

        await ready_replicas(http, path, 2)
        pods = (await http.get("/api/v1/namespaces/default/pods")).json()["items"]
        assert [pod["status"]["phase"] for pod in pods] == ["Running", "Running"]
        log = await http.get(f"/api/v1/namespaces/default/pods/{pods[0]['metadata']['name']}/log")
        assert log.status_code == 200


async def test_it_ends_quickly_with_open_watches_and_leaves_no_task() -> None:
    before = asyncio.all_tasks()
    loop = asyncio.get_running_loop()
    async with httpx.AsyncClient() as http:
        async with open_sandbox() as sandbox:
            headers = {"authorization": f"Bearer {sandbox.token}"}
            request = http.build_request("GET", f"{sandbox.url}/api/v1/pods?watch=true", headers=headers)
            reply = await http.send(request, stream=True)
            assert reply.status_code == 200
            started = loop.time()
        assert loop.time() - started < 2
        assert [line async for line in reply.aiter_lines()] == []
    await asyncio.sleep(0)
    assert asyncio.all_tasks() <= before


async def test_a_taken_port_is_told() -> None:
    async with open_sandbox() as sandbox:
        port = int(sandbox.url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"):
            async with open_sandbox(port=port):
                pass


async def test_the_kubeconfig_leads_to_the_sandbox() -> None:
    async with open_sandbox(token="chosen") as sandbox:
        config = YAML(typ="safe").load(sandbox.kubeconfig())
        server = config["clusters"][0]["cluster"]["server"]
        assert server == f"{sandbox.url}/token/chosen"
        async with httpx.AsyncClient() as http:
            assert (await http.get(f"{server}/api/v1/namespaces")).status_code == 200


def test_the_token_is_random_and_never_shown() -> None:
    one, two = create_sandbox(), create_sandbox()
    assert one.token != two.token
    assert one.token not in repr(one)


def test_the_same_seed_gives_the_same_names() -> None:
    def uids(sandbox: Sandbox) -> list[str]:
        return [obj["metadata"]["uid"] for obj in sandbox.store.list("v1", "Namespace")]

    assert uids(create_sandbox(seed=7)) == uids(create_sandbox(seed=7))
    assert uids(create_sandbox(seed=7)) != uids(create_sandbox(seed=8))


def test_the_node_says_that_it_runs_no_containers(sandbox: Sandbox) -> None:
    node = sandbox.store.list("v1", "Node")[0]
    assert "sandbox" in node["metadata"]["name"]
    assert "runs no containers" in node["status"]["nodeInfo"]["osImage"]
