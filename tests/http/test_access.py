"""Every route of the service: who gets in, and what others see of somebody's things."""

from __future__ import annotations

import re
from typing import Any

import pytest
from litestar import HttpMethod
from litestar.routes import HTTPRoute
from litestar.testing import AsyncTestClient

from tests.http.conftest import Caller, configmap

pytestmark = pytest.mark.anyio

PUBLIC = {
    ("POST", "/v1/api/auth/register"),
    ("POST", "/v1/api/auth/login"),
    ("POST", "/v1/api/auth/refresh"),
    ("GET", "/v1/api/auth/methods"),
    ("GET", "/v1/api/auth/oauth/{provider:str}/authorize"),
    ("GET", "/v1/api/auth/oauth/{provider:str}/callback"),
    ("POST", "/v1/api/auth/oauth/exchange"),
    ("GET", "/health"),
    ("GET", "/metrics"),
    ("GET", "/v1"),
}


def routes(client: AsyncTestClient[Any]) -> list[tuple[str, str]]:
    found = []
    for route in client.app.routes:
        if isinstance(route, HTTPRoute) and not route.path.startswith("/v1/api-docs"):
            found += [(str(method), route.path) for method in route.methods if method in list(HttpMethod)]
    return [(method, path) for method, path in found if method not in ("OPTIONS", "HEAD")]


def filled(path: str, **values: str) -> str:
    return re.sub(r"\{(\w+):\w+\}", lambda match: values.get(match[1], "1"), path)


async def test_every_route_but_the_public_ones_asks_for_a_token(client: AsyncTestClient[Any]) -> None:
    assert len(routes(client)) > 35
    for method, path in routes(client):
        answer = await client.request(method, filled(path, workflow_id="a" * 24, run_id="b" * 24))
        if (method, path) in PUBLIC:
            assert answer.status_code != 401 or path.endswith("/refresh"), path
        else:
            assert answer.status_code == 401, (method, path, answer.text)
            assert answer.json()["code"] == "token.missing"
            assert answer.headers["www-authenticate"] == "Bearer"


async def test_nothing_of_somebody_else_is_there(client: AsyncTestClient[Any], ann: Caller, bob: Caller) -> None:
    workflow = await ann.workflow(configmap("a"))
    run = await ann.ask("POST", f"/workflows/{workflow['id']}/run")
    bodies: dict[str, Any] = {
        "/save": {"nodes": []},
        "/status": {"status": "draft"},
        "/clone": {"name": "mine"},
        "/versions": {"name": "mine"},
        "/versions/{version:str}": {"name": "mine"},
        "": {"name": "mine"},
    }
    tried = 0
    for method, path in routes(client):
        if not path.startswith("/v1/api/workflows/{workflow_id:str}"):
            continue
        url = filled(path, workflow_id=workflow["id"], run_id=run["run_id"]).removeprefix("/v1/api")
        rest = path.removeprefix("/v1/api/workflows/{workflow_id:str}")
        sent = {"json": bodies[rest]} if method in ("POST", "PUT") and rest in bodies else {}
        query = "?v1=1&v2=1" if rest.endswith("compare") else ""
        answer = await bob.ask(method, url + query, status=404, **sent)
        assert answer["error"] == "Workflow not found", (method, path)
        tried += 1
    assert tried >= 16
    apply = {"workflowId": workflow["id"], "nodes": []}
    await bob.ask("POST", "/import/apply", json=apply, status=404)
    assert (await bob.ask("GET", "/workflows"))["workflows"] == []


async def test_a_token_in_the_query_is_taken_on_streams_only(client: AsyncTestClient[Any], ann: Caller) -> None:
    answer = await client.get(f"/v1/api/profile?token={ann.token}")
    assert answer.status_code == 401
    stream = f"/v1/api/workflows/{'a' * 24}/status/stream"
    assert (await client.get(f"{stream}?token={ann.token}")).status_code == 404
    assert (await client.get(f"{stream}?token=nonsense")).status_code == 401


async def test_a_forged_token_is_refused(client: AsyncTestClient[Any], ann: Caller) -> None:
    for token in ("nonsense", ann.token[:-4] + "AAAA", ""):
        answer = await client.get("/v1/api/profile", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401


async def test_errors_have_one_shape_whatever_refuses(client: AsyncTestClient[Any], ann: Caller) -> None:
    unknown = await client.get("/v1/api/nowhere", headers={"Authorization": f"Bearer {ann.token}"})
    assert (unknown.status_code, set(unknown.json())) == (404, {"error", "code", "problems"})
    bad_id = await ann.ask("GET", "/workflows/nonsense", status=400)
    assert bad_id["error"] == "Invalid workflow ID"
    wrong_method = await client.patch("/v1/api/workflows", headers={"Authorization": f"Bearer {ann.token}"})
    assert wrong_method.status_code == 405
    assert "error" in wrong_method.json()


async def test_a_body_that_is_too_large_is_refused(client: AsyncTestClient[Any], ann: Caller) -> None:
    body = {"name": "x" * 9_000_000}
    answer = await ann.ask("POST", "/workflows", json=body, status=413)
    assert "error" in answer


async def test_the_api_describes_itself_and_its_state(client: AsyncTestClient[Any], ann: Caller) -> None:
    described = (await client.get("/v1/api-docs/json")).json()
    assert described["openapi"].startswith("3.")
    assert "/v1/api/workflows/{workflow_id}/run" in described["paths"]
    assert "openapi:" in (await client.get("/v1/api-docs")).text
    assert (await client.get("/health")).json() == {"status": "ok", "store": "ok"}
    numbers = (await client.get("/metrics")).text
    assert 'http_requests_total{method="POST",path="/v1/api/auth/register",status="201"} 1.0' in numbers


async def test_every_answer_has_a_request_id(client: AsyncTestClient[Any]) -> None:
    assert (await client.get("/health", headers={"X-Request-ID": "abc-1"})).headers["x-request-id"] == "abc-1"
    made_up = (await client.get("/health", headers={"X-Request-ID": "no good\t"})).headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{16}", made_up)
