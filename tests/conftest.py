"""What every test shares: Hypothesis profiles and the event loop that async tests run on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests.mongo_server import mongo_server

# The default shows mistakes with the values of all variables, and takes minutes for those of a whole service.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback, colors=False),
    ]
)

settings.register_profile("default", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", max_examples=1000, deadline=None)
settings.load_profile(os.environ.get("FLOWCORE_HYPOTHESIS", "default"))

#: Outside cases that stand beside the checkout; tests that read them are skipped where they are missing.
TESTDATA = Path(__file__).resolve().parents[2] / "shared" / "testdata"


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio."""
    return "asyncio"


@pytest.fixture
def testdata() -> Path:
    """The folder of outside cases."""
    if not TESTDATA.is_dir():
        pytest.skip("the outside cases (../shared/testdata) are not beside this checkout")
    return TESTDATA


@pytest.fixture(scope="session")
def mongo_url() -> Iterator[str]:
    """Address of a MongoDB that the tests may fill; one server for the whole session."""
    with mongo_server() as url:
        yield url
