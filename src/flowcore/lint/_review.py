"""Reviews a drawing: what inspection finds, and what Pod Security and good practice say about its manifests."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from attrs import evolve, frozen

from flowcore.errors import Edit, Finding, InvalidInputError, Place, Severity, errors_of
from flowcore.kinds import Catalogue, WiredNode
from flowcore.lint._bundle import Bundle, Subject
from flowcore.lint._inspection import bad_fields, inspect, overlaps, sort_findings
from flowcore.lint._places import data_path, edit_of, locate, resolve
from flowcore.lint._pod_security import Level, level_of
from flowcore.lint._practice import examine
from flowcore.lint._registry import rules_of
from flowcore.lint._rule import Hit, at
from flowcore.lint._silencing import Silencer, parse_silences, silences_of_node
from flowcore.manifests import merge
from flowcore.model import Workflow

#: A finding is left out when its node also has one of these, which say the same more exactly.
_SAID_BETTER: Final[Mapping[str, frozenset[str]]] = {
    "host-access": frozenset({"pss-host-namespaces", "pss-privileged"}),
    "service-selects-nothing": frozenset(
        {"service-without-target", "service-selector-mismatch", "service-selector-unmatched", "service-many-targets"}
    ),
    "ingress-backend-missing": frozenset(
        {"ingress-path-without-backend", "ingress-path-without-port", "ingress-port-unmatched"}
        | {"ingress-service-missing"}
    ),
    "network-policy-selects-nothing": frozenset(
        {"networkpolicy-selector-unmatched", "networkpolicy-selector-unused", "selector-invalid"}
    ),
    "env-repeated": frozenset({"env-variable-repeated"}),
    "replicas-single": frozenset({"claim-shared-by-replicas"}),
}
#: Rules that kind files have too, under other fields than those that manifests lead to.
_SAID_ONCE: Final = frozenset({"config-key-missing", "hpa-target-missing", "service-port-unmatched"})
#: Findings of kind files that are mended by taking away what they point at.
_MENDED_BY_REMOVAL: Final = frozenset(
    {"label-reserved", "key-placeholder", "service-node-port-unused", "mount-link-missing", "manifest-server-fields"}
)


@frozen(eq=False)
class Rendered:
    """A node with its manifest."""

    node: WiredNode
    subject: Subject


def review(
    workflow: Workflow,
    catalogue: Catalogue,
    *,
    namespace: str = "",
    pod_security: Level | str | None = None,
    ignore: Iterable[str] = (),
) -> list[Finding]:
    """Return everything that is wrong or unwise about a drawing, errors first, then in drawing order.

    Args:
        workflow: the drawing.
        catalogue: its kinds.
        namespace: where nodes live that name no namespace, if that is known.
        pod_security: the level that the cluster enforces; what it would refuse is an error then. Without it, what
            ``baseline`` forbids is a warning.
        ignore: ids of rules to leave out everywhere; ``pss-*`` means all that start so. Errors that stop planning stay.

    Raises:
        InvalidInputError: there is no such level.
    """
    level = Level.BASELINE if pod_security is None else level_of(pod_security)
    inspection = inspect(workflow, catalogue, namespace=namespace)
    nodes = inspection.wiring.nodes
    found = [_with_edit(finding, nodes) for finding in inspection.findings]
    judged = _judged(nodes.values(), namespace, level, is_enforced=pod_security is not None)
    inspection.wiring.release()
    silences = [one for text in ignore for one in parse_silences(text)]
    silences += [one for node in workflow.nodes for one in silences_of_node(node.id, node.data)]
    silencer = Silencer(tuple(silences), frozenset(rule.id for rule in rules_of(catalogue)))
    return sort_findings(silencer.filtered(_without_echoes(found, judged), firm=errors_of(found)), workflow)


def _judged(nodes: Collection[WiredNode], namespace: str, level: Level, *, is_enforced: bool) -> list[Finding]:
    """Return what Pod Security and good practice say about the manifests of nodes."""
    rendered = list(_rendered(nodes, namespace))
    bundle = Bundle(tuple(one.subject for one in rendered), level, len(rendered) == len(nodes))
    origins = {id(one.subject): one for one in rendered}
    return [_finding(origins[id(subject)], hit, is_enforced=is_enforced) for subject, hit in examine(bundle)]


def _rendered(nodes: Iterable[WiredNode], namespace: str) -> Iterator[Rendered]:
    """Render every node that can be rendered; what is wrong with its data is left out."""
    for node in nodes:
        try:
            manifest = node.render(namespace=namespace if node.kind.namespaced else "")
        except InvalidInputError:
            # What its template misses is an error, which inspection reports.
            continue
        overrides = node.values.get("overrides")
        yield Rendered(node, Subject(merge(manifest, overrides) if overrides else manifest))


def _finding(origin: Rendered, hit: Hit, *, is_enforced: bool) -> Finding:
    node, manifest = origin.node, origin.subject.obj
    severity = hit.rule.severity
    if hit.rule.id.startswith("pss-") and not is_enforced:
        severity = Severity.WARNING
    path, _ = locate(node, manifest, hit.path)
    return Finding(
        rule=hit.rule.id,
        severity=severity,
        message=hit.message,
        place=Place(node=node.node.id, path=data_path(path)),
        why=hit.rule.why,
        fix=hit.rule.fix,
        edit=edit_of(node, manifest, hit.change) if hit.change else None,
    )


def _with_edit(finding: Finding, nodes: Mapping[str, WiredNode]) -> Finding:
    """Return a finding of a kind file with its edit, where its fix is a plain one."""
    node = nodes.get(finding.place.node)
    if node is None:
        return finding
    data = node.node.data
    path = resolve(data, finding.place.path)
    if not path:
        return finding
    if finding.rule in _MENDED_BY_REMOVAL:
        return evolve(finding, edit=Edit(node=node.node.id, path=path, remove=True))
    if finding.rule == "resources-request-over-limit":
        return evolve(finding, edit=_lowered(node.node.id, data, path))
    return finding


def _lowered(node_id: str, data: Mapping[str, Any], path: tuple[str | int, ...]) -> Edit | None:
    limit = at(data, *(("limits" if key == "requests" else key) for key in path))
    return None if limit is None else Edit(node=node_id, path=path, value=limit)


def _without_echoes(found: list[Finding], judged: list[Finding]) -> list[Finding]:
    """Put findings together, without what is said twice about a node.

    Args:
        found: what inspection says; judgements about fields with errors, and those that repeat it, are left out.
        judged: what the manifests say.
    """
    bad = bad_fields(found)
    said: dict[tuple[str, str], list[str]] = {}
    for finding in found:
        said.setdefault((finding.rule, finding.place.node), []).append(finding.place.path)
    fresh = [one for one in judged if not _is_echo(one, bad.get(one.place.node, []), said)]
    rules: dict[str, set[str]] = {}
    for finding in (*found, *fresh):
        rules.setdefault(finding.place.node, set()).add(finding.rule)
    return [one for one in (*found, *fresh) if rules[one.place.node].isdisjoint(_SAID_BETTER.get(one.rule, ()))]


def _is_echo(finding: Finding, bad: list[str], said: Mapping[tuple[str, str], list[str]]) -> bool:
    """Say whether a judgement is about a field with an error, or repeats what a kind file said about the node."""
    path = finding.place.path
    if path != "data" and overlaps(path, bad):
        return True
    before = said.get((finding.rule, finding.place.node), [])
    return bool(before) and (finding.rule in _SAID_ONCE or overlaps(path, before))
