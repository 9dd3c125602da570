"""What the commands print: results on standard output, everything about them on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.text import Text

from flowcore.errors import Finding, FlowcoreError, InvalidInputError, Severity

COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def errors_console() -> Console:
    """Return the console on standard error."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def output_console() -> Console:
    """Return the console on standard output; where that is no terminal, lines are as wide as they need to be."""
    console = Console(highlight=False, soft_wrap=True)
    return console if console.is_terminal else Console(highlight=False, soft_wrap=True, width=200)


def write(text: str) -> None:
    """Write a result to standard output as it is."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def write_json(value: Any) -> None:
    """Write a result to standard output as indented JSON."""
    write(json.dumps(value, indent=2, ensure_ascii=False))


def report_error(error: FlowcoreError) -> None:
    """Tell an error on standard error; bad input is told finding by finding."""
    if isinstance(error, InvalidInputError):
        report_findings(error.findings)
    else:
        errors_console().print(Text.assemble(("error", "bold red"), ": ", error.message))


def report_findings(findings: Iterable[Finding], *, console: Console | None = None) -> None:
    """Print findings, one each, with what to do below."""
    console = console or errors_console()
    for finding in findings:
        console.print(_finding_text(finding))


def _finding_text(finding: Finding) -> Text:
    text = Text.assemble((str(finding.severity), COLOURS[finding.severity]), f": {finding.message}")
    where = str(finding.place)
    if where:
        text.append(f"\n  at {where}", style="dim")
    if finding.why:
        text.append(f"\n  why: {finding.why}", style="dim")
    if finding.fix:
        text.append(f"\n  fix: {finding.fix}", style="green")
    text.append(f"  [{finding.rule}]", style="dim")
    return text


def summary(findings: Iterable[Finding]) -> str:
    """Return ``2 errors, 1 warning`` and so on, or ``no findings``."""
    counts = dict.fromkeys(Severity, 0)
    for finding in findings:
        counts[finding.severity] += 1
    words = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
    parts = [f"{count} {words[severity]}{'s' if count > 1 else ''}" for severity, count in counts.items() if count]
    return ", ".join(parts) or "no findings"
