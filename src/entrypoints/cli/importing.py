"""Commands that bring applications in."""

from __future__ import annotations

import json
from pathlib import Path

import rich_click as click

from entrypoints.cli._output import errors_console, report_findings, summary, write
from entrypoints.cli._sources import ComposeOptions, compose_options
from flowcore.library import dump_workflow


@click.group("import")
def import_command() -> None:
    """Turn other descriptions of an application into a workflow."""


@import_command.command("compose")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write the workflow to.")
@click.option("--name", help="Name of the project.")
@compose_options
def compose_command(files: tuple[Path, ...], output: Path | None, name: str | None, options: ComposeOptions) -> None:
    """Turn Compose FILES into a workflow; later files override earlier ones.

    Findings go to standard error. Values of secrets are left out of the workflow: give them again when you deploy it.
    """
    imported = options.read(list(files), name=name)
    report_findings(imported.findings)
    text = json.dumps(dump_workflow(imported.workflow), indent=2, ensure_ascii=False) + "\n"
    if output:
        output.write_text(text, encoding="utf-8")
    else:
        write(text)
    workflow = imported.workflow
    size = f"{len(workflow.nodes)} nodes, {len(workflow.edges)} edges"
    errors_console().print(f"{workflow.name}: {size}; {summary(imported.findings)}")
