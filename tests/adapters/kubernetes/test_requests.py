"""Requests and answers: retries, limits, refusals, secrets, and what the cluster serves."""

from __future__ import annotations

import asyncio
import traceback
from contextlib import suppress
from typing import Any

import pytest

from adapters.kubernetes import KubernetesConnection
from adapters.kubernetes._access import Access, client_of
from adapters.kubernetes._transport import Transport
from flowcore.errors import FlowcoreError, ForbiddenError, UnauthenticatedError, UnavailableError
from flowcore.model import ObjectRef
from flowcore.ports.cluster import Operation, RejectedError, Selection
from tests.adapters.kubernetes.scripted import (
    ABORT,
    Reply,
    ScriptedServer,
    TestClock,
    config_map,
    listed,
    refusal,
)

pytestmark = pytest.mark.anyio

MAPS = "/api/v1/namespaces/default/configmaps"
MAP = ObjectRef("v1", "ConfigMap", "settings", "default")
PATH = f"{MAPS}/settings"
ALL = Selection(api_version="v1", kind="ConfigMap", namespace="default")
LIVE = config_map("settings", "7")


async def test_too_many_requests_are_tried_again_after_what_the_server_asks(
    server: ScriptedServer, connection: KubernetesConnection, clock: TestClock
) -> None:
    server.on("GET", PATH, Reply(status=429, headers={"Retry-After": "3"}), Reply(body=LIVE))
    assert await connection.get(MAP) == LIVE
    assert clock.slept == [3.0]


@pytest.mark.parametrize(
    "passing", [Reply(status=code, body=b"<html>") for code in (500, 502, 503, 504)] + [ABORT, Reply(body=b"{half")]
)
async def test_what_may_pass_is_tried_again_with_growing_waits(
    server: ScriptedServer, connection: KubernetesConnection, clock: TestClock, passing: Reply
) -> None:
    server.on("PATCH", PATH, passing, passing, Reply(status=201, body=LIVE))
    assert (await connection.apply(LIVE)).operation is Operation.CREATED
    assert clock.slept == [0.2, 0.4]


async def test_trying_ends(server: ScriptedServer, connection: KubernetesConnection, clock: TestClock) -> None:
    server.on("GET", PATH, refusal(503, "ServiceUnavailable", "the server is starting"))
    with pytest.raises(UnavailableError, match="the server is starting"):
        await connection.get(MAP)
    assert len(server.asked_for("GET", PATH)) == 4
    assert len(clock.slept) == 3


async def test_a_server_that_cannot_be_reached_is_unavailable(clock: TestClock) -> None:
    transport = Transport(client_of(Access(server="http://127.0.0.1:9")), clock)
    with pytest.raises(UnavailableError, match="does not answer"):
        await KubernetesConnection(transport).version()
    await transport.close()


async def test_a_redirect_is_not_followed(server: ScriptedServer, connection: KubernetesConnection) -> None:
    server.on("GET", PATH, Reply(status=307, headers={"Location": f"{server.url}/elsewhere"}))
    with pytest.raises(UnavailableError):
        await connection.get(MAP)
    assert not server.asked_for("GET", "/elsewhere")


async def test_refused_credentials_are_said_without_them(
    server: ScriptedServer, connection: KubernetesConnection
) -> None:
    server.on("GET", PATH, refusal(401, "Unauthorized", "Unauthorized"))
    with pytest.raises(UnauthenticatedError) as refused:
        await connection.get(MAP)
    assert "very-secret-token" in server.asked[-1].headers["authorization"]
    assert "very-secret-token" not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (
            'configmaps "settings" is forbidden: User "ann" cannot get resource "configmaps" in API group ""',
            ForbiddenError,
        ),
        ('pods "web" is forbidden: exceeded quota: small, requested: pods=1', RejectedError),
        ('pods "web" is forbidden: violates PodSecurity "restricted:latest"', RejectedError),
    ],
)
async def test_a_missing_right_is_told_from_an_object_that_is_not_admitted(
    server: ScriptedServer, connection: KubernetesConnection, message: str, error: type[FlowcoreError]
) -> None:
    server.on("PATCH", PATH, refusal(403, "Forbidden", message))
    with pytest.raises(error, match="is forbidden") as refused:
        await connection.apply(LIVE)
    assert type(refused.value) is error


