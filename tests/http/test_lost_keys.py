"""A record whose key is lost: it is refused by name, and hides nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from attrs import define, evolve

from adapters.sandbox import open_sandbox
from adapters.security import AesGcmCipher, Argon2BcryptHasher, Keys, generate_key
from entrypoints.bootstrap import open_app
from flowcore.ports.storage import CLUSTERS
from tests.http.conftest import CHEAP, configmap, with_settings
from tests.http.serving import Service, serve

pytestmark = pytest.mark.anyio

LOST = AesGcmCipher(Keys.single(generate_key(), "2025-07"))


@define
class Caller:
    """Somebody who is signed in."""

    service: Service

    async def ask(self, method: str, path: str, *, status: int = 200, **sent: Any) -> Any:
        answer = await self.service.client.request(method, path, **sent)
        assert answer.status_code == status, (method, path, answer.status_code, answer.text)
        return answer.json()


@pytest.fixture
async def ann() -> AsyncIterator[Caller]:
    """Somebody with two clusters; the key that sealed the credentials of ``old`` is lost."""
    settings = with_settings(allowed_addresses=("127.0.0.1",))
    hasher = Argon2BcryptHasher(cost=CHEAP)
    async with (
        open_sandbox(speed=20) as sandbox,
        serve(lambda: open_app(settings, hasher=hasher), settings) as service,
    ):
        ann = Caller(service)
        for name in ("old", "good"):
            credentials = {"token": sandbox.token}
            body = {"name": name, "server": sandbox.url, "authType": "token", "credentials": credentials}
            await ann.ask("POST", "/clusters", json=body, status=201)
        kept = service.app.store.repository(CLUSTERS)
        (old,) = await kept.find({"name": "old"})
        sealed = LOST.encrypt('{"token": "hunter2"}', context=f"cluster:{old.id}")
        await kept.replace(evolve(old, credentials=sealed))
        yield ann


async def test_lists_show_it_and_everything_else(ann: Caller) -> None:
    found = await ann.ask("GET", "/clusters")
    assert {cluster["name"] for cluster in found["clusters"]} == {"old", "good"}
    assert (await ann.ask("GET", "/clusters/old"))["name"] == "old"


async def test_using_it_names_the_key_and_what_to_do(ann: Caller) -> None:
    answer = await ann.ask("POST", "/clusters/old/test", status=503)
    assert answer["code"] == "secret.unknown_key"
    assert "its key 2025-07 is not in the keyring" in str(answer)
    assert "hunter2" not in str(answer)
    assert (await ann.ask("GET", "/clusters/old/status"))["status"] == "error"


async def test_other_clusters_go_on(ann: Caller) -> None:
    await ann.ask("POST", "/clusters/old/test", status=503)
    tested: Any = await ann.ask("POST", "/clusters/good/test")
    assert "hunter2" not in str(tested)
    body = {"name": "shop", "cluster_id": "good", "nodes": [configmap("settings", KEY="value")]}
    made = (await ann.ask("POST", "/workflows", json=body, status=201))["workflow"]
    assert (await ann.ask("POST", f"/workflows/{made['id']}/plan"))["counts"]["create"] == 1


async def test_new_credentials_heal_it(ann: Caller) -> None:
    await ann.ask("PUT", "/clusters/old/credentials", json={"credentials": {"token": "another"}})
    assert (await ann.ask("POST", "/clusters/old/test"))["status"] == "connected"
