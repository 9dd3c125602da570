"""What kubectl shows when it cannot get into a pod."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.sandbox import open_sandbox

pytestmark = pytest.mark.anyio

KUBECTL = Path(sys.executable).with_name("kubectl")
POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations: {flowcore.dev/sandbox: ImagePullBackOff}
spec:
  containers: [{name: web, image: "nginx:1.27"}]
"""


async def kubectl(kubeconfig: Path, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [str(KUBECTL), f"--kubeconfig={kubeconfig}", *arguments]
    return await asyncio.to_thread(
        subprocess.run, command, input=text, capture_output=True, text=True, check=False, timeout=30
    )


async def test_exec_into_a_container_that_does_not_run_is_refused_with_the_reason(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    async with open_sandbox(speed=20) as sandbox:
        kubeconfig.write_text(sandbox.kubeconfig(), encoding="utf-8")
        assert (await kubectl(kubeconfig, "create", "-f", "-", text=POD)).returncode == 0
        done = await kubectl(kubeconfig, "exec", "web", "--", "true")
    assert done.returncode != 0
    assert "container" in done.stderr
    assert "not allowed" not in done.stderr


async def test_port_forward_is_refused_with_the_reason(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    async with open_sandbox(speed=20) as sandbox:
        kubeconfig.write_text(sandbox.kubeconfig(), encoding="utf-8")
        assert (await kubectl(kubeconfig, "run", "web", "--image=nginx:1.27")).returncode == 0
        assert (await kubectl(kubeconfig, "wait", "--for=condition=Ready", "pod/web")).returncode == 0
        done = await kubectl(kubeconfig, "port-forward", "pod/web", "0:80")
    assert done.returncode != 0
    assert "the sandbox runs no containers" in done.stderr