async def test_an_invalid_object_is_refused_with_every_cause(
    server: ScriptedServer, connection: KubernetesConnection
) -> None:
    causes = [
        {"reason": "FieldValueInvalid", "field": "spec.replicas", "message": "must be positive"},
        {"reason": "FieldValueRequired", "field": "spec.selector", "message": "Required value"},
    ]
    server.on("PATCH", PATH, refusal(422, "Invalid", "it is invalid", causes=causes))
    with pytest.raises(RejectedError) as refused:
        await connection.apply(LIVE)
    assert refused.value.reason == "Invalid"
    assert refused.value.causes == ("spec.replicas: must be positive", "spec.selector: Required value")
    assert len(server.asked_for("PATCH", PATH)) == 1


async def test_an_object_that_does_not_fit_the_schema_is_refused_though_the_server_calls_it_its_own_error(
    server: ScriptedServer, connection: KubernetesConnection
) -> None:
    said = "failed to create typed patch object (default/settings): .spec.imagee: field not declared in schema"
    server.on("PATCH", PATH, refusal(500, "", said))
    with pytest.raises(RejectedError, match="imagee"):
        await connection.apply(LIVE)
    assert len(server.asked_for("PATCH", PATH)) == 1


async def test_a_field_of_another_owner_is_a_conflict_at_once(
    server: ScriptedServer, connection: KubernetesConnection
) -> None:
    causes = [{"reason": "FieldManagerConflict", "field": ".data.a", "message": 'conflict with "kubectl"'}]
    server.on("PATCH", PATH, refusal(409, "Conflict", "Apply failed with 1 conflict", causes=causes))
    with pytest.raises(RejectedError) as refused:
        await connection.apply(LIVE)
    assert (refused.value.reason, len(server.asked_for("PATCH", PATH))) == ("Conflict", 1)


async def test_a_lost_race_against_another_writer_is_run_again(
    server: ScriptedServer, connection: KubernetesConnection
) -> None:
    server.on("PATCH", PATH, refusal(409, "Conflict", "the object has been modified"), Reply(status=201, body=LIVE))
    assert (await connection.apply(LIVE)).operation is Operation.CREATED


async def test_an_apply_names_our_field_manager_and_is_forced_or_dry_only_when_asked(
    server: ScriptedServer, connection: KubernetesConnection
) -> None:
    server.on("PATCH", PATH, Reply(body=LIVE))
    await connection.apply(LIVE)
    await connection.apply(LIVE, force=True, dry_run=True)
    plain, forced = server.asked_for("PATCH", PATH)
    assert plain.query == {"fieldManager": "flowcore", "force": "false", "fieldValidation": "Strict"}
    assert forced.query == {**plain.query, "force": "true", "dryRun": "All"}
    assert plain.headers["content-type"] == "application/apply-patch+yaml"
    assert plain.body == LIVE


@pytest.mark.parametrize("code", [400, 403, 422, 500])
async def test_a_servers_words_about_a_secret_lose_its_values(
    server: ScriptedServer, connection: KubernetesConnection, code: int
) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "db"},
        "stringData": {"password": 'hunter2"quoted'},
        "data": {"key": "dG9wLXNlY3JldA=="},
    }
    said = 'cannot use hunter2"quoted, hunter2\\"quoted, dG9wLXNlY3JldA== or top-secret'
    causes = [{"field": "data", "message": said}]
    server.on("PATCH", "/api/v1/namespaces/default/secrets/db", refusal(code, "Invalid", said, causes=causes))
    with pytest.raises(FlowcoreError) as refused:
        await connection.apply(secret)
    shown = str(refused.value) + repr(vars(refused.value)) + "".join(traceback.format_exception(refused.value))
    assert "cannot use ***, ***, *** or ***" in shown
    assert not [value for value in ("hunter2", "dG9w", "top-secret") if value in shown]


