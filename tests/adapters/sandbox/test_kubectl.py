"""kubectl 1.37 against a served sandbox: what people type every day."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from attrs import define, frozen

from adapters.sandbox import open_sandbox

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: "nginx:1.27", ports: [{containerPort: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
"""


@frozen
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


@define
class Kubectl:
    """Runs kubectl with the sandbox's kubeconfig and a cache of its own."""

    program: str
    home: Path

    async def __call__(self, *arguments: str, stdin: str = "", code: int | None = 0) -> Done:
        process = await asyncio.create_subprocess_exec(
            self.program,
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"KUBECONFIG": str(self.home / "config"), "HOME": str(self.home), "PATH": "/usr/bin:/bin"},
        )
        async with asyncio.timeout(30):
            out, err = await process.communicate(stdin.encode())
        done = Done(process.returncode or 0, out.decode(), err.decode())
        assert code is None or done.code == code, f"kubectl {' '.join(arguments)}: {done}"
        return done

    async def object(self, *arguments: str) -> Any:
        return json.loads((await self("get", *arguments, "-o", "json")).out)


@pytest.fixture
async def kubectl(tmp_path: Path) -> AsyncIterator[Kubectl]:
    program = Path(sys.executable).parent / "kubectl"
    found = str(program) if program.exists() else shutil.which("kubectl")
    if found is None:
        pytest.skip("kubectl is not installed")
    async with open_sandbox(speed=10) as sandbox:
        (tmp_path / "config").write_text(sandbox.kubeconfig())
        yield Kubectl(found, tmp_path)


async def test_server_side_apply_creates_repeats_and_conflicts(kubectl: Kubectl) -> None:
    apply = ("apply", "--server-side", "-f", "-")
    first = await kubectl(*apply, stdin=DEPLOYMENT)
    assert first.out.splitlines() == ["deployment.apps/web serverside-applied", "service/web serverside-applied"]
    version = (await kubectl.object("service/web"))["metadata"]["resourceVersion"]
    await kubectl(*apply, stdin=DEPLOYMENT)
    assert (await kubectl.object("service/web"))["metadata"]["resourceVersion"] == version
    await kubectl("patch", "deploy/web", "--type=merge", "--field-manager=other", "-p", '{"spec":{"replicas":3}}')
    refused = await kubectl(*apply, stdin=DEPLOYMENT, code=1)
    assert 'conflict with "other" using apps/v1: .spec.replicas' in refused.err
    await kubectl(*apply, "--force-conflicts", stdin=DEPLOYMENT)
    assert (await kubectl.object("deploy/web"))["spec"]["replicas"] == 2


async def test_client_side_apply_creates_and_leaves_unchanged(kubectl: Kubectl) -> None:
    assert "deployment.apps/web created" in (await kubectl("apply", "-f", "-", stdin=DEPLOYMENT)).out
    again = await kubectl("apply", "-f", "-", stdin=DEPLOYMENT)
    assert again.out.splitlines() == ["deployment.apps/web unchanged", "service/web unchanged"]
    changed = DEPLOYMENT.replace("replicas: 2", "replicas: 1")
    assert "deployment.apps/web configured" in (await kubectl("apply", "-f", "-", stdin=changed)).out


async def test_diff_shows_only_what_differs(kubectl: Kubectl) -> None:
    await kubectl("apply", "--server-side", "-f", "-", stdin=DEPLOYMENT)
    assert (await kubectl("diff", "--server-side", "-f", "-", stdin=DEPLOYMENT)).out == ""
    changed = DEPLOYMENT.replace("nginx:1.27", "nginx:1.28")
    shown = await kubectl("diff", "--server-side", "-f", "-", stdin=changed, code=1)
    assert "-      - image: nginx:1.27" in shown.out
    assert "+      - image: nginx:1.28" in shown.out


async def test_get_shows_the_usual_columns(kubectl: Kubectl) -> None:
    await kubectl("apply", "--server-side", "-f", "-", stdin=DEPLOYMENT)
    await kubectl("rollout", "status", "deploy/web", "--timeout=20s")
    lines = (await kubectl("get", "all")).out.splitlines()
    assert any(line.split()[:4] == ["NAME", "READY", "STATUS", "RESTARTS"] for line in lines)
    deployment = next(line for line in lines if line.startswith("deployment.apps/web"))
    assert deployment.split()[1:4] == ["2/2", "2", "2"]
    assert "kind: Deployment" in (await kubectl("get", "deploy", "web", "-o", "yaml")).out
    assert (await kubectl("get", "deploy", "nothing", code=1)).err.startswith("Error from server (NotFound)")


