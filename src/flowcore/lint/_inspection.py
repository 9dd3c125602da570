"""Looks at a whole drawing: shape, node data, links, rules of kinds, order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from attrs import frozen

from flowcore.errors import Finding, InvalidInputError, Place, Severity
from flowcore.graph import Pair, cycle_finding, cycles, shape_problems
from flowcore.graph import waves as waves_of
from flowcore.kinds import (
    Catalogue,
    Collector,
    Identity,
    Implied,
    Wire,
    WiredNode,
    Wiring,
    identity_of,
    implied_orders,
    rank_of,
    wire_up,
)
from flowcore.model import Workflow

_SEVERITIES: Final = (Severity.ERROR, Severity.WARNING, Severity.INFO)


@frozen
class Inspection:
    """A compiled drawing with all that is to be said about it.

    Attributes:
        wiring: the compiled drawing.
        findings: everything found, errors first, then in drawing order.
        waves: ids of the nodes in apply order; empty when they need each other in a circle.
        implied: orders that no edge says.
    """

    wiring: Wiring
    findings: tuple[Finding, ...]
    waves: list[list[str]]
    implied: tuple[Implied, ...] = ()


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
    implied = tuple(implied_orders(wiring.nodes, namespace))
    orders = [*wiring.orders(), *((one.before, one.after) for one in implied)]
    waves = _ordered(wiring, orders)
    findings += [] if waves else _cycles(wiring, orders)
    bad = bad_fields(findings)
    for node in wiring.nodes.values():
        findings += _node_rules(node, bad)
    for wire in wiring.wires:
        findings += _wire_rules(wire)
    findings += _same_objects(wiring, namespace)
    return Inspection(wiring, tuple(sort_findings(findings, workflow)), waves, implied)


def validate(workflow: Workflow, catalogue: Catalogue) -> list[Finding]:
    """Return everything that is wrong or worth knowing, errors first; planning refuses a drawing with errors."""
    inspection = inspect(workflow, catalogue)
    inspection.wiring.release()
    return list(inspection.findings)


def _ordered(wiring: Wiring, orders: Iterable[Pair]) -> list[list[str]]:
    """Return the waves, none when there is a circle."""
    try:
        return waves_of(list(wiring.nodes), orders, rank=lambda id_: rank_of(wiring.nodes[id_]))
    except InvalidInputError:
        return []


def _cycles(wiring: Wiring, orders: Iterable[Pair]) -> Iterable[Finding]:
    edges = {wire.order: wire.edge.id for wire in wiring.wires if wire.order is not None}
    return [cycle_finding(cycle, edges) for cycle in cycles(list(wiring.nodes), orders)]


def bad_fields(findings: Iterable[Finding]) -> dict[str, list[str]]:
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
    return [one for one in collector.found if not paths or not overlaps(one.place.path, paths)]


def overlaps(path: str, paths: Iterable[str]) -> bool:
    """Say whether a field is one of some fields, or lies above or below one."""
    return any(other.startswith(path) or path.startswith(other) for other in paths)


def _wire_rules(wire: Wire) -> list[Finding]:
    collector = Collector(edge=wire.edge.id)
    for check in wire.link.checks:
        check.apply(wire.scope, collector)
    return collector.found


def _same_objects(wiring: Wiring, default: str) -> Iterable[Finding]:
    seen: dict[Identity, str] = {}
    for id_, node in wiring.nodes.items():
        key = identity_of(node, default)
        if key in seen and key.kind:
            where = f" in {key.namespace}" if key.namespace else ""
            yield Finding(
                rule="object-duplicate",
                message=f"{key.kind} {key.name}{where} is also what node {seen[key]} makes",
                place=Place(node=id_, path="data.name"),
                why="the later one would overwrite the earlier one",
                fix="give one of them another name",
            )
        seen.setdefault(key, id_)


def sort_findings(findings: Iterable[Finding], workflow: Workflow) -> list[Finding]:
    """Return findings with errors first, then warnings; equal ones in the order of their nodes in the drawing."""
    position = {node.id: number for number, node in enumerate(workflow.nodes)}
    last = len(position)
    return sort_by_severity(sorted(findings, key=lambda one: position.get(one.place.node, last)))


def sort_by_severity(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings with errors first, then warnings; equal ones in the order they came in."""
    return sorted(findings, key=lambda one: _SEVERITIES.index(one.severity))
