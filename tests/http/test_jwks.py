"""The public keys of access tokens, and tokens that others verify with them."""

from __future__ import annotations

from typing import Any

import jwt
import pytest
from litestar.testing import AsyncTestClient

from entrypoints.settings import Settings
from tests.http.conftest import Caller, with_settings

pytestmark = pytest.mark.anyio
URL = "https://flow.example"


async def shown(client: AsyncTestClient[Any]) -> list[dict[str, str]]:
    answer = await client.get("/.well-known/jwks.json")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["content-type"].startswith("application/json")
    keys: list[dict[str, str]] = answer.json()["keys"]
    return keys


async def test_a_secret_has_no_public_half(client: AsyncTestClient[Any], ann: Caller) -> None:
    assert await shown(client) == []
    assert jwt.get_unverified_header(ann.token)["alg"] == "HS256"


@pytest.mark.parametrize(
    "settings",
    [with_settings(token_algorithm="EdDSA", public_url=URL), with_settings(token_algorithm="RS256", public_url=URL)],
    ids=["EdDSA", "RS256"],
)
async def test_others_verify_a_sessions_token_with_what_is_shown(
    settings: Settings, client: AsyncTestClient[Any], ann: Caller
) -> None:
    keys = {key["kid"]: key for key in await shown(client)}
    key = keys[jwt.get_unverified_header(ann.token)["kid"]]
    told = jwt.decode(ann.token, jwt.PyJWK(key), algorithms=[settings.token_algorithm], audience="flowcore", issuer=URL)
    assert told["email"] == "ann@example.com"
    assert not {"d", "p", "q", "k"} & key.keys()
    await ann.ask("GET", "/profile")
    fresh = await ann.ask("POST", "/auth/refresh")
    assert (await ann.ask("POST", "/auth/refresh"))["token"] == fresh["token"]  # of the same moment
