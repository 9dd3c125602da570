"""The commands about API tokens at a service."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import rich_click as click
from rich.table import Table
from rich.text import Text

from entrypoints.cli._output import errors_console, output_console, write, write_json
from entrypoints.cli._servers import SERVER_VARIABLE, Server, chosen_server, read_servers, server_url, write_servers
from entrypoints.cli._service import Service
from entrypoints.cli.signing_in import days_option, make_token, scopes_option, session_by_password
from flowcore.errors import FlowcoreError, InvalidInputError, NotFoundError

_ACCOUNT = "account"

server_option = click.option(
    "--server", "url", default="", help="Address of the service; the default one if not given."
)
email_option = click.option("--email", default="", help="Your e-mail; asked for if not known.")


@click.group("token")
def token_command() -> None:
    """Make, list and revoke API tokens, as pipelines use them."""


@token_command.command("create")
@click.argument("name")
@scopes_option
@days_option
@server_option
@email_option
def create_command(name: str, scopes: str, days: int, url: str, email: str) -> None:
    """Make an API token called NAME, and write it to standard output.

    It is shown this once. Your password is asked for: a token cannot make others.
    """
    address, known = _known(url)
    with session_by_password(address, email, known) as service:
        made = make_token(service, name=name, scopes=scopes, days=days)
    write(made.token)
    errors_console().print(Text.assemble(("✓", "green"), f" {made.name}: valid until {made.until}"))


@token_command.command("list")
@server_option
@email_option
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def list_command(url: str, email: str, as_json: bool) -> None:
    """List your API tokens."""
    with _account(url, email) as service:
        tokens = service.ask("GET", "/profile/tokens")["tokens"]
    if as_json:
        write_json(tokens)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("id", no_wrap=True, overflow="fold")  # to be copied whole, however narrow the terminal is
    for title in ("name", "scopes", "expires", "last used"):
        table.add_column(title)
    for each in tokens:
        used = (each["lastUsedAt"] or "never")[:10]
        cells = (each["id"], each["name"], ", ".join(each["scopes"]), each["expiresAt"][:10], used)
        table.add_row(*map(Text, cells))
    output_console().print(table)


@token_command.command("revoke")
@click.argument("token")
@server_option
@email_option
def revoke_command(token: str, url: str, email: str) -> None:
    """Make an API token useless at once; TOKEN is its id, or its name when only one is called so."""
    with _account(url, email) as service:
        found = _named(service.ask("GET", "/profile/tokens")["tokens"], token)
        service.ask("DELETE", f"/profile/tokens/{found['id']}")
    servers = read_servers()
    for server in servers.by_url.values():
        if server.url == service.url and server.token_id == found["id"]:
            write_servers(servers.without(server.url))
    errors_console().print(Text.assemble(("✓", "green"), f" {found['name']} is revoked"))


def _named(tokens: list[dict[str, Any]], wanted: str) -> Mapping[str, Any]:
    found = [each for each in tokens if wanted == each["id"]] or [each for each in tokens if wanted == each["name"]]
    if not found:
        raise NotFoundError("you have no such API token; see: flowcore token list", code="api_token.not_found")
    if len(found) > 1:
        raise InvalidInputError.of(
            f"{len(found)} of your API tokens have this name", rule="usage", fix="name one by its id"
        )
    return found[0]


@contextmanager
def _account(url: str, email: str) -> Iterator[Service]:
    """Yield a way to one's own account: with the token that is kept if it is for that, else by password."""
    service = _service_for_account(url)
    if service is not None:
        yield service
        return
    address, known = _known(url)
    with session_by_password(address, email, known) as signed_in:
        yield signed_in


def _service_for_account(url: str) -> Service | None:
    try:
        server = chosen_server(url, os.environ)
        service = Service(server.url, server.token)
        scopes = service.ask("GET", "/auth/session")["scopes"]
    except InvalidInputError:
        raise
    except FlowcoreError:
        return None
    return service if _ACCOUNT in scopes else None


def _known(url: str) -> tuple[str, Server | None]:
    """Return the address that a command is about, and what is kept for it."""
    servers = read_servers()
    named = url or os.environ.get(SERVER_VARIABLE, "").strip() or servers.default
    if not named:
        raise InvalidInputError.of(
            "no server is named",
            rule="usage",
            fix=f"give --server URL, or set {SERVER_VARIABLE}, or flowcore login URL",
        )
    address = server_url(named)
    return address, servers.by_url.get(address)
