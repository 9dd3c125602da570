"""Validating: rendering and judging 1,000 nodes, against checking the same manifests' schemas alone."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from statistics import median
from time import perf_counter

import kubernetes_validate

from benchmarks.rendering import thousand_nodes
from flowcore.kinds import core_catalogue
from flowcore.lint import inspect, lint_manifest, review
from flowcore.planning import plan

TARGET_MS = 250


def _median(work: Callable[[], object], rounds: int) -> float:
    """Return the median seconds of a call over several rounds."""
    found = []
    for _ in range(rounds):
        gc.collect()
        start = perf_counter()
        work()
        found.append(perf_counter() - start)
    return median(found)


def _on_one_core() -> set[int] | None:
    """Keep this process on one core, where the system can, and return the cores it had."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    return before


def run() -> list[str]:
    """Measure, and return the lines to print."""
    workflow, catalogue = thousand_nodes(), core_catalogue()
    manifests = [step.manifest for step in plan(workflow, catalogue).steps]

    def check_schemas() -> None:
        for manifest in manifests:
            kubernetes_validate.validate(manifest, "1.37", strict=True)

    def inspect_only() -> None:
        inspect(workflow, catalogue).wiring.release()

    cores = _on_one_core()
    ours = _median(lambda: review(workflow, catalogue, pod_security="restricted"), 7)
    inspected = _median(inspect_only, 7)
    judged = _median(lambda: lint_manifest(manifests), 7)
    theirs = _median(check_schemas, 1)
    if cores is not None:
        os.sched_setaffinity(0, cores)
    nodes = len(workflow.nodes)
    return [
        f"render and judge {nodes} nodes   flowcore {ours * 1e3:8.1f} ms   (target {TARGET_MS} ms, one core)",
        f"  of it the drawing alone  {inspected * 1e3:8.1f} ms   the manifests alone {judged * 1e3:8.1f} ms",
        f"schemas of {len(manifests)} manifests   kubernetes-validate {theirs * 1e3:8.1f} ms   "
        f"{theirs / ours:6.1f} times as long",
    ]


def main() -> None:
    """Print the measurements."""
    print("\n".join(run()))


if __name__ == "__main__":
    main()
