"""What the log of the service shows when something goes wrong."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from entrypoints.http.serving import configure_logs
from entrypoints.settings import Settings


@pytest.fixture(autouse=True)
def _own_logs() -> Iterator[None]:
    before, handlers = structlog.get_config(), list(logging.root.handlers)
    yield
    structlog.configure(**before)
    logging.root.handlers = handlers


def _fail(password: str) -> None:
    raise RuntimeError(f"{len(password)} characters")


@pytest.mark.parametrize("log_json", [False, True], ids=["for people", "as JSON"])
def test_a_traceback_shows_where_and_never_the_values_of_variables(
    log_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs(Settings(log_json=log_json))
    try:
        _fail("".join(("hun", "ter", "22")))
    except RuntimeError as error:
        structlog.get_logger("test").error("request failed", exc_info=error)
    told = "".join(capsys.readouterr())
    assert "RuntimeError: 8 characters" in told
    assert "in _fail" in told
    assert "hunter22" not in told


def test_what_a_terminal_would_obey_is_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(Settings())
    structlog.get_logger("test").warning("sign-in refused", provider="\x1b[2J\r\nlevel=error", reason="a b\tc")
    told = "".join(capsys.readouterr())
    assert "\x1b" not in told
    assert len(told.splitlines()) == 1
    assert "[2J" in told


def test_what_libraries_log_comes_in_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    logging.root.handlers = []
    configure_logs(Settings(log_json=True))
    try:
        _fail("hunter22")
    except RuntimeError:
        logging.getLogger("uvicorn.error").exception("Exception in %s", "ASGI application")
    (line,) = "".join(capsys.readouterr()).splitlines()
    told = json.loads(line)
    assert (told["event"], told["level"]) == ("Exception in ASGI application", "error")
    assert "RuntimeError" in told["exception"]
    assert "timestamp" in told
