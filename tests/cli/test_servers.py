"""Addresses of services, and the file that keeps their tokens."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from entrypoints.cli._servers import (
    Server,
    Servers,
    chosen_server,
    read_servers,
    server_url,
    servers_file,
    stored_server,
    write_servers,
)
from flowcore.errors import InvalidInputError, UnauthenticatedError, UnavailableError

ONE = Server(url="https://one.example", token="fct_secret1", token_id="t1", email="ann@example.com")
TWO = Server(url="https://two.example:8443", token="fct_secret2")
BOTH = Servers(TWO.url, {ONE.url: ONE, TWO.url: TWO})


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("https://Flow.Example.com/", "https://flow.example.com"),
        (" flow.example.com ", "https://flow.example.com"),
        ("HTTPS://flow.example.com:443", "https://flow.example.com"),
        ("https://flow.example.com:8443//", "https://flow.example.com:8443"),
        ("localhost:3000", "http://localhost:3000"),
        ("127.0.0.1:3000/", "http://127.0.0.1:3000"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("http://localhost:80", "http://localhost"),
        ("https://[2001:db8::1]", "https://[2001:db8::1]"),
    ],
)
def test_an_address_has_one_spelling(typed: str, url: str) -> None:
    assert server_url(typed) == url
    assert server_url(url) == url


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "https://",
        "://",
        "http://flow.example.com",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://2130706433",
        "http://0.0.0.0",
        "https://ann:correct horse 7@flow.example.com",
        "https://flow.example.com/v1/api",
        "https://flow.example.com?x=1",
        "https://flow.example.com#x",
        "https://flow.example.com:port",
        "https://flow.example.com:99999",
        "https://flow example.com",
        "https://flow.example.com\n.evil.example",
        "https://flöw.example.com",
        "file:///etc/passwd",
        "https:flow.example.com",
        "https://[::1",
    ],
)
def test_what_tokens_may_not_be_sent_to_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        server_url(typed)
    assert "correct horse 7" not in str(refused.value)
    assert refused.value.findings[0].fix


def test_servers_are_kept_and_read_again() -> None:
    assert read_servers() == Servers()
    write_servers(BOTH)
    assert read_servers() == BOTH
    assert read_servers().without(TWO.url) == Servers(ONE.url, {ONE.url: ONE})


def test_the_last_one_signed_in_to_is_the_default() -> None:
    assert Servers().including(ONE).including(TWO) == BOTH
    assert BOTH.including(ONE).default == ONE.url


def test_without_servers_there_is_no_file() -> None:
    write_servers(BOTH)
    write_servers(Servers())
    assert not servers_file().exists()
    write_servers(Servers())


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o666])
def test_a_file_that_is_open_to_others_is_refused(mode: int) -> None:
    write_servers(BOTH)
    servers_file().chmod(mode)
    with pytest.raises(InvalidInputError) as refused:
        read_servers()
    assert f"chmod 600 {servers_file()}" in refused.value.findings[0].fix


def test_a_file_of_any_mode_before_is_for_its_owner_only_after() -> None:
    write_servers(BOTH)
    servers_file().chmod(0o666)
    write_servers(BOTH)
    assert servers_file().stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"default": "", "servers": []}',
        '{"servers": {}}',
        '{"default": "", "servers": {"https://one.example": {}}}',
        '{"default": "", "servers": {"http://one.example": {"token": "fct_secret1"}}}',
        '{"default": "", "servers": {"https://ONE.example": {"token": "fct_secret1"}}}',
        '{"default": "", "servers": {"https://one.example": "fct_secret1"}}',
        "[" * 100_000,
        "\xff\xfe",
    ],
)
def test_another_content_is_refused_and_not_quoted(text: str) -> None:
    write_servers(BOTH)
    servers_file().write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInputError) as refused:
        read_servers()
    assert "correct horse 7" not in str(refused.value)
    assert refused.value.__suppress_context__


def test_a_folder_that_cannot_be_written_is_said(home: Path) -> None:
    (home / "flowcore").write_text("a file in the place of the folder")
    with pytest.raises(UnavailableError, match=r"servers\.json"):
        write_servers(BOTH)


def test_a_write_that_fails_leaves_what_was_there() -> None:
    write_servers(BOTH)
    with pytest.raises(TypeError):
        write_servers(Servers(ONE.url, {ONE.url: Server(url=ONE.url, token=object())}))  # type: ignore[arg-type]
    assert read_servers() == BOTH
    assert [each.name for each in servers_file().parent.iterdir()] == ["servers.json"]


def test_the_environment_goes_before_the_file() -> None:
    write_servers(BOTH)
    env = {"FLOWCORE_SERVER": "https://ONE.example/", "FLOWCORE_TOKEN": "fct_env"}
    assert chosen_server("", env) == Server(url=ONE.url, token="fct_env")
    assert chosen_server(ONE.url, env).token == "fct_env"
    assert chosen_server(TWO.url, env) == TWO
    assert chosen_server("", {"FLOWCORE_SERVER": ONE.url}) == ONE
    assert chosen_server("", {}) == TWO
    assert stored_server("") == TWO


def test_a_server_that_nobody_signed_in_to_is_said() -> None:
    with pytest.raises(UnauthenticatedError, match=r"flowcore login https://one\.example"):
        chosen_server(ONE.url, {})
    with pytest.raises(InvalidInputError):
        chosen_server("", {"FLOWCORE_SERVER": "http://one.example", "FLOWCORE_TOKEN": "fct_env"})


def test_tokens_are_not_shown() -> None:
    write_servers(BOTH)
    assert "secret" not in f"{BOTH!r} {ONE!r}"
    assert json.loads(servers_file().read_text())["servers"][ONE.url]["token"] == ONE.token
