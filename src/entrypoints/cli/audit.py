"""The commands about the audit log, on the store itself: for who has a shell on the machine."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import ExitStack
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import rich_click as click

from entrypoints.cli._output import errors_console
from entrypoints.settings import Settings
from flowcore.errors import InvalidInputError
from flowcore.ports.audit import AuditQuery
from flowcore.usecases.auditing.filters import query_from
from flowcore.usecases.auditing.lines import LineFormat, head_of, lines_of
from flowcore.usecases.auditing.queries import batches
from flowcore.usecases.auditing.recording import OPERATOR, Happened

if TYPE_CHECKING:
    from entrypoints.bootstrap import AuditDesk


@click.group("audit")
def audit_command() -> None:
    """Look at the audit log: who did what, when, from where, and how it went."""


@audit_command.command("export")
@click.option(
    "--format", "format_", type=click.Choice([each.value for each in LineFormat]), default="jsonl", show_default=True
)
@click.option("--actor", default="", help="Id or e-mail address of who did it.")
@click.option("--action", default="", help="How the word of the action begins, like `user.`.")
@click.option("--target", default="", help="Id or name of what it was done to.")
@click.option("--target-type", default="", help="What it was done to, like `workflow`.")
@click.option("--result", default="", help="ok, denied or failed.")
@click.option("--since", default="", help="Moment in ISO 8601, like 2026-11-27T16:00:00Z.")
@click.option("--until", default="", help="Moment in ISO 8601; what happened then is left out.")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="New file to write; standard output otherwise.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the service's database and keys.")
@click.option("--store", help="Store of the service, as for flowcore serve; a file in the data folder if not given.")
def export_command(
    format_: str, target_type: str, output: Path | None, data_dir: Path | None, store: str | None, **filters: str
) -> None:
    """Write the audit log as lines, the oldest entry first; the service may run meanwhile.

    The settings are those of `flowcore serve`: FLOWCORE_NAME in the environment, and the options here.
    """
    query = query_from({**filters, "targetType": target_type})
    given = {"FLOWCORE_DATA_DIR": data_dir, "FLOWCORE_STORE_URL": store}
    options = {name: str(value) for name, value in given.items() if value is not None}
    settings = Settings.from_env({**os.environ, **options})
    asked = {name: value for name, value in filters.items() if value} | {"format": format_}
    count = asyncio.run(_export(settings, query, LineFormat(format_), output, asked))
    if output is not None:
        errors_console().print(f"{output}: {count} {'entry' if count == 1 else 'entries'}", markup=False)


async def _export(
    settings: Settings, query: AuditQuery, format_: LineFormat, output: Path | None, asked: dict[str, str]
) -> int:
    from entrypoints.bootstrap import open_audit_log

    async with open_audit_log(settings) as desk:
        with ExitStack() as stack:
            lines = stack.enter_context(_new_file(output)) if output is not None else sys.stdout
            details = {**asked, "user": _user()}
            await desk.recorder.record(Happened(action="audit.export", actor=OPERATOR, details=details))
            return await _write(desk, query, format_, lines)


async def _write(desk: AuditDesk, query: AuditQuery, format_: LineFormat, lines: TextIO) -> int:
    count = 0
    lines.write(head_of(format_))
    async for part in batches(desk.log, query):
        lines.write(lines_of(part, format_))
        count += len(part)
    lines.flush()
    return count


def _new_file(path: Path) -> TextIO:
    """Open a new file for its owner's eyes only.

    Raises:
        InvalidInputError: it is there already, or cannot be made.
    """
    try:
        made = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except OSError as error:
        fix = "name another file"
        raise InvalidInputError.of(f"{path}: {error.strerror}", rule="output", path="--output", fix=fix) from None
    return os.fdopen(made, "w", encoding="utf-8", newline="")


def _user() -> str:
    try:
        return getuser()
    except (KeyError, OSError):
        return str(os.getuid())
