"""The account of an import: for each element of the file what it became, what was decided, and what was left out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from attrs import frozen

from flowcore.compose._imported import Imported, Origin
from flowcore.errors import Finding, Place, Severity
from flowcore.model import Node

#: Rules of findings about what was not carried over; other warnings are about what behaves otherwise.
_LEFT_OUT = frozenset(
    f"compose-{name}"
    for name in (
        "bind-build", "bind-file", "bind-system", "build", "config-value", "env-file", "extra-host", "group", "label",
        "left-out", "network", "platform", "port-option", "profiles", "security-option", "sysctl", "unsupported",
        "unused", "user-name", "variable-unset", "volume-driver", "volume-option", "volume-shield",
    )
)  # fmt: skip
#: Of these, an explanation is a decision, only a warning is a loss.
_LOST_WHEN_WARNED = frozenset({"compose-network", "compose-label", "compose-build"})


@frozen(kw_only=True)
class Entry:
    """One element of the file.

    Attributes:
        element: where it stands; its path is like ``services.web``, empty for what belongs to no element.
        nodes: what it became.
        decided: how it is done in the cluster, and why.
        changed: what behaves otherwise than under Compose.
        left_out: what was not carried over, and why.
    """

    element: Place
    nodes: tuple[Node, ...] = ()
    decided: tuple[Finding, ...] = ()
    changed: tuple[Finding, ...] = ()
    left_out: tuple[Finding, ...] = ()


@frozen(kw_only=True)
class Account:
    """What an import made of every element of the file.

    Attributes:
        entries: the elements, in the file's order, and at last what belongs to none of them.
        unset_variables: the variables that nobody gave a value, with the places that use them.
        kinds: how many nodes there are of each kind.
        edges: how many edges there are.
    """

    entries: tuple[Entry, ...]
    unset_variables: Mapping[str, tuple[Place, ...]]
    kinds: Mapping[str, int]
    edges: int

    @property
    def totals(self) -> dict[str, int]:
        """Counts of everything: elements, nodes, edges, findings of each sort, variables without a value."""
        return {
            "elements": sum(1 for entry in self.entries if entry.element.path),
            "nodes": sum(self.kinds.values()),
            "edges": self.edges,
            "decided": sum(len(entry.decided) for entry in self.entries),
            "changed": sum(len(entry.changed) for entry in self.entries),
            "left_out": sum(len(entry.left_out) for entry in self.entries),
            "unset_variables": len(self.unset_variables),
        }


def account(imported: Imported) -> Account:
    """Return what an import made of every element of the Compose file.

    Findings about a variable without a value are left to ``unset_variables``.
    """
    findings = [finding for finding in imported.findings if finding.rule != "compose-variable-unset"]
    nodes = {node.id: node for node in imported.workflow.nodes}
    owners = {origin.element.path for origin in imported.origins}
    about: dict[str, list[Finding]] = {}
    for finding in findings:
        about.setdefault(_owner(finding.place.path, owners), []).append(finding)
    entries = [_entry(origin, nodes, about.get(origin.element.path, ())) for origin in imported.origins]
    if about.get(""):
        entries.append(_entry(Origin(element=Place()), nodes, about[""]))
    return Account(
        entries=tuple(entries),
        unset_variables=imported.unset_variables,
        kinds=dict(sorted(Counter(node.type for node in nodes.values()).items())),
        edges=len(imported.workflow.edges),
    )


def _owner(path: str, owners: set[str]) -> str:
    """Return the element that a path is in; names may have dots, so the longest that fits is taken."""
    ends = [len(path), *(match.start() for match in re.finditer(r"[.\[]", path))]
    return next((path[:end] for end in sorted(ends, reverse=True) if path[:end] in owners), "")


def _entry(origin: Origin, nodes: Mapping[str, Node], findings: Iterable[Finding]) -> Entry:
    sorts: dict[str, list[Finding]] = {"decided": [], "changed": [], "left_out": []}
    for finding in findings:
        sorts[_sort(finding)].append(finding)
    return Entry(
        element=origin.element,
        nodes=tuple(nodes[node_id] for node_id in origin.nodes),
        **{sort: tuple(group) for sort, group in sorts.items()},
    )


def _sort(finding: Finding) -> str:
    is_warning = finding.severity is not Severity.INFO
    if finding.rule in _LEFT_OUT and (is_warning or finding.rule not in _LOST_WHEN_WARNED):
        return "left_out"
    return "changed" if is_warning else "decided"
