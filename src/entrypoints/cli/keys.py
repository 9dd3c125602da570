"""The commands about keys: make them, replace them, and see what needs them. No key is ever shown unasked."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click
from rich.table import Table
from rich.text import Text

from entrypoints.cli._output import errors_console, output_console, report_findings, summary, write, write_json
from entrypoints.settings import Settings
from flowcore.errors import Finding, Place
from flowcore.ports.security import KeyFacts, KeyPurpose

if TYPE_CHECKING:
    from entrypoints.bootstrap import KeyDesk
    from flowcore.model import AuditEntry
    from flowcore.usecases.administration.keys import Dropped, KeyUse
    from flowcore.usecases.administration.resealing import Resealed

_PURPOSES = {"all": tuple(KeyPurpose), **{str(purpose): (purpose,) for purpose in KeyPurpose}}


def _place_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let a command be told where the service keeps its things, like ``flowcore serve``."""
    store = "Store of the service, as for flowcore serve; a file in the data folder if not given."
    options = (
        click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the service's database and keys."),
        click.option("--store", help=store),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group("keys")
def keys_command() -> None:
    """Look after the keys that sign tokens and encrypt secrets at rest; no key is shown unless --print asks for it.

    The settings are those of `flowcore serve`: FLOWCORE_NAME in the environment, and the options here.
    """


@keys_command.command("generate")
@_place_options
@click.option("--print", "prints", is_flag=True, help="Print the keyring as JSON instead of writing its file.")
def generate_command(data_dir: Path | None, store: str | None, prints: bool) -> None:
    """Make a keyring for a new installation: a file with mode 0600. One that is there is never replaced."""
    from entrypoints.bootstrap import generate_keyring, new_keyring

    if prints:
        write(new_keyring())
        return
    path = asyncio.run(generate_keyring(_settings(data_dir, store)))
    errors_console().print(f"wrote {path}; keep a copy in a safe place: what it encrypts cannot be read without it")


@keys_command.command("rotate")
@_place_options
@click.option(
    "--purpose", type=click.Choice(list(_PURPOSES)), default="all", show_default=True, help="What the new key is for."
)
@click.option(
    "--reseal/--no-reseal",
    default=None,
    help="Encrypt what is stored with the new key.  [default: when no service has to be started again first]",
)
@click.option("--drop-old", is_flag=True, help="Then forget old keys that nothing needs any more.")
@click.option("--print", "prints", is_flag=True, help="Print the new keyring as JSON and change nothing.")
def rotate_command(
    data_dir: Path | None, store: str | None, purpose: str, reseal: bool | None, drop_old: bool, prints: bool
) -> None:
    """Make a new key and use it for everything new. Old keys stay, so that what they made can still be read."""
    settings, purposes = _settings(data_dir, store), _PURPOSES[purpose]
    if prints:
        from entrypoints.bootstrap import rotated_keyring

        write(asyncio.run(rotated_keyring(settings, purposes)))
        return

    async def rotate(desk: KeyDesk) -> None:
        for key in await desk.keep.rotate(purposes):
            errors_console().print(f"new key {key.id} for {key.purpose} ({key.algorithm})")
        if KeyPurpose.ENCRYPTION in purposes:
            await _reseal_when_safe(desk, reseal)
        if KeyPurpose.TOKENS in purposes and not desk.is_live:
            errors_console().print("services sign tokens with the new key when they are started again")
        if drop_old:
            _tell_dropped(await desk.keep.drop_old())

    _with_desk(settings, rotate)


@keys_command.command("reseal")
@_place_options
@click.option("--drop-old", is_flag=True, help="Then forget old keys that nothing needs any more.")
def reseal_command(data_dir: Path | None, store: str | None, drop_old: bool) -> None:
    """Encrypt every stored secret with the current key. It may run beside the service, and be repeated."""

    async def reseal(desk: KeyDesk) -> None:
        _tell_resealed(await desk.keep.seal_anew())
        if drop_old:
            _tell_dropped(await desk.keep.drop_old())

    _with_desk(_settings(data_dir, store), reseal)


@keys_command.command("list")
@_place_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_command(data_dir: Path | None, store: str | None, as_json: bool) -> None:
    """List the keys: id, purpose, age, and how many records each has sealed."""

    async def show(desk: KeyDesk) -> None:
        uses = await desk.keep.list()
        if as_json:
            write_json([_to_json(use) for use in uses])
        else:
            output_console().print(_table(uses, desk))

    _with_desk(_settings(data_dir, store), show)


@keys_command.command("check")
@_place_options
@click.pass_context
def check_command(ctx: click.Context, data_dir: Path | None, store: str | None) -> None:
    """Check that the keys can be used and that every stored secret can be read; ends with 1 when one cannot."""
    findings: list[Finding] = []

    async def check(desk: KeyDesk) -> None:
        findings.extend(await desk.keep.check())
        report_findings(findings)
        looked = "every stored secret was looked at" if desk.has_store else "there is no store yet"
        errors_console().print(f"{desk.source}: {summary(findings)}; {looked}", markup=False)

    _with_desk(_settings(data_dir, store), check)
    ctx.exit(1 if any(finding.is_error for finding in findings) else 0)


def _settings(data_dir: Path | None, store: str | None) -> Settings:
    given = {"FLOWCORE_DATA_DIR": data_dir, "FLOWCORE_STORE_URL": store}
    options = {name: str(value) for name, value in given.items() if value is not None}
    return Settings.from_env({**os.environ, **options})


def _with_desk(settings: Settings, work: Callable[[KeyDesk], Any]) -> None:
    from entrypoints.bootstrap import open_key_desk

    async def run() -> None:
        async with open_key_desk(settings, _tell_loss) as desk:
            await work(desk)

    asyncio.run(run())


def _tell_loss(entry: AuditEntry, _: BaseException | None) -> None:
    errors_console().print(f"{entry.action} was done, and could not be written into the audit log", markup=False)


async def _reseal_when_safe(desk: KeyDesk, wish: bool | None) -> None:
    """Seal anew when every service can read it at once, or when somebody says that it is time."""
    if not desk.has_store:
        return
    if wish or (wish is None and not desk.is_shared):
        _tell_resealed(await desk.keep.seal_anew())
    else:
        text = "start every service again, so that it knows the key; then: flowcore keys reseal"
        errors_console().print(text, markup=False)


def _tell_resealed(done: Resealed) -> None:
    if done.unreadable:
        report_findings(
            Finding(rule="secret-unreadable", message=each.why, place=Place(path=each.place), fix=each.fix)
            for each in done.unreadable
        )
    counts = f"{_records(done.sealed)} sealed anew, {done.current} with the current key before"
    left = f", {len(done.unreadable)} left as they are" if done.unreadable else ""
    errors_console().print(counts + left)


def _tell_dropped(done: Dropped) -> None:
    console = errors_console()
    for key in done.dropped:
        console.print(f"dropped key {_name(key)}")
    for kept in done.kept:
        console.print(f"kept key {_name(kept.key)}: {kept.why}", markup=False)
    if not (done.dropped or done.kept):
        console.print("there are no old keys")


def _name(key: KeyFacts) -> str:
    return f"{key.id} ({key.purpose})"


def _records(count: int) -> str:
    return "1 record" if count == 1 else f"{count} records"


def _table(uses: Sequence[KeyUse], desk: KeyDesk) -> Table:
    table = Table("purpose", "key", "algorithm", "made", "current", "records", box=None, pad_edge=False)
    for use in uses:
        key = use.key
        made = f"{key.made_at:%Y-%m-%d}" if key.made_at is not None else "unknown"
        records = str(use.records) if use.records is not None else "–"
        style = "bold" if key.is_current else ""
        cells = (str(key.purpose), key.id, key.algorithm, made, "yes" if key.is_current else "", records)
        table.add_row(*(Text(cell, style=style) for cell in cells))
    table.caption = None if desk.has_store else "there is no store yet"
    return table


def _to_json(use: KeyUse) -> dict[str, Any]:
    key = use.key
    return {
        "purpose": str(key.purpose),
        "id": key.id,
        "algorithm": key.algorithm,
        "current": key.is_current,
        "made_at": key.made_at.isoformat() if key.made_at is not None else None,
        "records": use.records,
    }
