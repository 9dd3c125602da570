"""The command that deploys."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click
from attrs import evolve, field, frozen
from rich.console import Console
from rich.text import Text

from entrypoints.cli._catalogue import kinds_option
from entrypoints.cli._output import errors_console, report_findings
from entrypoints.cli._sources import ComposeOptions, Opened, compose_options, open_source
from entrypoints.settings import Settings
from flowcore.errors import Finding, InvalidInputError, Place, Severity
from flowcore.kinds import Catalogue
from flowcore.model import Cluster, FailurePolicy, NodePhase, Run, RunOptions, RunStatus, User

if TYPE_CHECKING:
    from entrypoints.bootstrap import App


@frozen(kw_only=True)
class Target:
    """Where to deploy: a sandbox that ends with the command, or a context of the user's own kubeconfig."""

    sandbox: bool
    context: str = ""
    namespace: str = ""
    data_dir: Path
    catalogue: Catalogue


@frozen(kw_only=True)
class Wishes:
    """How to deploy."""

    options: RunOptions
    waits: bool = True
    secrets: Mapping[str, Mapping[str, str]] = field(factory=dict, repr=False)


@click.command("deploy")
@click.argument("workflow")
@click.option("--sandbox", is_flag=True, help="Deploy to a sandbox cluster that ends with the command.")
@click.option("--context", default="", help="Deploy to this context of your kubeconfig; its current one if not given.")
@click.option("--namespace", "-n", default="", help="Namespace of objects whose node names none.")
@click.option("--wait/--no-wait", "waits", default=True, help="Wait until every node is healthy.")
@click.option("--timeout", default=300.0, show_default=True, help="Seconds until every node must be healthy.")
@click.option("--secret", "secrets", multiple=True, metavar="NODE.KEY=VALUE", help="Value of a secret node's key.")
@click.option(
    "--missing-secrets",
    type=click.Choice(["generate", "refuse"]),
    default="generate",
    show_default=True,
    help="What to do about secret keys that have no value anywhere.",
)
@click.option("--rollback", is_flag=True, help="Bring the last good version back when the deployment fails.")
@click.option("--prune-claims", is_flag=True, help="Delete claims (and their data) that are no longer in the workflow.")
@click.option("--force", is_flag=True, help="Take over fields that somebody else manages.")
@click.option(
    "--data-dir", type=click.Path(path_type=Path), help="Folder that keeps the versions; your data folder if not given."
)
@kinds_option
@compose_options
@click.pass_context
def deploy_command(
    ctx: click.Context,
    workflow: str,
    sandbox: bool,
    context: str,
    namespace: str,
    waits: bool,
    timeout: float,
    secrets: tuple[str, ...],
    missing_secrets: str,
    rollback: bool,
    prune_claims: bool,
    force: bool,
    data_dir: Path | None,
    options: ComposeOptions,
    catalogue: Catalogue,
) -> None:
    """Deploy WORKFLOW in dependency order and watch it come up.

    Exit status 0 when every node is healthy, 1 when the deployment failed, 2 for bad input.
    """
    if sandbox and context:
        raise click.UsageError("--sandbox and --context exclude each other")
    opened = open_source(workflow, options)
    report_findings(finding for finding in opened.findings if finding.severity is not Severity.INFO)
    wishes = Wishes(
        options=RunOptions(
            timeout=timeout,
            policy=FailurePolicy.ROLLBACK if rollback else FailurePolicy.STOP,
            generate_secrets=missing_secrets == "generate",
            prune_claims=prune_claims,
            force=force,
        ),
        waits=waits,
        secrets=_with_given(opened.secret_values, secrets),
    )
    target = Target(
        sandbox=sandbox,
        context=context,
        namespace=namespace,
        data_dir=data_dir or default_data_dir(),
        catalogue=catalogue,
    )
    run = asyncio.run(_deploy(opened, target, wishes))
    ctx.exit(report(run, waits=waits))


async def _deploy(opened: Opened, target: Target, wishes: Wishes) -> Run:
    # Imported here because the service's libraries take their time, and the other commands do without them.
    from entrypoints.bootstrap import open_app, open_local_app
    from entrypoints.cli._deployment import Deployment, deploy, in_namespace, stop

    settings = Settings(data_dir=target.data_dir, watch_lingers=False)
    opening: AbstractAsyncContextManager[App]
    if target.sandbox:
        opening = open_app(evolve(settings, store_url="memory://", sandbox=True), catalogue=target.catalogue)
    else:
        opening = open_local_app(settings, target.context, catalogue=target.catalogue)
    async with opening as app:
        user = await app.accounts.act_locally()
        deployment = Deployment(
            workflow=in_namespace(opened.workflow, target.namespace, app.catalogue),
            cluster=await _cluster(app, user),
            secrets=wishes.secrets,
            options=wishes.options,
            waits=wishes.waits,
        )
        run = await deploy(app, user, deployment, Console(highlight=False))
        if not run.status.is_final:
            await stop(app, user, run)
        return run


async def _cluster(app: App, user: User) -> Cluster:
    """Return the cluster that was opened for this command; those of earlier ones are known too, and one is default."""
    opened = app.clusters.provide
    return await app.clusters.queries.target(user.id, opened.draft.name if opened else "")


def report(run: Run, *, waits: bool = True) -> int:
    """Say on standard error how a run ended, and return the exit status."""
    console = errors_console()
    if run.status is RunStatus.COMPLETED or (not waits and not run.status.is_final):
        word = "every node is healthy" if run.status is RunStatus.COMPLETED else "everything is applied"
        console.print(Text.assemble(("✓", "green"), f" version {run.version}: {word}"))
        return 0
    console.print(Text.assemble(("✗", "bold red"), f" version {run.version}: {run.status}: {run.error}"))
    for node_id, state in run.node_states.items():
        if state.phase is NodePhase.FAILED:
            console.print(Text(f"  {node_id}: {state.message or state.health}"))
    return 1


def default_data_dir() -> Path:
    """Return the folder where this system keeps a user's data of flowcore."""
    from platformdirs import user_data_path

    return user_data_path("flowcore", appauthor=False)


def _with_given(known: Mapping[str, Mapping[str, str]], given: Sequence[str]) -> dict[str, dict[str, str]]:
    values = {node_id: dict(keys) for node_id, keys in known.items()}
    findings = []
    for number, text in enumerate(given):
        name, has_value, value = text.partition("=")
        node_id, has_key, key = name.partition(".")
        if has_value and has_key and node_id and key:
            values.setdefault(node_id, {})[key] = value
        else:
            # The text may hold the secret itself, so it is not repeated.
            message = f"the --secret at position {number + 1} is not NODE.KEY=VALUE"
            findings.append(Finding(rule="usage", message=message, place=Place(path="--secret")))
    if findings:
        raise InvalidInputError(findings)
    return values
