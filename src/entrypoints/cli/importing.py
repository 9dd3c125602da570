"""Commands that bring applications in."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path

import rich_click as click

from entrypoints.cli._catalogue import kinds_option
from entrypoints.cli._import_output import Reporting, report_option, write_import
from entrypoints.cli._output import errors_console
from entrypoints.cli._sources import ComposeOptions, compose_options
from entrypoints.cli.deploying import default_data_dir
from entrypoints.cli.importing_git import git_command
from entrypoints.settings import Settings
from flowcore.errors import InvalidInputError
from flowcore.kinds import Catalogue
from flowcore.library import import_manifests
from flowcore.model import Manifest


@click.group("import")
def import_command() -> None:
    """Turn other descriptions of an application into a workflow."""


@import_command.command("compose", cls=Reporting)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write the workflow to.")
@click.option("--name", help="Name of the project.")
@report_option
@click.option(
    "--root",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder above the first file's that may be read, for files like ../common.yaml.",
)
@compose_options
def compose_command(
    files: tuple[Path, ...],
    output: Path | None,
    name: str | None,
    report: str | None,
    root: Path | None,
    options: ComposeOptions,
) -> None:
    """Turn Compose FILES into a workflow; later files override earlier ones.

    Findings go to standard error. Values of secrets are left out of the workflow: give them again when you deploy it.
    """
    write_import(options.read(list(files), name=name, root=root), output, report)


@import_command.command("kubernetes")
@click.argument("files", nargs=-1, required=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write the workflow to.")
@click.option("--name", help="Name of the workflow.")
@kinds_option
def kubernetes_command(files: tuple[str, ...], output: Path | None, name: str | None, catalogue: Catalogue) -> None:
    """Turn Kubernetes manifests into a workflow: FILES or folders with YAML or JSON; `-` reads standard input.

    What `helm template`, `kustomize build` and `kubectl get -o yaml` print can be read, too.
    Findings go to standard error. Values of secrets are left out of the workflow: give them again when you deploy it.
    """
    # A text needs a line break to be told from a path.
    sources = [sys.stdin.read() + "\n" if file == "-" else Path(file) for file in files]
    write_import(import_manifests(sources, name=name, catalogue=catalogue), output)


@import_command.command("cluster")
@click.option("-n", "--namespace", default="default", show_default=True, help="Namespace to read.")
@click.option("--context", default="", help="Context of your kubeconfig; the current one if not given.")
@click.option("--selector", "-l", default="", help="Only objects with these labels, like app=shop.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write the workflow to.")
@click.option("--name", help="Name of the workflow; the namespace's if not given.")
@kinds_option
def cluster_command(
    namespace: str, context: str, selector: str, output: Path | None, name: str | None, catalogue: Catalogue
) -> None:
    """Turn what lives in a NAMESPACE of a cluster into a workflow; nothing in the cluster is changed.

    What controllers made (pods, replica sets) and what every namespace has by itself is left out.
    """
    objects = asyncio.run(_read(context, namespace, _labels(selector)))
    write_import(import_manifests(objects, name=name or namespace, catalogue=catalogue), output)


def _labels(selector: str) -> Mapping[str, str]:
    """Return the labels of a selector like ``app=shop,tier=web``; a bare key means any value.

    Raises:
        InvalidInputError: it is another kind of selector.
    """
    if any(sign in selector for sign in ("!", "(", "==")):
        raise InvalidInputError.of(f"the selector {selector!r} is more than KEY=VALUE pairs", path="--selector")
    pairs = (part.partition("=") for part in selector.split(",") if part.strip())
    return {key.strip(): value.strip() for key, _, value in pairs}


async def _read(context: str, namespace: str, labels: Mapping[str, str]) -> tuple[Manifest, ...]:
    # Imported here because the service's libraries take their time, and the other commands do without them.
    from entrypoints.bootstrap import open_local_app

    settings = Settings(data_dir=default_data_dir(), watch_lingers=False)
    async with open_local_app(settings, context) as app:
        cluster = await app.clusters.queries.default((await app.accounts.act_locally()).id)
        live = await app.clusters.read_namespace(cluster, namespace, labels)
    if live.unread:
        errors_console().print(f"not read, because you may not list them: {', '.join(live.unread)}")
    return live.objects


import_command.add_command(git_command)
