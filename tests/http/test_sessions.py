"""Sessions over HTTP: lists, ends, refreshing, and cookies with what guards them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from httpx import Response
from litestar.testing import AsyncTestClient

from entrypoints.http import create_app
from entrypoints.settings import Settings
from tests.doubles_cluster import PlayedCluster
from tests.http.conftest import Caller, open_played, with_settings

pytestmark = pytest.mark.anyio

LOGIN = {"email": "ann@example.com", "password": "correct horse 7"}
OURS = "http://testserver.local"


async def signed_in(client: AsyncTestClient[Any], agent: str) -> Caller:
    answer = await client.post("/v1/api/auth/login", json=LOGIN, headers={"User-Agent": agent})
    assert answer.headers["cache-control"] == "no-store"
    return Caller(client, answer.json()["token"], answer.json()["user"])


async def test_ones_sessions_are_listed_and_can_be_ended_one_by_one(ann: Caller, bob: Caller) -> None:
    phone = await signed_in(ann.client, "Phone/1")
    sessions = (await ann.ask("GET", "/profile/sessions"))["sessions"]
    assert {each["agent"]: each["isCurrent"] for each in sessions}["Phone/1"] is False
    assert sum(each["isCurrent"] for each in sessions) == 1
    (lost,) = [each["id"] for each in sessions if each["agent"] == "Phone/1"]
    await bob.ask("DELETE", f"/profile/sessions/{lost}", status=404)
    await phone.ask("GET", "/profile")
    answer = await ann.client.delete(
        f"/v1/api/profile/sessions/{lost}", headers={"Authorization": f"Bearer {ann.token}"}
    )
    assert answer.status_code == 204
    assert (await phone.ask("GET", "/profile", status=401))["code"] == "token.revoked"
    await ann.ask("GET", "/profile")


async def test_signing_out_ends_the_session_that_asks(ann: Caller) -> None:
    phone = await signed_in(ann.client, "Phone/1")
    answer = await ann.client.post("/v1/api/auth/logout", headers={"Authorization": f"Bearer {phone.token}"})
    assert answer.status_code == 204
    await phone.ask("GET", "/profile", status=401)
    await ann.ask("GET", "/profile")


async def test_a_token_is_traded_once(ann: Caller) -> None:
    fresh = await ann.ask("POST", "/auth/refresh")
    assert fresh["token"] != ann.token
    assert (await ann.ask("POST", "/auth/refresh"))["token"] == fresh["token"]  # of the same moment
    newer = Caller(ann.client, fresh["token"], ann.user)
    newest = await newer.ask("POST", "/auth/refresh")
    assert (await ann.ask("POST", "/auth/refresh", status=401))["code"] == "token.reused"
    await Caller(ann.client, newest["token"], ann.user).ask("GET", "/profile", status=401)


async def test_who_asks_who_they_are_is_told(ann: Caller) -> None:
    told = await ann.ask("GET", "/auth/session")
    assert told["user"]["email"] == "ann@example.com"
    assert told["session"]["isCurrent"] is True
    body = {"name": "ci", "scopes": ["read"]}
    token = (await ann.ask("POST", "/profile/tokens", json=body, status=201))["token"]
    told = await Caller(ann.client, token, ann.user).ask("GET", "/auth/session")
    assert (told["session"], told["scopes"]) == (None, ["read"])
    assert "csrfToken" not in told


# ---------------------------------------------------------------- cookies


async def in_browser(client: AsyncTestClient[Any]) -> Response:
    answer = await client.post("/v1/api/auth/login", json={**LOGIN, "cookie": True}, headers={"Origin": OURS})
    assert answer.status_code == 200
    return answer


async def test_a_browser_gets_its_token_where_no_script_can_read_it(ann: Caller, client: AsyncTestClient[Any]) -> None:
    answer = await in_browser(client)
    assert "token" not in answer.json()
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie
    assert (await client.get("/v1/api/profile")).json()["user"]["email"] == "ann@example.com"


@pytest.mark.parametrize("settings", [with_settings(public_url="https://flow.example")])
async def test_over_https_the_cookie_is_kept_from_plain_http_and_from_neighbours(
    settings: Settings, cluster: PlayedCluster
) -> None:
    async with AsyncTestClient(create_app(open_played(cluster, settings), settings)) as client:
        body = {**LOGIN, "name": "Ann", "cookie": True}
        cookie = (await client.post("/v1/api/auth/register", json=body)).headers["set-cookie"]
    assert cookie.startswith("__Host-flowcore=")
    assert "secure" in cookie.lower()
    assert "domain" not in cookie.lower()


async def test_a_change_by_cookie_needs_what_only_our_own_page_knows(ann: Caller, client: AsyncTestClient[Any]) -> None:
    csrf = (await in_browser(client)).json()["csrfToken"]
    url, body = "/v1/api/profile", {"name": "Eve"}
    cases: list[tuple[dict[str, Any], str]] = [
        ({}, "csrf.token"),
        ({"Origin": OURS}, "csrf.token"),
        ({"X-CSRF-Token": "", "Origin": OURS}, "csrf.token"),
        ({"X-CSRF-Token": "é".encode(), "Origin": OURS}, "csrf.token"),
        ({"X-CSRF-Token": csrf[:-1] + "!", "Origin": OURS}, "csrf.token"),
        ({"X-CSRF-Token": csrf, "Origin": "https://evil.example"}, "csrf.origin"),
        ({"X-CSRF-Token": csrf, "Origin": "null"}, "csrf.origin"),
        ({"X-CSRF-Token": csrf, "Origin": OURS + ".evil.example"}, "csrf.origin"),
    ]
    for headers, code in cases:
        answer = await client.put(url, json=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, code), headers
    assert (await client.get(url)).json()["user"]["name"] == "ann"
    answer = await client.put(url, json=body, headers={"X-CSRF-Token": csrf, "Origin": OURS})
    assert answer.json()["user"]["name"] == "Eve"


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded", ""])
async def test_no_page_of_somebody_else_signs_a_browser_in(
    ann: Caller, client: AsyncTestClient[Any], content_type: str
) -> None:
    body = json.dumps({**LOGIN, "name": "Eve", "code": "x", "cookie": True})
    for origin in ("https://evil.example", "null", "http://[", "http://" + "testserver.local".upper() + ".evil"):
        headers = {"Content-Type": content_type, "Origin": origin}
        for path in ("login", "register", "oauth/exchange"):
            answer = await client.post(f"/v1/api/auth/{path}", content=body, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "csrf.origin"), (path, origin)
            assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("settings", [with_settings(public_url="https://Flow.Example:443")])
@pytest.mark.parametrize("origin", ["https://flow.example", "https://flow.example:443"])
async def test_our_own_origin_is_ours_however_the_settings_spell_it(
    settings: Settings, cluster: PlayedCluster, origin: str
) -> None:
    async with AsyncTestClient(create_app(open_played(cluster, settings), settings)) as client:
        body = {**LOGIN, "name": "Ann", "cookie": True}
        answer = await client.post("/v1/api/auth/register", json=body, headers={"Origin": origin})
        assert answer.status_code == 201
        answer = await client.post("/v1/api/auth/login", json=body, headers={"Origin": "http://flow.example"})
        assert answer.json()["code"] == "csrf.origin"


async def test_one_sessions_proof_is_no_proof_for_another(ann: Caller, client: AsyncTestClient[Any]) -> None:
    first = (await in_browser(client)).json()["csrfToken"]
    await in_browser(client)
    answer = await client.put("/v1/api/profile", json={"name": "Eve"}, headers={"X-CSRF-Token": first})
    assert answer.json()["code"] == "csrf.token"


async def test_a_token_in_the_header_goes_before_the_cookie_and_needs_no_proof(
    ann: Caller, bob: Caller, client: AsyncTestClient[Any]
) -> None:
    await in_browser(client)
    assert (await bob.ask("PUT", "/profile", json={"name": "Rob"}))["user"]["email"] == "bob@example.com"


async def test_a_browser_refreshes_changes_its_password_and_signs_out_by_cookie(
    ann: Caller, client: AsyncTestClient[Any]
) -> None:
    told = (await in_browser(client)).json()
    refused = await client.post("/v1/api/auth/refresh")
    assert refused.json()["code"] == "csrf.token"
    headers = {"X-CSRF-Token": told["csrfToken"]}
    fresh = await client.post("/v1/api/auth/refresh", headers=headers)
    assert fresh.json()["csrfToken"] == told["csrfToken"]
    assert "token" not in fresh.json()
    assert "flowcore=" in fresh.headers["set-cookie"]
    passwords = {"currentPassword": "correct horse 7", "newPassword": "correct horse 8"}
    changed = await client.put("/v1/api/profile/password", json=passwords, headers=headers)
    assert "token" not in changed.json()
    await ann.ask("GET", "/profile", status=401)
    headers = {"X-CSRF-Token": changed.json()["csrfToken"]}
    out = await client.post("/v1/api/auth/logout", headers=headers)
    assert out.status_code == 204
    assert "flowcore" not in client.cookies
    assert (await client.get("/v1/api/profile")).status_code == 401


async def test_the_proof_is_told_to_the_page_again_after_a_reload(ann: Caller, client: AsyncTestClient[Any]) -> None:
    csrf = (await in_browser(client)).json()["csrfToken"]
    assert (await client.get("/v1/api/auth/session")).json()["csrfToken"] == csrf
