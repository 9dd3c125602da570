"""The commands about keys, over real stores and files."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from adapters.security import AesGcmCipher, Keyring
from adapters.sqlite import open_sqlite
from entrypoints.cli.app import cli
from flowcore.model import AuditEntry, Cluster
from flowcore.ports.sealed import CLUSTER_CREDENTIALS
from flowcore.ports.storage import AUDIT_LOG, CLUSTERS, Store

Run = Callable[..., Result]
SECRET = "hunter2-planted"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def call(*arguments: str | Path, **env: str | Path) -> Result:
        variables = {"FLOWCORE_DATA_DIR": str(tmp_path), **{name: str(value) for name, value in env.items()}}
        return CliRunner(env=variables).invoke(cli, ["keys", *map(str, arguments)])

    return call


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keyring.json"


def ring_of(path: Path) -> Keyring:
    return Keyring.of(path.read_text(), "the file")


def with_store(folder: Path, work: Callable[[Store], Any]) -> Any:
    async def run() -> Any:
        async with open_sqlite(str(folder / "flowcore.db")) as store:
            return await work(store)

    return asyncio.run(run())


def seal(folder: Path, *ids: str) -> None:
    """Store clusters with credentials that the keyring's current key has sealed."""
    cipher = AesGcmCipher(ring_of(folder / "keyring.json").encryption)

    async def add(store: Store) -> None:
        for id_ in ids:
            sealed = cipher.encrypt(SECRET, context=CLUSTER_CREDENTIALS.context(id_))
            made = Cluster(id=id_, owner_id="ann", name=id_, credentials=sealed, created_at=datetime.now(UTC))
            await store.repository(CLUSTERS).add(made)

    with_store(folder, add)


def sealed_texts(folder: Path) -> dict[str, str]:
    found: list[Cluster] = with_store(folder, lambda store: store.repository(CLUSTERS).find({}))
    return {cluster.id: cluster.credentials for cluster in found}


def age(path: Path, days: float) -> None:
    """Make the notes of the keyring say that everything happened *days* earlier."""
    document = json.loads(path.read_text())
    for moments in document["made"].values():
        for key_id, moment in moments.items():
            moments[key_id] = (datetime.fromisoformat(moment) - timedelta(days=days)).isoformat()
    path.write_text(json.dumps(document))


def key_texts(path: Path) -> list[str]:
    document = json.loads(path.read_text())
    return [key for group in ("tokens", "encryption") for key in document[group]["keys"].values()]


def test_a_keyring_is_made_once_for_its_owner_only(run: Run, path: Path) -> None:
    done = run("generate")
    assert done.exit_code == 0, done.output
    assert str(path) in done.output
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_text()
    again = run("generate")
    assert again.exit_code == 1
    assert "is there already" in again.output
    assert "flowcore keys rotate" in again.output
    assert path.read_text() == before


def test_a_keyring_can_be_printed_and_is_then_kept_elsewhere(run: Run, path: Path) -> None:
    printed = run("generate", "--print")
    assert printed.exit_code == 0
    assert not path.exists()
    listed = run("list", "--json", FLOWCORE_KEYRING=printed.stdout)
    assert listed.exit_code == 0, listed.output
    assert len(json.loads(listed.stdout)) == 2


def test_a_file_that_would_not_be_read_is_not_made(run: Run, path: Path) -> None:
    done = run("generate", FLOWCORE_KEY_COMMAND="cat keyring")
    assert done.exit_code == 1
    assert "FLOWCORE_KEY_COMMAND" in done.output
    assert not path.exists()


def test_without_keys_the_way_to_them_is_told(run: Run) -> None:
    for command in (["list"], ["check"], ["rotate"], ["reseal"], ["rotate", "--print"]):
        done = run(*command)
        assert done.exit_code == 2, (command, done.output)
        assert "flowcore keys generate" in done.output


def test_keys_are_listed_with_age_and_use_and_are_never_shown(run: Run, path: Path, tmp_path: Path) -> None:
    run("generate")
    seal(tmp_path, "c1", "c2")
    shown, data = run("list"), run("list", "--json")
    ring = ring_of(path)
    assert re.search(rf"encryption +{ring.encryption.current} +AES-256-GCM +20\d\d-\d\d-\d\d +yes +2", shown.stdout)
    assert [(key["purpose"], key["current"], key["records"]) for key in json.loads(data.stdout)] == [
        ("tokens", True, None),
        ("encryption", True, 2),
    ]
    for output in (shown.output, data.output, run("check").output, run("rotate").output):
        assert SECRET not in output
        for key in key_texts(path):
            assert key not in output
            assert b64decode(key).hex() not in output


def test_asking_about_keys_makes_no_store(run: Run, tmp_path: Path) -> None:
    run("generate")
    for command in ("list", "check", "rotate", "reseal"):
        assert run(command).exit_code == 0
    assert [entry.name for entry in tmp_path.iterdir()] == ["keyring.json"]


def test_a_new_key_seals_what_is_stored_and_the_old_one_stays(run: Run, path: Path, tmp_path: Path) -> None:
    run("generate")
    seal(tmp_path, "c1", "c2", "c3")
    old = ring_of(path)
    done = run("rotate", "--purpose", "encryption")
    assert done.exit_code == 0, done.output
    assert "3 records sealed anew" in done.output
    new = ring_of(path)
    assert new.tokens == old.tokens
    assert list(new.encryption.by_id) == [old.encryption.current, new.encryption.current]
    cipher = AesGcmCipher(new.encryption)
    for id_, sealed in sealed_texts(tmp_path).items():
        assert cipher.is_current(sealed)
        assert cipher.decrypt(sealed, context=f"cluster:{id_}") == SECRET


