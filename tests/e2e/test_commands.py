"""The commands that deploy and serve, as processes of their own."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.slow

BIN = Path(sys.executable).parent
COMPOSE = """\
name: shop
services:
  web:
    image: nginx:1.27
    ports: ["8080:80"]
    depends_on: {db: {condition: service_healthy}}
  db:
    image: postgres:16
    environment: {POSTGRES_PASSWORD: hunter2-planted}
    healthcheck: {test: ["CMD", "pg_isready"], interval: 2s}
    volumes: ["data:/var/lib/postgresql/data"]
volumes: {data: }
"""


def flowcore(*arguments: str | Path, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BIN / "flowcore"), *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@contextmanager
def running(*arguments: str | Path, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a command that serves; it is asked to stop at the end, and must do so in seconds."""
    process = subprocess.Popen(
        [str(BIN / "flowcore"), *map(str, arguments)],
        cwd=cwd,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


def line_with(process: subprocess.Popen[str], words: str) -> str:
    """Return the first line on standard error that holds *words*."""
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return line
    raise AssertionError(f"the command ended without saying {words!r}")


@pytest.fixture
def compose(tmp_path: Path) -> Path:
    path = tmp_path / "compose.yaml"
    path.write_text(COMPOSE, encoding="utf-8")
    return path


def test_the_demo_comes_up_keeps_a_version_and_ends_with_zero(tmp_path: Path) -> None:
    done = flowcore("demo", "--exit", "--port", "0", "--data-dir", tmp_path / "demo", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "every node is healthy" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Deployment web: Healthy: 2 replicas available" in done.stdout
    assert "KUBECONFIG=" in done.stdout
    for private in ("sandbox.kubeconfig", "sign-in.json", "keyring.json", "flowcore.db"):
        assert stat.S_IMODE((tmp_path / "demo" / private).stat().st_mode) == 0o600, private
    with sqlite3.connect(tmp_path / "demo" / "flowcore.db") as database:
        (count,) = database.execute("select count(*) from workflow_versions").fetchone()
    database.close()
    assert count == 1


def test_deploy_to_a_sandbox_shows_every_node_come_up(compose: Path, tmp_path: Path) -> None:
    done = flowcore("deploy", compose, "--sandbox", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    order = [done.stdout.index(text) for text in ("StatefulSet db: Healthy", "Deployment web: Healthy")]
    assert order == sorted(order)
    assert "hunter2-planted" not in done.stdout + done.stderr


def test_a_deployment_that_cannot_come_up_ends_with_one_and_says_which_pod_and_why(tmp_path: Path) -> None:
    node = {
        "id": "web",
        "type": "deployment",
        "data": {"image": "nginx:1.27", "podAnnotations": {"flowcore.dev/sandbox": "ImagePullBackOff"}},
    }
    path = tmp_path / "bad.json"
    path.write_text(json.dumps({"name": "bad", "nodes": [node], "edges": []}), encoding="utf-8")
    done = flowcore("deploy", path, "--sandbox", "--timeout", "4", cwd=tmp_path)
    assert done.returncode == 1
    assert "web" in done.stderr
    assert "ImagePullBackOff" in done.stderr or "ErrImagePull" in done.stderr


def test_a_failed_deployment_goes_back_to_the_last_good_version_when_asked(tmp_path: Path) -> None:
    def drawing(image: str, **annotations: str) -> str:
        node = {"id": "web", "type": "deployment", "data": {"image": image, "podAnnotations": annotations}}
        return json.dumps({"name": "app", "nodes": [node], "edges": []})

    workflow = tmp_path / "app.json"
    with running("sandbox", "--kubeconfig-out", "kubeconfig", "--speed", "10", cwd=tmp_path) as sandbox:
        line_with(sandbox, "kubectl get all")
        env = {"KUBECONFIG": str(tmp_path / "kubeconfig")}
        arguments = ("deploy", workflow, "--data-dir", tmp_path / "data", "--timeout", "3", "--rollback")
        workflow.write_text(drawing("nginx:1.27"), encoding="utf-8")
        assert flowcore(*arguments, cwd=tmp_path, env=env).returncode == 0
        workflow.write_text(drawing("nginx:9.99", **{"flowcore.dev/sandbox": "ImagePullBackOff"}), encoding="utf-8")
        failed = flowcore(*arguments, cwd=tmp_path, env=env)
        image = subprocess.run(
            [str(BIN / "kubectl"), "get", "deploy", "web", "-o", "jsonpath={.spec.template.spec.containers[0].image}"],
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    assert failed.returncode == 1
    assert "Going back to version 1, as version 3" in failed.stdout
    assert image == "nginx:1.27"


def test_deploying_twice_to_a_context_makes_two_versions_and_prunes_what_is_gone(compose: Path, tmp_path: Path) -> None:
    with running("sandbox", "--kubeconfig-out", "kubeconfig", "--speed", "10", cwd=tmp_path) as sandbox:
        line_with(sandbox, "kubectl get all")
        env = {"KUBECONFIG": str(tmp_path / "kubeconfig")}
        arguments = ("deploy", compose, "--data-dir", tmp_path / "data")
        first = flowcore(*arguments, cwd=tmp_path, env=env)
        assert first.returncode == 0, first.stderr
        compose.write_text(COMPOSE.replace('    ports: ["8080:80"]\n', '    expose: ["80"]\n'), encoding="utf-8")
        second = flowcore(*arguments, cwd=tmp_path, env=env)
        assert second.returncode == 0, second.stderr
        assert "version 2" in second.stdout
        listed = subprocess.run(
            [str(BIN / "kubectl"), "get", "services", "-o", "name"],
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
    assert "service/web" in listed
    assert "service/web-published" not in listed


def test_a_deployment_goes_to_the_context_it_names_though_another_one_was_used_before(
    compose: Path, tmp_path: Path
) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    names = ("test", "production")
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}} for name in names],
        "clusters": [{"name": name, "cluster": {"server": "http://127.0.0.1:1"}} for name in names],
        "users": [{"name": name, "user": {}} for name in names],
        "current-context": "test",
    }
    kubeconfig.write_text(json.dumps(document), encoding="utf-8")
    env = {"KUBECONFIG": str(kubeconfig)}
    for arguments, context in ((["--context", "production"], "production"), ([], "test")):
        done = flowcore(
            "deploy", compose, "--data-dir", tmp_path / "data", "--timeout", "1", *arguments, cwd=tmp_path, env=env
        )
        assert done.returncode == 1, done.stderr
        assert f"to {context}" in done.stdout, done.stdout


def test_the_service_answers_and_stops_in_seconds(tmp_path: Path) -> None:
    with running("serve", "--port", "0", "--store", "memory://", "--sandbox", cwd=tmp_path) as service:
        url = line_with(service, "listens on").split()[-1]
        newcomer = {"email": "ada@example.com", "password": "correct horse", "name": "Ada"}
        answer = httpx.post(f"{url}/v1/api/auth/register", json=newcomer, timeout=30)
        assert answer.status_code == 201, answer.text
        token = answer.json()["token"]
        clusters = httpx.get(f"{url}/v1/api/clusters", headers={"Authorization": f"Bearer {token}"}, timeout=30).json()
        assert [cluster["name"] for cluster in clusters["clusters"]] == ["sandbox"]
        assert httpx.get(f"{url}/v1/api/clusters", timeout=30).status_code == 401


def test_a_wrong_setting_stops_the_start_with_every_problem(tmp_path: Path) -> None:
    done = flowcore("serve", cwd=tmp_path, env={"FLOWCORE_PORT": "high", "FLOWCORE_NONSENSE": "1"})
    assert done.returncode == 2
    assert "FLOWCORE_PORT" in done.stderr
    assert "FLOWCORE_NONSENSE" in done.stderr


def test_deploying_without_a_kubeconfig_says_what_to_do(compose: Path, tmp_path: Path) -> None:
    done = flowcore("deploy", compose, "--data-dir", tmp_path, cwd=tmp_path, env={"KUBECONFIG": str(tmp_path / "none")})
    assert done.returncode == 2
    assert "--sandbox" in done.stderr
