"""Drawings beside the manifests they must make; ``make golden`` rewrites them, then read the diff."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from flowcore.kinds import core_catalogue, wire_up
from flowcore.manifests import from_yaml, to_yaml
from flowcore.model import Edge, Node, Workflow
from flowcore.planning import plan
from tests.schemas import violations

FOLDER = Path(__file__).parent
#: The kinds that model something; a raw manifest holds what they do not.
MODELLED = [kind for kind in core_catalogue().kinds if kind.object_kind != "*"]
CASES = sorted(FOLDER.glob("*/*.in.yaml"))


def _drawing(case: Path) -> tuple[Workflow, dict[str, Any]]:
    document = from_yaml(case.read_text(encoding="utf-8"))[0]
    nodes = [Node(id=node["id"], type=node["type"], data=node["data"]) for node in document["nodes"]]
    edges = [
        Edge(
            id=f"e{number}",
            source=edge["source"],
            target=edge["target"],
            source_handle=edge.get("sourceHandle", ""),
            data=edge.get("data", {}),
        )
        for number, edge in enumerate(document.get("edges", []), start=1)
    ]
    options = {key: document[key] for key in ("namespace", "secret_values", "env_values") if key in document}
    return Workflow(name=case.stem, nodes=tuple(nodes), edges=tuple(edges)), options


def _rendered(case: Path) -> str:
    workflow, options = _drawing(case)
    planned = plan(workflow, core_catalogue(), **options)
    told = "".join(f"# {finding}\n" for finding in planned.findings)
    missing = [f"# missing: {step.node_id} {name}\n" for step in planned.steps for name in step.missing_secrets]
    return told + "".join(missing) + to_yaml([step.manifest for step in planned.steps])


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name.removesuffix('.in.yaml')}")
def test_makes_the_expected_manifests(case: Path) -> None:
    expected = case.with_name(case.name.replace(".in.yaml", ".out.yaml"))
    rendered = _rendered(case)
    if os.environ.get("FLOWCORE_REWRITE_GOLDEN"):
        expected.write_text(rendered, encoding="utf-8")
    assert rendered == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name.removesuffix('.in.yaml')}")
def test_what_is_expected_is_valid_for_kubernetes(case: Path) -> None:
    expected = case.with_name(case.name.replace(".in.yaml", ".out.yaml"))
    found = [violations(manifest) for manifest in from_yaml(expected.read_text(encoding="utf-8"))]
    assert found == [[] for _ in found]


def test_every_kind_has_a_case() -> None:
    folders = {case.parent.name for case in CASES}
    assert {kind.name for kind in MODELLED} <= folders


def test_every_link_of_every_pair_of_kinds_is_in_a_case() -> None:
    catalogue = core_catalogue()
    names = [kind.name for kind in MODELLED]
    # Workloads share the links between them, so one of them as a source stands for all.
    workloads = {kind.name for kind in MODELLED if kind.is_a("workload")}
    possible = {(a, b, link.meaning) for a in names for b in names for link in catalogue.links_between(a, b)}
    possible -= {(a, b, word) for a, b, word in possible if a in workloads - {"deployment"} and b in workloads}
    drawn = set()
    for case in CASES:
        wiring = wire_up(_drawing(case)[0], catalogue)
        drawn |= {(wire.source.kind.name, wire.target.kind.name, wire.link.meaning) for wire in wiring.wires}
    assert possible - drawn == set()
