"""Looks at a whole drawing: shape, node data, links, rules of kinds, order."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from flowcore.errors import Finding, InvalidInputError, Place, Severity
from flowcore.graph import cycle_finding, cycles, shape_problems
from flowcore.graph import waves as waves_of
from flowcore.kinds import Catalogue, Collector, Wire, WiredNode, Wiring, wire_up
from flowcore.model import Workflow


@frozen
class Inspection:
    """A compiled drawing with all that is to be said about it.

    Attributes:
        wiring: the compiled drawing.
        findings: everything found, errors first, then in drawing order.
        waves: ids of the nodes in apply order; empty when they need each other in a circle.
    """

    wiring: Wiring
    findings: tuple[Finding, ...]
    waves: list[list[str]]


def inspect(workflow: Workflow, catalogue: Catalogue, *, namespace: str = "") -> Inspection:
    """Compile a drawing and find everything that is wrong with it.

    Args:
        workflow: the drawing.
        catalogue: its kinds.
        namespace: where nodes live that name no namespace, if that is known.
    """
    wiring = wire_up(workflow, catalogue)
    findings = shape_problems([node.id for node in workflow.nodes], workflow.edges)
    findings += wiring.findings
    waves = _ordered(wiring)
    findings += [] if waves else _cycles(wiring)
    bad = _bad_fields(findings)
    for node in wiring.nodes.values():
        findings += _node_rules(node, bad)
    for wire in wiring.wires:
        findings += _wire_rules(wire)
    findings += _same_objects(wiring, namespace)
    return Inspection(wiring, tuple(_sorted(findings, workflow)), waves)


def validate(workflow: Workflow, catalogue: Catalogue) -> list[Finding]:
    """Return everything that is wrong or worth knowing, errors first; planning refuses a drawing with errors."""
    inspection = inspect(workflow, catalogue)
    inspection.wiring.release()
    return list(inspection.findings)


def _ordered(wiring: Wiring) -> list[list[str]]:
    """Return the waves, none when there is a circle."""
    try:
        return waves_of(list(wiring.nodes), wiring.orders(), rank=lambda id_: wiring.nodes[id_].kind.apply_rank)
    except InvalidInputError:
        return []


def _cycles(wiring: Wiring) -> Iterable[Finding]:
    edges = {wire.order: wire.edge.id for wire in wiring.wires if wire.order is not None}
    return [cycle_finding(cycle, edges) for cycle in cycles(list(wiring.nodes), wiring.orders())]


def _bad_fields(findings: Iterable[Finding]) -> dict[str, list[str]]:
    """Return the paths with errors by node; a rule that looks at such a field would only repeat the trouble."""
    paths: dict[str, list[str]] = {}
    for finding in findings:
        if finding.is_error and finding.place.node:
            paths.setdefault(finding.place.node, []).append(finding.place.path)
    return paths


def _node_rules(node: WiredNode, bad: dict[str, list[str]]) -> list[Finding]:
    collector = Collector(node=node.node.id)
    for check in node.kind.checks:
        check.apply(node.scope, collector)
    paths = bad.get(node.node.id)
    return [one for one in collector.found if not paths or not _overlaps(one.place.path, paths)]


def _overlaps(path: str, paths: Iterable[str]) -> bool:
    return any(other.startswith(path) or path.startswith(other) for other in paths)


def _wire_rules(wire: Wire) -> list[Finding]:
    collector = Collector(edge=wire.edge.id)
    for check in wire.link.checks:
        check.apply(wire.scope, collector)
    return collector.found


def _same_objects(wiring: Wiring, default: str) -> Iterable[Finding]:
    seen: dict[tuple[str, str, str, str], str] = {}
    for id_, node in wiring.nodes.items():
        namespace = str(node.values.get("namespace", default)) if node.kind.namespaced else ""
        key = (node.kind.api_version, node.kind.object_kind, namespace, str(node.values.get("name")))
        if key in seen:
            where = f" in {namespace}" if namespace else ""
            yield Finding(
                rule="object-duplicate",
                message=f"{node.kind.object_kind} {key[3]}{where} is also what node {seen[key]} makes",
                place=Place(node=id_, path="data.name"),
                why="the later one would overwrite the earlier one",
                fix="give one of them another name",
            )
        seen.setdefault(key, id_)


def _sorted(findings: list[Finding], workflow: Workflow) -> list[Finding]:
    position = {node.id: number for number, node in enumerate(workflow.nodes)}
    severity = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
    last = len(position)
    return sorted(findings, key=lambda one: (severity[one.severity], position.get(one.place.node, last)))
