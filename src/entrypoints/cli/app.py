"""The root of the command line. Commands are imported when they are called, so that small ones start fast."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import rich_click as click

from entrypoints.cli._catalogue import folder_option
from entrypoints.cli._output import report_error
from flowcore.errors import FlowcoreError, InvalidInputError

#: Where each command is defined, in the order a newcomer meets them.
COMMANDS = {
    "demo": "entrypoints.cli.demo",
    "import": "entrypoints.cli.importing",
    "validate": "entrypoints.cli.validating",
    "render": "entrypoints.cli.drawings",
    "graph": "entrypoints.cli.drawings",
    "diff": "entrypoints.cli.drawings",
    "kinds": "entrypoints.cli.kinds",
    "export": "entrypoints.cli.exporting",
    "deploy": "entrypoints.cli.deploying",
    "login": "entrypoints.cli.signing_in",
    "logout": "entrypoints.cli.signing_in",
    "whoami": "entrypoints.cli.signing_in",
    "token": "entrypoints.cli.tokens",
    "serve": "entrypoints.cli.serving",
    "sandbox": "entrypoints.cli.serving",
    "keys": "entrypoints.cli.keys",
    "users": "entrypoints.cli.users",
    "audit": "entrypoints.cli.audit",
}


class LazyGroup(click.RichGroup):
    """A group that imports a command when it is asked for, and reports flowcore's errors."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(COMMANDS[cmd_name])
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; bad input ends with status 2, any other error of ours with 1."""
        try:
            return super().invoke(ctx)
        except InvalidInputError as error:
            report_error(error)
            ctx.exit(2)
        except FlowcoreError as error:
            report_error(error)
            ctx.exit(1)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("flowcore"), prog_name="flowcore")
@folder_option
def cli(kinds_dir: Path | None) -> None:
    """Draw a Kubernetes application as a graph: import it, render it, deploy it in order, watch it, version it.

    Start with `flowcore demo`. A WORKFLOW is a JSON or YAML file `{name, nodes, edges}`;
    a Compose file works in its place.
    """
