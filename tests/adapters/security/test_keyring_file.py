"""The keyring file: for its owner only, never half written, and changed by one at a time."""

from __future__ import annotations

import asyncio
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.security import Keyring, KeyringFile
from flowcore.errors import ConflictError, FlowcoreError, InvalidInputError, NotFoundError, UnavailableError
from flowcore.ports.security import KeyPurpose

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


class ReversingWrapper:
    """A ``KeyWrapper`` that turns things round, so that they can be told apart."""

    async def wrap(self, keys: bytes) -> bytes:
        return keys[::-1]

    async def unwrap(self, wrapped: bytes) -> bytes:
        return wrapped[::-1]


class FailingWrapper(ReversingWrapper):
    """A ``KeyWrapper`` that does not answer."""

    async def unwrap(self, wrapped: bytes) -> bytes:
        raise UnavailableError("the service of keys does not answer")


def rotate(ring: Keyring) -> Keyring:
    return ring.rotated(KeyPurpose.ENCRYPTION, NOW)


async def made(path: Path) -> KeyringFile:
    file = KeyringFile(path)
    assert await file.create(Keyring.fresh(NOW))
    return file


async def test_it_is_made_for_its_owner_only_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "new" / "keyring.json"
    file = await made(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o077 == 0
    assert await KeyringFile(path).read() == await file.read()
    assert os.listdir(path.parent) == ["keyring.json"]


async def test_one_that_is_there_is_never_replaced(tmp_path: Path) -> None:
    file = await made(tmp_path / "keyring.json")
    before = await file.read()
    assert not await KeyringFile(file.path).create(Keyring.fresh(NOW))
    assert await file.read() == before


async def test_where_there_is_none_there_is_none(tmp_path: Path) -> None:
    assert await KeyringFile(tmp_path / "keyring.json").read() is None
    with pytest.raises(NotFoundError):
        await KeyringFile(tmp_path / "keyring.json").change(rotate)


async def test_processes_that_start_together_get_the_same_keys(tmp_path: Path) -> None:
    rings: list[Keyring | None] = []
    barrier = threading.Barrier(8)

    def start() -> None:
        barrier.wait()
        file = KeyringFile(tmp_path / "keyring.json")
        asyncio.run(file.create(Keyring.fresh(NOW)))
        rings.append(asyncio.run(file.read()))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        await asyncio.to_thread(thread.join)
    assert len(rings) == 8
    assert rings[0] is not None
    assert all(ring == rings[0] for ring in rings)


async def test_of_many_that_change_it_at_once_none_is_lost(tmp_path: Path) -> None:
    path = (await made(tmp_path / "keyring.json")).path
    barrier = threading.Barrier(8)

    def change() -> None:
        barrier.wait()
        asyncio.run(KeyringFile(path).change(rotate))

    threads = [threading.Thread(target=change) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        await asyncio.to_thread(thread.join)
    ring = await KeyringFile(path).read()
    assert ring is not None
    assert len(ring.encryption.by_id) == 9
    assert os.listdir(tmp_path) == ["keyring.json"]


async def test_a_change_that_somebody_else_overtakes_by_hand_is_refused(tmp_path: Path) -> None:
    file = await made(tmp_path / "keyring.json")
    other = Keyring.fresh(NOW)

    def overtaken(ring: Keyring) -> Keyring:
        file.path.write_text(other.text() + " ")
        return rotate(ring)

    with pytest.raises(ConflictError):
        await file.change(overtaken)
    assert await file.read() == other


async def test_a_change_keeps_the_files_mode(tmp_path: Path) -> None:
    file = await made(tmp_path / "keyring.json")
    file.path.chmod(0o640)
    await file.change(rotate)
    assert file.path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o660, 0o602, 0o777])
async def test_one_that_is_open_to_others_is_refused_with_the_fix(tmp_path: Path, mode: int) -> None:
    file = await made(tmp_path / "keyring.json")
    file.path.chmod(mode)
    with pytest.raises(InvalidInputError, match="open to others") as refused:
        await file.read()
    assert refused.value.findings[0].fix == f"chmod 600 {file.path}"


async def test_one_that_its_group_may_read_is_accepted(tmp_path: Path) -> None:
    file = await made(tmp_path / "keyring.json")
    before = await file.read()
    file.path.chmod(0o640)
    assert await file.read() == before


@pytest.mark.parametrize("content", ["", "nonsense", "\0\xff", '{"wrapped": 3}'])
async def test_another_files_content_is_refused_and_not_quoted_or_overwritten(tmp_path: Path, content: str) -> None:
    path = tmp_path / "keyring.json"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(InvalidInputError, match="is not a keyring") as refused:
        await KeyringFile(path).read()
    assert "nonsense" not in str(refused.value)
    assert not await KeyringFile(path).create(Keyring.fresh(NOW))
    assert path.read_text() == content


async def test_a_place_where_nothing_can_be_kept_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError, match="cannot be opened"):
        await KeyringFile(tmp_path / "file" / "keyring.json").create(Keyring.fresh(NOW))


async def test_keys_that_another_process_adds_are_there_at_once(tmp_path: Path) -> None:
    file = await made(tmp_path / "keyring.json")
    first = await file.read()
    assert file.newest() == first
    changed = await KeyringFile(file.path).change(rotate)
    assert file.newest() == changed != first


async def test_what_cannot_be_read_any_more_leaves_the_keys_as_they_were(tmp_path: Path) -> None:
    file = await made(tmp_path / "keyring.json")
    before = await file.read()
    file.path.write_text("nonsense")
    assert file.newest() == before
    file.path.unlink()
    assert file.newest() == before
    with pytest.raises(UnavailableError):
        KeyringFile(file.path).newest()


async def test_a_wrapped_file_holds_no_keys_and_can_be_changed(tmp_path: Path) -> None:
    file = KeyringFile(tmp_path / "keyring.json", ReversingWrapper())
    await file.create(Keyring.fresh(NOW))
    first = await file.read()
    changed = await file.change(rotate)
    text = file.path.read_text()
    assert changed != first
    assert '"tokens"' not in text
    assert not any(key_id in text for key_id in changed.encryption.by_id)
    assert await KeyringFile(file.path, ReversingWrapper()).read() == changed
    assert file.newest() == changed


async def test_a_wrapped_file_is_read_with_its_wrapper_only(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    await KeyringFile(path, ReversingWrapper()).create(Keyring.fresh(NOW))
    with pytest.raises(InvalidInputError, match="is wrapped") as refused:
        await KeyringFile(path).read()
    assert "FLOWCORE_KEY_UNWRAP_COMMAND" in refused.value.findings[0].fix
    with pytest.raises(UnavailableError):
        await KeyringFile(path, FailingWrapper()).read()


async def test_a_plain_file_is_wrapped_by_its_next_change(tmp_path: Path) -> None:
    path = (await made(tmp_path / "keyring.json")).path
    await KeyringFile(path, ReversingWrapper()).change(rotate)
    assert '"wrapped"' in path.read_text()


async def test_a_change_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    file = await made(tmp_path / "keyring.json")
    before = file.path.read_bytes()

    def fail(_: Keyring) -> Keyring:
        raise FlowcoreError("no")

    with pytest.raises(FlowcoreError):
        await file.change(fail)
    assert file.path.read_bytes() == before
    assert os.listdir(tmp_path) == ["keyring.json"]
