"""A MongoDB for the tests: the one that FLOWCORE_TEST_MONGO_URL names, else a SecantusDB process started for them."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

#: Seconds in which the server must listen, and then stop.
PATIENCE = 30.0


@contextmanager
def mongo_server() -> Iterator[str]:
    """Yield the URL of a MongoDB that tests may fill."""
    given = os.environ.get("FLOWCORE_TEST_MONGO_URL")
    if given:
        yield given
        return
    port = free_port()
    with _secantus(port):
        yield f"mongodb://127.0.0.1:{port}/?directConnection=true"


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _secantus(port: int) -> Iterator[None]:
    command = shutil.which("secantusd-py", path=str(Path(sys.executable).parent))
    if command is None:
        pytest.skip("neither FLOWCORE_TEST_MONGO_URL nor SecantusDB (pip install -e '.[test]') is there")
    arguments = [command, "--host", "127.0.0.1", "--port", str(port), "--storage-path", ":memory:"]
    server = subprocess.Popen(
        [*arguments, "--log-level", "ERROR"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _await_listening(server, port)
        yield
    finally:
        server.terminate()
        try:
            server.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _await_listening(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)  # nothing tells when another process begins to listen
        else:
            return
    pytest.fail(f"SecantusDB does not listen (exit code {server.poll()})")
