"""The commands that serve until they are told to stop."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import rich_click as click

from entrypoints.cli._catalogue import chosen_folder
from entrypoints.cli._files import write_private
from entrypoints.cli._output import errors_console
from entrypoints.settings import Settings
from entrypoints.stopping import stopped_by_signals


@click.command("serve")
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one.  [default: 3000]")
@click.option("--store", help="memory://, sqlite:///PATH or mongodb://…; a file in the data folder if not given.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the database and the keys.")
@click.option("--kinds-dir", type=click.Path(path_type=Path), help="Folder with more kinds of nodes.")
@click.option("--sandbox/--no-sandbox", default=None, help="Run a sandbox cluster beside, and give it to every user.")
def serve_command(
    host: str | None,
    port: int | None,
    store: str | None,
    data_dir: Path | None,
    kinds_dir: Path | None,
    sandbox: bool | None,
) -> None:
    """Run the service until Ctrl-C or SIGTERM.

    Every setting can be given as FLOWCORE_NAME in the environment, see docs/how-to/run-the-service.md; options win.
    """
    from entrypoints.http.serving import serve

    given = {"HOST": host, "PORT": port, "STORE_URL": store, "DATA_DIR": data_dir, "SANDBOX": sandbox}
    given |= {"KINDS_DIR": chosen_folder(kinds_dir)}
    options = {f"FLOWCORE_{name}": str(value) for name, value in given.items() if value is not None}
    settings = Settings.from_env({**os.environ, **options})
    asyncio.run(serve(settings, on_start=lambda url: errors_console().print(f"flowcore listens on {url}")))


@click.command("sandbox")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port on loopback; a free one if not given.")
@click.option("--kubeconfig-out", type=click.Path(path_type=Path), help="File to write a kubeconfig to.")
@click.option("--seed", default=0, help="Makes names and delays repeatable.")
@click.option("--speed", default=1.0, type=click.FloatRange(min=0.01), help="How much faster than usual things happen.")
def sandbox_command(port: int, kubeconfig_out: Path | None, seed: int, speed: float) -> None:
    """Run a sandbox cluster alone until Ctrl-C: a Kubernetes API that simulates workloads and runs no containers."""
    asyncio.run(_sandbox(port, seed, speed, kubeconfig_out or Path("flowcore-sandbox.kubeconfig")))


async def _sandbox(port: int, seed: int, speed: float, kubeconfig: Path) -> None:
    from entrypoints.bootstrap import serve_sandbox

    def started(text: str, url: str) -> None:
        write_private(kubeconfig, text)
        console = errors_console()
        console.print(f"sandbox cluster at {url}; it runs no containers")
        console.print(f"KUBECONFIG={kubeconfig} kubectl get all", markup=False)

    stop = asyncio.Event()
    with stopped_by_signals(stop):
        await serve_sandbox(port=port, seed=seed, speed=speed, started=started, stop=stop)
