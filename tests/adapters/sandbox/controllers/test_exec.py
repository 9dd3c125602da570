"""Exec over a WebSocket, spoken as raw ASGI."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Sequence
from typing import Any

import pytest
from attrs import define, field

from adapters.sandbox._exec import pod_exec, refuse_port_forward
from adapters.sandbox._exec_request import spdy_refusal
from adapters.sandbox._terminal import EndOfInput, Terminal
from tests.adapters.sandbox.controllers.lab import Lab

pytestmark = pytest.mark.anyio

V4, V5 = "v4.channel.k8s.io", "v5.channel.k8s.io"


@define
class Client:
    """The other end of the socket."""

    lab: Lab
    protocols: Sequence[str] = (V5, V4)
    sent: list[dict[str, Any]] = field(init=False, factory=list)
    inbox: asyncio.Queue[dict[str, Any]] = field(init=False, factory=asyncio.Queue)
    task: asyncio.Task[None] | None = None

    def open(self, command: list[str], name: str = "p", *, extensions: bool = True, **flags: str) -> None:
        query = {"command": command, "stdout": ["true"], "stderr": ["true"]}
        query |= {key: [value] for key, value in flags.items()}
        scope: dict[str, Any] = {"type": "websocket", "subprotocols": list(self.protocols)}
        scope["extensions"] = {"websocket.http.response": {}} if extensions else {}
        self.inbox.put_nowait({"type": "websocket.connect"})
        call = pod_exec(self.lab.store, self.lab.controllers, scope, self.inbox.get, self._send, "default", name, query)
        self.task = asyncio.create_task(call)

    async def _send(self, message: Any) -> None:
        self.sent.append(dict(message))

    def say(self, data: bytes, channel: int = 0) -> None:
        self.inbox.put_nowait({"type": "websocket.receive", "bytes": bytes([channel]) + data})

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    async def done(self) -> None:
        assert self.task is not None
        await asyncio.wait_for(self.task, 5)

    def heard(self, channel: int) -> str:
        frames = [message["bytes"] for message in self.sent if message["type"] == "websocket.send"]
        return b"".join(frame[1:] for frame in frames if frame[0] == channel).decode()

    @property
    def outcome(self) -> dict[str, Any]:
        result: dict[str, Any] = json.loads(self.heard(3))
        return result

    @property
    def refusal(self) -> tuple[int, dict[str, Any]]:
        start, body = self.sent
        return start["status"], json.loads(body["body"])


@pytest.fixture
def running(lab: Lab) -> Lab:
    """A cluster with a pod that runs."""
    lab.config("conf", greeting="hi there")
    lab.make("v1", "Secret", "creds", data={"PASSWORD": base64.b64encode(b"s3cret").decode()})
    env = [{"name": "GREETING", "valueFrom": {"configMapKeyRef": {"name": "conf", "key": "greeting"}}}]
    mounts = [{"name": "c", "mountPath": "/etc/conf"}, {"name": "s", "mountPath": "/creds"}]
    mounts.append({"name": "c", "mountPath": "/one/file.txt", "subPath": "greeting"})
    main = {"name": "main", "image": "nginx:1.27", "env": env, "envFrom": [{"secretRef": {"name": "creds"}}]}
    volumes = [{"name": "c", "configMap": {"name": "conf"}}, {"name": "s", "secret": {"secretName": "creds"}}]
    lab.pod(containers=[{**main, "volumeMounts": mounts}], volumes=volumes)
    lab.wait()
    return lab


async def test_a_command_speaks_on_its_channels_and_succeeds(running: Lab) -> None:
    client = Client(running)
    client.open(["sh", "-c", "echo out; echo err >&2"])
    await client.done()
    assert client.sent[0] == {"type": "websocket.accept", "subprotocol": V5}
    assert (client.heard(1), client.heard(2)) == ("out\n", "err\n")
    assert client.outcome == {"metadata": {}, "status": "Success"}
    assert client.sent[-1] == {"type": "websocket.close", "code": 1000}


async def test_a_failing_command_tells_its_code_as_a_cause(running: Lab) -> None:
    client = Client(running)
    client.open(["sh", "-c", "exit 3"])
    await client.done()
    assert client.outcome["status"] == "Failure"
    assert client.outcome["reason"] == "NonZeroExitCode"
    assert client.outcome["details"]["causes"] == [{"reason": "ExitCode", "message": "3"}]


@pytest.mark.parametrize(
    ("offered", "spoken"), [((V5, V4), V5), ((V4, V5), V5), ((V4,), V4), ((), None), (("x", V4), V4)]
)
async def test_the_newest_protocol_both_know_is_spoken(
    running: Lab, offered: Sequence[str], spoken: str | None
) -> None:
    client = Client(running, offered)
    client.open(["true"])
    await client.done()
    assert client.sent[0]["subprotocol"] == spoken


async def test_the_environment_is_resolved_from_config_maps_and_secrets(running: Lab) -> None:
    client = Client(running)
    client.open(["sh", "-c", "echo $GREETING $PASSWORD; cat /etc/conf/greeting /creds/PASSWORD /one/file.txt"])
    await client.done()
    assert client.heard(1) == "hi there s3cret\nhi theres3crethi there"


async def test_a_mounted_source_cannot_be_written(running: Lab) -> None:
    client = Client(running)
    client.open(["sh", "-c", "echo x > /etc/conf/greeting"])
    await client.done()
    assert "Read-only file system" in client.heard(2)


async def test_what_one_command_wrote_the_next_one_reads(running: Lab) -> None:
    for command in ("echo note > /tmp/n", "cat /tmp/n"):
        client = Client(running)
        client.open(["sh", "-c", command])
        await client.done()
    assert client.heard(1) == "note\n"


async def test_an_unknown_command_is_told_with_the_usual_words(running: Lab) -> None:
    client = Client(running)
    client.open(["nope"])
    await client.done()
    assert 'exec: "nope": executable file not found in $PATH' in client.heard(2)
    assert client.outcome["details"]["causes"][0]["message"] == "127"


async def test_input_ends_with_the_close_signal_of_v5(running: Lab) -> None:
    client = Client(running)
    client.open(["cat"], stdin="true")
    client.say(b"one\ntw")
    client.say(b"o")
    client.say(b"\x00", channel=255)
    await client.done()
    assert client.heard(1) == "one\ntwo"


async def test_on_v4_the_close_signal_means_nothing(running: Lab) -> None:
    client = Client(running, (V4,))
    client.open(["cat"], stdin="true")
    client.say(b"\x00", channel=255)
    await client.settle()
    assert client.task is not None
    assert not client.task.done()
    client.inbox.put_nowait({"type": "websocket.disconnect", "code": 1000})
    await client.done()


async def test_text_frames_are_understood_too(running: Lab) -> None:
    client = Client(running)
    client.open(["sh"], stdin="true")
    client.inbox.put_nowait({"type": "websocket.receive", "text": "\x00echo text\nexit\n", "bytes": None})
    await client.done()
    assert client.heard(1) == "text\n"


async def test_a_terminal_prompts_echoes_and_edits(running: Lab) -> None:
    client = Client(running)
    client.open(["sh"], stdin="true", tty="true")
    client.say(b'{"Width":80,"Height":24}', channel=4)
    client.say(b"echp\x7fo hi\r")
    await client.settle()
    client.say(b"\x04")
    await client.done()
    assert client.heard(1) == "/ # echp\b \bo hi\r\nhi\r\n/ # "
    assert client.heard(2) == ""


async def test_ctrl_c_ends_a_sleep_and_the_shell_goes_on(running: Lab) -> None:
    client = Client(running)
    client.open(["sh"], stdin="true", tty="true")
    client.say(b"sleep 1000\r")
    await client.settle()
    client.say(b"\x03")
    await client.settle()
    client.say(b"echo $?\rexit 9\r")
    await client.done()
    assert "^C\r\n" in client.heard(1)
    assert "130\r\n" in client.heard(1)
    assert client.outcome["details"]["causes"][0]["message"] == "9"


async def test_sleeping_follows_the_time_of_the_cluster(running: Lab) -> None:
    client = Client(running)
    client.open(["sh", "-c", "sleep 60; echo awake"])
    await client.settle()
    running.wait(59)
    await client.settle()
    assert client.heard(1) == ""
    running.wait(2)
    await client.done()
    assert client.heard(1) == "awake\n"


async def test_a_client_that_leaves_ends_the_command_and_leaves_nothing(running: Lab) -> None:
    timers = running.clock.pending
    client = Client(running)
    client.open(["sleep", "1000"])
    await client.settle()
    assert running.clock.pending == timers + 1
    client.inbox.put_nowait({"type": "websocket.disconnect", "code": 1006})
    await client.done()
    assert running.clock.pending == timers


async def test_a_terminal_ends_with_its_container(running: Lab) -> None:
    client = Client(running)
    client.open(["sh"], stdin="true", tty="true")
    await client.settle()
    running.delete("Pod", "p")
    running.wait(2)
    await client.done()
    assert client.outcome["details"]["causes"][0]["message"] == "137"


async def test_streams_that_were_not_asked_for_stay_silent(running: Lab) -> None:
    client = Client(running)
    client.open(["sh", "-c", "echo out; echo err >&2"], stderr="false")
    await client.done()
    assert (client.heard(1), client.heard(2)) == ("out\n", "")


@pytest.mark.parametrize(
    ("name", "command", "flags", "code", "message"),
    [
        ("nobody", ["ls"], {}, 404, 'pods "nobody" not found'),
        ("p", [], {}, 400, "you must specify at least one command for the container"),
        ("p", ["ls"], {"stdout": "false", "stderr": "false"}, 400, "you must specify at least one of stdin"),
        ("p", ["ls"], {"container": "x"}, 400, "container x is not valid for pod p"),
        ("two", ["ls"], {}, 400, "a container name must be specified for pod two, choose one of: [a b]"),
        ("new", ["ls"], {}, 400, 'container not found ("main")'),
        ("over", ["ls"], {}, 400, "cannot exec into a container in a completed pod; current phase is Succeeded"),
    ],
)
async def test_a_handshake_is_refused_with_a_status(
    running: Lab, name: str, command: list[str], flags: dict[str, str], code: int, message: str
) -> None:
    running.pod("over", restartPolicy="Never")
    running.pod("two", containers=[{"name": "a", "image": "nginx"}, {"name": "b", "image": "nginx"}])
    running.wait(4)
    running.pod("new", annotation="ImagePullBackOff")
    running.wait(0.5)
    client = Client(running)
    client.open(command, name, **flags)
    await client.done()
    status, body = client.refusal
    assert status == body["code"] == code
    assert body["kind"] == "Status"
    assert message in body["message"]


async def test_foreign_protocols_are_refused(running: Lab) -> None:
    client = Client(running, ("base64.channel.k8s.io",))
    client.open(["ls"])
    await client.done()
    assert client.refusal[0] == 403


async def test_a_server_that_cannot_refuse_with_a_body_closes(running: Lab) -> None:
    client = Client(running)
    client.open(["ls"], "nobody", extensions=False)
    await client.done()
    assert client.sent == [{"type": "websocket.close", "code": 1008, "reason": 'pods "nobody" not found'}]


async def test_spdy_is_answered_with_what_is_wrong(running: Lab) -> None:
    query = {"command": ["ls"], "stdout": ["true"]}
    refusals = [spdy_refusal(running.store, "default", name, query) for name in ("nobody", "p")]
    assert [refusal.code for refusal in refusals] == [404, 400]
    assert "WebSockets only" in refusals[1].message


async def test_a_port_forward_is_refused_with_a_reason() -> None:
    sent: list[Any] = []
    inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    inbox.put_nowait({"type": "websocket.connect"})

    async def send(message: Any) -> None:
        sent.append(message)

    await refuse_port_forward({"extensions": {"websocket.http.response": {}}}, inbox.get, send)
    assert sent[0]["status"] == 400
    assert "runs no containers" in json.loads(sent[1]["body"])["message"]


# ---------------------------------------------------------------- the terminal alone


def test_letters_that_come_in_parts_are_put_together() -> None:
    terminal = Terminal(echoes=True)
    for part in ("é\r".encode()[:1], "é\r".encode()[1:]):
        terminal.feed(part)
    assert terminal.take_line() == "é\n"


def test_arrow_keys_leave_no_trace() -> None:
    terminal = Terminal(echoes=True)
    terminal.feed(b"\x1b[Als\x1bOB\r")
    assert terminal.take_line() == "ls\n"
    assert terminal.take_echo() == "ls\r\n"


def test_ctrl_u_clears_the_line() -> None:
    terminal = Terminal(echoes=True)
    terminal.feed(b"rm -rf /\x15ls\r")
    assert terminal.take_line() == "ls\n"


def test_ctrl_d_ends_only_an_empty_line() -> None:
    terminal = Terminal(echoes=True)
    terminal.feed(b"a\x04\r\x04")
    assert terminal.take_line() == "a\n"
    assert isinstance(terminal.take_line(), EndOfInput)


def test_the_end_stays_the_end() -> None:
    terminal = Terminal()
    terminal.feed(b"last")
    terminal.end()
    assert terminal.take_line() == "last"
    assert isinstance(terminal.take_line(), EndOfInput)
    assert isinstance(terminal.take_line(), EndOfInput)
    terminal.feed(b"more\n")
    assert isinstance(terminal.take_line(), EndOfInput)


def test_a_flood_that_nobody_reads_is_dropped() -> None:
    terminal = Terminal()
    for _ in range(40):
        terminal.feed(b"x" * 65535 + b"\n")
    count = 0
    while isinstance(terminal.take_line(), str):
        count += 1
    assert count <= 16
