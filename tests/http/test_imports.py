"""Imports over HTTP: analyses, sessions and their streams, applying, credentials."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from litestar.testing import AsyncTestClient

from adapters.security import Argon2BcryptHasher
from entrypoints.bootstrap import open_app
from entrypoints.http import create_app
from flowcore.files import MemoryFiles
from tests.doubles import PATIENCE
from tests.doubles_cluster import PlayedCluster, PlayedClusters
from tests.doubles_git import FakeGitSource, FakeRepository
from tests.http.conftest import CHEAP, SANDBOX, SETTINGS, Caller, configmap, register

pytestmark = pytest.mark.anyio

URL = "https://git.example.com/ann/shop.git"
COMPOSE = """\
services:
  web: {image: "nginx:${TAG}", ports: ["80:80"], depends_on: [db], environment: {DB: "db:5432"}}
  db: {image: postgres, environment: {POSTGRES_PASSWORD: planted}}
"""


@pytest.fixture
def git() -> FakeGitSource:
    files = {"compose.yaml": COMPOSE, ".env": "TAG=1.27"}
    several = {"a/compose.yaml": "services: {a: {image: a}}", "b/compose.yaml": "services: {b: {image: b}}"}
    project = {"package.json": '{"scripts": {"start": "node ."}, "dependencies": {"express": "4"}}'}
    return FakeGitSource(
        {
            URL: FakeRepository(branches={"main": MemoryFiles(files)}),
            "https://git.example.com/ann/several.git": FakeRepository(branches={"main": MemoryFiles(several)}),
            "https://git.example.com/ann/api.git": FakeRepository(branches={"main": MemoryFiles(project)}),
            "https://git.example.com/ann/private.git": FakeRepository(
                branches={"main": MemoryFiles(files)}, secret="planted-token"
            ),
        }
    )


@pytest.fixture
async def client(cluster: PlayedCluster, git: FakeGitSource) -> AsyncIterator[AsyncTestClient[Any]]:
    hasher = Argon2BcryptHasher(cost=CHEAP)
    access = PlayedClusters(cluster)
    service = create_app(lambda: open_app(SETTINGS, access=access, gift=SANDBOX, hasher=hasher, git=git), SETTINGS)
    async with AsyncTestClient(service) as client:
        yield client


@pytest.fixture
async def ann(client: AsyncTestClient[Any]) -> Caller:
    return await register(client, "ann@example.com")


@pytest.fixture
async def bob(client: AsyncTestClient[Any], ann: Caller) -> Caller:
    return await register(client, "bob@example.com")


async def start(ann: Caller, url: str = URL, **options: Any) -> str:
    answer = await ann.ask("POST", "/import/analyze", json={"source": "git_url", "url": url, **options})
    assert answer.keys() == {"async", "sessionId", "message"}
    return str(answer["sessionId"])


async def events(ann: Caller, session_id: str) -> list[tuple[str, dict[str, Any]]]:
    async with asyncio.timeout(PATIENCE):
        answer = await ann.client.get(f"/v1/api/import/{session_id}/stream", params={"token": ann.token})
    assert answer.status_code == 200
    blocks = [dict(line.split(": ", 1) for line in block.splitlines()) for block in answer.text.strip().split("\n\n")]
    return [(block["event"], json.loads(block["data"])) for block in blocks if "event" in block]


async def analysed(ann: Caller, url: str = URL, **options: Any) -> dict[str, Any]:
    session_id = await start(ann, url, **options)
    await events(ann, session_id)
    session: dict[str, Any] = (await ann.ask("GET", f"/import/{session_id}"))["session"]
    return session


async def test_a_stream_begins_with_the_state_and_ends_with_the_import(ann: Caller) -> None:
    session_id = await start(ann)
    told = await events(ann, session_id)
    assert [told[0][0], told[-1][0]] == ["metadata", "complete"]
    last = told[-1][1]
    # Early clients look into the envelope, late ones for the bare analysis.
    assert last["data"]["analysis"]["suggestedNodes"] == last["suggestedNodes"]
    assert (last["stream_key"], last["event_type"]) == (f"import:{session_id}", "complete")
    again = await events(ann, session_id)
    assert [name for name, _ in again] == ["metadata", "complete"]
    assert again[-1][1]["suggestedNodes"] == last["suggestedNodes"]


async def test_a_session_tells_what_was_found(ann: Caller) -> None:
    session = await analysed(ann, namespace="shop")
    assert (session["status"], session["currentStage"], session["progress"]) == ("completed", "Analysis complete", 100)
    assert (session["branch"], session["url"], session["namespace"]) == ("main", URL, "shop")
    analysis = session["analysis"]
    assert analysis["secretValues"] == {"db-secret": {"POSTGRES_PASSWORD": "planted"}}
    assert [service["environment"] for service in analysis["services"]] == [["DB"], ["POSTGRES_PASSWORD"]]
    listed = (await ann.ask("GET", "/import"))["sessions"]
    assert [(each["id"], each["needsChoice"]) for each in listed] == [(session["id"], False)]


async def test_a_failed_import_tells_its_code_and_stage(ann: Caller) -> None:
    told = await events(ann, await start(ann, "https://git.example.com/ann/gone.git"))
    name, last = told[-1]
    assert name == "failed"
    assert (last["data"]["error_stage"], last["data"]["code"]) == ("clone", "GIT_CLONE_FAILED")
    assert last["error"] == last["data"]["error_message"] == "there is no such repository"


async def test_several_compose_files_leave_the_choice_to_the_caller(ann: Caller) -> None:
    session = await analysed(ann, "https://git.example.com/ann/several.git")
    assert session["needsChoice"]
    assert session["analysis"] is None
    assert [each["path"] for each in session["candidates"]] == ["a/compose.yaml", "b/compose.yaml"]
    again = await ann.ask("POST", f"/import/{session['id']}/analyze", json={"composeFile": "b/compose.yaml"})
    await events(ann, again["sessionId"])
    chosen = (await ann.ask("GET", f"/import/{again['sessionId']}"))["session"]
    assert [service["name"] for service in chosen["analysis"]["services"]] == ["b"]


async def test_a_project_without_a_compose_file_comes_with_a_build(ann: Caller) -> None:
    analysis = (await analysed(ann, "https://git.example.com/ann/api.git"))["analysis"]
    assert (analysis["detectedType"], analysis["needsBuild"]) == ("nixpacks", True)
    build = analysis["sourceBuildConfig"]
    assert (build["repoUrl"], build["branch"], build["useNixpacks"], build["provider"]) == (
        "https://git.example.com/ann/api.git",
        "main",
        True,
        "node",
    )


async def test_credentials_are_kept_for_a_host_and_never_shown(ann: Caller, bob: Caller, git: FakeGitSource) -> None:
    private = "https://git.example.com/ann/private.git"
    assert (await analysed(ann, private))["status"] == "failed"
    body = {"secret": "planted-token", "username": "me"}
    kept = await ann.ask("PUT", "/git/credentials/git.example.com", json=body)
    assert kept.keys() == {"host", "username", "createdAt", "updatedAt"}
    assert (await analysed(ann, private))["status"] == "completed"
    assert (await analysed(bob, private))["status"] == "failed"
    assert "planted-token" not in json.dumps(await ann.ask("GET", "/git/credentials"))
    assert (await bob.ask("GET", "/git/credentials"))["credentials"] == []
    await bob.ask("DELETE", "/git/credentials/git.example.com", status=404)
    await ann.client.delete("/v1/api/git/credentials/git.example.com", headers={"Authorization": f"Bearer {ann.token}"})
    assert (await analysed(ann, private))["status"] == "failed"
    once = await analysed(ann, private, credential={"secret": "planted-token"})
    assert once["status"] == "completed"
    assert "planted-token" not in json.dumps(once)
    await ann.ask("PUT", "/git/credentials/a%20b", json=body, status=400)


async def test_sessions_are_their_owners_only(ann: Caller, bob: Caller) -> None:
    session_id = (await analysed(ann))["id"]
    for method, path in (
        ("GET", ""),
        ("GET", "/stream"),
        ("POST", "/cancel"),
        ("POST", "/analyze"),
        ("DELETE", ""),
    ):
        answer = await bob.ask(
            method, f"/import/{session_id}{path}", status=404, **({"json": {}} if method == "POST" else {})
        )
        assert answer["error"] == "Import session not found"
    await ann.ask("GET", "/import/nonsense", status=400)
    headers = {"Authorization": f"Bearer {ann.token}"}
    assert (await ann.client.delete(f"/v1/api/import/{session_id}", headers=headers)).status_code == 204
    await ann.ask("GET", f"/import/{session_id}", status=404)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"source": "github", "url": URL}, "source"),
        ({"source": "svn", "url": URL}, "source"),
        ({"source": "git_url", "url": "file:///etc/passwd"}, "url"),
        ({"source": "git_url", "url": URL, "branch": "a..b"}, "ref"),
        ({"source": "git_url"}, "url"),
    ],
)
async def test_what_cannot_be_fetched_is_refused_at_once(ann: Caller, body: dict[str, Any], path: str) -> None:
    answer = await ann.ask("POST", "/import/analyze", json=body, status=400)
    assert answer["problems"][0]["path"] == path, answer
    assert (await ann.ask("GET", "/import"))["sessions"] == []


async def test_applying_twice_changes_nothing_and_a_preview_stores_nothing(ann: Caller) -> None:
    analysis = (await analysed(ann))["analysis"]
    mine = await ann.workflow(configmap("web-config", A="1"), publish=False)
    body = {
        "workflowId": mine["id"],
        "nodes": analysis["suggestedNodes"],
        "edges": analysis["suggestedEdges"],
        "positions": {"db": {"x": 4000, "y": 8}, "web": mine["nodes"][0]["position"]},
        "name": analysis["name"],
    }
    looked = await ann.ask("POST", "/import/preview", json=body)
    assert (await ann.ask("GET", f"/workflows/{mine['id']}"))["nodes"] == mine["nodes"]
    once = await ann.ask("POST", "/import/apply", json=body)
    assert once["added"] == looked["added"] == [once["nodeIds"][node["id"]] for node in body["nodes"]]
    assert once["renamed"] == {"web-config-2": "web-config-2"}
    nodes = {node["id"]: node for node in once["workflow"]["nodes"]}
    assert nodes["web-config"] == mine["nodes"][0]
    assert nodes["db"]["position"] == {"x": 4000, "y": 8}
    assert nodes["web"]["position"] != mine["nodes"][0]["position"]
    twice = await ann.ask("POST", "/import/apply", json=body)
    assert twice["workflow"] == once["workflow"]
    assert (twice["added"], len(twice["unchanged"])) == ([], len(body["nodes"]))


async def test_a_node_that_was_edited_is_kept_and_told(ann: Caller) -> None:
    analysis = (await analysed(ann))["analysis"]
    made = (await ann.ask("POST", "/import/create-workflow", json={"name": "shop", "analysis": analysis}))["workflow"]
    nodes = [
        {**node, "data": {**node["data"], "image": "edited"}} if node["id"] == "web" else node for node in made["nodes"]
    ]
    await ann.ask("POST", f"/workflows/{made['id']}/save", json={"nodes": nodes, "edges": made["edges"]})
    body = {"workflowId": made["id"], "nodes": analysis["suggestedNodes"], "edges": analysis["suggestedEdges"]}
    kept = await ann.ask("POST", "/import/apply", json=body)
    assert kept["kept"] == {"web": ["image"]}
    assert [finding["rule"] for finding in kept["findings"]] == ["import-kept"]
    replaced = await ann.ask("POST", "/import/apply", json=body | {"onConflict": "replace"})
    assert replaced["replaced"] == ["web"]


async def test_a_broken_import_is_refused_with_every_problem(ann: Caller) -> None:
    mine = await ann.workflow(publish=False)
    nodes = [configmap("a", X="1"), configmap("a", X="2")]
    edges = [{"id": "e", "source": "a", "target": "gone"}]
    answer = await ann.ask(
        "POST", "/import/apply", json={"workflowId": mine["id"], "nodes": nodes, "edges": edges}, status=400
    )
    assert len(answer["problems"]) == 2


async def test_a_new_workflow_is_for_a_cluster_that_one_has(ann: Caller) -> None:
    analysis = (await analysed(ann))["analysis"]
    body = {"name": "shop", "analysis": analysis, "clusterId": "somebody-elses"}
    refused = await ann.ask("POST", "/import/create-workflow", json=body, status=400)
    assert refused["problems"][0]["path"] == "clusterId"
    made = await ann.ask("POST", "/import/create-workflow", json=body | {"clusterId": "sandbox"})
    assert made["workflow"]["description"] == "Imported from docker-compose"


async def test_uploads_and_files_take_the_same_options(ann: Caller) -> None:
    options = {"variables": '{"TAG": "9"}', "namespace": "shop", "networks": "policies"}
    files = {"file": ("compose.yml", COMPOSE.encode())}
    uploaded = (await ann.ask("POST", "/import/upload", files=files, data=options))["analysis"]
    sent = {
        "fileContent": base64.b64encode(COMPOSE.encode()).decode(),
        "variables": {"TAG": "9"},
        "namespace": "shop",
        "networks": "policies",
    }
    assert (await ann.ask("POST", "/import/analyze", json=sent))["analysis"] == uploaded
    assert "networkpolicy" in {node["type"] for node in uploaded["suggestedNodes"]}
    await ann.ask("POST", "/import/upload", files=files, data={"variables": "x"}, status=400)
    await ann.ask("POST", "/import/analyze", json=sent | {"binds": "magic"}, status=400)


async def test_variables_without_a_value_are_told_with_their_places(ann: Caller) -> None:
    sent = {"fileContent": base64.b64encode(COMPOSE.encode()).decode()}
    analysis = (await ann.ask("POST", "/import/analyze", json=sent))["analysis"]
    assert analysis["variables"] == ["TAG"]
    assert analysis["variablePlaces"]["TAG"][0]["line"] == 2


@pytest.mark.parametrize(
    "content",
    [
        b"\x7fELF\x02\x01\x01\0",
        b"\x89PNG\r\n\x1a\n",
        b"PK\x03\x04\x14\x00",
        b"\x1f\x8b\x08\x00",
        "services: {}".encode("utf-16"),
        b"services:\0 {}",
        b"services: \xff",
    ],
)
async def test_an_upload_is_judged_by_its_content_and_not_by_its_name(ann: Caller, content: bytes) -> None:
    files = {"file": ("compose.yaml", content, "application/yaml")}
    refused = await ann.ask("POST", "/import/upload", files=files, status=400)
    assert refused["error"] == "The file is not UTF-8 text"


async def test_an_upload_that_is_text_but_no_compose_file_is_refused_with_its_place(ann: Caller) -> None:
    for content in (b"<html><script>alert(1)</script></html>", b"#!/bin/sh\nexit 1\n", b"[" * 5000):
        files = {"file": ("../../compose.yaml", content, "application/yaml")}
        refused = await ann.ask("POST", "/import/upload", files=files, status=400)
        assert refused["problems"], refused
