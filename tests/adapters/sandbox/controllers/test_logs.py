"""Pod logs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.sandbox._pods import pod_log
from adapters.sandbox._status import StatusError
from tests.adapters.sandbox.controllers.lab import Lab, Watched

pytestmark = pytest.mark.anyio


async def opened(lab: Lab, name: str = "p", **query: str) -> AsyncIterator[bytes]:
    return await pod_log(lab.store, lab.controllers, "default", name, query)


async def log(lab: Lab, name: str = "p", **query: str) -> list[str]:
    chunks = [chunk async for chunk in await opened(lab, name, **query)]
    return b"".join(chunks).decode().splitlines()


def image(name: str, **more: Any) -> list[dict[str, Any]]:
    return [{"name": "main", "image": name, **more}]


async def test_a_log_begins_by_saying_that_it_is_simulated(lab: Lab) -> None:
    lab.pod()
    lab.wait()
    assert (await log(lab))[0] == 'flowcore sandbox: simulated output of container "main" (nginx:1.27)'


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nginx:1.27", "start worker processes"),
        ("httpd:2.4", "resuming normal operations"),
        ("docker.io/library/postgres:17-alpine", "database system is ready to accept connections"),
        ("mysql:8.4", "ready for connections"),
        ("mariadb:11", "ready for connections"),
        ("redis:7", "Ready to accept connections tcp"),
        ("mongo:8", "Waiting for connections"),
        ("ghcr.io/acme/shop:1.0", "starting ghcr.io/acme/shop:1.0"),
    ],
)
async def test_a_log_has_the_style_of_its_image(lab: Lab, name: str, words: str) -> None:
    lab.pod(containers=image(name))
    lab.wait(3)
    assert any(words in line for line in await log(lab))


async def test_the_same_log_is_told_every_time(lab: Lab) -> None:
    lab.pod()
    lab.wait(100)
    assert await log(lab) == await log(lab)
    assert len(await log(lab)) > 8


async def test_braces_in_an_image_or_a_probe_are_only_text(lab: Lab) -> None:
    probe = {"httpGet": {"path": "/{0}/{x}", "port": 80}}
    ports = [{"containerPort": 80}]
    lab.pod(containers=image("acme/{x}:1", ports=ports, readinessProbe=probe))
    lab.wait(60)
    assert any("GET /{0}/{x} 200" in line for line in await log(lab))


async def test_probes_show_in_the_access_log(lab: Lab) -> None:
    lab.pod(containers=image("nginx", readinessProbe={"httpGet": {"path": "/health", "port": 80}, "periodSeconds": 5}))
    lab.wait(30)
    hits = [line for line in await log(lab) if '"GET /health HTTP/1.1" 200' in line]
    assert 4 <= len(hits) <= 6


async def test_the_tail_is_the_end(lab: Lab) -> None:
    lab.pod()
    lab.wait(60)
    everything = await log(lab)
    assert await log(lab, tailLines="2") == everything[-2:]
    assert await log(lab, tailLines="0") == []


async def test_timestamps_stand_before_each_line_and_rise(lab: Lab) -> None:
    lab.pod()
    lab.wait(60)
    stamps = [line.split(" ")[0] for line in await log(lab, timestamps="true")]
    assert stamps == sorted(stamps)
    assert stamps[0] == "2026-01-01T00:00:01.000000000Z"


async def test_since_leaves_out_what_is_older(lab: Lab) -> None:
    lab.pod()
    lab.wait(120)
    everything = await log(lab, timestamps="true")
    recent = await log(lab, timestamps="true", sinceSeconds="30")
    assert 0 < len(recent) < len(everything)
    assert recent[0] >= "2026-01-01T00:01:30"
    assert recent == await log(lab, timestamps="true", sinceTime="2026-01-01T00:01:30Z")


async def test_a_limit_cuts_at_a_byte(lab: Lab) -> None:
    lab.pod()
    lab.wait()
    assert await log(lab, limitBytes="8") == ["flowcore"]


async def test_a_crashed_container_tells_its_end_and_its_previous_run(lab: Lab) -> None:
    lab.pod(annotation="exit=3")
    lab.wait(8)
    assert (await log(lab))[-1] == "fatal: the container ends with exit code 3"
    assert (await log(lab, previous="true"))[-1] == "fatal: the container ends with exit code 3"
    assert len(await log(lab)) == 7


async def test_a_task_says_that_it_is_done(lab: Lab) -> None:
    lab.pod(restartPolicy="Never")
    lab.wait(5)
    assert (await log(lab))[-1].startswith("done in ")


async def test_a_command_that_can_be_rehearsed_prints_what_it_prints(lab: Lab) -> None:
    script = "echo to $WHO; sleep 2; echo over; exit 5"
    env = [{"name": "WHO", "value": "you"}]
    lab.pod(restartPolicy="Never", containers=image("busybox", command=["sh", "-c", script], env=env))
    lab.wait(2.2)
    assert (await log(lab))[1:] == ["to you"]
    lab.wait(3)
    assert (await log(lab))[1:] == ["to you", "over"]
    assert lab.status("Pod", "p")["phase"] == "Failed"
    assert lab.status("Pod", "p")["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 5


async def test_a_rehearsed_command_tells_the_time_of_its_start(lab: Lab) -> None:
    lab.pod(restartPolicy="Never", containers=image("busybox", command=["date", "+%H:%M:%S"]))
    lab.wait(100)
    assert (await log(lab))[1:] == ["00:00:01"]


@pytest.mark.parametrize("command", [["sh", "-c", "echo hi; node server.js"], ["sh", "-c", "while true; do :; done"]])
async def test_a_command_that_cannot_be_rehearsed_runs_like_any_other(lab: Lab, command: list[str]) -> None:
    lab.pod(containers=image("node:22-alpine", command=command))
    lab.wait(30)
    assert lab.conditions("Pod", "p")["Ready"] == ("True", "")


async def test_following_goes_on_until_the_container_ends(lab: Lab) -> None:
    lab.pod()
    lab.wait(2)
    heard: list[bytes] = []

    async def listen() -> None:
        async for chunk in await opened(lab, follow="true"):
            heard.append(chunk)

    listening = asyncio.create_task(listen())
    before = await settled(heard)
    for _ in range(30):
        lab.wait(1)
        await settled(heard)
    assert len(b"".join(heard)) > before
    assert not listening.done()
    whole = b"".join(heard).decode().splitlines()
    assert whole == await log(lab)
    lab.delete("Pod", "p")
    lab.wait(1)
    await asyncio.wait_for(listening, 5)


async def test_leaving_a_followed_log_leaves_nothing_behind(lab: Lab) -> None:
    lab.pod()
    lab.wait(2)
    timers, store = lab.clock.pending, Watched(lab.store)
    stream = await pod_log(store, lab.controllers, "default", "p", {"follow": "true"})
    await anext(stream)
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await stream.aclose()  # type: ignore[attr-defined]  # an async generator
    assert (store.listeners, lab.clock.pending) == (0, timers)


async def test_the_log_of_a_pod_without_a_node_is_empty(lab: Lab) -> None:
    lab.pod(annotation="unschedulable")
    lab.wait()
    assert await log(lab) == []


async def test_an_init_container_has_a_log_of_its_own(lab: Lab) -> None:
    lab.pod(initContainers=[{"name": "prepare", "image": "busybox", "command": ["echo", "prepared"]}])
    lab.wait(5)
    assert (await log(lab, container="prepare"))[1:] == ["prepared"]


@pytest.mark.parametrize(
    ("query", "annotation", "code", "message"),
    [
        (
            {},
            "",
            400,
            "a container name must be specified for pod p, choose one of: [main other] "
            "or one of the init containers: [first]",
        ),
        ({"container": "x"}, "", 400, "container x is not valid for pod p"),
        (
            {"container": "main"},
            "main:ImagePullBackOff",
            400,
            'container "main" in pod "p" is waiting to start: trying and failing to pull image',
        ),
        (
            {"container": "main"},
            "first:not-ready, first:exit=1",
            400,
            'container "main" in pod "p" is waiting to start: PodInitializing',
        ),
        (
            {"container": "main", "previous": "true"},
            "",
            400,
            'previous terminated container "main" in pod "p" not found',
        ),
        ({"container": "main", "tailLines": "-1"}, "", 422, "must be greater than or equal to 0"),
        ({"container": "main", "sinceSeconds": "0"}, "", 422, "must be greater than 0"),
        ({"container": "main", "sinceSeconds": "x"}, "", 400, "invalid syntax"),
        ({"container": "main", "sinceTime": "yesterday"}, "", 400, "cannot parse"),
        ({"container": "main", "limitBytes": "0"}, "", 422, "must be greater than 0"),
        (
            {"container": "main", "sinceSeconds": "1", "sinceTime": "2026-01-01T00:00:00Z"},
            "",
            422,
            "at most one of",
        ),
    ],
)
async def test_what_cannot_be_told_is_refused(
    lab: Lab, query: dict[str, str], annotation: str, code: int, message: str
) -> None:
    lab.pod(
        annotation=annotation,
        initContainers=[{"name": "first", "image": "busybox"}],
        containers=[{"name": "main", "image": "nginx"}, {"name": "other", "image": "nginx"}],
    )
    lab.wait(6)
    with pytest.raises(StatusError) as caught:
        await opened(lab, **query)
    assert caught.value.code == code
    assert message in caught.value.message


async def test_a_container_being_created_is_waiting_to_start(lab: Lab) -> None:
    lab.pod()
    lab.wait(0.4)
    with pytest.raises(StatusError, match='container "main" in pod "p" is waiting to start: ContainerCreating'):
        await opened(lab)


async def test_the_log_of_an_unknown_pod_is_not_found(lab: Lab) -> None:
    with pytest.raises(StatusError) as caught:
        await opened(lab, "nobody")
    assert (caught.value.code, caught.value.message) == (404, 'pods "nobody" not found')


async def settled(heard: list[bytes]) -> int:
    """Let other tasks run until they wait; return how much was heard."""
    for _ in range(5):
        await asyncio.sleep(0)
    return len(b"".join(heard))
