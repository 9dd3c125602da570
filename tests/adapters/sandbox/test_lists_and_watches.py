"""Lists in consistent chunks, selectors, and watches that resume, bookmark, filter and expire."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

pytestmark = pytest.mark.anyio
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


async def fill(api: Any, config_map: Any, *names: str) -> int:
    """Create some ConfigMaps whose label `letter` is their name; the last version."""
    version = "0"
    for name in names:
        reply = await api.post(CONFIG_MAPS, config_map(name, labels={"letter": name}))
        version = reply.json["metadata"]["resourceVersion"]
    return int(version)


def names(reply: Any) -> list[str]:
    assert reply.status == 200, reply.body
    return [item["metadata"]["name"] for item in reply.json["items"] if item["metadata"]["name"] != "kube-root-ca.crt"]


async def test_a_list_is_sorted_and_says_its_version(api: Any, config_map: Any, sandbox: Any) -> None:
    await fill(api, config_map, "b", "a")
    reply = await api.get(CONFIG_MAPS)
    assert names(reply) == ["a", "b"]
    assert reply.json["metadata"]["resourceVersion"] == str(sandbox.store.revision)
    assert (reply.json["kind"], reply.json["apiVersion"]) == ("ConfigMapList", "v1")


@pytest.mark.parametrize(
    ("selector", "chosen"),
    [
        ("letter=a", ["a"]),
        ("letter==a", ["a"]),
        ("letter!=a", ["b", "c"]),
        ("letter in (a, b)", ["a", "b"]),
        ("letter notin (a,b)", ["c"]),
        ("letter", ["a", "b", "c"]),
        ("!letter", []),
        ("letter in (a,b),letter!=a", ["b"]),
    ],
)
async def test_label_selectors_choose(api: Any, config_map: Any, selector: str, chosen: list[str]) -> None:
    await fill(api, config_map, "a", "b", "c")
    assert names(await api.get(CONFIG_MAPS, labelSelector=selector)) == chosen


async def test_field_selectors_choose(api: Any, config_map: Any) -> None:
    await fill(api, config_map, "a", "b")
    assert names(await api.get(CONFIG_MAPS, fieldSelector="metadata.name=a")) == ["a"]
    assert names(await api.get("/api/v1/configmaps", fieldSelector="metadata.namespace!=default")) == []
    for selector in ("spec.nothing=a", "metadata.name"):
        assert (await api.get(CONFIG_MAPS, fieldSelector=selector)).status == 400
    assert (await api.get(CONFIG_MAPS, labelSelector="a=(b")).status == 400


async def test_chunks_show_one_moment_even_when_objects_change_between(api: Any, config_map: Any) -> None:
    await fill(api, config_map, "a", "b", "c", "d")
    first = await api.get(CONFIG_MAPS, limit=2)
    assert first.json["metadata"]["remainingItemCount"] == 3
    await api.delete(f"{CONFIG_MAPS}/c")
    await fill(api, config_map, "cc")
    token = first.json["metadata"]["continue"]
    rest = await api.get(CONFIG_MAPS, limit=10, **{"continue": token})
    assert names(first) + names(rest) == ["a", "b", "c", "d"]
    assert rest.json["metadata"]["resourceVersion"] == first.json["metadata"]["resourceVersion"]


async def test_an_old_token_has_expired(api: Any, config_map: Any, sandbox: Any) -> None:
    await fill(api, config_map, "a", "b", "c")
    token = (await api.get(CONFIG_MAPS, limit=1)).json["metadata"]["continue"]
    await fill(api, config_map, "d")
    sandbox.store.forget_history()
    reply = await api.get(CONFIG_MAPS, **{"continue": token})
    assert (reply.status, reply.json["reason"]) == (410, "Expired")
    assert (await api.get(CONFIG_MAPS, **{"continue": "nonsense"})).status == 400


async def test_versions_of_lists(api: Any, config_map: Any, sandbox: Any) -> None:
    version = await fill(api, config_map, "a")
    await fill(api, config_map, "b")
    assert names(await api.get(CONFIG_MAPS, resourceVersion=version)) == ["a", "b"]
    assert names(await api.get(CONFIG_MAPS, resourceVersion=version, resourceVersionMatch="Exact")) == ["a"]
    future = await api.get(CONFIG_MAPS, resourceVersion=sandbox.store.revision + 1000)
    assert (future.status, future.json["details"]["causes"][0]["reason"]) == (504, "ResourceVersionTooLarge")
    assert (await api.get(CONFIG_MAPS, resourceVersionMatch="Exact")).status == 422
    assert (await api.get(CONFIG_MAPS, resourceVersion="soon")).status == 422


# -- watches


async def test_a_watch_from_a_version_tells_what_came_after(api: Any, config_map: Any) -> None:
    version = await fill(api, config_map, "a")
    await fill(api, config_map, "b")
    async with api.watch(CONFIG_MAPS, resourceVersion=version) as stream:
        assert await stream.kinds(1) == [("ADDED", "b")]
        await api.put(f"{CONFIG_MAPS}/a", config_map("a", x="1"))
        await api.delete(f"{CONFIG_MAPS}/b")
        assert await stream.kinds(2) == [("MODIFIED", "a"), ("DELETED", "b")]


async def test_a_watch_without_a_version_starts_with_what_is_there(api: Any, config_map: Any) -> None:
    await fill(api, config_map, "b", "a")
    async with api.watch(CONFIG_MAPS, labelSelector="letter") as stream:
        assert await stream.kinds(2) == [("ADDED", "a"), ("ADDED", "b")]


async def test_initial_events_end_with_a_marked_bookmark(api: Any, config_map: Any, sandbox: Any) -> None:
    await fill(api, config_map, "a")
    query = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", "allowWatchBookmarks": "true"}
    async with api.watch(CONFIG_MAPS, labelSelector="letter", **query) as stream:
        assert await stream.kinds(1) == [("ADDED", "a")]
        bookmark = await stream.next()
        assert bookmark["type"] == "BOOKMARK"
        assert bookmark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
        assert bookmark["object"]["metadata"]["resourceVersion"] == str(sandbox.store.revision)


async def test_an_object_that_leaves_the_selection_is_told_as_deleted(api: Any, config_map: Any) -> None:
    version = await fill(api, config_map, "a", "b")
    async with api.watch(CONFIG_MAPS, resourceVersion=version, labelSelector="letter=a") as stream:
        await api.put(f"{CONFIG_MAPS}/b", config_map("b", labels={"letter": "a"}))
        await api.put(f"{CONFIG_MAPS}/a", config_map("a", labels={"letter": "z"}))
        await api.delete(f"{CONFIG_MAPS}/a")
        await api.delete(f"{CONFIG_MAPS}/b")
        assert await stream.kinds(3) == [("ADDED", "b"), ("DELETED", "a"), ("DELETED", "b")]


async def test_a_watch_of_one_object_or_namespace_tells_of_nothing_else(api: Any, config_map: Any) -> None:
    version = await fill(api, config_map, "a")
    async with api.watch(f"{CONFIG_MAPS}/a", resourceVersion=version) as stream:
        await fill(api, config_map, "b")
        await api.post("/api/v1/namespaces/kube-system/configmaps", config_map("a"))
        await api.delete(f"{CONFIG_MAPS}/a")
        assert await stream.kinds(1) == [("DELETED", "a")]


async def test_bookmarks_come_when_nothing_happens(api: Any, config_map: Any, sandbox: Any) -> None:
    sandbox.app._endpoints.bookmark_seconds = 0.01
    version = await fill(api, config_map, "a")
    async with api.watch(CONFIG_MAPS, resourceVersion=version, allowWatchBookmarks="true") as stream:
        await api.post("/api/v1/namespaces", {"metadata": {"name": "team"}})
        bookmark = await stream.next()
        while bookmark["type"] != "BOOKMARK" or int(bookmark["object"]["metadata"]["resourceVersion"]) <= version:
            bookmark = await stream.next()
        assert bookmark["object"]["kind"] == "ConfigMap"


async def test_a_watch_from_a_forgotten_version_is_gone(api: Any, config_map: Any, sandbox: Any) -> None:
    version = await fill(api, config_map, "a")
    await fill(api, config_map, "b")
    sandbox.store.forget_history()
    async with api.watch(CONFIG_MAPS, resourceVersion=version) as stream:
        event = await stream.next()
        assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")


async def test_a_watch_from_the_future_times_out(api: Any, sandbox: Any) -> None:
    reply = await api.get(CONFIG_MAPS, watch="true", resourceVersion=sandbox.store.revision + 1000)
    assert reply.status == 504
    assert reply.json["message"].startswith("Too large resource version")


async def test_a_watch_ends_when_its_time_is_up_or_the_server_closes(api: Any, sandbox: Any) -> None:
    version = sandbox.store.revision
    async with api.watch(CONFIG_MAPS, resourceVersion=version, timeoutSeconds=1) as stream:
        assert await stream.next() is None
    async with api.watch(CONFIG_MAPS, resourceVersion=version) as stream:
        await asyncio.sleep(0)
        sandbox.app.closing.set()
        assert await stream.next() is None


async def test_tables_are_watched_row_by_row(api: Any, config_map: Any) -> None:
    version = await fill(api, config_map, "a")
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io"
    async with api.watch(CONFIG_MAPS, resourceVersion=version, accept=accept) as stream:
        await fill(api, config_map, "b")
        event = await stream.next()
        assert (event["object"]["kind"], event["object"]["rows"][0]["cells"][0]) == ("Table", "b")
