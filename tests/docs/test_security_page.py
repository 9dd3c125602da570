"""Every rule of the page about security names tests that are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/security.md"
#: Rows about rules; those of the threat model say what is at stake.
ROWS = [
    line
    for part in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]
    if not part.startswith("Threat model")
    for line in part.splitlines()
    if line.startswith("| ") and "---" not in line
]
NAMED = re.compile(r"`(test_\w+|tests/[\w/.]+)`")


def known_tests() -> set[str]:
    """Return the names of all test functions."""
    return {
        node.name
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }


def test_every_test_that_the_page_names_is_there() -> None:
    there = known_tests()
    named = {name for row in ROWS for name in NAMED.findall(row)}
    assert len(named) > 50
    gone = {name for name in named if name not in there and not (ROOT / name).exists()}
    assert gone == set()


@pytest.mark.parametrize("row", [row for row in ROWS if not row.startswith(("| rule |", "| Id |"))])
def test_every_rule_names_a_test_or_says_that_there_is_none(row: str) -> None:
    assert NAMED.search(row) or "not built" in row or "no test" in row, row
