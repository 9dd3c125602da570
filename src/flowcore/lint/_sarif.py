"""Findings as a SARIF 2.1.0 log, the form that code scanning services take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote

from flowcore.errors import Finding, Place, Severity
from flowcore.lint._rule import Rule

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: Final[Mapping[Severity, str]] = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "note",
}
_PROBLEMS: Final[Mapping[Severity, str]] = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "recommendation",
}


def to_sarif(findings: Iterable[Finding], rules: Iterable[Rule], *, file: str, version: str = "") -> dict[str, Any]:
    """Return findings as a SARIF log with one run.

    Args:
        findings: the findings; those that name no file are about *file*.
        rules: what is known about rules; a finding of an unknown one gets a rule without help.
        file: what was judged, as a path relative to where the log's reader stands.
        version: version of flowcore; left out when empty.
    """
    found = list(findings)
    described = _described(found, rules)
    index = {rule.id: position for position, rule in enumerate(described)}
    driver = {
        "name": "flowcore",
        **({"semanticVersion": version} if version else {}),
        "rules": [_rule(rule) for rule in described],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, index[finding.rule], file) for finding in found],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _described(findings: Iterable[Finding], rules: Iterable[Rule]) -> Sequence[Rule]:
    """Return the rules that found something, by id."""
    known = {rule.id: rule for rule in rules}
    for finding in findings:
        meaning = finding.rule.replace("-", " ")
        known.setdefault(
            finding.rule,
            Rule(id=finding.rule, severity=finding.severity, meaning=meaning, why=finding.why, fix=finding.fix),
        )
    return [known[id_] for id_ in sorted({finding.rule for finding in findings})]


def _rule(rule: Rule) -> dict[str, Any]:
    parts = [f"{rule.meaning[:1].upper()}{rule.meaning[1:]}."]
    parts += [f"Why it matters: {rule.why}."] if rule.why else []
    parts += [f"What to do: {rule.fix}."] if rule.fix else []
    silence = f"Silence it for a node with `ignoreRules: [{rule.id}]`, for a call with `--ignore {rule.id}`."
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.id.split("-")),
        "shortDescription": {"text": parts[0]},
        "fullDescription": {"text": " ".join(parts)},
        "help": {"text": "\n".join([*parts, silence]), "markdown": "\n\n".join([*parts, silence])},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {
            "tags": ["kubernetes", "security" if rule.id.startswith("pss-") else "maintainability"],
            "precision": "high",
            "problem.severity": _PROBLEMS[rule.severity],
        },
    }


def _result(finding: Finding, index: int, file: str) -> dict[str, Any]:
    place = finding.place
    uri = _uri(place.file or file)
    text = f"{finding.message}. {finding.fix[:1].upper()}{finding.fix[1:]}." if finding.fix else f"{finding.message}."
    key = "\n".join((finding.rule, uri, place.node, place.edge, place.path))
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": text},
        "locations": [_location(place, uri)],
        "partialFingerprints": {"flowcorePlace/v1": sha256(key.encode("utf-8", "surrogatepass")).hexdigest()},
    }


def _location(place: Place, uri: str) -> dict[str, Any]:
    region = {"startLine": place.line or 1} | ({"startColumn": place.column} if place.column else {})
    physical = {"artifactLocation": {"uri": uri}, "region": region}
    logical = _logical(place)
    return {"physicalLocation": physical} | ({"logicalLocations": [logical]} if logical else {})


def _logical(place: Place) -> dict[str, Any] | None:
    subject = f"node {place.node}" if place.node else f"edge {place.edge}" if place.edge else ""
    full = "/".join(part for part in (subject, place.path) if part)
    if not full:
        return None
    return {"name": place.node or place.edge or place.path, "fullyQualifiedName": full, "kind": "object"}


def _uri(file: str) -> str:
    """Return a file's name as a relative reference: forward slashes, and nothing that has a meaning in addresses."""
    path = file.replace("\\", "/")
    return quote(path.removeprefix("./"), safe="/-._~")