@pytest.mark.parametrize(("purpose", "changed"), [("tokens", {"tokens"}), ("all", {"tokens", "encryption"})])
def test_only_the_keys_that_are_asked_for_change(run: Run, path: Path, purpose: str, changed: set[str]) -> None:
    run("generate")
    old = json.loads(path.read_text())
    run("rotate", "--purpose", purpose)
    new = json.loads(path.read_text())
    assert {group for group in ("tokens", "encryption") if old[group] != new[group]} == changed


def test_a_key_pair_is_made_where_tokens_need_one(run: Run, path: Path) -> None:
    run("generate")
    done = run("rotate", "--purpose", "tokens", FLOWCORE_TOKEN_ALGORITHM="EdDSA")
    assert "(EdDSA)" in done.output
    assert ring_of(path).signing.newest_of("EdDSA")
    assert "PRIVATE KEY" not in done.output


def test_an_old_key_goes_when_nothing_is_sealed_with_it_and_time_has_passed(
    run: Run, path: Path, tmp_path: Path
) -> None:
    run("generate")
    seal(tmp_path, "c1")
    first = ring_of(path).encryption.current
    kept = run("rotate", "--purpose", "encryption", "--no-reseal", "--drop-old")
    assert f"kept key {first} (encryption): 1 record is sealed with it" in kept.output
    early = run("reseal", "--drop-old")
    assert "still be on its way" in early.output
    age(path, days=1)
    late = run("reseal", "--drop-old")
    assert f"dropped key {first} (encryption)" in late.output
    assert first not in path.read_text()
    assert run("check").exit_code == 0


def test_services_that_share_a_store_must_know_the_key_first(run: Run, path: Path, tmp_path: Path) -> None:
    wrapping = {"FLOWCORE_KEY_WRAP_COMMAND": "base64", "FLOWCORE_KEY_UNWRAP_COMMAND": "base64 -d"}
    ring = Keyring.fresh(datetime.now(UTC))
    path.write_text(ring.text())
    path.chmod(0o600)
    seal(tmp_path, "c1")
    done = run("rotate", "--purpose", "encryption", **wrapping)
    assert "start every service again" in done.output
    assert sealed_texts(tmp_path)["c1"].startswith(f"v1:{ring.encryption.current}:")
    assert run("reseal", **wrapping).exit_code == 0
    assert not sealed_texts(tmp_path)["c1"].startswith(f"v1:{ring.encryption.current}:")


def test_keys_from_elsewhere_are_printed_to_be_put_there(run: Run, path: Path) -> None:
    ring = Keyring.fresh(datetime.now(UTC))
    refused = run("rotate", FLOWCORE_KEYRING=ring.text())
    assert refused.exit_code == 1
    assert "--print" in refused.output
    printed = run("rotate", "--purpose", "encryption", "--print", FLOWCORE_KEYRING=ring.text())
    new = Keyring.of(printed.stdout, "the output")
    assert next(iter(new.encryption.by_id)) == ring.encryption.current != new.encryption.current
    assert not path.exists()


def test_checking_names_what_cannot_be_read_and_ends_with_one(run: Run, path: Path, tmp_path: Path) -> None:
    run("generate")
    seal(tmp_path, "c1")
    lost = ring_of(path).encryption.current
    path.unlink()
    run("generate")
    seal(tmp_path, "c2")
    done = run("check")
    assert done.exit_code == 1
    assert "clusters/c1" in done.output
    assert f"its key {lost} is not in the keyring" in done.output
    assert "clusters/c2" not in done.output
    rotated = run("rotate", "--purpose", "encryption")
    assert "1 record sealed anew" in rotated.output
    assert "1 left as they are" in rotated.output


def test_checking_warns_of_what_is_still_sealed_with_an_old_key(run: Run, tmp_path: Path) -> None:
    run("generate")
    seal(tmp_path, "c1")
    run("rotate", "--no-reseal")
    done = run("check")
    assert done.exit_code == 0
    assert "flowcore keys reseal" in done.output


def test_what_is_done_with_keys_is_in_the_audit_log(run: Run, path: Path, tmp_path: Path) -> None:
    run("generate")
    seal(tmp_path, "c1")
    run("rotate", "--purpose", "encryption")
    entries: list[AuditEntry] = with_store(tmp_path, lambda store: store.repository(AUDIT_LOG).find({}))
    told = [(entry.action, str(entry.actor_kind), entry.target_id) for entry in entries]
    assert told == [
        ("keys.rotate", "local", ring_of(path).encryption.current),
        ("keys.reseal", "local", ""),
    ]


def test_a_keyring_that_others_can_read_is_refused(run: Run, path: Path) -> None:
    run("generate")
    path.chmod(0o644)
    done = run("list")
    assert done.exit_code == 2
    assert f"chmod 600 {path}" in done.output.replace("\n", "")


def test_another_programs_database_is_refused_and_left_alone(run: Run, path: Path, tmp_path: Path) -> None:
    run("generate")
    with sqlite3.connect(tmp_path / "flowcore.db") as database:
        database.execute("create table theirs (x)")
    database.close()
    before = path.read_text()
    assert run("rotate").exit_code == 2
    assert path.read_text() == before
