"""Importing: ms per real Compose file against two loaders of PyPI, and a project of 500 services with its layout.

The loaders are installed into a virtual environment of their own, which is thrown away afterwards; name one that has
them in FLOWCORE_PEERS to keep it. The real files are looked for in ../shared/testdata/compose, or in the folder
FLOWCORE_COMPOSE_FILES.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

from flowcore.compose import MemoryFiles, import_compose, load
from flowcore.errors import InvalidInputError
from flowcore.layout import arrange

PEERS = ("compose-spec==0.2.1", "podman-compose==1.6.0")
TARGET_S = 1.0
ROUNDS = 9
_REAL = Path(__file__).resolve().parents[2] / "shared" / "testdata" / "compose"
#: Runs in the other environment: reads the paths, prints the median ms per file of each loader. compose-spec parses
#: into its model; podman-compose replaces variables, merges and normalises, as it does before it starts containers.
_THEIRS = """
import json, statistics, sys, time
import podman_compose, yaml
from compose_spec import PyCompose
texts = [open(path, encoding="utf-8").read() for path in json.load(sys.stdin)]
def podman(text):
    content = podman_compose.rec_subs(yaml.safe_load(text), {})
    found = podman_compose.rec_merge({}, podman_compose.normalize(content))
    return podman_compose.normalize_final(found, ".")
def timed(work):
    found, failed = [], 0
    for _ in range(int(sys.argv[1])):
        failed, start = 0, time.perf_counter()
        for text in texts:
            try:
                work(text)
            except Exception:
                failed += 1
        found.append(time.perf_counter() - start)
    return statistics.median(found) * 1e3 / len(texts), failed
print(json.dumps({"compose-spec": timed(PyCompose.from_yaml), "podman-compose": timed(podman)}))
"""


def five_hundred_services() -> str:
    """Return a Compose file of 500 services with what real ones have."""
    lines = ["name: big", "services:"]
    for number in range(500):
        lines += [
            f"  svc-{number}:",
            f"    image: registry.example.com/team/svc-{number}:1.{number}",
            "    restart: unless-stopped",
            "    environment:",
            f"      DATABASE_URL: postgres://app:s3cret@svc-0:5432/app{number}",
            "      LOG_LEVEL: ${LOG_LEVEL:-info}",
            f"      PEER: http://svc-{max(number - 1, 0)}:8080",
            f'    ports: ["{8000 + number}:8080", "9090"]',
            f"    volumes: [data-{number}:/var/lib/data, ./conf/app.conf:/etc/app.conf:ro]",
            f"    depends_on: {{svc-{number // 2}: {{condition: service_healthy}}}}" if number else "    init: true",
            "    healthcheck:",
            "      test: [CMD, curl, -f, http://localhost:8080/health]",
            "      interval: 10s",
            "      retries: 5",
            "    deploy: {resources: {limits: {cpus: '0.5', memory: 256M}}}",
        ]
    return "\n".join([*lines, "volumes:", *(f"  data-{number}: {{}}" for number in range(500)), ""])


def _median(work: Callable[[], object], rounds: int) -> float:
    found = []
    for _ in range(rounds):
        gc.collect()
        start = perf_counter()
        work()
        found.append(perf_counter() - start)
    return median(found)


def _real_files() -> list[Path]:
    folder = Path(os.environ.get("FLOWCORE_COMPOSE_FILES", _REAL))
    return sorted(path for path in folder.rglob("*.y*ml") if "compose" in path.name)


def _all(work: Callable[[str], object], texts: list[str]) -> Callable[[], int]:
    def run_all() -> int:
        failed = 0
        for text in texts:
            try:
                work(text)
            except InvalidInputError:
                failed += 1
        return failed

    return run_all


def _theirs(paths: list[Path]) -> dict[str, tuple[float, int]]:
    """Return ms per file and refused files by loader; empty when they cannot be installed."""
    with tempfile.TemporaryDirectory() as folder:
        python = Path(os.environ.get("FLOWCORE_PEERS", folder)) / "bin" / "python"
        try:
            if not python.exists():
                subprocess.run([sys.executable, "-m", "venv", folder], check=True)
                subprocess.run([python, "-m", "pip", "install", "--quiet", *PEERS], check=True, capture_output=True)
            done = subprocess.run(
                [python, "-c", _THEIRS, str(ROUNDS)],
                input=json.dumps([str(path) for path in paths]),
                check=True,
                capture_output=True,
                text=True,
            )
        except subprocess.CalledProcessError:
            return {}
    return {name: (ms, failed) for name, (ms, failed) in json.loads(done.stdout).items()}


def _against_peers(paths: list[Path]) -> list[str]:
    texts = [f"{path.read_text(encoding='utf-8')}\n" for path in paths]
    count = len(texts)
    loading, importing = _all(load, texts), _all(import_compose, texts)
    loaded, imported = _median(loading, ROUNDS) * 1e3 / count, _median(importing, ROUNDS) * 1e3 / count
    lines = [
        f"load   {count} real files   flowcore {loaded:7.2f} ms per file   ({loading()} refused)",
        f"import {count} real files   flowcore {imported:7.2f} ms per file   ({importing()} refused)",
    ]
    theirs = _theirs(paths)
    for name, (ms, failed) in theirs.items():
        lines.append(
            f"load   {count} real files   {name} {ms:7.2f} ms per file   ({failed} refused)   "
            f"{ms / loaded:5.2f} times as long as our load, {ms / imported:5.2f} times as our import"
        )
    return lines if theirs else [*lines, f"the others cannot be installed here: {', '.join(PEERS)}"]


def run() -> list[str]:
    """Measure, and return the lines to print."""
    text, files = five_hundred_services(), MemoryFiles({"conf/app.conf": "x"})

    def import_all() -> None:
        workflow = import_compose(text, files=files).workflow
        arrange(workflow.nodes, workflow.edges)

    nodes = len(import_compose(text, files=files).workflow.nodes)
    whole = _median(import_all, 5)
    lines = [f"import and lay out 500 services ({nodes} nodes)   {whole:6.2f} s   (target {TARGET_S} s)"]
    paths = _real_files()
    return [*lines, *(_against_peers(paths) if paths else ["the real files are not beside this checkout"])]


def main() -> None:
    """Print the measurements."""
    print("\n".join(run()))


if __name__ == "__main__":
    main()
