"""What the log of the service shows when something goes wrong."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog

from entrypoints.http.serving import configure_logs
from entrypoints.settings import Settings


@pytest.fixture(autouse=True)
def _own_logs() -> Iterator[None]:
    yield
    structlog.reset_defaults()


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
