"""Addresses of clusters that users may not name: answered clearly, kept nowhere, connected to never."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from attrs import define

from adapters.sandbox import open_sandbox
from adapters.security import Argon2BcryptHasher
from entrypoints.bootstrap import open_app
from flowcore.addresses import AddressPolicy
from flowcore.usecases.clusters.keeping import ClusterDraft
from flowcore.usecases.guarding import Guard
from tests.doubles_network import ScriptedResolver
from tests.http.conftest import CHEAP, SETTINGS
from tests.http.serving import Service, serve

pytestmark = pytest.mark.anyio

CREDENTIALS = {"token": "hunter22"}
FORBIDDEN = ["https://127.0.0.1:6443", "http://169.254.169.254", "https://[::1]", "https://inner.example", "https://db"]


@define
class Caller:
    """Somebody who is signed in at a service with the sandbox on loopback, where one inner network is allowed."""

    service: Service
    resolver: ScriptedResolver

    async def ask(self, method: str, path: str, *, status: int = 200, **sent: Any) -> Any:
        answer = await self.service.client.request(method, path, **sent)
        assert answer.status_code == status, (method, path, answer.status_code, answer.text)
        return answer.json()


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    names = {"inner.example": [("192.168.0.9",)], "k8s.example": [("140.82.121.3",), ("10.0.0.1", "192.168.0.9")]}
    resolver = ScriptedResolver(names)
    guard = Guard(resolver=resolver, policy=AddressPolicy.of(["10.0.0.0/8"]))
    hasher = Argon2BcryptHasher(cost=CHEAP)
    async with open_sandbox() as sandbox:
        gift = ClusterDraft(name="sandbox", server=sandbox.url, credentials={"token": sandbox.token})
        async with serve(lambda: open_app(SETTINGS, gift=gift, hasher=hasher, guard=guard), SETTINGS) as service:
            yield Caller(service, resolver)


def body(server: str, name: str = "prod") -> dict[str, Any]:
    return {"name": name, "server": server, "authType": "token", "credentials": CREDENTIALS}


@pytest.mark.parametrize("server", FORBIDDEN)
async def test_a_cluster_at_a_forbidden_address_is_not_registered(caller: Caller, server: str) -> None:
    said = await caller.ask("POST", "/clusters", json=body(server), status=400)
    assert said["code"] == "network.forbidden_address"
    assert [problem["path"] for problem in said["problems"]] == ["server"]
    assert "FLOWCORE_ALLOWED_ADDRESSES" in said["error"]
    assert "192.168" not in str(said)
    assert "hunter22" not in str(said)
    kept = await caller.ask("GET", "/clusters")
    assert [cluster["name"] for cluster in kept["clusters"]] == ["sandbox"]


async def test_a_cluster_is_not_moved_to_a_forbidden_address(caller: Caller) -> None:
    await caller.ask("POST", "/clusters", json=body("https://k8s.example"), status=201)
    said = await caller.ask("PUT", "/clusters/prod", json={"server": "https://127.1:6443"}, status=400)
    assert [problem["path"] for problem in said["problems"]] == ["server"]
    kept = await caller.ask("GET", "/clusters/prod")
    assert kept["server"] == "https://k8s.example"
    await caller.ask("PUT", "/clusters/prod", json={"description": "d"})


async def test_the_given_sandbox_and_what_the_list_allows_are_let_through(caller: Caller) -> None:
    await caller.ask("POST", "/clusters/sandbox/test")
    await caller.ask("POST", "/clusters", json=body("https://10.1.2.3:6443"), status=201)


async def test_another_port_beside_the_sandbox_is_not(caller: Caller) -> None:
    said = await caller.ask("POST", "/clusters", json=body("http://127.0.0.1:1"), status=400)
    assert said["code"] == "network.forbidden_address"


async def test_a_cluster_that_was_registered_before_is_not_connected_to(caller: Caller) -> None:
    await caller.ask("POST", "/clusters", json=body("https://k8s.example"), status=201)
    said = await caller.ask("POST", "/clusters/prod/test", status=503)
    assert (said["code"], said["status"]) == ("network.forbidden_address", "failed")
    assert "192.168" not in str(said)
    assert caller.resolver.asked == ["k8s.example"] * 2
