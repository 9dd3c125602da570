"""Accounts over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from litestar.testing import AsyncTestClient

from tests.http.conftest import Caller

pytestmark = pytest.mark.anyio


async def test_registering_gives_a_token_and_the_user(ann: Caller, bob: Caller) -> None:
    assert ann.user["role"] == "admin"
    assert bob.user["role"] == "user"
    assert set(ann.user) == {"id", "email", "name", "role", "avatarUrl", "createdAt", "authProvider"}


async def test_signing_in_and_refreshing_give_tokens_that_work(client: AsyncTestClient[Any], ann: Caller) -> None:
    body = {"email": "ANN@example.com", "password": "correct horse 7"}
    signed_in = await client.post("/v1/api/auth/login", json=body)
    assert signed_in.status_code == 200
    ann.token = signed_in.json()["token"]
    refreshed = await ann.ask("POST", "/auth/refresh")
    ann.token = refreshed["token"]
    assert (await ann.ask("GET", "/profile"))["user"]["email"] == "ann@example.com"


async def test_wrong_passwords_and_unknown_addresses_are_told_alike(client: AsyncTestClient[Any], ann: Caller) -> None:
    for email in ("ann@example.com", "nobody@example.com"):
        answer = await client.post("/v1/api/auth/login", json={"email": email, "password": "wrong!!"})
        assert answer.status_code == 401
        assert answer.json() == {
            "error": "Invalid email or password",
            "code": "account.wrong_password",
            "problems": [],
        }


async def test_a_registration_tells_every_problem(client: AsyncTestClient[Any]) -> None:
    answer = await client.post("/v1/api/auth/register", json={"email": "x", "password": "y", "name": ""})
    assert answer.status_code == 400
    assert [problem["path"] for problem in answer.json()["problems"]] == ["password", "email", "name"]
    missing = await client.post("/v1/api/auth/register", json={"email": "x@y.z"})
    assert (missing.status_code, missing.json()["error"]) == (400, "Invalid request data")
    taken = await client.post("/v1/api/auth/register", content=b"{nonsense")
    assert taken.status_code == 400


async def test_an_address_that_is_taken_is_a_conflict(client: AsyncTestClient[Any], ann: Caller) -> None:
    body = {"email": "Ann@Example.com", "password": "correct horse 7", "name": "x"}
    answer = await client.post("/v1/api/auth/register", json=body)
    assert (answer.status_code, answer.json()["error"]) == (409, "User already exists")


async def test_the_ways_to_sign_in_are_public(client: AsyncTestClient[Any]) -> None:
    answer = await client.get("/v1/api/auth/methods")
    assert answer.json() == {
        "builtin": {"enabled": True, "signupEnabled": True, "inviteRequired": False},
        "providers": [],
    }


async def test_a_profile_and_a_password_can_be_changed(ann: Caller) -> None:
    assert (await ann.ask("PUT", "/profile", json={"name": "Anna"}))["user"]["name"] == "Anna"
    wrong = {"currentPassword": "nope!!", "newPassword": "correct horse 8"}
    assert "Current password is incorrect" in str(await ann.ask("PUT", "/profile/password", json=wrong, status=400))
    right = {"currentPassword": "correct horse 7", "newPassword": "correct horse 8"}
    ann.token = (await ann.ask("PUT", "/profile/password", json=right))["token"]
    await ann.ask("GET", "/profile")


async def test_guessing_is_answered_with_429_and_when_to_try_again(client: AsyncTestClient[Any], ann: Caller) -> None:
    body = {"email": "ann@example.com", "password": "wrong!!"}
    statuses = [(await client.post("/v1/api/auth/login", json=body)).status_code for _ in range(5)]
    assert set(statuses) == {401}
    answer = await client.post("/v1/api/auth/login", json=body)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 30


async def test_a_new_password_that_many_people_use_is_refused(client: AsyncTestClient[Any]) -> None:
    body = {"email": "ann@example.com", "password": "Password123", "name": "Ann"}
    answer = await client.post("/v1/api/auth/register", json=body)
    assert answer.status_code == 400
    assert "many people use" in answer.json()["error"]


async def test_the_address_can_be_changed_with_the_password(client: AsyncTestClient[Any], ann: Caller) -> None:
    wrong = {"email": "anna@example.com", "currentPassword": "nope!!"}
    assert "incorrect" in (await ann.ask("PUT", "/profile/email", json=wrong, status=400))["error"]
    right = {"email": "anna@example.com", "currentPassword": "correct horse 7"}
    assert (await ann.ask("PUT", "/profile/email", json=right))["user"]["email"] == "anna@example.com"
    body = {"email": "anna@example.com", "password": "correct horse 7"}
    assert (await client.post("/v1/api/auth/login", json=body)).status_code == 200


async def test_an_account_can_be_deleted_by_its_owner(client: AsyncTestClient[Any], ann: Caller, bob: Caller) -> None:
    await bob.workflow()
    await bob.ask("POST", "/profile/delete", json={"currentPassword": "nope!!"}, status=400)
    right = {"currentPassword": "correct horse 7"}
    refused = await bob.ask("POST", "/profile/delete", json=right, status=400)
    assert "owns 1 workflow" in refused["error"]
    assert "message" in await bob.ask("POST", "/profile/delete", json={**right, "transferTo": ann.user["id"]})
    await bob.ask("GET", "/profile", status=401)
    assert len((await ann.ask("GET", "/workflows"))["workflows"]) == 1


async def test_the_last_administrator_stays(ann: Caller) -> None:
    answer = await ann.ask("POST", "/profile/delete", json={"currentPassword": "correct horse 7"}, status=409)
    assert answer["code"] == "user.last_admin"
    await ann.ask("GET", "/profile")


async def test_an_administrator_lets_somebody_try_again(client: AsyncTestClient[Any], ann: Caller, bob: Caller) -> None:
    wrong, right = ({"email": "bob@example.com", "password": password} for password in ("wrong!!", "correct horse 7"))
    for _ in range(5):
        await client.post("/v1/api/auth/login", json=wrong)
    assert (await client.post("/v1/api/auth/login", json=right)).status_code == 429
    await ann.ask("POST", f"/admin/users/{bob.user['id']}/unlock")
    assert (await client.post("/v1/api/auth/login", json=right)).status_code == 200
    found = (await ann.ask("GET", "/admin/audit?action=auth.sign_in"))["entries"]
    assert [entry["result"] for entry in found] == ["ok", *["denied"] * 6]
