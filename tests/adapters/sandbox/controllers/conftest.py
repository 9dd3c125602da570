"""A fresh simulated cluster for each test."""

from __future__ import annotations

import pytest

from tests.adapters.sandbox.controllers.lab import Lab


@pytest.fixture
def lab() -> Lab:
    """A fresh cluster whose clock the test moves."""
    return Lab()
