"""How fast two versions are compared, against deepdiff on the same data in the same run.

Run with ``python -m benchmarks.diffing``.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from time import perf_counter
from typing import Any

from attrs import asdict, evolve
from deepdiff import DeepDiff

from flowcore.diffing import diff
from flowcore.model import Edge, Node, Position, Workflow

NODES = 2_000
CHANGED = NODES // 20


def _data(number: int) -> dict[str, Any]:
    return {
        "name": f"service-{number}",
        "image": f"registry.example.com/team/service-{number}:1.0.{number % 7}",
        "replicas": number % 5 + 1,
        "labels": {"team": f"team-{number % 11}", "tier": "backend"},
        "ports": [
            {"name": "http", "containerPort": 8080, "protocol": "TCP"},
            {"name": "metrics", "containerPort": 9090, "protocol": "TCP"},
        ],
        "env": [{"name": f"SETTING_{index}", "value": f"value {index} of {number}"} for index in range(12)],
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "1", "memory": "512Mi"}},
        "command": ["/bin/service", "--port", "8080", "--verbose"],
    }


def _version() -> Workflow:
    nodes = [
        Node(id=f"node-{number}", type="deployment", data=_data(number), position=Position(number * 10.0, number * 5.0))
        for number in range(NODES)
    ]
    edges = [
        Edge(id=f"edge-{number}", source=f"node-{number}", target=f"node-{number // 2}") for number in range(1, NODES)
    ]
    return Workflow(name="large", nodes=nodes, edges=edges)


def _edited(version: Workflow) -> Workflow:
    nodes = list(version.nodes)
    for number in range(0, NODES, NODES // CHANGED):
        data = _data(number)
        data["image"] += "-next"
        data["env"].insert(3, {"name": "EXTRA", "value": "1"})
        nodes[number] = evolve(nodes[number], data=data)
    return evolve(version, nodes=nodes)


def _seconds(work: Callable[[], object], repeats: int) -> float:
    """Return the best of several runs."""
    best = float("inf")
    for _ in range(repeats):
        gc.collect()
        start = perf_counter()
        work()
        best = min(best, perf_counter() - start)
    return best


def run() -> list[str]:
    """Return the measured lines."""
    old, new = _version(), _edited(_version())  # built twice: nothing is shared, so nothing is skipped by identity
    found = diff(old, new)
    assert found.counts["nodes"]["changed"] == CHANGED, found.counts
    ours = _seconds(lambda: diff(old, new), 5)
    plain = [
        {side: {item.id: asdict(item) for item in getattr(version, side)} for side in ("nodes", "edges")}
        for version in (old, new)
    ]
    theirs = _seconds(lambda: DeepDiff(plain[0], plain[1]), 1)
    return [
        f"two versions of {NODES:,} nodes and {NODES - 1:,} edges, {CHANGED} nodes changed",
        f"flowcore.diffing.diff  {ours * 1000:10.1f} ms",
        f"deepdiff.DeepDiff      {theirs * 1000:10.1f} ms   (matched by id beforehand, which is left out of its time)",
        f"flowcore is {theirs / ours:.0f} times as fast (target: 50)",
    ]


def main() -> None:
    """Print the measured lines."""
    for line in run():
        print(line)


if __name__ == "__main__":
    main()
