"""Where a request comes from."""

from __future__ import annotations

from typing import Any

import pytest
from litestar import Litestar
from litestar.connection import ASGIConnection
from litestar.testing import RequestFactory

from entrypoints.http.client_address import client_address
from tests.http.conftest import with_settings

PROXIES = ("10.0.0.0/8", "192.0.2.7", "fd00::/8")


def address(peer: str, *, header: str = "x-forwarded-for", trusted: tuple[str, ...] = PROXIES, **sent: str) -> str:
    class Opened:
        settings = with_settings(trusted_proxies=trusted, forwarded_header=header)

    app = Litestar([])
    app.state.flowcore = Opened()
    headers = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in sent.items()]
    scope: Any = {**RequestFactory(app=app).get("/").scope, "client": (peer, 1234) if peer else None}
    return client_address(ASGIConnection({**scope, "headers": headers}))


@pytest.mark.parametrize(
    ("peer", "said", "found"),
    [
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "6.6.6.6, 203.0.113.9, 10.2.2.2", "203.0.113.9"),
        ("10.0.0.1", "6.6.6.6,203.0.113.9 , 192.0.2.7,10.2.2.2", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9:4711", "203.0.113.9"),
        ("10.0.0.1", "[2001:db8::9]:4711", "2001:db8::9"),
        ("10.0.0.1", "2001:DB8:0::9", "2001:db8::9"),
        ("::ffff:10.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"),
        ("fd00::1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9, nonsense", "10.0.0.1"),
        ("10.0.0.1", "6.6.6.6, nonsense, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "203.0.113.9, " + "10.9.9.9, " * 1000 + "10.9.9.9", "10.9.9.9"),
        ("203.0.113.1", "6.6.6.6", "203.0.113.1"),
        ("", "6.6.6.6", ""),
        ("testclient", "6.6.6.6", "testclient"),
    ],
)
def test_the_rightmost_address_that_is_no_trusted_proxy_is_the_client(peer: str, said: str, found: str) -> None:
    assert address(peer, x_forwarded_for=said) == found


def test_an_ipv4_client_at_a_socket_for_both_kinds_is_itself() -> None:
    assert address("::ffff:203.0.113.1", trusted=()) == "203.0.113.1"


def test_nobody_is_trusted_unless_the_settings_say_so() -> None:
    assert address("127.0.0.1", trusted=(), x_forwarded_for="6.6.6.6", forwarded="for=6.6.6.6") == "127.0.0.1"


def test_only_the_header_of_the_settings_counts() -> None:
    assert address("10.0.0.1", forwarded="for=6.6.6.6") == "10.0.0.1"
    assert address("10.0.0.1", header="forwarded", x_forwarded_for="6.6.6.6") == "10.0.0.1"


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("for=203.0.113.9", "203.0.113.9"),
        ('For="[2001:db8::9]:4711";proto=https', "2001:db8::9"),
        ("for=6.6.6.6, for=203.0.113.9;by=10.0.0.1, for=10.2.2.2", "203.0.113.9"),
        ('for="6.6.6.6, for=7.7.7.7", for=203.0.113.9', "203.0.113.9"),
        ('for=203.0.113.9;host="a,b"', "203.0.113.9"),
        ("for=_hidden", "10.0.0.1"),
        ("for=unknown", "10.0.0.1"),
        ("by=10.0.0.9", "10.0.0.1"),
        ('for="203.0.113.9', "10.0.0.1"),
        ("", "10.0.0.1"),
    ],
)
def test_the_standard_header_is_read_too(said: str, found: str) -> None:
    assert address("10.0.0.1", header="forwarded", forwarded=said) == found
