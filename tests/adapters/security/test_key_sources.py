"""Keys that come from the environment and from commands, and a store of keys over each place."""

from __future__ import annotations

import asyncio
import os
import sys
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.security import (
    Command,
    CommandSource,
    CommandWrapper,
    Keyring,
    KeyringFile,
    ListedSource,
    SourcedKeys,
    TextSource,
    generate_key,
)
from flowcore.errors import FlowcoreError, ForbiddenError, InvalidInputError, UnavailableError
from flowcore.ports.security import KeyPurpose
from tests.doubles import FrozenClock

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
RING = Keyring.fresh(NOW)
VARIABLE = "FLOWCORE_KEY_COMMAND"


def python(program: str, seconds: float = 30) -> Command:
    return Command((sys.executable, "-c", program), VARIABLE, seconds)


def given(**lists: str) -> ListedSource:
    return ListedSource({f"FLOWCORE_{name.upper()}": text for name, text in lists.items()})


def encoded() -> str:
    return b64encode(generate_key()).decode()


async def test_a_keyring_in_a_variable_is_read_and_a_wrong_one_is_not_quoted() -> None:
    assert await TextSource("FLOWCORE_KEYRING", RING.text()).read() == RING
    with pytest.raises(InvalidInputError, match="FLOWCORE_KEYRING is not a keyring") as refused:
        await TextSource("FLOWCORE_KEYRING", "hunter2").read()
    assert "hunter2" not in str(refused.value)
    assert "hunter2" not in repr(TextSource("FLOWCORE_KEYRING", "hunter2"))


async def test_keys_can_be_given_one_by_one_with_and_without_ids() -> None:
    new, old, token = encoded(), encoded(), encoded()
    ring = await given(encryption_key=f"new:{new}, old:{old}", token_key=token).read()
    again = await given(encryption_key=f"new:{new}", token_key=token).read()
    assert ring is not None
    assert again is not None
    assert (ring.encryption.current, list(ring.encryption.by_id)) == ("new", ["new", "old"])
    assert ring.tokens == again.tokens
    assert ring.tokens.current not in token


@pytest.mark.parametrize("wrong", ["hunter2", "aHVudGVyMg==", "a b:x", "k:", ","])
async def test_every_list_that_will_not_do_is_named_and_not_quoted(wrong: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        await given(encryption_key=wrong, token_key=f"a:{encoded()},a:{encoded()}").read()
    names = [finding.place.path for finding in refused.value.findings]
    assert names == ["FLOWCORE_ENCRYPTION_KEY", "FLOWCORE_TOKEN_KEY"]
    assert "hunter2" not in str(refused.value)
    assert "aHVud" not in str(refused.value)


async def test_a_command_prints_the_keyring(tmp_path: Path) -> None:
    (tmp_path / "ring").write_text(RING.text())
    assert await CommandSource(Command(("cat", str(tmp_path / "ring")), VARIABLE)).read() == RING


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (Command(("/no/such/program", "hunter2"), VARIABLE), "it cannot be started"),
        (python("import sys; print('hunter2'); print('hunter2', file=sys.stderr); sys.exit(3)"), "ended with status 3"),
        (python("pass"), "it printed nothing"),
        (python("print('hunter2' * 100_000)"), "printed more than"),
        (python("import time; print('hunter2', flush=True); time.sleep(60)", 0.5), "took longer than 0.5 s"),
    ],
)
async def test_what_goes_wrong_with_a_command_is_said_without_what_it_printed(command: Command, why: str) -> None:
    with pytest.raises(UnavailableError, match=why) as refused:
        await CommandSource(command).read()
    assert VARIABLE in str(refused.value)
    assert "hunter2" not in str(refused.value)


async def test_what_a_command_printed_is_not_quoted_when_it_is_no_keyring() -> None:
    with pytest.raises(InvalidInputError, match=VARIABLE) as refused:
        await CommandSource(python("print('hunter2')")).read()
    assert "hunter2" not in str(refused.value)


async def test_no_shell_sees_a_command(tmp_path: Path) -> None:
    with pytest.raises(FlowcoreError):
        await CommandSource(Command(("echo", f"$(touch {tmp_path}/made); touch {tmp_path}/made"), VARIABLE)).read()
    assert os.listdir(tmp_path) == []


async def test_a_command_gets_the_environment_without_our_own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_TOKEN", "theirs")
    monkeypatch.setenv("FLOWCORE_TOKEN_KEY", "ours")
    program = "import os; print(os.environ.get('VAULT_TOKEN'), os.environ.get('FLOWCORE_TOKEN_KEY'))"
    assert await python(program).run() == b"theirs None\n"


async def test_a_command_is_gone_with_its_children_when_it_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    child = f"import time; pipe = open({str(pipe)!r}, 'w'); pipe.write('up'); pipe.flush(); time.sleep(60)"
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    running = asyncio.create_task(python(program).run())
    with await asyncio.to_thread(pipe.open) as reader:
        assert await asyncio.to_thread(reader.read, 2) == "up"
        running.cancel()
        # The pipe ends when nobody is left who could write to it.
        ended = asyncio.create_task(asyncio.to_thread(reader.read))
        done, _ = await asyncio.wait({running, ended}, timeout=10, return_when=asyncio.ALL_COMPLETED)
        assert done == {running, ended}
        assert running.cancelled()
        assert ended.result() == ""


async def test_commands_can_wrap_the_keyrings_file(tmp_path: Path) -> None:
    wrapper = CommandWrapper(Command(("base64",), "WRAP"), Command(("base64", "-d"), "UNWRAP"))
    file = KeyringFile(tmp_path / "keyring.json", wrapper)
    await file.create(RING)
    assert await file.read() == RING
    assert "encryption" not in file.path.read_text()


async def test_a_file_gets_new_keys_and_loses_old_ones(tmp_path: Path) -> None:
    file = KeyringFile(tmp_path / "keyring.json")
    await file.create(RING)
    keys = SourcedKeys(file, RING, FrozenClock())
    added = await keys.add(list(KeyPurpose))
    assert [(key.purpose, key.is_current) for key in added] == [
        (KeyPurpose.TOKENS, True),
        (KeyPurpose.ENCRYPTION, True),
    ]
    old = [key for key in keys.list() if not key.is_current]
    assert {key.id for key in old} == {RING.tokens.current, RING.encryption.current}
    await keys.drop(old)
    assert keys.list() == (await KeyringFile(file.path).read() or RING).facts()
    assert all(key.is_current for key in keys.list())


async def test_keys_from_elsewhere_cannot_be_written_and_the_way_is_told() -> None:
    keys = SourcedKeys(TextSource("FLOWCORE_KEYRING", RING.text()), RING, FrozenClock())
    with pytest.raises(ForbiddenError, match=r"FLOWCORE_KEYRING.*--print") as refused:
        await keys.add([KeyPurpose.ENCRYPTION])
    assert refused.value.code == "keyring.read_only"
    assert len(keys.rotated(RING, [KeyPurpose.ENCRYPTION]).encryption.by_id) == 2
