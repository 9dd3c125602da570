"""Commands on drawings alone; they open nothing but the files they are given."""

from __future__ import annotations

import json
from collections.abc import Callable

import rich_click as click

from entrypoints.cli._catalogue import kinds_option
from entrypoints.cli._output import report_findings, write, write_json
from entrypoints.cli._sources import ComposeOptions, Opened, compose_options, open_source
from flowcore.diffing import diff, to_json, to_text
from flowcore.errors import Severity
from flowcore.kinds import Catalogue
from flowcore.layout import to_dot, to_json_graph, to_mermaid, to_svg
from flowcore.library import render, waves
from flowcore.manifests import to_yaml

PICTURES: dict[str, Callable[[Opened, Catalogue], str]] = {
    "mermaid": lambda opened, _: to_mermaid(opened.workflow),
    "dot": lambda opened, _: to_dot(opened.workflow),
    "svg": lambda opened, _: to_svg(opened.workflow),
    "json": lambda opened, catalogue: json.dumps(
        to_json_graph(opened.workflow, waves=waves(opened.workflow, catalogue=catalogue)), indent=2
    ),
}


@click.command("render")
@click.argument("workflow")
@click.option("--namespace", "-n", default="", help="Namespace of objects whose node names none.")
@click.option("--with-secrets", is_flag=True, help="Print the values of secrets that a Compose file brings.")
@kinds_option
@compose_options
def render_command(
    workflow: str, namespace: str, with_secrets: bool, options: ComposeOptions, catalogue: Catalogue
) -> None:
    """Print the manifests of WORKFLOW as YAML documents, in apply order."""
    opened = open_source(workflow, options)
    values = opened.secret_values if with_secrets else None
    manifests = render(opened.workflow, namespace=namespace, secret_values=values, catalogue=catalogue)
    report_findings(finding for finding in opened.findings if finding.severity is not Severity.INFO)
    write(to_yaml(manifests))


@click.command("graph")
@click.argument("workflow")
@click.option("--format", "format_", type=click.Choice(sorted(PICTURES)), default="mermaid", help="What to write.")
@kinds_option
@compose_options
def graph_command(workflow: str, format_: str, options: ComposeOptions, catalogue: Catalogue) -> None:
    """Draw WORKFLOW on standard output."""
    write(PICTURES[format_](open_source(workflow, options), catalogue))


@click.command("diff")
@click.argument("old")
@click.argument("new")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", help="How to print.")
@kinds_option
@compose_options
def diff_command(old: str, new: str, format_: str, options: ComposeOptions, catalogue: Catalogue) -> None:
    """Print what changed from OLD to NEW, two workflows or Compose files."""
    # What a node's data says differs whatever its kind is; the option is there so that it fits every command.
    del catalogue
    found = diff(open_source(old, options).workflow, open_source(new, options).workflow)
    if format_ == "json":
        write_json(to_json(found))
    else:
        write(to_text(found))
