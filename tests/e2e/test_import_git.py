"""Importing from a Git server that really serves, by the command and by the service."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from litestar.testing import AsyncTestClient

from adapters.git import GitProcesses
from adapters.security import Argon2BcryptHasher, Argon2Cost
from entrypoints.bootstrap import open_app
from entrypoints.cli.app import cli
from entrypoints.http import create_app
from entrypoints.settings import Settings
from tests.doubles import PATIENCE
from tests.doubles_cluster import PlayedCluster, PlayedClusters
from tests.git_server import SECRET, GitServer, Guard, Tree, git_server, make_repository

SHOP = {
    "deploy/compose.yaml": (
        "services:\n"
        "  web:\n    image: 'nginx:${TAG}'\n    env_file: ../shared/web.env\n"
        "    volumes: ['./site.conf:/etc/nginx/conf.d/default.conf:ro']\n    depends_on: [db]\n"
        "  db:\n    image: postgres:16\n    environment: {POSTGRES_PASSWORD: '${DB_PASSWORD}'}\n"
    ),
    "deploy/compose.override.yaml": "services: {web: {scale: 2}}\n",
    "deploy/.env": "TAG=1.27\nDB_PASSWORD=planted-in-repository\n",
    "deploy/site.conf": "server {}\n",
    "shared/web.env": "GREETING=hello\n",
}


def _tree(files: dict[str, str]) -> Tree:
    return Tree({path: ("100644", text) for path, text in files.items()})


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitServer]:
    root = tmp_path_factory.mktemp("served")
    old = {**SHOP, "deploy/.env": "TAG=1.25\nDB_PASSWORD=old"}
    make_repository(root / "shop.git", {"trunk": _tree(SHOP), "v/1": _tree(old)}, default="trunk", tags={"v1": "v/1"})
    several = {"a/compose.yaml": "services: {a: {image: a}}", "b/compose.yaml": "services: {b: {image: b}}"}
    make_repository(root / "several.git", {"main": _tree(several)})
    django = {"manage.py": "", "requirements.txt": "django==5.1\n", "site/wsgi.py": ""}
    make_repository(root / "django.git", {"main": _tree(django)})
    make_repository(root / "nothing.git", {"main": _tree({"README": "hello"})})
    with git_server(root) as running:
        yield running


def run(*arguments: str, **env: str) -> Result:
    return CliRunner(env=env).invoke(cli, ["import", "git", "--insecure-http", *arguments])


def nodes(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    return {node["id"]: node["data"] for node in json.loads(result.stdout)["nodes"]}


def test_a_repository_is_imported_with_everything_around_its_compose_file(server: GitServer) -> None:
    drawn = nodes(run(server.url("plain/shop.git", "127.0.0.1")))
    assert drawn["web"]["image"] == "nginx:1.27"
    assert drawn["web"]["replicas"] == 2
    assert drawn["web-config"]["data"] == {"GREETING": "hello"}
    assert any("server {}" in str(data.get("data")) for data in drawn.values())


def test_secret_values_of_the_repository_are_not_printed(server: GitServer) -> None:
    result = run(server.url("plain/shop.git", "127.0.0.1"))
    assert "planted-in-repository" not in result.output


def test_a_ref_and_variables_can_be_chosen(server: GitServer) -> None:
    url = server.url("plain/shop.git", "127.0.0.1")
    assert nodes(run(url, "--ref", "v1"))["web"]["image"] == "nginx:1.25"
    assert nodes(run(url, "--env", "TAG=mine"))["web"]["image"] == "nginx:mine"


def test_the_environment_of_the_process_is_not_shown_to_a_repository(server: GitServer) -> None:
    drawn = nodes(run(server.url("plain/shop.git", "127.0.0.1"), TAG="of-the-process"))
    assert drawn["web"]["image"] == "nginx:1.27"


def test_where_there_are_several_compose_files_one_is_asked_for(server: GitServer) -> None:
    url = server.url("plain/several.git", "127.0.0.1")
    asked = run(url)
    assert asked.exit_code == 2
    assert "--file a/compose.yaml" in asked.output
    assert "--file b/compose.yaml" in asked.output
    assert "b" in nodes(run(url, "--file", "b/compose.yaml"))
    assert "a" in nodes(run(url, "--path", "a"))


def test_without_a_compose_file_the_project_is_detected(server: GitServer) -> None:
    result = run(server.url("plain/django.git", "127.0.0.1"))
    assert "django" in nodes(result)
    assert "django python" in result.stderr
    assert "Nixpacks" in result.stderr


@pytest.mark.parametrize(
    ("path", "options", "told"),
    [
        ("plain/nothing.git", (), "no Compose file and no project"),
        ("plain/gone.git", (), "repository"),
        ("plain/shop.git", ("--ref", "gone"), "no such"),
        ("plain/shop.git", ("--file", "gone.yaml"), "no file gone.yaml"),
        ("plain/shop.git", ("--path", "../.."), "outside the tree"),
    ],
)
def test_what_is_not_there_is_told(server: GitServer, path: str, options: tuple[str, ...], told: str) -> None:
    result = run(server.url(path, "127.0.0.1"), *options)
    assert result.exit_code in (1, 2)
    assert told in " ".join(result.output.split()), result.output


def test_a_private_repository_wants_a_token(server: GitServer) -> None:
    url = server.url("auth/shop.git", "127.0.0.1")
    refused = run(url)
    assert refused.exit_code == 1
    assert SECRET not in refused.output
    wrong = run(url, FLOWCORE_GIT_TOKEN="planted-wrong-token")
    assert wrong.exit_code == 1
    assert "does not accept" in " ".join(wrong.output.split())
    assert "planted-wrong-token" not in wrong.output
    assert "web" in nodes(run(url, FLOWCORE_GIT_TOKEN=SECRET))


def test_plain_http_and_metadata_services_are_refused() -> None:
    plain = CliRunner().invoke(cli, ["import", "git", "http://git.example.com/a/b"])
    assert plain.exit_code != 0
    inside = run("http://169.254.169.254/a/b.git")
    assert inside.exit_code != 0
    assert "metadata" in inside.output


def _bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("db.sqlite*"))


@pytest.mark.anyio
async def test_the_service_imports_and_tells_how_far_it_is(server: GitServer, tmp_path: Path) -> None:
    settings = Settings(
        store_url=f"sqlite:///{tmp_path / 'db.sqlite'}", data_dir=tmp_path, git_schemes=("https", "http")
    )
    git = GitProcesses(guard=Guard(), schemes=("http",))
    hasher = Argon2BcryptHasher(cost=Argon2Cost(memory_kib=8, passes=1))
    access = PlayedClusters(PlayedCluster())
    service = create_app(lambda: open_app(settings, git=git, hasher=hasher, access=access), settings)
    async with AsyncTestClient(service) as client:
        account = {"email": "ann@example.com", "password": "correct horse", "name": "Ann"}
        token = (await client.post("/v1/api/auth/register", json=account)).json()["token"]
        headers = {"Authorization": f"Bearer {token}"}
        put = await client.put(f"/v1/api/git/credentials/{server.place}", json={"secret": SECRET}, headers=headers)
        assert put.status_code == 200, put.text
        assert SECRET not in put.text
        asked = {"source": "git_url", "url": server.url("auth/shop.git"), "namespace": "shop"}
        started = (await client.post("/v1/api/import/analyze", json=asked, headers=headers)).json()
        assert started["async"] is True
        async with asyncio.timeout(PATIENCE):
            answer = await client.get(f"/v1/api/import/{started['sessionId']}/stream", headers=headers)
        events = [line.removeprefix("event: ") for line in answer.text.splitlines() if line.startswith("event: ")]
        assert events[0] == "metadata"
        assert events[-1] == "complete"
        session = (await client.get(f"/v1/api/import/{started['sessionId']}", headers=headers)).json()["session"]
        analysis = session["analysis"]
        assert (session["status"], session["progress"], session["branch"]) == ("completed", 100, "trunk")
        assert analysis["secretValues"] == {"db-secret": {"POSTGRES_PASSWORD": "planted-in-repository"}}
        body = {"name": "shop", "analysis": analysis}
        made = await client.post("/v1/api/import/create-workflow", json=body, headers=headers)
        assert made.json()["workflow"]["tags"] == ["imported", "docker-compose"]
    stored = _bytes_of(tmp_path)
    assert b"planted-in-repository" not in stored
    assert SECRET.encode() not in stored
