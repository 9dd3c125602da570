"""The commands about kinds of nodes: list them, explain one, add more."""

from __future__ import annotations

import json
from pathlib import Path

import rich_click as click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from entrypoints.cli._catalogue import chosen_folder, default_folder, folder_option, open_catalogue
from entrypoints.cli._definitions import from_cluster, from_files, written
from entrypoints.cli._output import errors_console, output_console
from flowcore.errors import NotFoundError
from flowcore.kinds import Catalogue, Kind, Parameter
from flowcore.manifests import Absent


class KindsGroup(click.RichGroup):
    """A group in which a word that is no command is the name of a kind to explain."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """Return the command that a word names, else the one that explains the kind."""
        return super().get_command(ctx, cmd_name) or _explaining(cmd_name)


@click.group("kinds", cls=KindsGroup, invoke_without_command=True, subcommand_metavar="[NAME | add …]")
@folder_option
@click.pass_context
def kinds_command(ctx: click.Context, kinds_dir: Path | None) -> None:
    """List the kinds of nodes, explain the kind NAME, or add more kinds."""
    if ctx.invoked_subcommand is None:
        _list(open_catalogue(kinds_dir), output_console())


def _list(catalogue: Catalogue, console: Console) -> None:
    table = Table("kind", "makes", "category", "what it is", box=None, header_style="bold", pad_edge=False)
    for kind in catalogue.kinds:
        makes = f"{kind.api_version} {kind.object_kind}" if kind.is_fixed else "what you say"
        table.add_row(kind.name, makes, kind.category, Text(kind.description))
    console.print(table)


# ------------------------------------------------------------ explain


def _explaining(name: str) -> click.Command:
    """Return the command that explains a kind."""

    @click.command(name, hidden=True)
    @folder_option
    @click.pass_context
    def explain(ctx: click.Context, kinds_dir: Path | None) -> None:
        """Explain the kind."""
        folder = kinds_dir or (ctx.parent.params.get("kinds_dir") if ctx.parent else None)
        try:
            kind = open_catalogue(folder).kind(name)
        except NotFoundError as error:
            raise click.UsageError(error.message, ctx.parent) from error
        _explain(kind, output_console())

    return explain


def _explain(kind: Kind, console: Console) -> None:
    console.print(Text.assemble((kind.label, "bold"), f" ({kind.name}): {kind.description}"))
    table = Table("parameter", "type", "default", "meaning", box=None, header_style="bold", pad_edge=False)
    for parameter in kind.parameters:
        _add_rows(table, parameter, "", 2 if parameter.schema is not None else 0)
    console.print(table)


def _add_rows(table: Table, parameter: Parameter, above: str, depth: int) -> None:
    """Add a parameter, and the fields inside it as deep as they can still be read in a table."""
    name = f"{above}{parameter.name}"
    table.add_row(Text(name), parameter.type, _default(parameter), Text(parameter.help or parameter.label))
    if depth > 0:
        is_list = parameter.items is not None
        for field in parameter.items.fields if parameter.items is not None else parameter.fields:
            _add_rows(table, field, f"{name}[]." if is_list else f"{name}.", depth - 1)


def _default(parameter: Parameter) -> str:
    if parameter.required:
        return "required"
    return "" if isinstance(parameter.default, Absent) else json.dumps(parameter.default)


# ------------------------------------------------------------ add


@kinds_command.command("add")
@click.argument("sources", nargs=-1, required=True)
@click.option("--into", type=click.Path(path_type=Path), help="Folder to write to; the folder of kinds if not given.")
@click.option("--from-cluster", "in_cluster", is_flag=True, help="SOURCES are definitions or kinds in a cluster.")
@click.option("--context", default="", help="Context of your kubeconfig; its current one if not given.")
@click.option("--version", help="API version to use; the newest stable one that is served if not given.")
@click.option("--replace", is_flag=True, help="Write over files that are there already.")
@click.pass_context
def add_command(
    ctx: click.Context,
    sources: tuple[str, ...],
    into: Path | None,
    in_cluster: bool,
    context: str,
    version: str | None,
    replace: bool,
) -> None:
    """Make kinds of CustomResourceDefinitions and write their files.

    SOURCES are YAML files with definitions (`-` is standard input; other objects in them are passed over), or with
    `--from-cluster` names like `certificates.cert-manager.io` or `Certificate`.
    """
    if context and not in_cluster:
        raise click.UsageError("--context goes with --from-cluster")
    parent = ctx.parent.params.get("kinds_dir") if ctx.parent else None
    folder = into or chosen_folder(parent) or default_folder()
    definitions = from_cluster(sources, context) if in_cluster else from_files(sources)
    console = errors_console()
    for kind, path in written(definitions, folder, version=version, replace=replace):
        console.print(Text(f"{kind.name}: {kind.api_version} {kind.object_kind} → {path}"))
