"""The service where others can reach it: what it asks for before it starts, as a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

BIN = Path(sys.executable).parent


def flowcore(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FLOWCORE_")}
    return subprocess.run(
        [str(BIN / "flowcore"), *arguments],
        cwd=folder,
        env=kept | {"FLOWCORE_DATA_DIR": str(folder / "data")} | env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_service_asks_for_keys_and_safe_settings_and_then_starts(tmp_path: Path) -> None:
    serve = ("serve", "--host", "0.0.0.0", "--port", "0")
    refused = flowcore(tmp_path, *serve)
    assert refused.returncode == 2
    assert "flowcore keys generate" in refused.stderr
    assert "FLOWCORE_PUBLIC_URL" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "data").exists()

    assert flowcore(tmp_path, "keys", "generate").returncode == 0
    still = flowcore(tmp_path, *serve)
    assert still.returncode == 2
    assert "there are no keys" not in still.stderr
    assert "FLOWCORE_ACCEPTED_RISKS=plain-http" in still.stderr

    env = {**os.environ, "FLOWCORE_DATA_DIR": str(tmp_path / "data"), "FLOWCORE_PUBLIC_URL": "https://flow.example.com"}
    with subprocess.Popen([str(BIN / "flowcore"), *serve], cwd=tmp_path, env=env, stderr=subprocess.PIPE) as service:
        assert service.stderr is not None
        try:
            assert any(b"listens on" in line for line in service.stderr)
        finally:
            service.terminate()
            service.communicate(timeout=20)
    assert service.returncode in (0, -signal.SIGTERM)  # it may be told before it listens for signals
