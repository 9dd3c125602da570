"""What the import commands print, and where the workflow goes."""

from __future__ import annotations

import json
from pathlib import Path

import rich_click as click

from entrypoints.cli._files import write_file
from entrypoints.cli._import_report import print_report
from entrypoints.cli._output import errors_console, report_findings, summary, write
from flowcore.compose import Imported
from flowcore.library import dump_workflow


class Reporting(click.RichCommand):
    """A command whose ``--report`` may stand alone before its arguments."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Give a bare ``--report`` its form, so that it does not take the argument after it for one."""
        return super().parse_args(ctx, ["--report=table" if word == "--report" else word for word in args])


report_option = click.option(
    "--report",
    type=click.Choice(["table", "json"]),
    metavar="[=table|json]",
    help="Print what became of each element, what was decided, and what was left out; the workflow only goes to -o.",
)


def write_import(imported: Imported, output: Path | None, report: str | None = None) -> None:
    """Write the workflow to *output*, else to standard output, with the findings on standard error; or the report."""
    text = json.dumps(dump_workflow(imported.workflow), indent=2, ensure_ascii=False) + "\n"
    if report is not None:
        print_report(imported, report)
        if output:
            write_file(output, text)
        return
    report_findings(imported.findings)
    if output:
        write_file(output, text)
    else:
        write(text)
    workflow = imported.workflow
    size = f"{len(workflow.nodes)} nodes, {len(workflow.edges)} edges"
    errors_console().print(f"{workflow.name}: {size}; {summary(imported.findings)}")
