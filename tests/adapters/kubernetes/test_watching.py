"""Watches and logs: where they resume, when they list again, how long they wait, and that they let go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.kubernetes import KubernetesConnection
from adapters.kubernetes._transport import FailedTryError, Request, Transport
from flowcore.errors import FlowcoreError, ForbiddenError, UnauthenticatedError, UnavailableError
from flowcore.ports.cluster import Changed, Deleted, RejectedError, Selection, Synced, WatchEvent
from tests.adapters.kubernetes.scripted import (
    ABORT,
    Reply,
    ScriptedServer,
    TestClock,
    config_map,
    events,
    line,
    listed,
    refusal,
    status,
)

pytestmark = pytest.mark.anyio

MAPS = "/api/v1/namespaces/default/configmaps"
ALL = Selection(api_version="v1", kind="ConfigMap", namespace="default", labels={"app": "web"})
A, B = config_map("a", "11"), config_map("b", "12")
HANG = events(then="hang")
BOOKMARK = line("BOOKMARK", {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"resourceVersion": "99"}})
TOO_LARGE = status(504, "Timeout", "Too large resource version: 12, current: 10", retryAfterSeconds=1)


async def take(watch: AsyncIterator[WatchEvent], count: int) -> list[WatchEvent]:
    async with asyncio.timeout(5):
        return [await anext(watch) for _ in range(count)]


async def let_go(watch: AsyncIterator[WatchEvent]) -> None:
    await watch.aclose()  # type: ignore[attr-defined]


def versions(server: ScriptedServer) -> list[str]:
    """From where the server was asked to go on, by watch."""
    return [asked.query["resourceVersion"] for asked in server.asked_for("WATCH", MAPS)]


async def test_a_watch_begins_with_everything_and_goes_on_from_there(
    server: ScriptedServer, connection: KubernetesConnection
) -> None:
    server.on("GET", MAPS, listed(A, version="10"))
    server.on("WATCH", MAPS, events(line("ADDED", B), line("MODIFIED", A), line("DELETED", B), then="hang"))
    watch = connection.watch(ALL)
    assert await take(watch, 4) == [Synced((A,)), Changed(B), Changed(A), Deleted(B)]
    query = server.asked_for("WATCH", MAPS)[0].query
    assert query == {
        "labelSelector": "app=web",
        "watch": "true",
        "resourceVersion": "10",
        "allowWatchBookmarks": "true",
        "timeoutSeconds": "240",
    }
    await let_go(watch)


async def test_events_may_come_in_any_cut(server: ScriptedServer, connection: KubernetesConnection) -> None:
    whole = line("ADDED", A) + line("ADDED", B)
    server.on("GET", MAPS, listed())
    server.on("WATCH", MAPS, events(*(whole[at : at + 7] for at in range(0, len(whole), 7)), then="hang"))
    watch = connection.watch(ALL)
    assert await take(watch, 3) == [Synced(()), Changed(A), Changed(B)]
    await let_go(watch)


async def test_a_watch_that_the_server_ends_goes_on_from_the_last_version_or_bookmark(
    server: ScriptedServer, connection: KubernetesConnection, clock: TestClock
) -> None:
    server.on("GET", MAPS, listed(version="10"))
    server.on("WATCH", MAPS, events(line("ADDED", A)), events(BOOKMARK), events(line("ADDED", B), then="hang"))
    watch = connection.watch(ALL)
    assert await take(watch, 3) == [Synced(()), Changed(A), Changed(B)]
    assert versions(server) == ["10", "11", "99"]
    assert clock.slept == []
    await let_go(watch)


async def test_a_lost_connection_resumes_behind_the_last_whole_event(
    server: ScriptedServer, connection: KubernetesConnection, clock: TestClock
) -> None:
    server.on("GET", MAPS, listed(version="10"))
    half = line("ADDED", B)[:40]
    server.on("WATCH", MAPS, events(line("ADDED", A), half, then="abort"), events(line("ADDED", B), then="hang"))
    watch = connection.watch(ALL)
    assert await take(watch, 3) == [Synced(()), Changed(A), Changed(B)]
    assert versions(server) == ["10", "11"]
    assert clock.slept == [5.0]
    await let_go(watch)


async def test_half_an_event_before_a_clean_end_is_not_taken(
    server: ScriptedServer, connection: KubernetesConnection
) -> None:
    server.on("GET", MAPS, listed(version="10"))
    server.on("WATCH", MAPS, events(line("ADDED", A)[:-1]), events(line("ADDED", B), then="hang"))
    watch = connection.watch(ALL)
    assert await take(watch, 2) == [Synced(()), Changed(B)]
    await let_go(watch)


@pytest.mark.parametrize(
    "forgotten",
    [
        refusal(410, "Expired", "too old resource version"),
        events(line("ERROR", status(410, "Expired", "too old resource version"))),
        events(line("ERROR", status(0, "Gone"))),
    ],
)
async def test_what_the_server_has_forgotten_is_listed_again_at_once_so_that_no_deletion_is_lost(
    server: ScriptedServer, connection: KubernetesConnection, clock: TestClock, forgotten: Reply
) -> None:
    server.on("GET", MAPS, listed(A, version="10"), listed(B, version="20"))
    server.on("WATCH", MAPS, forgotten, HANG)
    watch = connection.watch(ALL)
    assert await take(watch, 2) == [Synced((A,)), Synced((B,))]
    assert clock.slept == []
    await let_go(watch)


async def test_a_server_that_forgets_again_and_again_is_not_asked_ever_faster(
    server: ScriptedServer, connection: KubernetesConnection, clock: TestClock
) -> None:
    server.on("GET", MAPS, listed())
    server.on("WATCH", MAPS, refusal(410, "Expired"))
    watch = connection.watch(ALL)
    await take(watch, 4)
    assert clock.slept == [10.0, 20.0]
    await let_go(watch)


@pytest.mark.parametrize("too_early", [Reply(status=504, body=TOO_LARGE), events(line("ERROR", TOO_LARGE))])
async def test_a_replica_that_lags_behind_a_write_is_listed_again_after_a_moment(
    server: ScriptedServer, connection: KubernetesConnection, clock: TestClock, too_early: Reply
) -> None:
    server.on("GET", MAPS, listed(A, version="12"), listed(A, B, version="12"))
    server.on("WATCH", MAPS, too_early, HANG)
    watch = connection.watch(ALL)
    assert await take(watch, 2) == [Synced((A,)), Synced((A, B))]
    assert clock.slept == [1.0]
    await let_go(watch)


async def test_too_many_requests_wait_as_long_as_the_server_asks(
    server: ScriptedServer, connection: KubernetesConnection, clock: TestClock
) -> None:
    server.on("GET", MAPS, listed(version="10"))
    server.on("WATCH", MAPS, Reply(status=429, headers={"Retry-After": "17"}), events(line("ADDED", A), then="hang"))
    watch = connection.watch(ALL)
    assert await take(watch, 2) == [Synced(()), Changed(A)]
    assert clock.slept == [17.0]
    await let_go(watch)


async def test_waits_grow_from_5_to_60_seconds_and_begin_anew_after_good_news(
    server: ScriptedServer, connection: KubernetesConnection, clock: TestClock
) -> None:
    server.on("GET", MAPS, listed())
    lost = [ABORT, ABORT]  # aiohttp itself asks once more when a connection is lost before the answer
    server.on(
        "WATCH", MAPS, *lost * 6, events(line("ADDED", A), then="abort"), *lost, events(line("ADDED", B), then="hang")
    )
    watch = connection.watch(ALL)
    await take(watch, 3)
    assert clock.slept == [5, 10, 20, 40, 60, 60, 5, 10]
    await let_go(watch)


async def test_a_watch_that_ends_at_once_with_nothing_is_not_asked_in_a_hot_loop(
    server: ScriptedServer, connection: KubernetesConnection, clock: TestClock
) -> None:
    server.on("GET", MAPS, listed())
    server.on("WATCH", MAPS, events(BOOKMARK), events(), events(), events(line("ADDED", A), then="hang"))
    watch = connection.watch(ALL)
    await take(watch, 2)
    assert clock.slept == [5, 10]
    await let_go(watch)


@pytest.mark.parametrize(
    "garbage",
    [b"<html>\n", b"{}\n", b"[1]\n", b"\n", b'{"type":"ADDED","object":5}\n', line("NEWS", A), b"[" * 9999 + b"\n"],
)
async def test_what_cannot_be_read_may_have_been_a_change_so_everything_is_listed_again(
    server: ScriptedServer, connection: KubernetesConnection, garbage: bytes
) -> None:
    server.on("GET", MAPS, listed(A), listed(B))
    server.on("WATCH", MAPS, events(garbage), HANG)
    watch = connection.watch(ALL)
    assert await take(watch, 2) == [Synced((A,)), Synced((B,))]
    await let_go(watch)


async def test_an_event_beyond_all_bounds_is_not_taken_into_memory(
    server: ScriptedServer, connection: KubernetesConnection
) -> None:
    server.on("GET", MAPS, listed(A), listed(B))
    server.on("WATCH", MAPS, events(*[b"x" * 2**22] * 9), HANG)
    watch = connection.watch(ALL)
    assert await take(watch, 2) == [Synced((A,)), Synced((B,))]
    await let_go(watch)


async def test_a_cluster_that_is_down_at_first_is_waited_for(
    server: ScriptedServer, connection: KubernetesConnection, clock: TestClock
) -> None:
    server.on("GET", MAPS, *[refusal(503)] * 8, listed(A))
    server.on("WATCH", MAPS, HANG)
    watch = connection.watch(ALL)
    assert await take(watch, 1) == [Synced((A,))]
    assert [wait for wait in clock.slept if wait >= 5] == [5, 10]
    await let_go(watch)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (refusal(401, "Unauthorized"), UnauthenticatedError),
        (refusal(403, "Forbidden", 'configmaps is forbidden: User "ann" cannot watch resource'), ForbiddenError),
        (events(line("ERROR", status(401, "Unauthorized"))), UnauthenticatedError),
        (refusal(405, "MethodNotAllowed", "watch is not supported"), RejectedError),
        (refusal(400, "BadRequest", "unable to parse"), RejectedError),
    ],
)
async def test_a_refusal_ends_the_watch(
    server: ScriptedServer, connection: KubernetesConnection, reply: Reply, error: type[FlowcoreError]
) -> None:
    server.on("GET", MAPS, listed())
    server.on("WATCH", MAPS, reply)
    watch = connection.watch(ALL)
    await take(watch, 1)
    with pytest.raises(error):
        await take(watch, 1)


async def test_an_unknown_kind_is_refused(connection: KubernetesConnection) -> None:
    with pytest.raises(RejectedError):
        await take(connection.watch(Selection(api_version="example.com/v1", kind="Widget")), 1)


async def test_a_kind_that_disappears_ends_the_watch(server: ScriptedServer, connection: KubernetesConnection) -> None:
    server.on("GET", MAPS, listed(), Reply(status=404, body=b"404 page not found"))
    server.on("WATCH", MAPS, Reply(status=404, body=b"404 page not found"))
    watch = connection.watch(ALL)
    await take(watch, 1)
    server.on("GET", "/api/v1", Reply(body={"resources": []}))
    with pytest.raises(RejectedError, match="knows no kind"):
        await take(watch, 1)


async def test_cancelling_closes_the_connection_at_once(
    server: ScriptedServer, connection: KubernetesConnection
) -> None:
    server.on("GET", MAPS, listed())
    server.on("WATCH", MAPS, HANG)

    async def follow() -> None:
        async for _ in connection.watch(ALL):
            pass

    task = asyncio.ensure_future(follow())
    async with asyncio.timeout(5):
        await server.hanging.wait()
        task.cancel()
        await server.gone.wait()
    assert task.done()


async def test_leaving_the_loop_closes_the_connection(server: ScriptedServer, connection: KubernetesConnection) -> None:
    server.on("GET", MAPS, listed())
    server.on("WATCH", MAPS, events(line("ADDED", A), then="hang"))
    async for event in connection.watch(ALL):
        if isinstance(event, Changed):
            break
    async with asyncio.timeout(5):
        await server.gone.wait()


@pytest.mark.parametrize("reply", [HANG, events(line("ADDED", A), then="hang")])
async def test_closing_the_connection_ends_its_watches_without_another_wait(
    server: ScriptedServer, connection: KubernetesConnection, clock: TestClock, reply: Reply
) -> None:
    server.on("GET", MAPS, listed())
    server.on("WATCH", MAPS, reply)
    watch = connection.watch(ALL)
    await take(watch, 2 if reply.chunks else 1)
    waiting = asyncio.ensure_future(take(watch, 1))
    async with asyncio.timeout(5):
        await server.hanging.wait()
        await connection._transport.close()
        with pytest.raises(UnavailableError):
            await waiting
    assert clock.slept == []


async def test_a_dead_connection_is_noticed(server: ScriptedServer, transport: Transport) -> None:
    server.on("GET", MAPS, HANG)
    with pytest.raises(FailedTryError, match="no answer in time"):
        async with transport.stream(Request(method="GET", path=MAPS), quiet=0.02) as response:
            await response.content.readany()


LOG = "/api/v1/namespaces/default/pods/web-0/log"


async def logged(lines: AsyncIterator[str]) -> list[str]:
    async with asyncio.timeout(5):
        return [line async for line in lines]


async def test_log_lines_come_without_their_ends_however_they_are_cut(
    server: ScriptedServer, connection: KubernetesConnection
) -> None:
    server.on("GET", LOG, events(b"one\r\ntw", b"o\n\n\xc3", b"\xa4\nbro\xffken\nlast"))
    assert await logged(connection.logs("default", "web-0")) == ["one", "two", "", "ä", "bro\ufffdken", "last"]
    assert server.asked[-1].query == {}


async def test_a_log_is_asked_for_by_container_tail_and_following(
    server: ScriptedServer, connection: KubernetesConnection
) -> None:
    server.on("GET", LOG, events())
    assert await logged(connection.logs("default", "web-0", container="app", follow=True, tail=0)) == []
    assert server.asked[-1].query == {"container": "app", "follow": "true", "tailLines": "0"}


async def test_an_endless_log_line_comes_in_pieces(server: ScriptedServer, connection: KubernetesConnection) -> None:
    server.on("GET", LOG, events(*[b"x" * 2**19] * 5, b"\nend"))
    lines = await logged(connection.logs("default", "web-0"))
    assert [len(text) for text in lines] == [2**20, 2**20, 2**19, 3]


async def test_a_followed_log_yields_lines_as_they_come(
    server: ScriptedServer, connection: KubernetesConnection
) -> None:
    server.on("GET", LOG, events(b"one\n", then="hang"))
    lines = connection.logs("default", "web-0", follow=True)
    async with asyncio.timeout(5):
        assert await anext(lines) == "one"
        await lines.aclose()  # type: ignore[attr-defined]
        await server.gone.wait()


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (refusal(404, "NotFound", 'pods "web-0" not found'), RejectedError),
        (refusal(400, "BadRequest", 'container "app" is waiting to start: ContainerCreating'), RejectedError),
        (events(b"one\n", then="abort"), UnavailableError),
        (ABORT, UnavailableError),
    ],
)
async def test_a_log_that_cannot_be_read_is_said(
    server: ScriptedServer, connection: KubernetesConnection, reply: Reply, error: type[FlowcoreError]
) -> None:
    server.on("GET", LOG, reply)
    with pytest.raises(error):
        await logged(connection.logs("default", "web-0"))
