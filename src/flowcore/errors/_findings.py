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
class Edit:
    """A change of one node's data that does what a finding's ``fix`` says.

    Attributes:
        node: id of the node.
        path: keys and list positions that lead from the node's data to the value.
        value: the new value, plain JSON; what it stands under is made where it is missing.
        remove: whether the value is taken away instead; ``value`` means nothing then.
    """

    node: str
    path: tuple[str | int, ...]
    value: Any = field(default=None, hash=False)
    remove: bool = False

    @property
    def pointer(self) -> str:
        """The path as a JSON Pointer (RFC 6901) into the node's data."""
        return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in self.path)


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
        edit: the fix as a change that can be applied; none where it takes a decision.
    """

    rule: str
    severity: Severity = Severity.ERROR
    message: str
    place: Place = field(factory=Place)
    why: str = ""
    fix: str = ""
    edit: Edit | None = None

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
    """Return a finding as plain JSON: ``rule, severity, message, place, why, fix, edit``; empty parts are left out."""
    place = {name: value for name, value in asdict(finding.place).items() if value}
    parts = {
        "rule": finding.rule,
        "severity": str(finding.severity),
        "message": finding.message,
        "place": place,
        "why": finding.why,
        "fix": finding.fix,
        "edit": _edit_to_json(finding.edit) if finding.edit else None,
    }
    return {name: value for name, value in parts.items() if value}


def _edit_to_json(edit: Edit) -> dict[str, Any]:
    change = {"remove": True} if edit.remove else {"value": edit.value}
    return {"node": edit.node, "path": edit.pointer, **change}
