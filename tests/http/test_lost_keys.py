"""A record whose key is lost: it is refused by name, and hides nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from attrs import evolve
from litestar.testing import AsyncTestClient

from adapters.sandbox import open_sandbox
from adapters.security import AesGcmCipher, Argon2BcryptHasher, Keys, generate_key
from entrypoints.bootstrap import open_app
from entrypoints.http import create_app
from flowcore.ports.storage import CLUSTERS
from tests.http.conftest import CHEAP, Caller, configmap, register, with_settings

pytestmark = pytest.mark.anyio

LOST = AesGcmCipher(Keys.single(generate_key(), "2025-07"))


@pytest.fixture
async def ann() -> AsyncIterator[Caller]:
    """Somebody with two clusters; the key that sealed the credentials of ``old`` is lost."""
    settings = with_settings(allowed_addresses=("127.0.0.1",))
    async with open_sandbox(speed=20) as sandbox:
        service = create_app(lambda: open_app(settings, hasher=Argon2BcryptHasher(cost=CHEAP)), settings)
        async with AsyncTestClient(service) as client:
            ann = await register(client, "ann@example.com")
            for name in ("old", "good"):
                body = {
                    "name": name,
                    "server": sandbox.url,
                    "authType": "token",
                    "credentials": {"token": sandbox.token},
                }
                await ann.ask("POST", "/clusters", json=body, status=201)
            kept = service.state.flowcore.store.repository(CLUSTERS)
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
    made = await ann.workflow(configmap("settings", KEY="value"), cluster_id="good")
    assert (await ann.ask("POST", f"/workflows/{made['id']}/plan"))["counts"]["create"] == 1


async def test_new_credentials_heal_it(ann: Caller) -> None:
    await ann.ask("PUT", "/clusters/old/credentials", json={"credentials": {"token": "another"}})
    answer = await ann.ask("POST", "/clusters/old/test", status=503)
    assert answer["code"] != "secret.unknown_key"
