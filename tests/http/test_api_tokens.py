"""API tokens: what they may be used for, when they end, and that nothing shows them twice."""

from __future__ import annotations

import json
from typing import Any

import pytest
from litestar.routes import HTTPRoute
from litestar.testing import AsyncTestClient

from entrypoints.http.access import scope_of
from flowcore.model import to_document
from flowcore.ports.storage import API_TOKENS
from tests.http.conftest import Caller

pytestmark = pytest.mark.anyio


async def made(ann: Caller, *scopes: str, days: int = 1) -> dict[str, Any]:
    body = {"name": "ci", "scopes": list(scopes), "days": days}
    answer: dict[str, Any] = await ann.ask("POST", "/profile/tokens", json=body, status=201)
    return answer


def with_token(ann: Caller, token: str) -> Caller:
    return Caller(ann.client, token, ann.user)


async def test_a_token_acts_for_its_user_within_its_scopes(ann: Caller, bob: Caller) -> None:
    mine = await ann.workflow()
    reader = with_token(ann, (await made(ann, "read"))["token"])
    assert (await reader.ask("GET", f"/workflows/{mine['id']}"))["name"] == mine["name"]
    refused = await reader.ask("PUT", f"/workflows/{mine['id']}", json={"name": "x"}, status=403)
    assert refused["code"] == "token.scope"
    assert "needs the scope write" in refused["error"]
    writer = with_token(ann, (await made(ann, "write"))["token"])
    await writer.ask("PUT", f"/workflows/{mine['id']}", json={"name": "x"})
    await writer.ask("GET", "/profile", status=403)
    stranger = with_token(bob, (await made(bob, "write"))["token"])
    await stranger.ask("GET", f"/workflows/{mine['id']}", status=404)


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/workflows/{workflow_id:str}/run", "deploy"),
        ("POST", "/workflows/{workflow_id:str}/runs/{run_id:str}/cancel", "deploy"),
        ("PUT", "/workflows/{workflow_id:str}/status", "deploy"),
        ("POST", "/workflows/{workflow_id:str}/plan", "read"),
        ("POST", "/workflows/{workflow_id:str}/validate", "read"),
        ("POST", "/import/preview", "read"),
        ("POST", "/import/apply", "write"),
        ("GET", "/workflows", "read"),
        ("DELETE", "/workflows/{workflow_id:str}", "write"),
        ("PUT", "/clusters/{name:str}/credentials", "write"),
        ("GET", "/profile", "account"),
        ("PUT", "/profile/password", "account"),
        ("GET", "/git/credentials", "account"),
        ("PUT", "/git/credentials/{host:str}", "account"),
        ("POST", "/profile/identities/{provider:str}/link", "account"),
        ("POST", "/profile/tokens", "account"),
        ("POST", "/auth/logout-all", "account"),
    ],
)
async def test_what_matters_needs_the_scope_of_the_documents(
    client: AsyncTestClient[Any], method: str, path: str, scope: str
) -> None:
    [handler] = [
        handler
        for route in client.app.routes
        if isinstance(route, HTTPRoute) and route.path_format == f"/v1/api{path}".replace(":str}", "}")
        for handler in route.route_handlers
        if method in handler.http_methods
    ]
    assert scope_of(handler, method) == scope


async def test_a_token_is_shown_once_and_kept_as_a_digest(ann: Caller, client: AsyncTestClient[Any]) -> None:
    answer = await made(ann, "read", "deploy")
    token = answer["token"]
    assert token.startswith("fct_")
    assert len(token) > 40
    listed = await ann.ask("GET", "/profile/tokens")
    assert [each["scopes"] for each in listed["tokens"]] == [["read", "deploy"]]
    assert token not in json.dumps(listed)
    store = client.app.state.flowcore.store
    kept = await store.repository(API_TOKENS).find({})
    assert token not in repr([to_document(each) for each in kept])
    assert token[4:] not in repr(kept)


async def test_a_revoked_token_is_useless_at_once(ann: Caller, bob: Caller) -> None:
    answer = await made(ann, "read")
    reader = with_token(ann, answer["token"])
    await reader.ask("GET", "/workflows")
    token_id = answer["apiToken"]["id"]
    await bob.ask("DELETE", f"/profile/tokens/{token_id}", status=404)
    headers = {"Authorization": f"Bearer {ann.token}"}
    assert (await ann.client.delete(f"/v1/api/profile/tokens/{token_id}", headers=headers)).status_code == 204
    await reader.ask("GET", "/workflows", status=401)


async def test_a_token_makes_no_tokens(ann: Caller) -> None:
    helper = with_token(ann, (await made(ann, "account"))["token"])
    await helper.ask("GET", "/profile")
    body = {"name": "more", "scopes": ["write"]}
    assert (await helper.ask("POST", "/profile/tokens", json=body, status=403))["code"] == "token.no_session"


async def test_signing_out_everywhere_ends_sessions_and_tokens(ann: Caller) -> None:
    reader = with_token(ann, (await made(ann, "read"))["token"])
    headers = {"Authorization": f"Bearer {ann.token}"}
    await reader.ask("GET", "/workflows")
    assert (await ann.client.post("/v1/api/auth/logout-all", headers=headers)).status_code == 204
    await reader.ask("GET", "/workflows", status=401)
    await ann.ask("GET", "/workflows", status=401)


async def test_a_new_password_ends_tokens(ann: Caller) -> None:
    reader = with_token(ann, (await made(ann, "read"))["token"])
    body = {"currentPassword": "correct horse 7", "newPassword": "another secret"}
    await ann.ask("PUT", "/profile/password", json=body)
    await reader.ask("GET", "/workflows", status=401)


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({"name": "", "scopes": [], "days": 0}, ["name", "scopes", "days"]),
        ({"name": "a\nb", "scopes": ["fly"], "days": 5000}, ["name", "scopes", "days"]),
    ],
)
async def test_every_problem_of_a_token_is_told(ann: Caller, body: dict[str, Any], paths: list[str]) -> None:
    answer = await ann.ask("POST", "/profile/tokens", json=body, status=400)
    assert [problem["path"] for problem in answer["problems"]] == paths


@pytest.mark.parametrize("token", ["fct_", "fct_wrong", "fct_" + "x" * 5000])
async def test_what_is_no_token_is_refused(ann: Caller, token: str) -> None:
    await with_token(ann, token).ask("GET", "/workflows", status=401)


@pytest.mark.parametrize("scope", ["read", "deploy", "write"])
async def test_a_token_can_give_itself_up_and_nothing_else(ann: Caller, scope: str) -> None:
    body = {"name": "own", "scopes": [scope]}
    made = await ann.ask("POST", "/profile/tokens", json=body, status=201)
    other = await ann.ask("POST", "/profile/tokens", json=body, status=201)
    program = Caller(ann.client, made["token"], ann.user)
    assert (await program.ask("GET", "/auth/session"))["apiToken"]["id"] == made["apiToken"]["id"]
    await program.ask("DELETE", f"/profile/tokens/{other['apiToken']['id']}", status=403)
    headers = {"Authorization": f"Bearer {made['token']}"}
    assert (await ann.client.delete("/v1/api/profile/tokens/current", headers=headers)).status_code == 204
    await program.ask("GET", "/auth/session", status=401)
    assert [each["id"] for each in (await ann.ask("GET", "/profile/tokens"))["tokens"]] == [other["apiToken"]["id"]]
    await ann.ask("DELETE", "/profile/tokens/current", status=404)
