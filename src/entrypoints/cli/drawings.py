"""Commands on drawings alone; they open nothing but the files they are given."""

from __future__ import annotations

import json
from collections.abc import Callable

import rich_click as click
from rich.console import Console
from rich.table import Table

from entrypoints.cli._output import errors_console, output_console, report_findings, summary, write, write_json
from entrypoints.cli._sources import ComposeOptions, Opened, compose_options, open_source
from flowcore.diffing import diff, to_json, to_text
from flowcore.errors import NotFoundError, Severity, errors_of, finding_to_json
from flowcore.kinds import Kind, Parameter, core_catalogue
from flowcore.layout import to_dot, to_json_graph, to_mermaid, to_svg
from flowcore.library import render, validate, waves
from flowcore.manifests import Absent, to_yaml

PICTURES: dict[str, Callable[[Opened], str]] = {
    "mermaid": lambda opened: to_mermaid(opened.workflow),
    "dot": lambda opened: to_dot(opened.workflow),
    "svg": lambda opened: to_svg(opened.workflow),
    "json": lambda opened: json.dumps(to_json_graph(opened.workflow, waves=waves(opened.workflow)), indent=2),
}


@click.command("validate")
@click.argument("workflow")
@click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", help="How to print the findings."
)
@compose_options
@click.pass_context
def validate_command(ctx: click.Context, workflow: str, format_: str, options: ComposeOptions) -> None:
    """Check WORKFLOW and list every finding at once. Exit status 1 when there are errors."""
    opened = open_source(workflow, options)
    findings = [*opened.findings, *validate(opened.workflow)]
    if format_ == "json":
        write_json([finding_to_json(finding) for finding in findings])
    else:
        report_findings(findings, console=output_console())
        errors_console().print(f"{opened.workflow.name}: {summary(findings)}")
    ctx.exit(1 if errors_of(findings) else 0)


@click.command("render")
@click.argument("workflow")
@click.option("--namespace", "-n", default="", help="Namespace of objects whose node names none.")
@click.option("--with-secrets", is_flag=True, help="Print the values of secrets that a Compose file brings.")
@compose_options
def render_command(workflow: str, namespace: str, with_secrets: bool, options: ComposeOptions) -> None:
    """Print the manifests of WORKFLOW as YAML documents, in apply order."""
    opened = open_source(workflow, options)
    values = opened.secret_values if with_secrets else None
    manifests = render(opened.workflow, namespace=namespace, secret_values=values)
    report_findings(finding for finding in opened.findings if finding.severity is not Severity.INFO)
    write(to_yaml(manifests))


@click.command("graph")
@click.argument("workflow")
@click.option("--format", "format_", type=click.Choice(sorted(PICTURES)), default="mermaid", help="What to write.")
@compose_options
def graph_command(workflow: str, format_: str, options: ComposeOptions) -> None:
    """Draw WORKFLOW on standard output."""
    write(PICTURES[format_](open_source(workflow, options)))


@click.command("diff")
@click.argument("old")
@click.argument("new")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", help="How to print.")
@compose_options
def diff_command(old: str, new: str, format_: str, options: ComposeOptions) -> None:
    """Print what changed from OLD to NEW, two workflows or Compose files."""
    found = diff(open_source(old, options).workflow, open_source(new, options).workflow)
    if format_ == "json":
        write_json(to_json(found))
    else:
        write(to_text(found))


@click.command("kinds")
@click.argument("name", required=False)
def kinds_command(name: str | None) -> None:
    """List the kinds of nodes, or explain the kind NAME."""
    console = output_console()
    catalogue = core_catalogue()
    if name:
        try:
            kind = catalogue.kind(name)
        except NotFoundError as error:
            raise click.UsageError(error.message) from error
        _explain(kind, console)
        return
    table = Table("kind", "makes", "category", "what it is", box=None, header_style="bold", pad_edge=False)
    for kind in catalogue.kinds:
        table.add_row(kind.name, f"{kind.api_version} {kind.object_kind}", kind.category, kind.description)
    console.print(table)


def _explain(kind: Kind, console: Console) -> None:
    console.print(f"[bold]{kind.label}[/bold] ({kind.name}): {kind.description}")
    table = Table("parameter", "type", "default", "meaning", box=None, header_style="bold", pad_edge=False)
    for parameter in kind.parameters:
        table.add_row(parameter.name, parameter.type, _default(parameter), parameter.help or parameter.label)
    console.print(table)


def _default(parameter: Parameter) -> str:
    if parameter.required:
        return "required"
    return "" if isinstance(parameter.default, Absent) else json.dumps(parameter.default)
