"""A scripted API server, and a connection to it whose waits cost nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from adapters.kubernetes import KubernetesConnection
from adapters.kubernetes._access import Access, client_of
from adapters.kubernetes._transport import Transport
from tests.adapters.kubernetes.scripted import ScriptedServer, TestClock, open_scripted

TOKEN = "very-secret-token"


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with open_scripted() as scripted:
        yield scripted


@pytest.fixture
async def transport(server: ScriptedServer, clock: TestClock) -> AsyncIterator[Transport]:
    """Waits are drawn at their upper bound."""
    client = client_of(Access(server=server.url, authorization=f"Bearer {TOKEN}"))
    transport = Transport(client, clock, jitter=lambda: 1.0)
    yield transport
    await transport.close()


@pytest.fixture
def connection(transport: Transport) -> KubernetesConnection:
    return KubernetesConnection(transport)
