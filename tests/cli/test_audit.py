"""The command that exports the audit log from the store."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from adapters.sqlite import open_sqlite
from entrypoints.cli.app import cli
from flowcore.ports.storage import AUDIT_LOG
from flowcore.usecases.auditing.recording import StoredAuditLog
from tests.doubles_audit import an_entry

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def call(*arguments: str | Path) -> Result:
        variables = {"FLOWCORE_DATA_DIR": str(tmp_path / "data"), "FLOWCORE_STORE_URL": ""}
        return CliRunner(env=variables).invoke(cli, ["audit", "export", *map(str, arguments)])

    return call


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """The data folder of a service with 1,200 entries."""

    async def fill() -> None:
        async with open_sqlite(str(tmp_path / "data" / "flowcore.db")) as store:
            log = StoredAuditLog(store.repository(AUDIT_LOG))
            for number in range(1_200):
                await log.append(an_entry(number, action="user.delete" if number == 7 else "workflow.run"))

    asyncio.run(fill())
    return tmp_path / "data"


def test_every_entry_is_written_oldest_first_and_the_export_itself_is_recorded(run: Run, kept: Path) -> None:
    written = run()
    assert written.exit_code == 0, written.output
    *entries, last = [json.loads(line) for line in written.stdout.splitlines()]
    assert [int(entry["id"], 16) for entry in entries] == list(range(1_200))
    assert (last["action"], last["actor_kind"]) == ("audit.export", "local")
    assert last["details"]["user"]


def test_entries_are_chosen_and_written_as_a_table_to_a_private_file(run: Run, kept: Path, tmp_path: Path) -> None:
    path = tmp_path / "audit.csv"
    done = run("--format", "csv", "--action", "user.", "--output", path)
    assert done.exit_code == 0, done.output
    assert "audit.csv: 1 entry" in done.stderr
    head, row = csv.reader(io.StringIO(path.read_bytes().decode(), newline=""))
    assert dict(zip(head, row, strict=True))["action"] == "user.delete"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = run("--output", path)
    assert (again.exit_code, "File exists" in again.stderr) == (2, True)


def test_what_is_wrong_is_told(run: Run, kept: Path) -> None:
    told = run("--since", "yesterday", "--result", "maybe")
    assert told.exit_code == 2
    assert "since must be a moment" in told.stderr
    assert "result must be one of ok, denied, failed" in told.stderr


def test_no_store_is_made_by_asking(run: Run, tmp_path: Path) -> None:
    told = run()
    assert told.exit_code == 1
    assert "there is no database" in told.stderr
    assert not (tmp_path / "data").exists()
    assert run("--store", "memory://").exit_code == 2