@pytest.mark.parametrize("name", ["", ".", "..", "../secrets/db", "a/b", "%2e%2e"])
async def test_a_name_cannot_lead_to_another_path(
    server: ScriptedServer, connection: KubernetesConnection, name: str
) -> None:
    with pytest.raises(RejectedError):
        await connection.get(ObjectRef("v1", "ConfigMap", name, "default"))
    with pytest.raises(RejectedError):
        await connection.delete(ObjectRef("v1", "ConfigMap", "settings", name or ".."))
    assert [asked.path for asked in server.asked] == ["/api/v1"]


@pytest.mark.parametrize("api_version", ["", "v1/../v2", "apps/v1/x", "../v1", "v1?x", "apps /v1"])
async def test_an_api_version_cannot_lead_to_another_path(
    server: ScriptedServer, connection: KubernetesConnection, api_version: str
) -> None:
    with pytest.raises(RejectedError):
        await connection.list(Selection(api_version=api_version, kind="ConfigMap"))
    assert not server.asked


@pytest.mark.parametrize(
    "broken", [{}, {"kind": "ConfigMap"}, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": 5}]
)
async def test_an_object_that_does_not_say_what_it_is_is_refused(
    connection: KubernetesConnection, broken: dict[str, Any]
) -> None:
    with pytest.raises(RejectedError) as refused:
        await connection.apply(broken)
    assert "metadata.name: Required value" in refused.value.causes


async def test_only_the_groups_in_use_are_looked_up_and_each_once(
    server: ScriptedServer, connection: KubernetesConnection
) -> None:
    server.on("PATCH", PATH, Reply(status=201, body=LIVE))
    await asyncio.gather(*(connection.apply(LIVE) for _ in range(100)))
    assert len(server.asked_for("GET", "/api/v1")) == 1
    assert {asked.path for asked in server.asked} == {"/api/v1", PATH}


async def test_no_more_requests_are_in_flight_than_the_limit(
    server: ScriptedServer, connection: KubernetesConnection
) -> None:
    server.on("PATCH", PATH, Reply(status=201, body=LIVE))
    await connection.apply(LIVE)
    server.answering.clear()
    server.crowded.clear()
    server.crowd = 32
    applying = asyncio.gather(*(connection.apply(LIVE) for _ in range(200)))
    async with asyncio.timeout(10):
        await server.crowded.wait()
        for _ in range(500):  # more would have come by now
            await asyncio.sleep(0)
        server.answering.set()
        await applying
    assert server.most_in_flight == 32


async def test_a_kinds_own_path_is_not_that_of_its_subresources(
    server: ScriptedServer, connection: KubernetesConnection
) -> None:
    server.on("GET", "/api/v1/namespaces/default/pods/web-0", Reply(body={"kind": "Pod"}))
    assert await connection.get(ObjectRef("v1", "Pod", "web-0")) == {"kind": "Pod"}


async def test_a_kind_that_was_not_there_is_looked_up_again(
    server: ScriptedServer, connection: KubernetesConnection
) -> None:
    widget = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w", "namespace": "default"}}
    with pytest.raises(RejectedError) as refused:
        await connection.apply(widget)
    assert refused.value.reason == "NotFound"
    kinds = {"resources": [{"name": "widgets", "kind": "Widget", "namespaced": True}]}
    server.on("GET", "/apis/example.com/v1", Reply(body=kinds))
    server.on("PATCH", "/apis/example.com/v1/namespaces/default/widgets/w", Reply(status=201, body=widget))
    assert (await connection.apply(widget)).operation is Operation.CREATED


async def test_a_path_that_is_gone_is_looked_up_again(server: ScriptedServer, connection: KubernetesConnection) -> None:
    server.on("GET", PATH, Reply(body=LIVE))
    await connection.get(MAP)
    moved = {"resources": [{"name": "settings", "kind": "ConfigMap", "namespaced": False}]}
    server.on("GET", "/api/v1", Reply(body=moved))
    server.on("GET", PATH)
    server.on("GET", "/api/v1/settings/settings", Reply(body=LIVE))
    assert await connection.get(MAP) == LIVE


async def test_of_an_unknown_kind_there_is_no_object(connection: KubernetesConnection) -> None:
    ref = ObjectRef("example.com/v1", "Widget", "w", "default")
    assert await connection.get(ref) is None
    assert await connection.delete(ref) is False


async def test_lists_come_in_pages_and_say_what_their_items_are(
    server: ScriptedServer, connection: KubernetesConnection
) -> None:
    server.on("GET", MAPS, listed(config_map("a"), rest="more"), listed(config_map("b")))
    assert await connection.list(ALL) == [config_map("a"), config_map("b")]
    first, second = server.asked_for("GET", MAPS)
    assert (first.query, second.query) == ({"limit": "500"}, {"limit": "500", "continue": "more"})


async def test_a_list_that_expires_between_pages_begins_again(
    server: ScriptedServer, connection: KubernetesConnection
) -> None:
    expired = refusal(410, "Expired", "The provided continue parameter is too old")
    server.on("GET", MAPS, listed(config_map("old"), rest="more"), expired, listed(config_map("new")))
    assert await connection.list(ALL) == [config_map("new")]


async def test_a_list_that_expires_again_and_again_is_asked_for_in_one_piece(
    server: ScriptedServer, connection: KubernetesConnection
) -> None:
    expired, page = refusal(410, "Expired"), listed(config_map("old"), rest="more")
    server.on("GET", MAPS, page, expired, page, expired, listed(config_map("all")))
    assert await connection.list(ALL) == [config_map("all")]
    assert server.asked[-1].query == {}


async def test_a_selection_becomes_a_label_selector(server: ScriptedServer, connection: KubernetesConnection) -> None:
    server.on("GET", "/api/v1/configmaps", listed())
    labels = {"app.kubernetes.io/managed-by": "flowcore", "tier": ""}
    await connection.list(Selection(api_version="v1", kind="ConfigMap", labels=labels))
    assert server.asked[-1].query["labelSelector"] == "app.kubernetes.io/managed-by=flowcore,tier"


@pytest.mark.parametrize("labels", [{"a": "b,c!=d"}, {"a,b": "c"}, {"a": "b c"}, {"": "x"}, {"a": "é"}])
async def test_a_label_cannot_select_something_else(
    server: ScriptedServer, connection: KubernetesConnection, labels: dict[str, str]
) -> None:
    server.on("GET", "/api/v1/configmaps", listed())
    with pytest.raises(RejectedError):
        await connection.list(Selection(api_version="v1", kind="ConfigMap", labels=labels))


async def test_deleting_asks_for_the_background_and_says_whether_there_was_one(
    server: ScriptedServer, connection: KubernetesConnection
) -> None:
    server.on(
        "DELETE", PATH, Reply(body={"kind": "Status", "status": "Success"}), refusal(404, "NotFound", name="settings")
    )
    assert [await connection.delete(MAP), await connection.delete(MAP)] == [True, False]
    assert server.asked_for("DELETE", PATH)[0].body == {"propagationPolicy": "Background"}
    assert len(server.asked_for("DELETE", PATH)) == 2


@pytest.mark.parametrize("strange", [[], 5, "text", True, {"kind": "Status", "details": [], "message": {}}])
@pytest.mark.parametrize("code", [200, 201, 400, 404, 409])
async def test_whatever_a_server_answers_it_is_an_object_or_our_error(
    server: ScriptedServer, connection: KubernetesConnection, strange: Any, code: int
) -> None:
    for method in ("GET", "PATCH", "DELETE"):
        server.on(method, PATH, Reply(status=code, body=strange))
    server.on("GET", MAPS, Reply(status=code, body=strange))
    for asking in (connection.get(MAP), connection.apply(LIVE), connection.delete(MAP), connection.list(ALL)):
        with suppress(FlowcoreError):
            await asking


async def test_a_closed_connection_says_so(server: ScriptedServer, connection: KubernetesConnection) -> None:
    await connection._transport.close()
    with pytest.raises(UnavailableError, match="closed"):
        await connection.version()
    assert not server.asked
