"""What holds for every request: tokens, errors, limits, ids. Who may do what is in ``test_who_may_what``."""

from __future__ import annotations

import re
from typing import Any

import pytest
import structlog
from litestar.testing import AsyncTestClient

from tests.http.conftest import Caller

pytestmark = pytest.mark.anyio


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


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere\nat all", 404), ("BREW", "/v1", 405)])
async def test_what_no_route_answers_is_observed_too(
    client: AsyncTestClient[Any], method: str, path: str, status: int
) -> None:
    with structlog.testing.capture_logs() as logged:
        answer = await client.request(method, path.replace("\n", "%0A"), headers={"X-Request-ID": "abc-1"})
    assert answer.status_code == status
    assert answer.headers.get_list("x-request-id") == ["abc-1"]
    (told,) = [entry for entry in logged if entry["event"] == "request"]
    assert (told["path"], told["status"], told["request_id"]) == (path.replace("\n", "\\n"), status, "abc-1")
    # Words that somebody makes up make no further series.
    numbers = (await client.get("/metrics")).text
    word = "GET" if method == "GET" else "other"
    assert f'http_requests_total{{method="{word}",path="unknown",status="{status}"}} 1.0' in numbers
    assert "BREW" not in numbers
