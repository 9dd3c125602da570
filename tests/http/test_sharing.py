"""Sharing over HTTP: what a role lets somebody do to a cluster, and what becomes of it when it is taken back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from flowcore.model import AccessRole
from tests.doubles import PATIENCE
from tests.doubles_cluster import PlayedCluster
from tests.http.conftest import Caller, configmap, open_played, with_settings
from tests.http.serving import serve

pytestmark = pytest.mark.anyio


async def share(ann: Caller, path: str, role: str, email: str = "bob@example.com") -> dict[str, Any]:
    answer: dict[str, Any] = await ann.ask("POST", f"{path}/grants", json={"email": email, "role": role})
    return answer


async def until_ended(who: Caller, path: str, run_id: str) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE):
        while True:
            run: dict[str, Any] = await who.ask("GET", f"{path}/runs/{run_id}")
            if run["status"] not in ("pending", "running"):
                return run
            await asyncio.sleep(0.01)


async def test_a_deployer_runs_a_workflow_in_its_owners_cluster_and_archives_nothing(
    ann: Caller, bob: Caller, cluster: PlayedCluster
) -> None:
    workflow = await ann.workflow(configmap("a"))
    path = f"/workflows/{workflow['id']}"
    await share(ann, path, "deployer")
    run = await until_ended(bob, path, (await bob.ask("POST", f"{path}/run"))["run_id"])
    assert run["status"] == "completed"
    assert (await ann.ask("GET", f"{path}/runs"))["runs"][0]["id"] == run["id"]
    refused = await bob.ask("PUT", f"{path}/status", json={"status": "archived"}, status=403)
    assert refused["code"] == "workflow.role"
    assert [ref.name for ref in cluster.objects] == ["a"]


async def test_what_is_shared_is_listed_and_says_what_one_may_do(ann: Caller, bob: Caller) -> None:
    workflow = await ann.workflow()
    path = f"/workflows/{workflow['id']}"
    made = await share(ann, path, "editor")
    assert (made["email"], made["role"], made["expiresAt"]) == ("bob@example.com", "editor", None)
    assert [each["id"] for each in (await bob.ask("GET", "/workflows"))["workflows"]] == [workflow["id"]]
    told = await bob.ask("GET", f"{path}/access")
    assert told == {"role": "editor", "permissions": ["view", "deploy", "edit"]}
    listed = (await ann.ask("GET", f"{path}/grants"))["grants"]
    assert [(each["id"], each["name"]) for each in listed] == [(made["id"], "bob")]


async def test_who_is_in_a_team_is_told_to_its_members(ann: Caller, bob: Caller) -> None:
    team = await ann.ask("POST", "/teams", json={"name": "crew"}, status=201)
    assert (team["role"], team["permissions"][-1]) == ("owner", "administer")
    path = f"/teams/{team['id']}"
    await ann.ask("PUT", f"{path}/members", json={"email": "bob@example.com", "role": "deployer"})
    members = (await bob.ask("GET", f"{path}/members"))["members"]
    assert [(each["email"], each["role"]) for each in members] == [
        ("ann@example.com", "owner"),
        ("bob@example.com", "deployer"),
    ]
    assert [each["role"] for each in (await bob.ask("GET", "/teams"))["teams"]] == ["deployer"]
    body = {"name": "shop", "team_id": team["id"], "cluster_id": "sandbox", "nodes": [configmap("a")]}
    flow = (await ann.ask("POST", "/workflows", json=body, status=201))["workflow"]
    assert flow["team_id"] == flow["owner_id"] == team["id"]
    flow_path = f"/workflows/{flow['id']}"
    await ann.ask("PUT", f"{flow_path}/status", json={"status": "published"})
    run = await until_ended(bob, flow_path, (await bob.ask("POST", f"{flow_path}/run"))["run_id"])
    assert run["status"] == "completed"


@pytest.mark.parametrize("role", list(AccessRole))
async def test_a_cluster_is_shared_by_id_as_older_clients_do_it(ann: Caller, bob: Caller, role: AccessRole) -> None:
    body = {"targetUserId": bob.user["id"], "role": "admin" if role is AccessRole.OWNER else str(role)}
    await ann.ask("POST", "/clusters/sandbox/share", json=body)
    (granted,) = (await ann.ask("GET", "/clusters/sandbox/grants"))["grants"]
    assert (granted["userId"], granted["role"]) == (bob.user["id"], str(role))


async def test_what_a_share_cannot_say_is_refused_and_not_left_out(ann: Caller, bob: Caller) -> None:
    for wrong in ({"role": "anything"}, {"role": "viewer", "namespaces": ["a"]}):
        await ann.ask("POST", "/clusters/sandbox/share", json={"targetUserId": bob.user["id"], **wrong}, status=400)
    await ann.ask("POST", "/clusters/sandbox/grants", json={"role": "king", "email": "bob@example.com"}, status=400)


async def test_a_live_stream_ends_when_the_grant_behind_it_is_taken_back(cluster: PlayedCluster) -> None:
    settings = with_settings(heartbeat=0.05)
    async with serve(open_played(cluster, settings), settings) as service:
        path = f"/workflows/{await service.workflow(configmap('a'))}"
        body = {"email": "bob@example.com", "password": "correct horse 7", "name": "Bob"}
        token = (await service.client.post("/auth/register", json=body)).json()["token"]
        grant = (await service.client.post(f"{path}/grants", json={"email": body["email"], "role": "viewer"})).json()
        headers = {"Authorization": f"Bearer {token}"}
        async with asyncio.timeout(PATIENCE):
            async with service.client.stream("GET", f"{path}/status/stream", headers=headers) as answer:
                lines = answer.aiter_lines()
                assert await anext(lines) == "retry: 3000"
                await service.client.delete(f"{path}/grants/{grant['id']}")
                async for _ in lines:
                    pass
            assert (await service.client.get(f"{path}/status/stream", headers=headers)).status_code == 404
