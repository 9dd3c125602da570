"""Commands in simulated pods over a WebSocket, with Kubernetes' channel protocols v5 and v4."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping, Sequence

from attrs import define, field

from adapters.sandbox._controllers import Controllers
from adapters.sandbox._controllers._machine import machine_of
from adapters.sandbox._controllers._seams import Store
from adapters.sandbox._controllers._sources import lookup_in
from adapters.sandbox._exec_request import (
    V5,
    ExecOptions,
    Receive,
    Scope,
    Send,
    container_status,
    negotiated,
    outcome,
    refuse,
    wanted_container,
)
from adapters.sandbox._shell import Shell
from adapters.sandbox._shell_commands import find_command
from adapters.sandbox._shell_effects import InterruptedShellError, Out, Run, Sleep
from adapters.sandbox._status import Object, StatusError, bad_request
from adapters.sandbox._terminal import EndOfInput, Terminal

_STDIN, _STDOUT, _STDERR, _ERROR, _RESIZE, _CLOSE = 0, 1, 2, 3, 4, 255


async def pod_exec(
    store: Store,
    controllers: Controllers,
    scope: Scope,
    receive: Receive,
    send: Send,
    namespace: str,
    name: str,
    query: Mapping[str, Sequence[str]],
) -> None:
    """Serve one WebSocket on which a command runs in a container's simulated shell.

    Refuses the handshake with a Status body: 404 for an unknown pod, 400 for a container or command that is missing
    or a container that does not run, 403 for sub-protocols that are not spoken here.

    Args:
        store: the cluster's objects.
        controllers: whose time the command follows.
        scope: the connection's ASGI scope of type ``websocket``.
        receive: its receive channel; nothing was received yet.
        send: its send channel.
        namespace: the pod's namespace.
        name: the pod's name.
        query: command, container, stdin, stdout, stderr, tty; every value of each.
    """
    await receive()
    try:
        options = ExecOptions.of(query)
        pod, container = wanted_container(store, namespace, name, options)
        protocol = negotiated(scope)
    except StatusError as error:
        await refuse(scope, send, error)
        return
    await send({"type": "websocket.accept", "subprotocol": protocol or None})
    container_id = str(container_status(pod, str(container.get("name"))).get("containerID", ""))
    disk = controllers.disk(container_id)
    machine = machine_of(lookup_in(store), pod, container, controllers.clock.now, disk)
    shell = Shell.inside(machine, is_terminal=options.tty)
    session = _Session(controllers, receive, send, options, shell, protocol)
    uid = str(pod["metadata"].get("uid"))
    unsubscribe = store.subscribe(lambda change, obj: session.note(change, obj, uid, container_id))
    try:
        await session.run()
    finally:
        unsubscribe()


async def refuse_port_forward(scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse a port-forward's WebSocket: nothing listens in a simulated container."""
    await receive()
    await refuse(scope, send, port_forward_refusal())


def port_forward_refusal() -> StatusError:
    """Return the answer to every port-forward."""
    return bad_request("the sandbox runs no containers, so there is no port to forward to")


class _GoneError(Exception):
    """The client left."""


class _KilledError(Exception):
    """The container ended under the command."""


