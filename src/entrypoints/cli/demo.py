"""The command that shows everything at once: service, sandbox, a real Compose application, live."""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click
from attrs import frozen
from rich.console import Console
from rich.text import Text

from entrypoints.cli._files import write_private
from entrypoints.cli._output import errors_console, summary
from entrypoints.cli._sources import ComposeOptions, open_source
from entrypoints.cli.deploying import default_data_dir, report
from entrypoints.settings import Settings
from flowcore.errors import ConflictError, UnavailableError

if TYPE_CHECKING:
    from entrypoints.bootstrap import App
    from flowcore.model import User

SAMPLE = Path(__file__).with_name("sample") / "compose.yaml"
EMAIL = "demo@localhost"
#: The shell's status of a command that Ctrl-C has ended.
INTERRUPTED = 130


@click.command("demo")
@click.option("--exit", "exits", is_flag=True, help="End after the deployment instead of serving on.")
@click.option("--port", type=click.IntRange(0, 65535), default=3000, show_default=True, help="Port of the service.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the demo's database and keys.")
@click.pass_context
def demo_command(ctx: click.Context, exits: bool, port: int, data_dir: Path | None) -> None:
    """Start the service with a sandbox cluster, deploy a sample Compose application to it, and watch it come up."""
    folder = data_dir or default_data_dir() / "demo"
    # An interrupted demo must come up again at once, so its leases are short.
    settings = Settings(port=port, data_dir=folder, sandbox=True, log_level="error", lease_seconds=5)
    ctx.exit(asyncio.run(_demo(settings, exits=exits)))


@frozen
class SignIn:
    """How to sign in to the demo."""

    email: str
    password: str


async def _demo(settings: Settings, *, exits: bool) -> int:
    # Imported here because the service's libraries take their time, and help does without them.
    from entrypoints.bootstrap import open_app
    from entrypoints.http.serving import configure_logs, serve_app

    configure_logs(settings)
    listener = _listen(settings)
    async with open_app(settings) as app:
        serving = asyncio.create_task(serve_app(app, listener), name="serve")
        showing = asyncio.create_task(_show(app, _address(listener)), name="show")
        try:
            await asyncio.wait((serving, showing), return_when=asyncio.FIRST_COMPLETED)
            if not showing.done():
                return INTERRUPTED
            status = await showing
            if not exits and status != INTERRUPTED:
                errors_console().print("\nServing until Ctrl-C.")
                await serving
            return status
        finally:
            for task in (serving, showing):
                task.cancel()
            await asyncio.wait((serving, showing))


def _listen(settings: Settings) -> socket.socket:
    from entrypoints.http.serving import listen

    for port in (settings.port, 0):
        try:
            return listen(settings.host, port)
        except OSError:
            errors_console().print(f"Port {port} is taken; using a free one.")
    raise UnavailableError("no port is free")


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{host}:{port}"


async def _show(app: App, url: str) -> int:
    from entrypoints.cli._deployment import Deployment, deploy

    console = Console(highlight=False)
    sign_in = _sign_in(app.settings.data_dir)
    user = await _account(app, sign_in)
    opened = open_source(str(SAMPLE), ComposeOptions(env={}))
    workflow = opened.workflow
    console.print(Text(f"{SAMPLE.name}: {len(workflow.nodes)} nodes and {len(workflow.edges)} edges", style="bold"))
    console.print(Text(f"imported with {summary(opened.findings)}; no secret value is in the graph\n", style="dim"))
    cluster = await app.clusters.queries.default(user.id)
    deployment = Deployment(workflow=workflow, cluster=cluster, secrets=opened.secret_values)
    run = await deploy(app, user, deployment, console)
    if not run.status.is_final:
        return INTERRUPTED  # the service is being stopped; the next start finishes the run
    status = report(run)
    kubeconfig = app.settings.data_dir / "sandbox.kubeconfig"
    write_private(kubeconfig, app.sandbox_kubeconfig)
    _tell(console, url, sign_in, kubeconfig)
    return status


def _tell(console: Console, url: str, sign_in: SignIn, kubeconfig: Path) -> None:
    lines = {
        "service": f"{url}/v1/api-docs",
        "sign in": f"{sign_in.email} with the password {sign_in.password}",
        "cluster": f"KUBECONFIG={kubeconfig} kubectl get all",
    }
    console.print()
    for word, line in lines.items():
        console.print(Text.assemble((f"{word:<8}  ", "dim"), line), soft_wrap=True)


def _sign_in(folder: Path) -> SignIn:
    """Return the demo's sign-in; it is made once and kept beside the database that knows it."""
    path = folder / "sign-in.json"
    if path.exists():
        return SignIn(**json.loads(path.read_text(encoding="utf-8")))
    made = SignIn(EMAIL, secrets.token_urlsafe(12))
    write_private(path, json.dumps({"email": made.email, "password": made.password}))
    return made


async def _account(app: App, sign_in: SignIn) -> User:
    from flowcore.usecases.accounts.registering import Newcomer

    try:
        newcomer = Newcomer(email=sign_in.email, password=sign_in.password, name="Demo")
        return (await app.accounts.register(newcomer)).user
    except ConflictError:
        return (await app.accounts.sign_in(sign_in.email, sign_in.password)).user
