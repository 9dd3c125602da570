"""Invites over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from litestar.testing import AsyncTestClient

from entrypoints.settings import Settings
from tests.http.conftest import Caller, with_settings

pytestmark = pytest.mark.anyio


@pytest.fixture
def settings() -> Settings:
    return with_settings(invite_required=True)


async def knock(client: AsyncTestClient[Any], name: str, code: str) -> tuple[int, str]:
    body = {"email": f"{name}@example.com", "password": "correct horse 7", "name": name, "inviteCode": code}
    answer = await client.post("/v1/api/auth/register", json=body)
    return answer.status_code, answer.json().get("error", "")


async def test_the_six_digits_of_the_contract_let_people_in(client: AsyncTestClient[Any], ann: Caller) -> None:
    assert (await client.get("/v1/api/auth/methods")).json()["builtin"]["inviteRequired"] is True
    code = (await ann.ask("GET", "/settings/invite-code"))["inviteCode"]
    assert len(code) == 6
    assert (await ann.ask("GET", "/settings/invite-code"))["inviteCode"] == code
    assert await knock(client, "bob", "") == (403, "Valid invite code required")
    assert await knock(client, "bob", code) == (201, "")
    renewed = (await ann.ask("POST", "/settings/generate-invite-code"))["inviteCode"]
    assert renewed != code
    assert await knock(client, "cid", code) == (403, "Valid invite code required")


async def test_the_code_can_change_with_every_sign_up(client: AsyncTestClient[Any], ann: Caller) -> None:
    shown = await ann.ask("GET", "/settings/regenerate-setting")
    assert shown["regenerateAfterSignup"] is False
    chosen = await ann.ask("PUT", "/settings/regenerate-setting", json={"regenerateAfterSignup": True})
    assert chosen == {"regenerateAfterSignup": True}
    assert await knock(client, "bob", shown["inviteCode"]) == (201, "")
    assert await knock(client, "cid", shown["inviteCode"]) == (403, "Valid invite code required")
    again = await ann.ask("GET", "/settings/regenerate-setting")
    assert again["regenerateAfterSignup"] is True
    assert await knock(client, "cid", again["inviteCode"]) == (201, "")
    assert (await ann.ask("PUT", "/settings/regenerate-setting", json={})) == {"regenerateAfterSignup": False}


async def test_strong_invites_are_shown_once_listed_and_revoked(client: AsyncTestClient[Any], ann: Caller) -> None:
    made = await ann.ask("POST", "/settings/invites", json={"uses": 2, "note": "the team"}, status=201)
    assert await knock(client, "bob", made["code"]) == (201, "")
    [listed] = (await ann.ask("GET", "/settings/invites"))["invites"]
    assert (listed["id"], listed["usesLeft"], listed["note"]) == (made["invite"]["id"], 1, "the team")
    assert made["code"] not in str(listed)
    answer = await client.delete(
        f"/v1/api/settings/invites/{listed['id']}", headers={"Authorization": f"Bearer {ann.token}"}
    )
    assert answer.status_code == 204
    assert await knock(client, "cid", made["code"]) == (403, "Valid invite code required")
    await ann.ask("POST", "/settings/invites", json={"uses": 0}, status=400)


async def test_others_are_told_that_this_is_for_administrators(client: AsyncTestClient[Any], ann: Caller) -> None:
    code = (await ann.ask("GET", "/settings/invite-code"))["inviteCode"]
    body = {"email": "bob@example.com", "password": "correct horse 7", "name": "bob", "inviteCode": code}
    token = (await client.post("/v1/api/auth/register", json=body)).json()["token"]
    bob = Caller(client, token, {})
    for method, path in (
        ("GET", "/settings/invite-code"),
        ("POST", "/settings/generate-invite-code"),
        ("GET", "/settings/regenerate-setting"),
        ("GET", "/settings/invites"),
    ):
        assert (await bob.ask(method, path, status=403))["error"] == "Admin access required"


async def test_codes_are_in_no_log(
    client: AsyncTestClient[Any], ann: Caller, capfd: pytest.CaptureFixture[str]
) -> None:
    code = (await ann.ask("POST", "/settings/generate-invite-code"))["inviteCode"]
    strong = (await ann.ask("POST", "/settings/invites", json={}, status=201))["code"]
    await knock(client, "bob", code)
    await knock(client, "cid", strong)
    log = str(await ann.ask("GET", "/admin/audit"))
    printed = capfd.readouterr()
    for secret in (f'"{code}"', f"'{code}'", f"={code}", strong):
        assert secret not in printed.out + printed.err + log
