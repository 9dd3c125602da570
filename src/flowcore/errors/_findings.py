"""A finding: one thing that is wrong or worth knowing, with its place and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from attrs import asdict, field, frozen


class Severity(StrEnum):
    """How much a finding matters: an error stops the work, a warning changes the result, info only explains it."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@frozen(kw_only=True)
class Place:
    """Where a finding points: a file position, a field of a node or an edge, or both.

    Attributes:
        file: name of the source as the caller gave it; empty when there is none.
        line: line in that file, from 1; 0 when unknown.
        column: column in that line, from 1; 0 when unknown.
        node: id of the node; empty when the finding is not about a node.
        edge: id of the edge; empty when the finding is not about an edge.
        path: path of the field, dotted, list positions in brackets: ``data.ports[0].port``, ``services.web.ports``.
    """

    file: str = ""
    line: int = 0
    column: int = 0
    node: str = ""
    edge: str = ""
    path: str = ""

    def __str__(self) -> str:
        position = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        subject = f"node {self.node}" if self.node else f"edge {self.edge}" if self.edge else ""
        return " ".join(part for part in (position, subject, self.path) if part)


@frozen(kw_only=True)
class Finding:
    """One finding.

    Attributes:
        rule: stable id that can be silenced or looked up, like ``compose-unsupported-key``.
        severity: how much it matters.
        message: what is wrong, in one sentence, with the offending value (never a secret one).
        place: where.
        why: why it matters; may be empty.
        fix: what to do about it; may be empty.
    """

    rule: str
    severity: Severity = Severity.ERROR
    message: str
    place: Place = field(factory=Place)
    why: str = ""
    fix: str = ""

    @property
    def is_error(self) -> bool:
        """Whether this finding stops the work."""
        return self.severity is Severity.ERROR

    def __str__(self) -> str:
        where = str(self.place)
        text = f"{self.severity}: {where}: {self.message}" if where else f"{self.severity}: {self.message}"
        return f"{text} ({self.fix})" if self.fix else text


def errors_of(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings that stop the work, in their order."""
    return tuple(finding for finding in findings if finding.is_error)


def finding_to_json(finding: Finding) -> dict[str, Any]:
    """Return a finding as plain JSON values: ``rule, severity, message, place, why, fix``; empty parts are left out."""
    place = {name: value for name, value in asdict(finding.place).items() if value}
    parts = {
        "rule": finding.rule,
        "severity": str(finding.severity),
        "message": finding.message,
        "place": place,
        "why": finding.why,
        "fix": finding.fix,
    }
    return {name: value for name, value in parts.items() if value}
