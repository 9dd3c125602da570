"""The simulated cluster as its users meet it: kubectl and the official client, over loopback."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from attrs import frozen
from kubernetes.aio import client, config
from kubernetes.aio.stream import WsApiClient

from adapters.sandbox._server import open_sandbox

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

KUBECTL = shutil.which("kubectl", path=str(Path(sys.executable).parent)) or ""
APPLICATION = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: nginx:1.27
        env: [{name: PASSWORD, valueFrom: {secretKeyRef: {name: creds, key: password}}}]
        readinessProbe: {httpGet: {path: /, port: 80}}
---
apiVersion: v1
kind: Secret
metadata: {name: creds}
stringData: {password: s3cret}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: greet}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: main, image: busybox, command: [sh, -c, "echo hello; sleep 1; echo bye"]}]
"""


@frozen
class Said:
    """What a command printed and how it ended."""

    output: str
    errors: str
    code: int


@frozen
class Kubectl:
    """kubectl for one sandbox."""

    kubeconfig: Path

    async def __call__(self, *words: str, given: str = "") -> Said:
        process = await asyncio.create_subprocess_exec(
            KUBECTL,
            "--kubeconfig",
            str(self.kubeconfig),
            *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await asyncio.wait_for(process.communicate(given.encode()), 60)
        return Said(output.decode(), errors.decode(), process.returncode or 0)


@asynccontextmanager
async def cluster(folder: Path) -> AsyncIterator[Kubectl]:
    """A sandbox that runs a small application."""
    if not KUBECTL:
        pytest.skip("kubectl is not installed beside this Python")
    async with open_sandbox() as sandbox:
        path = folder / "kubeconfig"
        path.write_text(sandbox.kubeconfig())
        kubectl = Kubectl(path)
        applied = await kubectl("apply", "-f", "-", given=APPLICATION)
        assert applied.code == 0, applied.errors
        rolled = await kubectl("rollout", "status", "deployment/web", "--timeout=30s")
        assert 'deployment "web" successfully rolled out' in rolled.output
        yield kubectl
        assert not sandbox.controllers.failures


async def test_kubectl_sees_an_application_come_up_change_and_go(tmp_path: Path) -> None:
    async with cluster(tmp_path) as kubectl:
        pods = (await kubectl("get", "pods", "-l", "app=web", "--no-headers")).output.splitlines()
        assert len(pods) == 2
        assert all(line.split()[1:3] == ["1/1", "Running"] for line in pods)
        address = "jsonpath={.status.loadBalancer.ingress[0].ip}"
        assert (await kubectl("wait", "service/web", f"--for={address}", "--timeout=20s")).code == 0
        await kubectl("set", "image", "deployment/web", "web=nginx:1.28")
        assert (await kubectl("rollout", "status", "deployment/web", "--timeout=30s")).code == 0
        assert (await kubectl("rollout", "undo", "deployment/web")).code == 0
        assert (await kubectl("rollout", "status", "deployment/web", "--timeout=30s")).code == 0
        assert (await kubectl("wait", "job/greet", "--for=condition=Complete", "--timeout=20s")).code == 0
        described = (await kubectl("describe", "deployment/web")).output
        assert "ScalingReplicaSet" in described
        assert "MinimumReplicasAvailable" in described
        assert (await kubectl("delete", "deployment", "web", "--timeout=20s")).code == 0
        assert (await kubectl("wait", "pods", "-l", "app=web", "--for=delete", "--timeout=20s")).code == 0


async def test_kubectl_reads_and_follows_logs(tmp_path: Path) -> None:
    async with cluster(tmp_path) as kubectl:
        followed = await kubectl("logs", "-f", "job/greet", "--pod-running-timeout=20s")
        assert followed.output.splitlines()[1:] == ["hello", "bye"]
        assert "start worker processes" in (await kubectl("logs", "deployment/web", "--tail=20")).output
        refused = await kubectl("logs", "nobody")
        assert 'pods "nobody" not found' in refused.errors


async def test_kubectl_runs_commands_in_a_pod(tmp_path: Path) -> None:
    async with cluster(tmp_path) as kubectl:
        one = await kubectl("exec", "deployment/web", "--", "sh", "-c", "echo $PASSWORD; ls /nope; exit 3")
        assert one.output == "s3cret\n"
        assert "ls: /nope: No such file or directory" in one.errors
        assert "command terminated with exit code 3" in one.errors
        assert one.code == 3
        piped = await kubectl("exec", "-i", "deployment/web", "--", "cat", given="through\nthe wire")
        assert (piped.output, piped.code) == ("through\nthe wire", 0)
        missing = await kubectl("exec", "deployment/web", "--", "nope")
        assert missing.code == 127


async def test_the_official_client_opens_a_terminal(tmp_path: Path) -> None:
    async with cluster(tmp_path) as kubectl:
        pod = (await kubectl("get", "pods", "-l", "app=web", "-o", "name")).output.split()[0].removeprefix("pod/")
        settings = client.Configuration()
        await config.load_kube_config(config_file=str(kubectl.kubeconfig), client_configuration=settings)
        async with WsApiClient(settings) as api:
            core = client.CoreV1Api(api)
            said = await core.connect_get_namespaced_pod_exec(
                pod, "default", command=["sh", "-c", "echo out; echo err >&2"], stdout=True, stderr=True
            )
            assert said == "out\nerr\n"
            opening = await core.connect_get_namespaced_pod_exec_without_preload_content(
                pod, "default", command=["sh"], stdin=True, stdout=True, stderr=True, tty=True
            )
            heard = b""
            async with opening as socket:
                await socket.send_bytes(b"\x00echo hi\rexit 4\r")
                async for message in socket:
                    heard += message.data[1:] if message.data[0] == 1 else b""
                    error = message.data[1:] if message.data[0] == 3 else b""
            assert b"hi\r\n" in heard
            assert WsApiClient.parse_error_data(error) == 4
