"""What every answer says to browsers, and what no request may do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import structlog
from litestar import get
from litestar.testing import AsyncTestClient

from entrypoints.http import create_app
from entrypoints.http.access import PUBLIC
from entrypoints.settings import Settings
from tests.doubles_cluster import PlayedCluster
from tests.http.conftest import Caller, open_played, with_settings
from tests.http.serving import Service, serve

pytestmark = pytest.mark.anyio

WANTED = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


@get("/broken", opt=PUBLIC)
async def broken() -> None:
    raise RuntimeError("a mistake")


@get("/slow", opt=PUBLIC)
async def slow() -> None:
    await asyncio.Event().wait()


@get("/page", opt=PUBLIC, media_type="text/html", sync_to_thread=False)
def page() -> str:
    return "<p>hello</p>"


@pytest.fixture
async def client(cluster: PlayedCluster, settings: Settings) -> AsyncIterator[AsyncTestClient[Any]]:
    app = create_app(open_played(cluster, settings), settings, pages=[broken, slow, page])
    async with AsyncTestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/api/auth/methods", 200),
        ("GET", "/v1/api/profile", 401),
        ("POST", "/v1/api/auth/login", 400),
        ("GET", "/v1/api/nowhere", 404),
        ("DELETE", "/v1/api/auth/login", 405),
        ("GET", "/health", 200),
        ("GET", "/metrics", 200),
        ("GET", "/v1/api-docs", 200),
        ("GET", "/broken", 500),
        ("GET", "/page", 200),
    ],
)
async def test_every_answer_has_the_headers_of_security(
    client: AsyncTestClient[Any], method: str, path: str, status: int
) -> None:
    answer = await client.request(method, path)
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in WANTED} == WANTED
    assert "camera=()" in answer.headers["permissions-policy"]
    assert "strict-transport-security" not in answer.headers
    assert len(answer.headers.get_list("cache-control")) == 1


@pytest.mark.parametrize("settings", [with_settings(public_url="https://flow.example")])
async def test_browsers_are_told_to_stay_with_https_where_the_service_is_reached_so(
    client: AsyncTestClient[Any],
) -> None:
    assert (await client.get("/health")).headers["strict-transport-security"].startswith("max-age=63072000")


@pytest.mark.parametrize("settings", [with_settings(allowed_hosts=("flow.example", "::1"))])
async def test_requests_for_other_hosts_are_refused_but_for_health_checks(client: AsyncTestClient[Any]) -> None:
    for host in ("flow.example", "FLOW.example:8443"):
        assert (await client.get("/v1", headers={"Host": host})).status_code == 200
    for host in ("evil.example", "flow.example.evil.example", "evil.example:443", "flow.example@evil.example", ""):
        answer = await client.get("/v1", headers={"Host": host})
        assert (answer.status_code, answer.json()["code"]) == (421, "host"), host
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert (await client.get("/health", headers={"Host": "10.0.0.7:3000"})).status_code == 200


@pytest.mark.parametrize("settings", [with_settings(request_timeout=0.05)])
async def test_an_answer_that_does_not_begin_in_time_is_given_up(client: AsyncTestClient[Any]) -> None:
    answer = await client.get("/slow")
    assert (answer.status_code, answer.json()["code"]) == (503, "request.timeout")


@pytest.mark.parametrize("settings", [with_settings(body_timeout=0.05)])
async def test_a_body_that_does_not_come_is_not_waited_for(cluster: PlayedCluster, settings: Settings) -> None:
    async with serve(open_played(cluster, settings), settings) as service:
        head = b"POST /v1/api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n"
        head += b"Content-Type: application/json\r\n\r\n{"
        assert (await _first_line(service, head)).split()[1] == b"408"


async def test_a_stream_outlives_the_time_in_which_an_answer_must_begin(cluster: PlayedCluster) -> None:
    settings = with_settings(request_timeout=0.2, heartbeat=0.1)
    async with serve(open_played(cluster, settings), settings) as service:
        async with service.stream(await service.workflow()) as listener:
            comments = [event async for event in _comments(listener, 5)]
        assert len(comments) == 5


async def test_a_page_of_another_origin_is_answered_only_when_it_is_listed(cluster: PlayedCluster) -> None:
    settings = with_settings(cors_origins=("https://console.example",))
    async with AsyncTestClient(create_app(open_played(cluster, settings), settings)) as client:
        for origin, allowed in (("https://console.example", True), ("https://evil.example", False), ("null", False)):
            asked = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
            preflight = await client.options("/v1/api/profile", headers=asked)
            plain = await client.get("/v1", headers={"Origin": origin})
            for answer in (preflight, plain):
                assert (answer.headers.get("access-control-allow-origin") == origin) is allowed, origin
            assert "origin" in plain.headers.get("vary", "").lower() or not allowed


async def test_a_mistake_is_logged_with_its_place_and_without_values(client: AsyncTestClient[Any]) -> None:
    # Whoever embeds the service may have any renderer, also one that shows the values of variables.
    with structlog.testing.capture_logs() as logged:
        await client.get("/broken?token=planted-token", headers={"Authorization": "Bearer planted-token"})
    (told,) = [entry for entry in logged if entry["event"] == "request failed"]
    assert told["path"] == "/broken"
    assert "RuntimeError: a mistake" in told["exception"]
    assert "exc_info" not in told
    assert "planted-token" not in str(logged)


async def test_the_answer_names_no_server(ann: Caller) -> None:
    answer = await ann.client.get("/health")
    assert "server" not in answer.headers


async def _first_line(service: Service, sent: bytes) -> bytes:
    host, port = service.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(sent)
    try:
        return await reader.readline()
    finally:
        writer.close()
        await writer.wait_closed()


async def _comments(listener: Any, count: int) -> AsyncIterator[Any]:
    async with asyncio.timeout(30):
        while count:
            if "comment" in (event := await listener.next()):
                count -= 1
                yield event