@define
class _Session:
    """One running command and its client."""

    controllers: Controllers
    receive: Receive
    send: Send
    options: ExecOptions
    shell: Shell
    protocol: str
    terminal: Terminal = field(init=False)
    _is_gone: bool = field(init=False, default=False)
    _is_killed: bool = field(init=False, default=False)

    def __attrs_post_init__(self) -> None:
        self.terminal = Terminal(echoes=self.options.tty)
        if not self.options.stdin:
            self.terminal.end()

    async def run(self) -> None:
        """Run the command, tell how it ended, and close."""
        listening = asyncio.create_task(self._listen())
        try:
            try:
                code = await self._drive(self._command())
            except _KilledError:
                code = 137
            await self._send_frame(_ERROR, json.dumps(outcome(code)).encode())
            await self.send({"type": "websocket.close", "code": 1000})
        except _GoneError:
            pass
        finally:
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listening

    def note(self, change: str, obj: Object, uid: str, container_id: str) -> None:
        """Take in a change of the cluster: the command ends with its container."""
        if obj["kind"] != "Pod" or obj["metadata"].get("uid") != uid:
            return
        runs = obj.get("status", {}).get("containerStatuses") or ()
        inits = obj.get("status", {}).get("initContainerStatuses") or ()
        lives = any(run.get("containerID") == container_id and "running" in run["state"] for run in (*runs, *inits))
        if change == "DELETED" or not lives:
            self._is_killed = True
            self.terminal.wake()

    def _check_alive(self) -> None:
        if self._is_gone:
            raise _GoneError
        if self._is_killed:
            raise _KilledError
        if self.terminal.take_interrupt():
            raise InterruptedShellError

    def _command(self) -> Run:
        words = list(self.options.command)
        if find_command(self.shell.machine, words[0]) is None:
            return _missing(words[0])
        return self.shell.run_words(words)

    # ---------------------------------------------------------------- from the client

    async def _listen(self) -> None:
        while True:
            message = await self.receive()
            if message["type"] == "websocket.disconnect":
                self._is_gone = True
                self.terminal.wake()
                return
            if message["type"] == "websocket.receive":
                text = message.get("text")
                self._take(message.get("bytes") or (text.encode() if text else b""))
                await self._show_echo()

    def _take(self, frame: bytes) -> None:
        if not frame:
            return
        channel, data = frame[0], frame[1:]
        if channel == _STDIN and self.options.stdin:
            self.terminal.feed(data)
        elif channel == _CLOSE and self.protocol == V5 and data[:1] == bytes([_STDIN]):
            self.terminal.end()
        # a new window size changes nothing here, and other channels are the server's

    async def _show_echo(self) -> None:
        echo = self.terminal.take_echo()
        if echo:
            with contextlib.suppress(_GoneError):
                await self._send_frame(_STDOUT, echo.encode())

    # ---------------------------------------------------------------- to the client

    async def _send_frame(self, channel: int, data: bytes) -> None:
        if self._is_gone:
            raise _GoneError
        try:
            await self.send({"type": "websocket.send", "bytes": bytes([channel]) + data})
        except (OSError, RuntimeError) as error:  # what servers raise once the client is gone
            self._is_gone = True
            raise _GoneError from error

    async def _write(self, stream: int, text: str) -> None:
        await self._show_echo()
        if self.options.tty:
            await self._send_frame(_STDOUT, text.replace("\n", "\r\n").encode())
        elif (stream == 1 and self.options.stdout) or (stream == 2 and self.options.stderr):
            await self._send_frame(_STDOUT if stream == 1 else _STDERR, text.encode())

    # ---------------------------------------------------------------- the command

    async def _drive(self, run: Run) -> int:
        """Do what the command wants until it ends; return its exit code."""
        answer: str | None = None
        interrupted = False
        while True:
            try:
                effect = run.throw(InterruptedShellError()) if interrupted else run.send(answer)
            except StopIteration as stop:
                return int(stop.value)
            except InterruptedShellError:
                return 130
            answer, interrupted = None, False
            if isinstance(effect, Out):
                await self._write(effect.stream, effect.text)
                await asyncio.sleep(0)
                continue
            try:
                if isinstance(effect, Sleep):
                    await self._pause(effect.seconds)
                else:
                    answer = await self._line(effect.prompt)
            except InterruptedShellError:
                interrupted = True
            interrupted = interrupted or self.terminal.take_interrupt()

    async def _line(self, prompt: str) -> str | None:
        if prompt:
            await self._write(1, prompt)
        while True:
            self._check_alive()
            line = self.terminal.take_line()
            if isinstance(line, EndOfInput):
                return None
            if line is not None:
                return line
            await self.terminal.wait()

    async def _pause(self, seconds: float | None) -> None:
        timer = None
        over = asyncio.Event()
        if seconds is not None:

            def end() -> None:
                over.set()
                self.terminal.wake()

            timer = self.controllers.clock.call_later(seconds, end)
        try:
            while not over.is_set():
                self._check_alive()
                await self.terminal.wait()
        finally:
            if timer is not None:
                timer.cancel()


def _missing(word: str) -> Run:
    where = "no such file or directory" if "/" in word else "executable file not found in $PATH"
    head = "OCI runtime exec failed: exec failed: unable to start container process"
    yield Out(2, f'{head}: exec: "{word}": {where}: unknown\n')
    return 127
