"""The commands about accounts, on the store itself: for who has a shell on the machine, and is locked out perhaps."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import rich_click as click
from rich.table import Table
from rich.text import Text

from entrypoints.cli._output import errors_console, output_console, write_json
from entrypoints.settings import Settings
from flowcore.model import Role, User
from flowcore.usecases.accounts.registering import Newcomer
from flowcore.usecases.auditing.recording import OPERATOR, Happened, Target

if TYPE_CHECKING:
    from entrypoints.bootstrap import AccountDesk

T = TypeVar("T")

_LONGEST_LINE = 10_000


def _options(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Let a command be told where the service keeps its things, like ``flowcore serve``, after its own options."""
    store = "Store of the service, as for flowcore serve; a file in the data folder if not given."
    places = (
        click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the service's database and keys."),
        click.option("--store", help=store),
    )

    def decorate(command: Any) -> Any:
        for option in reversed((*options, *places)):
            command = option(command)
        return command

    return decorate


_stdin_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input instead of asking for it."
)


@click.group("users")
def users_command() -> None:
    """Make accounts and open them again, on the store itself; the service may run meanwhile.

    The settings are those of `flowcore serve`: FLOWCORE_NAME in the environment, and the options here.
    """


@users_command.command("create")
@click.argument("email")
@_options(
    click.option("--name", default="", help="Name of the person; the beginning of the address if not given."),
    click.option("--admin", is_flag=True, help="Make them an administrator; the first account always is one."),
    _stdin_option,
)
def create_command(
    email: str, name: str, admin: bool, password_stdin: bool, data_dir: Path | None, store: str | None
) -> None:
    """Make an account for EMAIL, whatever the rules of signing up say. The password is asked for."""
    newcomer = Newcomer(email=email, password=_password(password_stdin), name=name or email.strip().partition("@")[0])

    async def create(desk: AccountDesk) -> User:
        user = await desk.accounts.create(newcomer, Role.ADMIN if admin else Role.USER)
        await desk.recorder.record(_happened("user.create", user, role=str(user.role)))
        return user

    user = _with_accounts(_settings(data_dir, store), create, makes_store=True)
    errors_console().print(f"made the account of {user.email} ({user.role})", markup=False)


@users_command.command("reset-password")
@click.argument("email")
@_options(
    click.option("--enable", is_flag=True, help="Let the account be used again when it is disabled."),
    click.option("--admin", is_flag=True, help="Make its owner an administrator."),
    _stdin_option,
)
def reset_command(
    email: str, enable: bool, admin: bool, password_stdin: bool, data_dir: Path | None, store: str | None
) -> None:
    """Give the account of EMAIL a new password, which is asked for.

    Its sessions and API tokens end, and failed sign-ins are forgiven.
    """
    settings = _settings(data_dir, store)
    _with_accounts(settings, lambda desk: desk.accounts.find(email))
    password = _password(password_stdin)

    async def reset(desk: AccountDesk) -> User:
        user = await desk.accounts.reset_password(email, password, enable=enable, make_admin=admin)
        details = {"enabled": str(enable), "made_admin": str(admin)}
        await desk.recorder.record(_happened("user.password.reset", user, **details))
        return user

    user = _with_accounts(settings, reset)
    console = errors_console()
    console.print(f"{user.email} ({user.role}) has a new password; every session has ended", markup=False)
    if user.disabled_at is not None:
        console.print("the account is disabled; --enable lets it be used again")


@users_command.command("list")
@_options(click.option("--json", "as_json", is_flag=True, help="Write JSON."))
def list_command(as_json: bool, data_dir: Path | None, store: str | None) -> None:
    """List the accounts."""
    users = _with_accounts(_settings(data_dir, store), lambda desk: desk.accounts.list())
    if as_json:
        write_json([_told(user) for user in users])
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("e-mail", "name", "role", "password", "provider", "disabled since"):
        table.add_column(heading)
    for user in users:
        since = f"{user.disabled_at:%Y-%m-%d %H:%M}" if user.disabled_at is not None else ""
        password = "yes" if user.password_hash else "no"
        cells = (user.email, user.name, str(user.role), password, user.auth_provider, since)
        table.add_row(*map(Text, cells))
    output_console().print(table)


def _with_accounts(settings: Settings, work: Callable[[AccountDesk], Awaitable[T]], *, makes_store: bool = False) -> T:
    from entrypoints.bootstrap import open_accounts

    async def run() -> T:
        async with open_accounts(settings, makes_store=makes_store) as desk:
            return await work(desk)

    return asyncio.run(run())


def _settings(data_dir: Path | None, store: str | None) -> Settings:
    given = {"FLOWCORE_DATA_DIR": data_dir, "FLOWCORE_STORE_URL": store}
    options = {name: str(value) for name, value in given.items() if value is not None}
    return Settings.from_env({**os.environ, **options})


def _password(from_stdin: bool) -> str:
    """Return the new password; it is never an argument, which every user of the machine could see."""
    if from_stdin:
        return sys.stdin.readline(_LONGEST_LINE).rstrip("\r\n")
    password: str = click.prompt("New password", hide_input=True, confirmation_prompt=True, err=True)
    return password


def _happened(action: str, user: User, **details: str) -> Happened:
    return Happened(action=action, actor=OPERATOR, target=Target.user(user), details={"user": getuser(), **details})


def _told(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "role": str(user.role),
        "has_password": bool(user.password_hash),
        "provider": user.auth_provider,
        "created_at": user.created_at.isoformat(),
        "disabled_at": user.disabled_at.isoformat() if user.disabled_at is not None else None,
    }
