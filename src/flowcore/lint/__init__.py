"""Findings about a drawing or a manifest, each with its place, a reason and a fix, some with an edit that makes it."""

from flowcore.lint._edits import apply_fixes
from flowcore.lint._inspection import Inspection, inspect, sort_by_severity, validate
from flowcore.lint._manifest import line_of, lint_manifest, lint_manifests
from flowcore.lint._pod_security import Level
from flowcore.lint._registry import describe_rules, rules_of
from flowcore.lint._review import review
from flowcore.lint._rule import Rule
from flowcore.lint._sarif import to_sarif

__all__ = [
    "Inspection",
    "Level",
    "Rule",
    "apply_fixes",
    "describe_rules",
    "inspect",
    "line_of",
    "lint_manifest",
    "lint_manifests",
    "review",
    "rules_of",
    "sort_by_severity",
    "to_sarif",
    "validate",
]
