"""Fixtures of the Compose tests."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def compose_files() -> Path:
    """The folder of our own Compose applications."""
    return Path(__file__).resolve().parents[2] / "compose_files"
