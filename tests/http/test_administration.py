"""Administrators look at accounts, change what they may, and delete them; nobody else does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from litestar.testing import AsyncTestClient

from flowcore.ports.storage import RUNS
from tests.doubles import PATIENCE
from tests.doubles_cluster import PlayedCluster
from tests.http.conftest import Caller, configmap, open_played, register, with_settings
from tests.http.serving import serve

pytestmark = pytest.mark.anyio

PERSON = {"password": "correct horse 7", "name": "Bob"}


@pytest.fixture
async def cem(client: AsyncTestClient[Any], bob: Caller) -> Caller:
    return await register(client, "cem@example.com")


def at(user: Caller, path: str = "") -> str:
    return f"/admin/users/{user.user['id']}{path}"


async def test_accounts_are_listed_and_searched_without_what_they_own(ann: Caller, bob: Caller, cem: Caller) -> None:
    listed = await ann.ask("GET", "/admin/users")
    assert [user["email"].partition("@")[0] for user in listed["users"]] == ["ann", "bob", "cem"]
    assert listed["total"] == 3
    assert set(listed["users"][0]) == {
        "id",
        "email",
        "name",
        "role",
        "avatarUrl",
        "createdAt",
        "authProvider",
        "disabledAt",
        "hasPassword",
    }
    page = await ann.ask("GET", "/admin/users?limit=1&offset=1")
    assert ([user["name"] for user in page["users"]], page["total"]) == (["bob"], 3)
    assert (await ann.ask("GET", "/admin/users?search=BO&role=user"))["total"] == 1
    assert (await ann.ask("GET", "/admin/users?disabled=true"))["total"] == 0
    assert (await ann.ask("GET", "/admin/users?role=king", status=400))["problems"][0]["path"] == "role"
    assert (await ann.ask("GET", at(bob)))["user"]["email"] == "bob@example.com"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("PUT", "/role"),
        ("POST", "/disable"),
        ("POST", "/enable"),
        ("POST", "/sign-out"),
        ("POST", "/unlock"),
        ("DELETE", ""),
    ],
)
async def test_others_may_not_and_cannot_tell_who_is_there(ann: Caller, bob: Caller, method: str, path: str) -> None:
    sent: dict[str, Any] = {"json": {"role": "admin"}} if path == "/role" else {}
    for target in (ann.user["id"], "f" * 24):
        refused = await bob.ask(method, f"/admin/users/{target}{path}", status=403, **sent)
        assert (refused["error"], refused["code"]) == ("Admin access required", "account.not_admin")
    assert (await ann.ask(method, f"/admin/users/{'f' * 24}{path}", status=404, **sent))["code"] == "user.not_found"


async def test_others_are_refused_before_what_they_ask_is_looked_at(ann: Caller, bob: Caller) -> None:
    for body in ({}, {"role": 5}):
        await bob.ask("PUT", at(ann, "/role"), json=body, status=403)
        await ann.ask("PUT", at(ann, "/role"), json=body, status=400)
    await bob.ask("GET", "/admin/users/x", status=403)


async def test_an_administrators_api_token_needs_the_scope_for_it(ann: Caller, bob: Caller) -> None:
    for scopes, status in ((["read", "write", "deploy", "account"], 403), (["admin"], 200)):
        body = {"name": "ops", "scopes": scopes}
        token = (await ann.ask("POST", "/profile/tokens", json=body, status=201))["token"]
        await Caller(ann.client, token, ann.user).ask("GET", "/admin/users", status=status)
    body = {"name": "ops", "scopes": ["admin"]}
    token = (await bob.ask("POST", "/profile/tokens", json=body, status=201))["token"]
    await Caller(bob.client, token, bob.user).ask("GET", "/admin/users", status=403)


async def test_a_role_counts_from_the_next_request_on(ann: Caller, bob: Caller) -> None:
    await bob.ask("GET", "/admin/users", status=403)
    changed = await ann.ask("PUT", at(bob, "/role"), json={"role": "admin"})
    assert changed["user"]["role"] == "admin"
    await bob.ask("GET", "/admin/users")
    await ann.ask("PUT", at(bob, "/role"), json={"role": "user"})
    await bob.ask("GET", "/admin/users", status=403)


async def test_the_last_administrator_stays(ann: Caller, bob: Caller) -> None:
    refused = await ann.ask("PUT", at(ann, "/role"), json={"role": "user"}, status=409)
    assert refused["code"] == "user.last_admin"
    assert (await ann.ask("POST", at(ann, "/disable"), status=409))["code"] == "user.yourself"
    assert (await ann.ask("DELETE", at(ann), status=409))["code"] == "user.yourself"


async def test_of_two_administrators_who_demote_each_other_one_stays(ann: Caller, bob: Caller) -> None:
    await ann.ask("PUT", at(bob, "/role"), json={"role": "admin"})

    async def demote(admin: Caller, other: Caller) -> int:
        headers = {"Authorization": f"Bearer {admin.token}"}
        url = f"/v1/api{at(other, '/role')}"
        return (await admin.client.put(url, json={"role": "user"}, headers=headers)).status_code

    assert sorted(await asyncio.gather(demote(ann, bob), demote(bob, ann))) == [200, 403]


async def test_a_disabled_account_is_out_at_once_until_it_is_enabled(ann: Caller, bob: Caller) -> None:
    body = {"name": "ci", "scopes": ["read"]}
    token = (await bob.ask("POST", "/profile/tokens", json=body, status=201))["token"]
    assert (await ann.ask("POST", at(bob, "/disable")))["user"]["disabledAt"] is not None

    await bob.ask("GET", "/workflows", status=401)
    await Caller(bob.client, token, bob.user).ask("GET", "/workflows", status=401)
    assert (await ann.ask("GET", "/admin/users?disabled=true"))["total"] == 1

    assert (await ann.ask("POST", at(bob, "/enable")))["user"]["disabledAt"] is None
    await bob.ask("GET", "/workflows", status=401)  # the session has ended
    await Caller(bob.client, token, bob.user).ask("GET", "/workflows")


async def test_a_disabled_accounts_streams_end_and_its_runs_go_on(cluster: PlayedCluster) -> None:
    cluster.held = {"settings"}
    settings = with_settings(heartbeat=0.05)
    async with serve(open_played(cluster, settings), settings) as service:
        bob = await service.client.post("/auth/register", json={**PERSON, "email": "bob@example.com"})
        as_bob = {"Authorization": f"Bearer {bob.json()['token']}"}
        body = {"name": "shop", "cluster_id": "sandbox", "nodes": [configmap("settings")]}
        made = (await service.client.post("/workflows", json=body, headers=as_bob)).json()["id"]
        await service.client.put(f"/workflows/{made}/status", json={"status": "published"}, headers=as_bob)
        run_id = (await service.client.post(f"/workflows/{made}/run", headers=as_bob)).json()["run_id"]
        path = f"/workflows/{made}/status/stream"
        async with service.client.stream("GET", path, headers=as_bob) as answer, asyncio.timeout(PATIENCE):
            assert answer.status_code == 200
            await service.client.post(f"/admin/users/{bob.json()['user']['id']}/disable")
            async for _ in answer.aiter_bytes():
                pass  # to its end
        cluster.release()
        await service.app.runs.executor.finished(run_id)
        run = await service.app.store.repository(RUNS).get(run_id)
    assert run.status == "completed"


async def test_somebody_is_signed_out_everywhere(ann: Caller, bob: Caller) -> None:
    await ann.ask("POST", at(bob, "/sign-out"))
    await bob.ask("GET", "/workflows", status=401)


async def test_an_administrator_runs_the_service_and_sees_no_workflows(ann: Caller, bob: Caller) -> None:
    workflow = await bob.workflow(configmap("settings"))
    await ann.ask("GET", f"/workflows/{workflow['id']}", status=404)


async def test_an_account_is_deleted_and_what_it_owned_goes_to_somebody(ann: Caller, bob: Caller, cem: Caller) -> None:
    workflow = await bob.workflow(configmap("settings"))

    refused = await ann.ask("DELETE", at(bob), status=400)
    assert refused["code"] == "user.obstacles"
    assert [problem["rule"] for problem in refused["problems"]] == ["user-workflows"]
    assert (await ann.ask("DELETE", at(bob) + "?transferTo=" + "e" * 24, status=400))["code"] == "user.no_heir"
    await bob.ask("GET", f"/workflows/{workflow['id']}")

    gone = await ann.ask("DELETE", f"{at(bob)}?transferTo={cem.user['id']}")
    assert gone == {"message": "bob@example.com was deleted", "transferredTo": cem.user["id"]}
    await bob.ask("GET", "/workflows", status=401)
    assert [each["id"] for each in (await cem.ask("GET", "/workflows"))["workflows"]] == [workflow["id"]]
    await cem.ask("POST", f"/workflows/{workflow['id']}/run")
    await ann.ask("DELETE", f"{at(bob)}?transferTo={cem.user['id']}", status=404)


async def test_a_deleted_address_can_be_registered_again_and_opens_nothing(ann: Caller, bob: Caller) -> None:
    await ann.ask("DELETE", at(bob))
    again = await register(ann.client, "bob@example.com")
    assert again.user["id"] != bob.user["id"]
    assert (await again.ask("GET", "/workflows"))["workflows"] == []
