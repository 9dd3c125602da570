"""Import an application from a Git repository."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from urllib.parse import urlsplit

import rich_click as click

from entrypoints.cli._import_output import Reporting, report_option, write_import
from entrypoints.cli._output import errors_console
from entrypoints.cli._sources import ComposeOptions, compose_options
from entrypoints.settings import Settings
from flowcore.compose import Imported
from flowcore.errors import Finding, InvalidInputError, Place
from flowcore.model import Workflow
from flowcore.ports.git import GitCredential
from flowcore.usecases.imports.analyzing import Analysis, Wishes
from flowcore.usecases.imports.repositories import ImportProgress, RepositoryAnalysis, RepositoryOrder, locate

#: Variables of the environment with what the repository's host is shown.
USERNAME, TOKEN = "FLOWCORE_GIT_USERNAME", "FLOWCORE_GIT_TOKEN"


@click.command("git", cls=Reporting)
@click.argument("url")
@click.option("--ref", default="", help="Branch, tag or commit; the URL's or the remote's default branch if not given.")
@click.option("--path", default="", help="Folder or file of the repository to look at.")
@click.option("--file", "compose_file", default="", help="The Compose file to take where there are several.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write the workflow to.")
@click.option("--name", default="", help="Name of the project.")
@click.option(
    "--known-hosts",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Allow ssh:// URLs to the hosts in this file; FLOWCORE_GIT_TOKEN is then a private key.",
)
@click.option("--insecure-http", is_flag=True, help="Allow http:// URLs, where anybody on the way can read along.")
@report_option
@compose_options
def git_command(
    url: str,
    ref: str,
    path: str,
    compose_file: str,
    output: Path | None,
    name: str,
    known_hosts: Path | None,
    insecure_http: bool,
    report: str | None,
    options: ComposeOptions,
) -> None:
    """Turn the application in a Git repository into a workflow.

    URL is what `git clone` takes over HTTPS, or the page of a branch, folder or file on GitHub, GitLab, Bitbucket,
    Gitea or Forgejo. Without a Compose file, the project is detected and its build suggested. Variables come from
    --env, --env-file and the repository's .env; the environment of this process is not shown to the repository.

    For a private repository, set FLOWCORE_GIT_TOKEN (and FLOWCORE_GIT_USERNAME if the host wants one); they are
    shown to the host of URL only.
    """
    order = RepositoryOrder(url=url, ref=ref, path=path, compose_file=compose_file, wishes=_wishes(options, name))
    schemes = ("https", *(["http"] if insecure_http else []), *(["ssh"] if known_hosts else []))
    found = asyncio.run(_look(order, Settings(git_schemes=schemes, git_known_hosts=known_hosts)))
    if found.analysis is None:
        raise _several(found)
    errors_console().print(f"{found.url} at {found.ref} ({found.commit[:12]})")
    write_import(_imported(found.analysis), output, report)


def _wishes(options: ComposeOptions, name: str) -> Wishes:
    return Wishes(
        name=name,
        variables=options.given,
        profiles=options.profiles,
        expose=options.expose,
        binds=options.binds,
        networks=options.networks,
    )


async def _look(order: RepositoryOrder, settings: Settings) -> RepositoryAnalysis:
    # Imported here because the adapters take their time, and the other commands do without them.
    from entrypoints.bootstrap import open_repositories

    location = locate(order)
    analyze = open_repositories(settings, urlsplit(f"//{location.host}").hostname or "")
    token = os.environ.get(TOKEN, "")
    username = os.environ.get(USERNAME) or "git"
    credential = GitCredential(host=location.host, username=username, secret=token) if token else None
    console = errors_console()
    if not console.is_terminal:
        return await analyze(order, credential)
    with console.status("Cloning") as status:

        def told(progress: ImportProgress) -> None:
            status.update(f"{progress.message} {progress.fraction:.0%}" if progress.fraction else progress.message)

        return await analyze(order, credential, on_progress=told)


def _several(found: RepositoryAnalysis) -> InvalidInputError:
    """Return the question which of several Compose files is meant."""
    return InvalidInputError(
        [
            Finding(
                rule="compose-several",
                message=f"the repository has {len(found.candidates)} Compose files; one is {candidate.path}",
                place=Place(file=candidate.path),
                fix=f"--file {candidate.path}",
            )
            for candidate in found.candidates
        ]
    )


def _imported(analysis: Analysis) -> Imported:
    return Imported(
        workflow=Workflow(name=analysis.name, nodes=analysis.nodes, edges=analysis.edges),
        findings=analysis.findings,
        secret_values=analysis.secret_values,
        unset_variables=analysis.unset_variables,
        origins=analysis.origins,
    )
