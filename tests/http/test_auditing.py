"""Every change and every refusal is in the audit log: who, what, when, from where, and how it went."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import evolve
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.testing import AsyncTestClient

from entrypoints.bootstrap import App
from entrypoints.http import create_app
from entrypoints.http.auditing import Audit, audited
from flowcore.errors import UnavailableError
from flowcore.usecases.auditing.recording import AuditRecorder
from tests.doubles import SequentialIds
from tests.doubles_audit import PlayedAuditLog, an_entry
from tests.doubles_cluster import PlayedCluster
from tests.http.conftest import SETTINGS, Caller, configmap, open_played, register
from tests.http.serving import serve

PASSWORD = "correct horse 7"

pytestmark = pytest.mark.anyio


async def entries(admin: Caller, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await admin.ask("GET", f"/admin/audit?limit=500&{query}"))["entries"]
    return found


async def newest(admin: Caller, action: str) -> dict[str, Any]:
    return (await entries(admin, f"action={action}"))[0]


def use_cases(client: AsyncTestClient[Any]) -> App:
    app: App = client.app.state.flowcore
    return app


def routes(app: Litestar) -> list[tuple[str, str, HTTPRouteHandler]]:
    return [
        (method, route.path, handler)
        for route in app.routes
        for handler in getattr(route, "route_handlers", ())
        if isinstance(handler, HTTPRouteHandler)
        for method in handler.http_methods
    ]


# ---------------------------------------------------------------- what is recorded


def test_every_changing_route_says_what_is_recorded_of_it(cluster: PlayedCluster) -> None:
    silent = [
        f"{method} {path}"
        for method, path, handler in routes(create_app(open_played(cluster), SETTINGS))
        if method not in ("GET", "HEAD", "OPTIONS") and "audit" not in handler.opt
    ]
    assert silent == []


def test_the_words_are_dotted_and_only_reading_routes_and_trials_have_none(cluster: PlayedCluster) -> None:
    words = {
        (method, path): handler.opt["audit"]
        for method, path, handler in routes(create_app(open_played(cluster), SETTINGS))
        if "audit" in handler.opt
    }
    assert all(not word or ("." in word and word == word.lower()) for word in words.values())
    quiet = {path.removeprefix("/v1/api") for (_, path), word in words.items() if not word}
    assert quiet <= {"/workflows/{workflow_id:str}/validate", "/workflows/{workflow_id:str}/plan", "/import/preview"}


async def test_a_change_is_recorded_with_who_what_where_and_how(ann: Caller, bob: Caller) -> None:
    headers = {"User-Agent": "Browser/1", "X-Request-ID": "req-1"}
    made = await bob.ask("POST", "/workflows", json={"name": "shop"}, headers=headers, status=201)

    entry = await newest(ann, "workflow.create")

    assert entry["actor"] == {"kind": "session", "id": bob.user["id"], "email": "bob@example.com"}
    assert entry["target"] == {"type": "workflow", "id": made["id"], "name": "shop"}
    assert (entry["result"], entry["errorCode"]) == ("ok", "")
    assert (entry["agent"], entry["requestId"]) == ("Browser/1", "req-1")
    assert entry["address"]


async def test_reading_is_not_recorded(ann: Caller, bob: Caller) -> None:
    before = len(await entries(ann))
    await bob.ask("GET", "/workflows")
    await bob.ask("GET", f"/workflows/{'f' * 24}", status=404)
    assert len(await entries(ann)) == before


async def test_a_run_is_recorded_when_it_begins_and_when_it_ends(cluster: PlayedCluster) -> None:
    async with serve(open_played(cluster), SETTINGS) as service:
        workflow_id = await service.workflow(configmap("settings", key="value"))
        run_id = await service.run(workflow_id)
        await service.app.runs.executor.finished(run_id)
        await service.app.audit.recorder.written()
        url = "/admin/audit?action="
        begun, *_ = (await service.client.get(f"{url}workflow.run")).json()["entries"]
        (ended,) = (await service.client.get(f"{url}run.")).json()["entries"]

    assert begun["target"] == {"type": "workflow", "id": workflow_id, "name": ""}
    assert begun["details"] == {"run": run_id, "version": "1"}
    assert (ended["action"], ended["actor"]["kind"], ended["target"]["id"]) == ("run.end", "system", run_id)
    assert ended["details"] == {"workflow": workflow_id, "version": "1", "status": "completed"}


async def test_an_api_token_is_told_from_a_session(ann: Caller, bob: Caller) -> None:
    body = {"name": "ci", "scopes": ["write"]}
    token = (await bob.ask("POST", "/profile/tokens", json=body, status=201))["token"]
    await Caller(bob.client, token, bob.user).ask("POST", "/workflows", json={"name": "shop"}, status=201)

    assert (await newest(ann, "workflow.create"))["actor"]["kind"] == "api-token"
    made = await newest(ann, "api_token.create")
    assert (made["target"]["name"], made["details"]) == ("ci", {"scopes": "write"})
    assert token not in json.dumps(await entries(ann))


async def test_what_fails_is_recorded_with_its_code(ann: Caller, bob: Caller) -> None:
    workflow = await bob.workflow(publish=False)
    await bob.ask("POST", f"/workflows/{workflow['id']}/run", status=400)
    await ann.ask("DELETE", f"/workflows/{workflow['id']}", status=404)
    await ann.ask("POST", "/workflows", json={"name": 5}, status=400)

    failed = await newest(ann, "workflow.run")
    assert (failed["result"], failed["errorCode"]) == ("failed", "workflow.not_published")
    strange = await newest(ann, "workflow.delete")
    assert (strange["result"], strange["errorCode"]) == ("failed", "workflow.not_found")
    assert strange["target"] == {"type": "workflow", "id": workflow["id"], "name": ""}
    assert (await newest(ann, "workflow.create"))["errorCode"] == "http.400"


async def test_who_is_refused_is_known_where_they_showed_who_they_are(ann: Caller, bob: Caller) -> None:
    body = {"name": "ci", "scopes": ["read"]}
    token = (await bob.ask("POST", "/profile/tokens", json=body, status=201))["token"]
    await Caller(bob.client, token, bob.user).ask("POST", "/workflows", json={"name": "shop"}, status=403)
    await bob.ask("GET", "/admin/users", status=403)

    refused = await newest(ann, "workflow.create")
    assert (refused["result"], refused["errorCode"]) == ("denied", "token.scope")
    assert refused["actor"] == {"kind": "api-token", "id": bob.user["id"], "email": "bob@example.com"}
    looked = await newest(ann, "request")
    assert (looked["result"], looked["errorCode"], looked["actor"]["id"]) == (
        "denied",
        "account.not_admin",
        bob.user["id"],
    )
    assert looked["details"] == {"method": "GET", "route": "/v1/api/admin/users"}


async def test_a_cookie_without_its_proof_is_recorded_as_its_users(ann: Caller, client: AsyncTestClient[Any]) -> None:
    body = {"email": "ann@example.com", "password": "correct horse 7", "cookie": True}
    await client.post("/v1/api/auth/login", json=body)
    await client.put("/v1/api/profile", json={"name": "Eve"})
    refused = await newest(ann, "profile.change")
    assert (refused["result"], refused["errorCode"]) == ("denied", "csrf.token")
    assert refused["actor"]["id"] == ann.user["id"]


async def test_signing_in_is_recorded_with_whose_account_it_was_about(
    ann: Caller, bob: Caller, client: AsyncTestClient[Any]
) -> None:
    body = {"email": "BOB@example.com", "password": "correct horse 7"}
    await client.post("/v1/api/auth/login", json=body)
    good = await newest(ann, "auth.sign_in")
    assert (good["result"], good["actor"]["id"], good["target"]["id"]) == ("ok", bob.user["id"], bob.user["id"])

    await client.post("/v1/api/auth/login", json={**body, "password": "hunter22"})
    bad = await newest(ann, "auth.sign_in")
    assert (bad["result"], bad["errorCode"]) == ("denied", "account.wrong_password")
    assert (bad["actor"]["kind"], bad["target"]["name"]) == ("anonymous", "bob@example.com")


async def test_what_is_typed_into_the_wrong_field_is_not_recorded(ann: Caller, client: AsyncTestClient[Any]) -> None:
    await client.post("/v1/api/auth/login", json={"email": "hunter22", "password": ""})
    bad = await newest(ann, "auth.sign_in")
    assert (bad["target"], bad["details"]) == ({"type": "", "id": "", "name": ""}, {"account": "unknown"})
    assert "hunter22" not in json.dumps(await entries(ann))


async def test_strangers_do_not_fill_the_log(ann: Caller, client: AsyncTestClient[Any]) -> None:
    before = len(await entries(ann))
    for _ in range(50):
        assert (await client.get("/v1/api/workflows")).status_code == 401
    assert len(await entries(ann)) - before == use_cases(client).audit.dampener.limit
    text = (await client.get("/metrics")).text
    assert "audit_entries_left_out_total 20.0" in text


async def test_users_do_not_fill_the_log_with_what_they_may_not(ann: Caller, bob: Caller) -> None:
    for _ in range(40):
        await bob.ask("GET", "/admin/audit", status=403)
    assert len(await entries(ann, f"actor={bob.user['id']}&result=denied")) == 30
    await bob.ask("POST", "/workflows", json={"name": "shop"}, status=201)
    assert (await newest(ann, "workflow.create"))["actor"]["id"] == bob.user["id"]


async def test_administration_is_recorded_with_whom_it_was_about(ann: Caller, bob: Caller) -> None:
    await ann.ask("PUT", f"/admin/users/{bob.user['id']}/role", json={"role": "admin"})
    entry = await newest(ann, "user.role.change")
    assert entry["target"] == {"type": "user", "id": bob.user["id"], "name": "bob@example.com"}
    assert entry["details"] == {"role": "admin"}


# ---------------------------------------------------------------- trouble


async def test_what_cannot_be_stored_is_logged_and_counted_and_the_answer_goes_out(
    ann: Caller, client: AsyncTestClient[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    log = PlayedAuditLog()
    log.refusals = [ValueError("a mistake")]
    use_cases(client).audit.recorder.log = log
    await ann.ask("POST", "/workflows", json={"name": "shop"}, status=201)

    assert "audit_entries_lost_total 1.0" in (await client.get("/metrics")).text
    told = capsys.readouterr().out
    assert "audit entry lost" in told
    assert ann.user["id"] in told


async def test_the_entry_is_there_before_the_answer(ann: Caller, client: AsyncTestClient[Any]) -> None:
    log = PlayedAuditLog()
    use_cases(client).audit.recorder.log = log
    await ann.ask("POST", "/workflows", json={"name": "shop"}, status=201)
    assert [entry.action for entry in await log.all()] == ["workflow.create"]


async def test_a_store_that_is_away_delays_the_entry_and_not_the_answer(cluster: PlayedCluster) -> None:
    log = PlayedAuditLog()
    async with AsyncTestClient(create_app(open_played(cluster), SETTINGS)) as client:
        ann = await register(client, "ann@example.com")
        recorder = use_cases(client).audit.recorder
        log.refusals = [UnavailableError("away")]
        recorder.log, recorder.patience = log, 0.01
        await ann.ask("POST", "/workflows", json={"name": "shop"}, status=201)
        assert await log.all() == []

    assert [entry.action for entry in await log.all()] == ["workflow.create"]  # written when the service stopped


async def test_a_mistake_in_the_hook_does_not_turn_the_answer(
    ann: Caller, client: AsyncTestClient[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("entrypoints.http.auditing.device_of", lambda _: 1 / 0)
    await ann.ask("POST", "/workflows", json={"name": "shop"}, status=201)
    assert "audit_entries_lost_total 1.0" in (await client.get("/metrics")).text


async def test_a_request_whose_client_goes_away_is_recorded(ann: Caller, client: AsyncTestClient[Any]) -> None:
    app, log = use_cases(client), PlayedAuditLog()
    recorder = AuditRecorder(log=log, clock=app.clock, ids=SequentialIds())
    state = SimpleNamespace(flowcore=evolve(app, audit=evolve(app.audit, recorder=recorder)))
    scope: Any = {
        "type": "http",
        "method": "POST",
        "headers": [],
        "client": ("192.0.2.7", 5),
        "path_params": {"workflow_id": "f" * 24},
        "litestar_app": SimpleNamespace(state=state),
        "route_handler": SimpleNamespace(opt=audited("workflow.run")),
    }

    async def gone(*_: Any) -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await Audit(lambda: None, lambda *_: None).handle(scope, gone, gone, gone)
    await recorder.written()

    (entry,) = await log.all()
    assert (entry.action, entry.result, entry.error_code) == ("workflow.run", "failed", "request.broken_off")
    assert (entry.target_id, entry.address) == ("f" * 24, "192.0.2.7")


# ---------------------------------------------------------------- reading


async def test_only_administrators_read_the_log(ann: Caller, bob: Caller) -> None:
    for path in ("/admin/audit", "/admin/audit/export"):
        assert (await bob.ask("GET", path, status=403))["code"] == "account.not_admin"


async def test_the_log_is_filtered(ann: Caller, bob: Caller) -> None:
    made = await bob.ask("POST", "/workflows", json={"name": "shop"}, status=201)
    await bob.ask("DELETE", f"/workflows/{'f' * 24}", status=404)

    async def actions(query: str) -> list[str]:
        return [entry["action"] for entry in await entries(ann, query)]

    assert await actions("actor=BOB@example.com") == ["workflow.delete", "workflow.create", "auth.register"]
    assert await actions(f"actor={bob.user['id']}&action=auth.") == ["auth.register"]
    assert await actions(f"target={made['id']}") == ["workflow.create"]
    assert await actions("target=shop&targetType=workflow") == ["workflow.create"]
    assert await actions("result=failed") == ["workflow.delete"]
    assert await actions("since=2999-01-01") == []
    assert await actions("until=2026-01-01T00:00:00Z") == []


async def test_filters_that_will_not_do_are_all_named(ann: Caller) -> None:
    refused = await ann.ask("GET", "/admin/audit?since=yesterday&until=9999-99-99&result=maybe", status=400)
    assert [problem["path"] for problem in refused["problems"]] == ["since", "until", "result"]
    await ann.ask("GET", "/admin/audit?cursor=x", status=400)
    await ann.ask("GET", "/admin/audit/export?format=xml", status=400)


async def test_the_log_comes_in_pages(ann: Caller) -> None:
    for number in range(5):
        await ann.ask("POST", "/workflows", json={"name": f"w{number}"}, status=201)
    names, cursor = [], ""
    while True:
        page = await ann.ask("GET", f"/admin/audit?action=workflow.&limit=2&cursor={cursor}")
        names += [entry["target"]["name"] for entry in page["entries"]]
        if page["cursor"] is None:
            break
        cursor = page["cursor"]
    assert names == ["w4", "w3", "w2", "w1", "w0"]


async def test_everybody_sees_what_concerns_their_own_account(ann: Caller, bob: Caller) -> None:
    await ann.ask("POST", "/workflows", json={"name": "secret plan"}, status=201)
    await ann.ask("PUT", f"/admin/users/{bob.user['id']}/role", json={"role": "admin"})
    await bob.ask("POST", "/workflows", json={"name": "shop"}, status=201)

    own = await bob.ask("GET", "/profile/audit")

    assert [entry["action"] for entry in own["entries"]] == ["workflow.create", "user.role.change", "auth.register"]
    by_admin = own["entries"][1]
    assert (by_admin["actor"], by_admin["address"]) == ({"kind": "session", "id": "", "email": ""}, "")
    assert own["cursor"] is None
    page = await bob.ask("GET", "/profile/audit?limit=1")
    rest = await bob.ask("GET", f"/profile/audit?limit=2&cursor={page['cursor']}")
    assert [entry["action"] for entry in rest["entries"]] == ["user.role.change", "auth.register"]


# ---------------------------------------------------------------- export


async def exported(admin: Caller, query: str) -> tuple[str, str]:
    url = f"/v1/api/admin/audit/export?{query}"
    answer = await admin.client.get(url, headers={"Authorization": f"Bearer {admin.token}"})
    assert answer.status_code == 200
    return answer.text, answer.headers["content-type"]


async def test_the_log_is_exported_as_lines_and_as_a_table(ann: Caller, bob: Caller) -> None:
    await bob.ask("POST", "/workflows", json={"name": "=1+1"}, status=201)

    text, kind = await exported(ann, "format=jsonl&actor=bob@example.com")
    assert kind.startswith("application/jsonl")
    assert [json.loads(line)["action"] for line in text.splitlines()] == ["auth.register", "workflow.create"]

    text, kind = await exported(ann, "format=csv&action=workflow.create")
    assert kind == "text/csv; charset=utf-8"
    head, row = csv.reader(io.StringIO(text, newline=""))
    assert dict(zip(head, row, strict=True))["target_name"] == "'=1+1"

    entry = await newest(ann, "audit.export")
    assert entry["details"] == {"format": "csv", "action": "workflow.create"}


async def test_ten_thousand_entries_are_exported_and_few_are_in_memory(
    ann: Caller, client: AsyncTestClient[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    log = PlayedAuditLog()
    for number in range(10_000):
        await log.append(an_entry(number))
    app = use_cases(client)
    monkeypatch.setattr(
        client.app.state, "flowcore", evolve(app, audit=evolve(app.audit, queries=evolve(app.audit.queries, log=log)))
    )
    text, _ = await exported(ann, "")
    assert text.count("\n") == 10_000
    assert log.largest <= 500
