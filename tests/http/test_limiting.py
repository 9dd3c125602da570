"""How much one caller may ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from litestar.testing import AsyncTestClient

from adapters.security import Argon2BcryptHasher
from entrypoints.bootstrap import open_app
from entrypoints.http import create_app
from entrypoints.http.limiting import Buckets, RateClass
from entrypoints.settings import Settings
from entrypoints.settings.limits import UNLIMITED, RateLimits
from tests.doubles import FrozenClock
from tests.doubles_cluster import PlayedCluster, PlayedClusters
from tests.http.conftest import CHEAP, Caller, register, with_settings

pytestmark = pytest.mark.anyio

LIMITS = RateLimits(sign_in=4, read=3, write=2, expensive=1, stream=1)


@asynccontextmanager
async def opened(settings: Settings, clock: FrozenClock) -> AsyncIterator[AsyncTestClient[Any]]:
    def open_() -> Any:
        hasher, access = Argon2BcryptHasher(cost=CHEAP), PlayedClusters(PlayedCluster())
        return open_app(settings, access=access, hasher=hasher, clock=clock)

    async with AsyncTestClient(create_app(open_, settings)) as client:
        yield client


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
async def client(clock: FrozenClock) -> AsyncIterator[AsyncTestClient[Any]]:
    async with opened(with_settings(rate_limits=LIMITS), clock) as client:
        yield client


async def ask(caller: Caller, method: str, path: str, **sent: Any) -> Any:
    headers = {"Authorization": f"Bearer {caller.token}"}
    return await caller.client.request(method, f"/v1/api{path}", headers=headers, **sent)


async def test_who_reads_too_much_is_told_when_to_come_again(clock: FrozenClock, ann: Caller, bob: Caller) -> None:
    answers = [await ask(ann, "GET", "/workflows") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert {answer.headers["ratelimit-limit"] for answer in answers} == {"3"}
    assert [answer.headers["ratelimit-reset"] for answer in answers] == ["20", "40", "60", "60"]
    last = answers[-1]
    assert last.json() == {"error": "Too many requests; try again later", "code": "rate_limit", "problems": []}
    assert last.headers["retry-after"] == "20"
    assert (await ask(bob, "GET", "/workflows")).status_code == 200
    clock.advance(20)
    assert (await ask(ann, "GET", "/workflows")).status_code == 200
    assert (await ask(ann, "GET", "/workflows")).status_code == 429


async def test_every_class_has_its_own_bucket(ann: Caller) -> None:
    for method, path, body, times in (
        ("POST", "/workflows", {"name": "shop"}, 2),
        ("POST", f"/workflows/{'a' * 24}/run", {}, 1),
        ("GET", f"/workflows/{'a' * 24}/status/stream", None, 1),
        ("GET", "/templates", None, 3),
    ):
        statuses = [(await ask(ann, method, path, json=body)).status_code for _ in range(times + 1)]
        assert 429 not in statuses[:-1], path
        assert statuses[-1] == 429, path


async def test_imports_plans_and_clusters_are_dear(ann: Caller, clock: FrozenClock) -> None:
    for path in ("/import/analyze", f"/workflows/{'a' * 24}/plan", "/clusters", "/clusters/x/test"):
        answer = await ask(ann, "POST", path, json={})
        assert (answer.headers["ratelimit-limit"], answer.status_code != 429) == ("1", True), path
        assert (await ask(ann, "POST", path, json={})).status_code == 429
        clock.advance(60)


async def test_strangers_are_counted_by_address_however_they_call_themselves(client: AsyncTestClient[Any]) -> None:
    body = {"email": "x@example.com", "password": "wrong!!", "cookie": False}
    paths = ["/v1/api/auth/login", "/v1/api/auth/login", "/v1/api/auth/login", "/v1/api/auth/login"]
    headers = [{"X-Forwarded-For": f"6.6.6.{number}"} for number in range(5)]
    statuses = [
        (await client.post(path, json=body, headers=sent)).status_code
        for path, sent in zip([*paths, "/v1/api/auth/register"], headers, strict=True)
    ]
    assert statuses == [401, 401, 401, 401, 429]


async def test_behind_a_trusted_proxy_every_client_has_its_own(clock: FrozenClock) -> None:
    class FromProxy:
        """Has every connection come from a proxy."""

        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                scope = {**scope, "client": ("10.0.0.1", 1)}
            await self.app(scope, receive, send)

    settings = with_settings(rate_limits=RateLimits(sign_in=1), trusted_proxies=("10.0.0.1",))
    async with opened(settings, clock) as client:
        client.app.asgi_handler = FromProxy(client.app.asgi_handler)
        statuses = [
            (await client.get("/v1/api/auth/methods", headers={"X-Forwarded-For": said})).status_code
            for said in ("203.0.113.1", "203.0.113.2", "6.6.6.6, 203.0.113.1")
        ]
    assert statuses == [200, 200, 429]


async def test_health_and_metrics_are_not_limited(client: AsyncTestClient[Any]) -> None:
    for path in ("/health", "/metrics"):
        answers = [await client.get(path) for _ in range(10)]
        assert {answer.status_code for answer in answers} == {200}
        assert "ratelimit-limit" not in answers[0].headers


async def test_without_limits_nothing_is_told(clock: FrozenClock) -> None:
    async with opened(with_settings(rate_limits=UNLIMITED), clock) as client:
        ann = await register(client, "ann@example.com")
        assert "ratelimit-limit" not in (await ask(ann, "GET", "/workflows")).headers


def test_how_many_are_remembered_is_limited() -> None:
    buckets, clock = Buckets(RateLimits(read=1), most=2), FrozenClock()
    for caller in ("a", "b", "a", "c"):
        buckets.spend(RateClass.READ, caller, clock)
    assert list(buckets._kept) == ["read a", "read c"]
    told = buckets.spend(RateClass.READ, "b", clock)
    assert told is not None
    assert told.wait == 0
