"""Commands that hand applications to other tools."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any

import rich_click as click

from entrypoints.cli._catalogue import kinds_option
from entrypoints.cli._files import make_folder, write_file, write_private
from entrypoints.cli._output import errors_console, report_findings, write
from entrypoints.cli._sources import ComposeOptions, Opened, compose_options, open_source
from flowcore.errors import FlowcoreError, Severity
from flowcore.exchange import to_helm, to_kustomize, to_manifests
from flowcore.kinds import Catalogue


@click.group("export")
def export_command() -> None:
    """Write a workflow as what other tools take. Pictures and JSON come from `flowcore graph`."""


def _common(command: Callable[..., None]) -> Callable[..., None]:
    """Add what every export asks for; the command gets the opened workflow."""

    @click.argument("workflow")
    @click.option("--namespace", "-n", default="", help="Namespace of objects whose node names none.")
    @click.option("--force", is_flag=True, help="Write into a folder that is not empty; files of other names stay.")
    @kinds_option
    @compose_options
    @wraps(command)
    def with_source(*, workflow: str, options: ComposeOptions, **rest: Any) -> None:
        opened = open_source(workflow, options)
        report_findings(finding for finding in opened.findings if finding.severity is not Severity.INFO)
        command(opened=opened, **rest)

    return with_source


_folder = click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder to write to."
)


@export_command.command("kubernetes")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), help="Folder; standard output if not given."
)
@click.option("--with-secrets", is_flag=True, help="Write the values of secrets that the source brings.")
@_common
def kubernetes_command(
    opened: Opened, catalogue: Catalogue, namespace: str, output: Path | None, force: bool, with_secrets: bool
) -> None:
    """Write the manifests of WORKFLOW: a file per object, named in apply order, or one text of several documents."""
    values = opened.secret_values if with_secrets else None
    files = to_manifests(opened.workflow, namespace=namespace, secret_values=values, catalogue=catalogue)
    if output is None:
        write("---\n".join(files.values()))
    else:
        _write(files, output, force=force, is_private=with_secrets)


@export_command.command("kustomize")
@_folder
@_common
def kustomize_command(opened: Opened, catalogue: Catalogue, namespace: str, output: Path, force: bool) -> None:
    """Write WORKFLOW as a kustomize base, without values of secrets."""
    _write(to_kustomize(opened.workflow, namespace=namespace, catalogue=catalogue), output, force=force)


@export_command.command("helm")
@_folder
@click.option("--chart-version", default="0.1.0", show_default=True, help="Version of the chart.")
@_common
def helm_command(
    opened: Opened, catalogue: Catalogue, namespace: str, output: Path, force: bool, chart_version: str
) -> None:
    """Write WORKFLOW as a Helm chart with values for images, replicas, resources, hosts and secrets.

    Values of secrets are not in it; whoever installs the chart gives them.
    """
    files = to_helm(opened.workflow, namespace=namespace, version=chart_version, catalogue=catalogue)
    _write(files, output, force=force)


def _write(files: Mapping[str, str], folder: Path, *, force: bool, is_private: bool = False) -> None:
    """Write files into a folder.

    Raises:
        FlowcoreError: the folder is not empty and that is not wanted, or a file cannot be written.
    """
    if folder.exists() and any(folder.iterdir()) and not force:
        raise FlowcoreError(f"{folder} is not empty; use --force to write into it", code="export.not_empty")
    for name, text in files.items():
        path = folder / name
        make_folder(path.parent)
        (write_private if is_private else write_file)(path, text)
    errors_console().print(f"{len(files)} files in {folder}")
