"""The commands that sign in to a service, and out again."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import AbstractContextManager, suppress

import rich_click as click
from attrs import field, frozen
from rich.text import Text

from entrypoints.cli._output import errors_console, output_console, write_json
from entrypoints.cli._servers import (
    TOKEN_VARIABLE,
    Server,
    chosen_server,
    read_servers,
    server_url,
    stored_server,
    write_servers,
)
from entrypoints.cli._service import Service, session
from flowcore.errors import FlowcoreError, InvalidInputError, UnauthenticatedError
from flowcore.usecases.accounts.api_tokens import PREFIX

_SCOPES = "read,deploy,write"
_LONGEST_HOST, _LONGEST_LINE = 60, 10_000

scopes_option = click.option("--scopes", default=_SCOPES, show_default=True, help="What the token may be used for.")
days_option = click.option(
    "--days", default=90, show_default=True, type=click.IntRange(1), help="Days until it expires."
)


@click.command("login")
@click.argument("url")
@click.option("--email", default="", help="Your e-mail; asked for if not given.")
@click.option("--name", default="", help="What your list of tokens calls the new one; this computer if not given.")
@click.option("--token", default="", metavar="-", help="Read an API token that you have from standard input.")
@scopes_option
@days_option
def login_command(url: str, email: str, name: str, token: str, scopes: str, days: int) -> None:
    """Sign in to the service at URL, and keep an API token for it.

    Your e-mail and password are asked for and not kept. Who signs in without a password makes an API token in the
    web console and pipes it in: `flowcore login URL --token -`.
    """
    address = server_url(url)
    known = read_servers().by_url.get(address)
    if token:
        server = _with_token(address, token)
        _keep(server)
    else:
        with session_by_password(address, email, known) as service:
            made = make_token(service, name=name or _here(), scopes=scopes, days=days)
            owner = service.ask("GET", "/auth/session")["user"]["email"]
            server = Server(url=address, token=made.token, token_id=made.id, email=owner)
            _keep(server)
    if known is not None and known.token_id and known.token != server.token:
        # It was made by an earlier sign-in from here, and nobody has it any more.
        with suppress(FlowcoreError):
            _give_up(known)


@click.command("logout")
@click.argument("url", default="")
@click.option("--keep", is_flag=True, help="Only forget the token here; it stays valid elsewhere.")
def logout_command(url: str, keep: bool) -> None:
    """Revoke and forget the API token for the service at URL; the default one if not given."""
    server = stored_server(url)
    console = errors_console()
    try:
        if not keep:
            _give_up(server)
    except UnauthenticatedError:
        pass  # it has ended already
    except FlowcoreError as error:
        console.print(Text.assemble(("warning", "yellow"), f": the token is not revoked: {error.message}"))
        console.print(Text("  fix: revoke it in the web console, or with: flowcore token revoke", style="green"))
    write_servers(read_servers().without(server.url))
    console.print(Text(f"signed out of {server.url}"))
    if os.environ.get(TOKEN_VARIABLE):
        console.print(Text(f"{TOKEN_VARIABLE} is still set"))


@click.command("whoami")
@click.argument("url", default="")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def whoami_command(url: str, as_json: bool) -> None:
    """Say who you are at the service at URL, and what your token is for."""
    server = chosen_server(url, os.environ)
    told = Service(server.url, server.token).ask("GET", "/auth/session")
    if as_json:
        write_json({"server": server.url, **told})
        return
    user, token = told["user"], told.get("apiToken")
    console = output_console()
    console.print(Text(f"{user['email']} ({user['name']}), {user['role']}"))
    console.print(Text(f"server  {server.url}"))
    if token is not None:
        until = f"until {token['expiresAt'][:10]}"
        console.print(Text(f"token   {token['name']}: {', '.join(token['scopes'])}; {until}"))


def session_by_password(address: str, email: str, known: Server | None) -> AbstractContextManager[Service]:
    """Ask for what is missing of e-mail and password, and sign in until the block ends."""
    usual = known.email if known is not None and known.email else None
    asked = email or click.prompt("E-mail", default=usual, err=True)
    return session(address, asked, click.prompt(f"Password at {address}", hide_input=True, err=True))


@frozen
class Made:
    """A new API token, as the service tells it once."""

    token: str = field(repr=False)
    id: str
    name: str
    until: str


def make_token(service: Service, *, name: str, scopes: str, days: int) -> Made:
    """Make an API token with a session.

    Raises:
        FlowcoreError: as ``Service.ask``.
    """
    listed = [word.strip() for word in scopes.split(",") if word.strip()]
    told = service.ask("POST", "/profile/tokens", {"name": name, "scopes": listed, "days": days})
    kept = told["apiToken"]
    return Made(token=told["token"], id=kept["id"], name=kept["name"], until=kept["expiresAt"][:10])


def _with_token(address: str, given: str) -> Server:
    """Return a server with an API token from standard input, once the service has said whose it is."""
    if given != "-":
        raise InvalidInputError.of(
            "--token takes - and reads the token from standard input",
            rule="token-in-arguments",
            fix=f"flowcore login {address} --token - < FILE; revoke the token if others use this computer: they see "
            "the arguments of your commands, and your shell keeps them",
        )
    hidden = sys.stdin.isatty()
    token = (
        click.prompt("API token", hide_input=True, err=True) if hidden else sys.stdin.readline(_LONGEST_LINE).strip()
    )
    if not token.startswith(PREFIX):
        raise InvalidInputError.of(
            "what came on standard input is no API token",
            rule="token-malformed",
            fix=f"make one with POST /v1/api/profile/tokens; it begins with {PREFIX}",
        )
    told = Service(address, token).ask("GET", "/auth/session")
    return Server(url=address, token=token, email=told["user"]["email"])


def _keep(server: Server) -> None:
    write_servers(read_servers().including(server))
    errors_console().print(Text.assemble(("✓", "green"), f" signed in to {server.url} as {server.email}"))


def _give_up(server: Server) -> None:
    """Revoke a token with itself, which takes no more than having it."""
    Service(server.url, server.token).ask("DELETE", "/profile/tokens/current")


def _here() -> str:
    """Return what a token made on this computer is called."""
    host = "".join(filter(str.isprintable, socket.gethostname()))[:_LONGEST_HOST]
    return f"flowcore on {host or 'a computer'}"
