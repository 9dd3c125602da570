"""The service over memory and a played cluster, and a client of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from attrs import define, evolve
from litestar.testing import AsyncTestClient

from adapters.security import Argon2BcryptHasher, Argon2Cost
from entrypoints.bootstrap import App, open_app
from entrypoints.http import create_app
from entrypoints.settings import Settings
from entrypoints.settings.limits import UNLIMITED
from flowcore.usecases.clusters.keeping import ClusterDraft
from tests.doubles_cluster import PlayedCluster, PlayedClusters

CHEAP = Argon2Cost(memory_kib=8, passes=1)
SANDBOX = ClusterDraft(name="sandbox", server="http://sandbox", auth_type="token", credentials={"token": "t"})
SETTINGS = Settings(store_url="memory://", run_timeout=5, rate_limits=UNLIMITED)


@define
class Caller:
    """Somebody who is signed in."""

    client: AsyncTestClient[Any]
    token: str
    user: dict[str, Any]

    async def ask(self, method: str, path: str, *, status: int = 200, **sent: Any) -> Any:
        """Send a request, expect a status, and return the JSON of the answer."""
        headers = {"Authorization": f"Bearer {self.token}", **sent.pop("headers", {})}
        answer = await self.client.request(method, f"/v1/api{path}", headers=headers, **sent)
        assert answer.status_code == status, (method, path, answer.status_code, answer.text)
        return answer.json()

    async def workflow(self, *nodes: dict[str, Any], publish: bool = True, **fields: Any) -> dict[str, Any]:
        """Make a workflow and return it."""
        body = {"name": "shop", "cluster_id": "sandbox", "nodes": list(nodes), **fields}
        made = (await self.ask("POST", "/workflows", json=body, status=201))["workflow"]
        if publish:
            made = (await self.ask("PUT", f"/workflows/{made['id']}/status", json={"status": "published"}))["workflow"]
        return dict(made)


def open_played(
    cluster: PlayedCluster, settings: Settings = SETTINGS
) -> Callable[[], AbstractAsyncContextManager[App]]:
    """Return what opens the use cases over a played cluster."""
    hasher = Argon2BcryptHasher(cost=CHEAP)
    return lambda: open_app(settings, access=PlayedClusters(cluster), gift=SANDBOX, hasher=hasher)


@pytest.fixture
def cluster() -> PlayedCluster:
    return PlayedCluster()


@pytest.fixture
def settings() -> Settings:
    return SETTINGS


@pytest.fixture
async def client(cluster: PlayedCluster, settings: Settings) -> AsyncIterator[AsyncTestClient[Any]]:
    async with AsyncTestClient(create_app(open_played(cluster, settings), settings)) as client:
        yield client


async def register(client: AsyncTestClient[Any], email: str) -> Caller:
    body = {"email": email, "password": "correct horse 7", "name": email.partition("@")[0]}
    answer = await client.post("/v1/api/auth/register", json=body)
    assert answer.status_code == 201, answer.text
    return Caller(client, answer.json()["token"], answer.json()["user"])


@pytest.fixture
async def ann(client: AsyncTestClient[Any]) -> Caller:
    return await register(client, "ann@example.com")


@pytest.fixture
async def bob(client: AsyncTestClient[Any], ann: Caller) -> Caller:
    return await register(client, "bob@example.com")


def configmap(name: str, **data: str) -> dict[str, Any]:
    return {"id": name, "type": "configmap", "position": {"x": 1, "y": 2}, "data": {"name": name, "data": data}}


def with_settings(**fields: Any) -> Settings:
    return evolve(SETTINGS, **fields)
