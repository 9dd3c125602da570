"""Workflows, versions, runs, clusters, templates and imports over HTTP, as clients of the wire contract use them."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest
from litestar.testing import AsyncTestClient

from flowcore.ports.cluster import RejectedError
from tests.doubles import PATIENCE
from tests.doubles_cluster import PlayedCluster
from tests.http.conftest import Caller, configmap

pytestmark = pytest.mark.anyio

COMPOSE = b"""
services:
  web:
    image: nginx:${TAG:-1.25}
    ports: ["8080:80"]
    environment: {DB_PASSWORD: hunter22, MODE: "${MODE}"}
    depends_on: [db]
  db:
    image: postgres:16
    environment: [POSTGRES_PASSWORD]
    volumes: ["data:/var/lib/postgresql/data"]
volumes: {data: {}}
"""


async def ended(caller: Caller, workflow_id: str, run_id: str) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE):
        while True:
            run: dict[str, Any] = await caller.ask("GET", f"/workflows/{workflow_id}/runs/{run_id}")
            if run["status"] not in ("pending", "running"):
                return run
            await asyncio.sleep(0.01)


async def test_the_life_of_a_workflow(ann: Caller) -> None:
    body = {"name": "shop", "description": "d", "cluster_id": "sandbox"}
    created = await ann.ask("POST", "/workflows", json=body, status=201)
    assert created["message"] == "Workflow created successfully"
    assert created["workflow"] | body == created["workflow"]
    assert (created["workflow"]["nodes"], created["workflow"]["edges"]) == ([], [])
    assert (created["workflow"]["status"], created["workflow"]["revision"]) == ("draft", 1)
    path = f"/workflows/{created['id']}"
    node = configmap("a") | {"measured": {"width": 3}, "selected": True}
    saved = await ann.ask("POST", f"{path}/save", json={"nodes": [node], "edges": []})
    assert saved["message"] == "Workflow saved successfully"
    assert saved["workflow"]["nodes"] == [configmap("a")]
    changed = await ann.ask("PUT", path, json={"name": "shop two"})
    assert (changed["name"], changed["revision"]) == ("shop two", 3)
    assert await ann.ask("GET", path) == changed
    assert [one["id"] for one in (await ann.ask("GET", "/workflows"))["workflows"]] == [created["id"]]
    copy = await ann.ask("POST", f"{path}/clone", json={"name": "copy"}, status=201)
    assert copy["workflow"]["nodes"] == [configmap("a")]
    assert (await ann.ask("DELETE", path))["message"] == "Workflow deleted successfully"
    await ann.ask("GET", path, status=404)


async def test_of_two_saves_on_one_revision_one_wins_and_the_other_loses_nothing(ann: Caller) -> None:
    workflow = await ann.workflow()
    path = f"/workflows/{workflow['id']}/save"

    async def save(name: str) -> tuple[int, dict[str, Any]]:
        body = {"nodes": [configmap(name)], "revision": workflow["revision"]}
        headers = {"Authorization": f"Bearer {ann.token}"}
        answer = await ann.client.post(f"/v1/api{path}", json=body, headers=headers)
        return answer.status_code, answer.json()

    answers = await asyncio.gather(save("a"), save("b"))
    assert sorted(status for status, _ in answers) == [200, 409]
    refused = next(body for status, body in answers if status == 409)
    won = next(body for status, body in answers if status == 200)
    assert (refused["code"], refused["revision"]) == ("workflow.stale", workflow["revision"] + 1)
    assert (await ann.ask("GET", f"/workflows/{workflow['id']}"))["nodes"] == won["workflow"]["nodes"]


async def test_the_revision_may_come_as_an_etag(ann: Caller) -> None:
    workflow = await ann.workflow()
    path = f"/workflows/{workflow['id']}"
    headers = {"Authorization": f"Bearer {ann.token}"}
    tag = (await ann.client.get(f"/v1/api{path}", headers=headers)).headers["etag"]
    await ann.ask("PUT", path, json={"name": "b"}, headers={"If-Match": tag})
    await ann.ask("PUT", path, json={"name": "c"}, headers={"If-Match": tag}, status=409)
    await ann.ask("PUT", path, json={"name": "c"}, headers={"If-Match": "nonsense"}, status=400)
    # More digits than Python makes a number of.
    await ann.ask("PUT", path, json={"name": "c"}, headers={"If-Match": f'"{"9" * 5000}"'}, status=400)
    await ann.ask("PUT", path, json={}, status=400)


async def test_a_save_without_nodes_leaves_the_drawing(ann: Caller) -> None:
    workflow = await ann.workflow(configmap("a"))
    saved = await ann.ask("POST", f"/workflows/{workflow['id']}/save", json={"description": "new"})
    assert saved["workflow"]["nodes"] == [configmap("a")]
    taken = await ann.ask("POST", f"/workflows/{workflow['id']}/save", json={"nodes": [], "edges": []})
    assert taken["removed_nodes"] == ["a"]


async def test_every_wrong_entry_of_a_drawing_is_told(ann: Caller) -> None:
    workflow = await ann.workflow()
    nodes = [{"id": "a"}, {"type": "service"}]
    answer = await ann.ask("POST", f"/workflows/{workflow['id']}/save", json={"nodes": nodes}, status=400)
    assert [problem["path"] for problem in answer["problems"]] == ["nodes[0].type", "nodes[1].id"]


async def test_a_run_goes_on_in_the_background_and_keeps_its_record(ann: Caller, cluster: PlayedCluster) -> None:
    workflow = await ann.workflow(configmap("a", KEY="v"))
    path = f"/workflows/{workflow['id']}"
    started = await ann.ask("POST", f"{path}/run", json={"trigger_data": {"secrets": {}, "envVars": {}}})
    assert started["message"] == "Workflow execution started"
    assert (started["status"], started["version"]) == ("pending", 1)
    run = await ended(ann, workflow["id"], started["run_id"])
    assert (run["status"], run["error"]) == ("completed", "")
    assert run["node_states"]["a"]["status"] == "completed"
    assert run["output"] == {"a": {"operation": "created"}}
    assert run["duration"] >= 0
    assert [one["id"] for one in (await ann.ask("GET", f"{path}/runs"))["runs"]] == [run["id"]]
    after = await ann.ask("GET", path)
    assert (after["run_count"], after["success_count"], after["current_version"]) == (1, 1, 1)
    assert after["revision"] == workflow["revision"]
    await ann.ask("POST", f"{path}/runs/{run['id']}/cancel", status=409)
    await ann.ask("GET", f"{path}/runs/{'f' * 24}", status=404)


async def test_twenty_runs_at_once_have_twenty_gapless_versions(ann: Caller) -> None:
    workflow = await ann.workflow(configmap("a"))
    path = f"/workflows/{workflow['id']}"
    started = await asyncio.gather(*(ann.ask("POST", f"{path}/run") for _ in range(20)))
    assert sorted(run["version"] for run in started) == list(range(1, 21))
    assert (await ann.ask("GET", f"{path}/versions?limit=50"))["total"] == 20


async def test_a_run_is_refused_with_every_problem(ann: Caller) -> None:
    bad = [{"id": name, "type": "deployment", "data": {"name": name}} for name in ("a", "b")]
    workflow = await ann.workflow(*bad)
    answer = await ann.ask("POST", f"/workflows/{workflow['id']}/run", status=400)
    assert {problem["node"] for problem in answer["problems"]} == {"a", "b"}
    draft = await ann.workflow(publish=False)
    answer = await ann.ask("POST", f"/workflows/{draft['id']}/run", status=400)
    assert answer["error"] == "Workflow must be published to run"
    for body in ({"timeout": "long"}, {"on_failure": "pray"}, {"trigger_data": {"secrets": {"a": {"K": []}}}}):
        await ann.ask("POST", f"/workflows/{workflow['id']}/run", json=body, status=400)
    await ann.ask("POST", f"/workflows/{workflow['id']}/run", content=b"{", status=400)


async def test_secrets_of_a_run_come_back_nowhere(ann: Caller, cluster: PlayedCluster) -> None:
    secret = {"id": "s", "type": "secret", "data": {"name": "keys", "keys": [{"id": "1", "name": "TOKEN"}]}}
    workflow = await ann.workflow(secret)
    path = f"/workflows/{workflow['id']}"
    missing = await ann.ask("POST", f"{path}/run", status=400)
    assert missing["problems"][0]["path"] == "trigger_data.secrets.s.TOKEN"
    cluster.refused["keys"] = RejectedError("no", reason="Invalid", causes=('data.TOKEN: "hunter22" is bad',))
    body = {"trigger_data": {"secrets": {"s": {"TOKEN": "hunter22"}}}}
    started = await ann.ask("POST", f"{path}/run", json=body)
    run = await ended(ann, workflow["id"], started["run_id"])
    assert run["error"] == 's: data.TOKEN: "***" is bad'
    assert "hunter22" not in str(await ann.ask("GET", f"{path}/versions"))


async def test_versions_are_listed_compared_described_and_restored(ann: Caller) -> None:
    workflow = await ann.workflow(configmap("a"), configmap("b"))
    path = f"/workflows/{workflow['id']}"
    made = await ann.ask("POST", f"{path}/versions", json={"name": "first", "tag": "v1"}, status=201)
    assert (made["version"]["version"], made["version"]["is_automatic"]) == (1, False)
    moved = configmap("b") | {"position": {"x": 9, "y": 9}}
    edge = {"id": "e", "source": "b", "target": "c"}
    await ann.ask("POST", f"{path}/save", json={"nodes": [moved, configmap("c", K="1")], "edges": [edge]})
    await ann.ask("POST", f"{path}/versions", json={}, status=201)
    diff = await ann.ask("GET", f"{path}/versions/compare?v1=1&v2=2")
    assert (diff["from_version"], diff["to_version"]) == (1, 2)
    kinds = ("added_nodes", "removed_nodes", "modified_nodes", "moved_nodes")
    assert [[one["node_id"] for one in diff[kind]] for kind in kinds] == [["c"], ["a"], [], ["b"]]
    assert diff["added_edges"][0] | {"edge_id": "e", "source": "b", "target": "c"} == diff["added_edges"][0]
    assert (diff["removed_edges"], diff["modified_edges"]) == ([], [])
    told = await ann.ask("PUT", f"{path}/versions/2", json={"description": "second"})
    assert told["version"]["description"] == "second"
    restored = await ann.ask("POST", f"{path}/versions/1/restore")
    assert (restored["version"]["version"], restored["version"]["restored_from"]) == (3, 1)
    assert restored["workflow"]["nodes"] == [configmap("a"), configmap("b")]
    page = await ann.ask("GET", f"{path}/versions?page=1&limit=2")
    assert ([one["version"] for one in page["versions"]], page["total"]) == ([3, 2], 3)
    for wrong in ("/versions/x", "/versions/0", "/versions/compare?v1=1", "/versions/compare?v1=1&v2=x"):
        await ann.ask("GET", path + wrong, status=400)
    await ann.ask("GET", f"{path}/versions/9", status=404)
    await ann.ask("GET", f"{path}/versions/compare?v1=1&v2=9", status=404)


async def test_archiving_takes_the_objects_out_of_the_cluster(ann: Caller, cluster: PlayedCluster) -> None:
    workflow = await ann.workflow(configmap("a"))
    path = f"/workflows/{workflow['id']}"
    await ended(ann, workflow["id"], (await ann.ask("POST", f"{path}/run"))["run_id"])
    archived = await ann.ask("PUT", f"{path}/status", json={"status": "archived"})
    assert (archived["workflow"]["status"], archived["warning"]) == ("archived", "")
    assert cluster.objects == {}
    await ann.ask("PUT", f"{path}/status", json={"status": "gone"}, status=400)


async def test_a_cluster_is_registered_tested_chosen_and_forgotten(ann: Caller, cluster: PlayedCluster) -> None:
    body = {"name": "prod", "server": "https://k8s", "authType": "token", "credentials": {"token": "hunter22"}}
    added = await ann.ask("POST", "/clusters", json=body, status=201)
    assert (added["cluster"]["status"], added["cluster"]["default"]) == ("unknown", False)
    assert "hunter22" not in str(added)
    listed = await ann.ask("GET", "/clusters")
    assert {one["name"] for one in listed["clusters"]} == {"sandbox", "prod"}
    assert (await ann.ask("GET", "/clusters/default"))["name"] == "sandbox"
    tested = await ann.ask("POST", "/clusters/prod/test")
    assert tested["message"] == "Connection test successful"
    status = await ann.ask("GET", "/clusters/prod/status")
    assert (status["status"], status["isOnline"], status["isStale"]) == ("connected", True, False)
    assert (await ann.ask("PUT", "/clusters/prod/default"))["cluster"] == "prod"
    assert [one["name"] for one in (await ann.ask("GET", "/clusters"))["clusters"] if one["default"]] == ["prod"]
    moved = await ann.ask("PUT", "/clusters/prod", json={"server": "https://other", "description": "d"})
    assert (moved["cluster"]["server"], moved["cluster"]["status"]) == ("https://other", "unknown")
    assert moved["cluster"]["displayName"] == "prod"
    await ann.ask("PUT", "/clusters/prod", json={"authType": "magic"}, status=400)
    new = {"credentials": {"token": "hunter33"}}
    assert (await ann.ask("PUT", "/clusters/prod/credentials", json=new))["cluster"] == "prod"
    cluster.is_down = True
    failed = await ann.ask("POST", "/clusters/prod/test", status=503)
    assert (failed["status"], failed["error"]) == ("failed", "the cluster does not answer")
    assert (await ann.ask("DELETE", "/clusters/prod"))["cluster"] == "prod"
    await ann.ask("GET", "/clusters/prod", status=404)
    await ann.ask("POST", "/clusters", json=body | {"name": "sandbox"}, status=409)
    await ann.ask("POST", "/clusters", json=body | {"name": "!", "authType": "magic"}, status=400)


async def test_the_palette_lists_every_kind(ann: Caller) -> None:
    templates = {one["id"]: one for one in (await ann.ask("GET", "/templates"))["templates"]}
    deployment = templates["core/deployment"]
    assert {"name", "displayName", "category", "icon", "description", "version", "tags"} <= set(deployment)
    image = next(one for one in deployment["parameters"] if one["name"] == "image")
    assert (image["required"], image["type"]) == (True, "string")
    assert "properties" in (await ann.ask("GET", "/templates/core/deployment"))["schema"]
    await ann.ask("GET", "/templates/core/spaceship", status=404)


async def test_a_compose_file_is_looked_at_and_becomes_a_workflow(ann: Caller) -> None:
    files = {"file": ("docker-compose.yml", COMPOSE, "application/yaml")}
    uploaded = await ann.ask("POST", "/import/upload", files=files)
    assert (uploaded["fileName"], uploaded["fileSize"]) == ("docker-compose.yml", len(COMPOSE))
    analysis = uploaded["analysis"]
    assert analysis["detectedType"] == "docker-compose"
    assert analysis["variables"] == ["MODE", "POSTGRES_PASSWORD"]
    assert "hunter22" in str(analysis["secretValues"])
    assert "hunter22" not in str([analysis["suggestedNodes"], analysis["services"]])
    assert analysis["missingSecrets"] == {}
    body = {"name": "shop", "clusterId": "sandbox", "analysis": analysis}
    made = (await ann.ask("POST", "/import/create-workflow", json=body, status=200))["workflow"]
    assert made["tags"] == ["imported", "docker-compose"]
    assert len(made["nodes"]) == len(analysis["suggestedNodes"]) > 4


async def test_a_compose_file_may_come_as_base64_with_values_for_its_variables(ann: Caller) -> None:
    content = base64.b64encode(COMPOSE).decode()
    body = {"source": "file", "fileName": "shop.yml", "fileContent": content, "variables": {"MODE": "x"}}
    answer = await ann.ask("POST", "/import/analyze", json=body | {"namespace": "shop"})
    assert answer["async"] is False
    assert (answer["analysis"]["name"], answer["analysis"]["variables"]) == ("shop", ["POSTGRES_PASSWORD"])
    assert {node["data"]["namespace"] for node in answer["analysis"]["suggestedNodes"]} == {"shop"}


async def test_what_cannot_be_imported_is_refused_with_every_finding(ann: Caller, client: AsyncTestClient[Any]) -> None:
    broken = b"services:\n  web: {}\n  db: {}\n"
    answer = await ann.ask("POST", "/import/upload", files={"file": ("c.yml", broken)}, status=400)
    assert len(answer["problems"]) == 2
    assert answer["problems"][0]["line"] == 2
    text = await ann.ask("POST", "/import/upload", files={"file": ("c.txt", b"x")}, status=400)
    assert text["error"] == "Invalid file type. Only .yml and .yaml files are allowed"
    large = await ann.ask("POST", "/import/upload", files={"file": ("c.yml", b"#" * 1_100_000)}, status=413)
    assert large["error"] == "File too large. Maximum size is 1MB"
    await ann.ask("POST", "/import/upload", data={"namespace": "x"}, files={"other": ("c.yml", b"")}, status=400)
    path = base64.b64encode(b"/etc/passwd").decode()
    await ann.ask("POST", "/import/analyze", json={"source": "file", "fileContent": path}, status=400)
    await ann.ask("POST", "/import/analyze", json={"source": "github"}, status=400)


async def test_a_drawing_is_checked_before_it_is_saved(ann: Caller) -> None:
    workflow = await ann.workflow(configmap("a", K="v"))
    path = f"/workflows/{workflow['id']}"
    assert (await ann.ask("POST", f"{path}/validate"))["valid"] is True
    bad = [{"id": "d", "type": "deployment", "data": {"name": "web"}}]
    checked = await ann.ask("POST", f"{path}/validate", json={"nodes": bad})
    assert checked["valid"] is False
    assert checked["findings"][0]["node"] == "d"
    assert (await ann.ask("GET", path))["nodes"] == [configmap("a", K="v")]


async def test_a_plan_tells_what_a_run_would_do_and_does_nothing(ann: Caller, cluster: PlayedCluster) -> None:
    workflow = await ann.workflow(configmap("a", K="v"))
    path = f"/workflows/{workflow['id']}"
    assert (await ann.ask("POST", f"{path}/plan"))["counts"]["create"] == 1
    assert cluster.applied == []
    await ended(ann, workflow["id"], (await ann.ask("POST", f"{path}/run"))["run_id"])
    assert (await ann.ask("POST", f"{path}/plan"))["counts"]["unchanged"] == 1
    await ann.ask("POST", f"{path}/save", json={"nodes": [configmap("a", K="w"), configmap("b")]})
    plan = await ann.ask("POST", f"{path}/plan")
    assert plan["counts"] == {"create": 1, "update": 1, "unchanged": 0, "prune": 0}
    update = next(step for step in plan["steps"] if step["action"] == "update")
    assert update["differences"] == [{"path": "data.K", "desired": "w", "live": "v"}]
    cluster.is_down = True
    await ann.ask("POST", f"{path}/plan", status=503)
