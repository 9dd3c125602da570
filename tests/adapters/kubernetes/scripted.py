"""An API server that answers by script: the hard cases that a well-behaved one never shows."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from attrs import define, field, frozen

CORE = {
    "kind": "APIResourceList",
    "groupVersion": "v1",
    "resources": [
        {"name": "configmaps", "kind": "ConfigMap", "namespaced": True},
        {"name": "secrets", "kind": "Secret", "namespaced": True},
        {"name": "pods", "kind": "Pod", "namespaced": True},
        {"name": "pods/log", "kind": "Pod", "namespaced": True},
        {"name": "nodes", "kind": "Node", "namespaced": False},
    ],
}


@frozen(kw_only=True)
class Reply:
    """One scripted answer.

    Attributes:
        body: a JSON value, or bytes as they are.
        chunks: instead of a body, a stream: each is sent by itself.
        then: after the chunks: ``end``, ``abort`` the connection in the middle, or ``hang`` until the client goes.
    """

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(factory=dict)
    chunks: tuple[bytes, ...] | None = None
    then: str = "end"


ABORT = Reply(chunks=(), then="abort")


@frozen
class Asked:
    """One request as it came in."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any


def status(code: int, reason: str = "", message: str = "", **details: Any) -> dict[str, Any]:
    """A Kubernetes Status."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "code": code,
        "reason": reason,
        "message": message,
        "details": details,
    }


def refusal(code: int, reason: str = "", message: str = "", **details: Any) -> Reply:
    """An answer with a Status."""
    return Reply(status=code, body=status(code, reason, message, **details))


def config_map(name: str, version: str = "1", **data: str) -> dict[str, Any]:
    """A ConfigMap as a server gives it."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "default", "resourceVersion": version},
        "data": data,
    }


def listed(*items: dict[str, Any], version: str = "10", rest: str = "") -> Reply:
    """A list as a server gives it: items without kind and apiVersion."""
    bare = [{key: value for key, value in item.items() if key not in ("apiVersion", "kind")} for item in items]
    return Reply(body={"kind": "List", "metadata": {"resourceVersion": version, "continue": rest}, "items": bare})


def line(kind: str, live: Any) -> bytes:
    """One event of a watch."""
    return json.dumps({"type": kind, "object": live}).encode() + b"\n"


def events(*lines: bytes, then: str = "end") -> Reply:
    """A watch's answer."""
    return Reply(chunks=lines, then=then)


@define(eq=False)
class ScriptedServer:
    """Answers by method and path; the last reply of a route is repeated, what has none is 404 without a Status.

    Attributes:
        crowd: ``crowded`` is set when so many requests are in flight.
        answering: answers are held back while it is cleared.
    """

    url: str = ""
    asked: list[Asked] = field(factory=list)
    hanging: asyncio.Event = field(factory=asyncio.Event)
    gone: asyncio.Event = field(factory=asyncio.Event)
    crowd: int = 0
    crowded: asyncio.Event = field(factory=asyncio.Event)
    answering: asyncio.Event = field(factory=asyncio.Event)
    in_flight: int = 0
    most_in_flight: int = 0
    _script: dict[tuple[str, str], list[Reply]] = field(factory=lambda: defaultdict(list))
    _tasks: set[asyncio.Task[None]] = field(factory=set)

    def on(self, method: str, path: str, *replies: Reply) -> None:
        """Set the replies of a route; ``WATCH`` is GET with ``watch=true``."""
        self._script[method, path] = list(replies)

    def asked_for(self, method: str, path: str) -> list[Asked]:
        """What came in on a route."""
        return [asked for asked in self.asked if _route(asked) == (method, path)]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        try:
            while asked := await _read(reader):
                self.asked.append(asked)
                self.in_flight += 1
                self.most_in_flight = max(self.in_flight, self.most_in_flight)
                if self.in_flight >= self.crowd:
                    self.crowded.set()
                await self.answering.wait()
                goes_on = await self._answer(self._reply(asked), reader, writer)
                self.in_flight -= 1
                if not goes_on:
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            self.gone.set()
        finally:
            writer.transport.abort()
            self._tasks.discard(task)

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _reply(self, asked: Asked) -> Reply:
        replies = self._script[_route(asked)]
        if not replies:
            return Reply(status=404, body=b"404 page not found", headers={"Content-Type": "text/plain"})
        return replies.pop(0) if len(replies) > 1 else replies[0]

    async def _answer(self, reply: Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        length = "Transfer-Encoding: chunked" if reply.chunks is not None else f"Content-Length: {len(body)}"
        headers = {"Content-Type": "application/json", **reply.headers}
        head = [f"HTTP/1.1 {reply.status} Scripted", length, *(f"{name}: {value}" for name, value in headers.items())]
        if reply is ABORT:
            return False
        writer.write("\r\n".join([*head, "", ""]).encode())
        if reply.chunks is None:
            writer.write(body)
            await writer.drain()
            return True
        for chunk in reply.chunks:
            writer.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
            await writer.drain()
        if reply.then == "hang":
            self.hanging.set()
            await reader.read()
            self.gone.set()
        if reply.then != "end":
            # Half a chunk, so that the client cannot take it for an end.
            return False
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True


@asynccontextmanager
async def open_scripted(context: ssl.SSLContext | None = None) -> AsyncIterator[ScriptedServer]:
    """Serve on loopback, with the core group's discovery and a version."""
    scripted = ScriptedServer()
    scripted.answering.set()
    scripted.on("GET", "/api/v1", Reply(body=CORE))
    scripted.on("GET", "/version", Reply(body={"gitVersion": "v1.37.0"}))
    server = await asyncio.start_server(scripted.serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    scripted.url = f"{'https' if context else 'http'}://127.0.0.1:{port}"
    try:
        yield scripted
    finally:
        server.close()
        await scripted.stop()
        await server.wait_closed()


@define
class TestClock:
    """A clock on which sleeping costs nothing and is written down."""

    __test__ = False

    moment: datetime = datetime(2030, 1, 1, tzinfo=UTC)
    slept: list[float] = field(factory=list)

    def now(self) -> datetime:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.moment += timedelta(seconds=seconds)
        await asyncio.sleep(0)


def _route(asked: Asked) -> tuple[str, str]:
    return ("WATCH" if asked.query.get("watch") == "true" else asked.method, asked.path)


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *rest = head.decode().rstrip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value for name, _, value in (header.partition(": ") for header in rest)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    parts = urlsplit(target)
    return Asked(method, parts.path, dict(parse_qsl(parts.query)), headers, json.loads(body) if body else None)
