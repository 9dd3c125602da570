"""Settings of keys and modes: one place of keys, and production as soon as others can reach it."""

from __future__ import annotations

from pathlib import Path

import pytest

from entrypoints.settings import Settings
from entrypoints.settings.modes import Mode, Risk
from flowcore.errors import InvalidInputError


def refused(**env: str) -> set[str]:
    with pytest.raises(InvalidInputError) as caught:
        Settings.from_env({f"FLOWCORE_{name}": value for name, value in env.items()})
    assert "hunter2" not in str(caught.value)
    return {finding.place.path.removeprefix("FLOWCORE_") for finding in caught.value.findings}


def read(**env: str) -> Settings:
    return Settings.from_env({f"FLOWCORE_{name}": value for name, value in env.items()})


def test_keys_come_from_a_file_when_nothing_else_is_said() -> None:
    assert read().keyring.is_file
    assert read(KEYRING_FILE="/run/secrets/keyring.json").keyring.file == Path("/run/secrets/keyring.json")


def test_a_command_is_split_into_words() -> None:
    command = "vault kv get -field=keyring 'secret/flow core'"
    assert read(KEY_COMMAND=command).keyring.command == ("vault", "kv", "get", "-field=keyring", "secret/flow core")


def test_keys_are_in_no_text_of_the_settings() -> None:
    settings = read(ENCRYPTION_KEY="hunter2", TOKEN_KEY="hunter2")
    assert "hunter2" not in repr(settings) + repr(settings.keyring)
    assert "hunter2" not in repr(read(KEY_COMMAND="get --token hunter2"))
    assert "hunter2" not in repr(read(KEYRING="hunter2"))


@pytest.mark.parametrize(
    ("env", "problems"),
    [
        ({"ENCRYPTION_KEY": "hunter2"}, {"TOKEN_KEY"}),
        ({"TOKEN_KEY": "hunter2"}, {"ENCRYPTION_KEY"}),
        ({"KEYRING": "hunter2", "KEY_COMMAND": "cat hunter2"}, {"KEYRING"}),
        ({"KEYRING_FILE": "f", "ENCRYPTION_KEY": "hunter2", "TOKEN_KEY": "hunter2"}, {"KEYRING"}),
        ({"KEY_COMMAND": "cat 'hunter2"}, {"KEY_COMMAND"}),
        ({"KEY_WRAP_COMMAND": "age -e"}, {"KEY_UNWRAP_COMMAND"}),
        ({"KEY_UNWRAP_COMMAND": "age -d"}, {"KEY_WRAP_COMMAND"}),
        ({"KEY_COMMAND": "x", "KEY_WRAP_COMMAND": "y", "KEY_UNWRAP_COMMAND": "z"}, {"KEY_WRAP_COMMAND"}),
        ({"MODE": "test", "ACCEPTED_RISKS": "sandbox, all"}, {"MODE", "ACCEPTED_RISKS"}),
    ],
)
def test_what_does_not_fit_together_is_told(env: dict[str, str], problems: set[str]) -> None:
    assert refused(**env) == problems


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"])
def test_what_only_this_machine_reaches_is_development(host: str) -> None:
    assert read(HOST=host).mode is Mode.DEVELOPMENT
    assert read(HOST=host, PUBLIC_URL="http://localhost:3000").mode is Mode.DEVELOPMENT


@pytest.mark.parametrize(
    "env",
    [
        {"HOST": "0.0.0.0"},
        {"HOST": "::"},
        {"HOST": "10.1.2.3"},
        {"HOST": "flow.internal"},
        {"HOST": "127.0.0.1.example.com"},
        {"PUBLIC_URL": "https://flow.example.com"},
    ],
)
def test_what_others_reach_is_production_unless_somebody_says_otherwise(env: dict[str, str]) -> None:
    assert read(**env).mode is Mode.PRODUCTION
    assert read(**env, MODE="development").mode is Mode.DEVELOPMENT


def test_production_can_be_asked_for_anywhere_and_risks_be_accepted() -> None:
    settings = read(MODE="Production", ACCEPTED_RISKS="sandbox, memory-store")
    assert settings.mode is Mode.PRODUCTION
    assert settings.accepted_risks == (Risk.MEMORY_STORE, Risk.SANDBOX)