async def test_workloads_are_scaled_patched_waited_for_and_deleted(kubectl: Kubectl) -> None:
    await kubectl("apply", "--server-side", "-f", "-", stdin=DEPLOYMENT)
    await kubectl("scale", "deploy/web", "--replicas=3")
    await kubectl("wait", "--for=condition=Available", "deploy/web", "--timeout=20s")
    await kubectl("set", "image", "deploy/web", "web=nginx:1.28")
    await kubectl("rollout", "status", "deploy/web", "--timeout=20s")
    patch = '{"spec":{"template":{"spec":{"containers":[{"name":"web","env":[{"name":"A","value":"1"}]}]}}}}'
    await kubectl("patch", "deploy/web", "-p", patch)
    container = (await kubectl.object("deploy/web"))["spec"]["template"]["spec"]["containers"][0]
    assert (container["image"], container["env"]) == ("nginx:1.28", [{"name": "A", "value": "1"}])
    await kubectl("delete", "deploy/web", "--timeout=20s")
    await kubectl("wait", "--for=delete", "pod", "-l", "app=web", "--timeout=20s")


async def test_explain_and_api_resources_know_the_kinds(kubectl: Kubectl) -> None:
    explained = (await kubectl("explain", "deployment.spec.strategy")).out
    assert "FIELD: strategy <DeploymentStrategy>" in explained
    assert "rollingUpdate\t<RollingUpdateDeployment>" in explained
    resources = (await kubectl("api-resources", "--no-headers")).out
    assert "deployments" in resources
    assert "+flowcore-sandbox" in (await kubectl("version")).out


async def test_typed_creates_arrive_in_protobuf(kubectl: Kubectl) -> None:
    await kubectl("create", "namespace", "team")
    await kubectl("create", "deployment", "web", "--image=nginx", "--port=80", "--replicas=2", "-n", "team")
    await kubectl("create", "configmap", "cfg", "--from-literal=a=b", "-n", "team")
    await kubectl("create", "secret", "generic", "s", "--from-literal=a=b", "-n", "team")
    await kubectl("create", "cronjob", "c", "--image=busybox", "--schedule=*/5 * * * *", "-n", "team", "--", "date")
    await kubectl("create", "ingress", "i", "--rule=a.example/*=web:80", "-n", "team")
    spec = (await kubectl.object("deploy/web", "-n", "team"))["spec"]
    assert (spec["replicas"], spec["template"]["spec"]["containers"][0]["ports"][0]["containerPort"]) == (2, 80)
    assert (await kubectl.object("secret/s", "-n", "team"))["data"] == {"a": "Yg=="}
    template = (await kubectl.object("cronjob/c", "-n", "team"))["spec"]["jobTemplate"]["spec"]["template"]
    assert template["spec"]["containers"][0]["command"] == ["date"]
    await kubectl("delete", "namespace", "team", "--timeout=20s")
    assert (await kubectl("auth", "can-i", "create", "pods")).out == "yes\n"


async def test_a_server_dry_run_stores_nothing(kubectl: Kubectl) -> None:
    run = await kubectl("apply", "--server-side", "--dry-run=server", "-f", "-", stdin=DEPLOYMENT)
    assert "serverside-applied (server dry run)" in run.out
    assert (await kubectl("get", "deploy", "-o", "name")).out == ""


async def test_mistakes_are_told_as_by_a_real_server(kubectl: Kubectl) -> None:
    unknown = DEPLOYMENT.replace("replicas:", "replicaz:")
    refused = await kubectl("create", "-f", "-", stdin=unknown, code=1)
    assert 'strict decoding error: unknown field "spec.replicaz"' in refused.err
    mismatched = DEPLOYMENT.replace("matchLabels: {app: web}", "matchLabels: {app: other}")
    refused = await kubectl("apply", "-f", "-", stdin=mismatched, code=1)
    assert 'The Deployment "web" is invalid' in refused.err
    assert "`selector` does not match template `labels`" in refused.err


async def test_describe_events_logs_and_exec_reach_the_pods(kubectl: Kubectl) -> None:
    await kubectl("apply", "--server-side", "-f", "-", stdin=DEPLOYMENT)
    await kubectl("rollout", "status", "deploy/web", "--timeout=20s")
    described = (await kubectl("describe", "deploy", "web")).out
    assert "ScalingReplicaSet" in described
    assert "Scheduled" in (await kubectl("get", "events")).out
    assert (await kubectl("logs", "deploy/web")).out
    run = await kubectl("exec", "deploy/web", "--", "sh", "-c", "echo hello; exit 3", code=3)
    assert run.out == "hello\n"


async def test_rollouts_have_a_history_and_can_be_undone(kubectl: Kubectl) -> None:
    await kubectl("apply", "--server-side", "-f", "-", stdin=DEPLOYMENT)
    await kubectl("set", "image", "deploy/web", "web=nginx:bad")
    await kubectl("rollout", "undo", "deploy/web")
    containers = (await kubectl.object("deploy/web"))["spec"]["template"]["spec"]["containers"]
    assert containers[0]["image"] == "nginx:1.27"


async def test_a_list_is_applied_item_by_item(kubectl: Kubectl) -> None:
    items = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}} for name in ("a", "b")]
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    assert (await kubectl("apply", "-f", "-", stdin=text)).out.split("\n")[:2] == [
        "configmap/a created",
        "configmap/b created",
    ]
    assert (await kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=text)).out.count(
        "applied"
    ) == 2
