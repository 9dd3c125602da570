"""Where the service listens, and who the limits take somebody for."""

from __future__ import annotations

import asyncio
import socket

import pytest

from entrypoints.http.serving import listen, serve_app
from flowcore.usecases.accounts.locking import network_of
from tests.doubles import PATIENCE
from tests.doubles_cluster import PlayedCluster
from tests.http.conftest import open_played

#: For the async ones.
asynchronous = pytest.mark.anyio

has_ipv6 = pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")


def peer_seen(host: str, connect_to: str) -> str:
    """Return the address that a listener sees of somebody who connects."""
    with listen(host, 0) as listener, socket.create_connection((connect_to, listener.getsockname()[1]), 5):
        connection, peer = listener.accept()
        connection.close()
        return str(peer[0])


def test_it_listens_on_an_address_of_either_kind() -> None:
    assert peer_seen("127.0.0.1", "127.0.0.1") == "127.0.0.1"


@has_ipv6
def test_it_listens_on_ipv6_and_on_both_at_once() -> None:
    assert peer_seen("::1", "::1") == "::1"
    assert peer_seen("::", "::1") == "::1"
    # One listener for both kinds tells of IPv4 in IPv6; the limits must not take all of IPv4 for one network.
    assert network_of(peer_seen("::", "127.0.0.1")) == "127.0.0.1"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:0db8:0001:0002::/64"),
        ("2001:db8:1:2::1", "2001:0db8:0001:0002::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_a_customer_is_an_ipv4_address_or_64_bits_of_ipv6(address: str, network: str) -> None:
    assert network_of(address) == network


@asynchronous
@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /health HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 20_000 + b"\r\n\r\n", b"200"),
        (b"GET /health HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 40_000, b"400"),
        (b"GET /" + b"x" * 40_000, b"400"),
        (b"GET /health HTTP/1.1\r\nHost: x\r\n" + b"X-Many: x\r\n" * 4_000, b"400"),
    ],
)
async def test_a_request_line_and_its_headers_have_an_end(cluster: PlayedCluster, head: bytes, status: bytes) -> None:
    listener = listen("127.0.0.1", 0)
    async with open_played(cluster)() as app:
        serving = asyncio.create_task(serve_app(app, listener))
        try:
            async with asyncio.timeout(PATIENCE):
                reader, writer = await asyncio.open_connection("127.0.0.1", listener.getsockname()[1])
                writer.write(head)
                assert (await reader.readline()).split()[1] == status
                writer.close()
        finally:
            serving.cancel()
            await asyncio.wait([serving])
            listener.close()
