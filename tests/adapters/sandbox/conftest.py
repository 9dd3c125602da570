"""A sandbox's API driven in process: requests straight into the ASGI app, no sockets, no controllers at work."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import pytest
from attrs import define, field, frozen

from adapters.sandbox import Sandbox, create_sandbox

TOKEN = "a-token-for-tests"
APPLY = "application/apply-patch+yaml"


@frozen
class Reply:
    """A whole answer."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


@define
class Client:
    """Sends requests to the app of a sandbox."""

    sandbox: Sandbox
    token: str = TOKEN
    agent: str = "tests/1"

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content_type: str = "application/json",
        accept: str = "",
        **query: Any,
    ) -> Reply:
        sent: list[dict[str, Any]] = []
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": raw, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.sandbox.app(self._scope(method, path, content_type, accept, query), receive, send)
        headers = [(name.decode(), value.decode("latin-1")) for name, value in sent[0]["headers"]]
        return Reply(sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:]))

    def _scope(self, method: str, path: str, content_type: str, accept: str, query: dict[str, Any]) -> dict[str, Any]:
        headers = [(b"authorization", f"Bearer {self.token}".encode()), (b"content-type", content_type.encode())]
        headers.append((b"user-agent", self.agent.encode()))
        if accept:
            headers.append((b"accept", accept.encode()))
        text = urlencode(query, doseq=True)
        return {"type": "http", "method": method, "path": path, "query_string": text.encode(), "headers": headers}

    async def get(self, path: str, **more: Any) -> Reply:
        return await self.ask("GET", path, **more)

    async def post(self, path: str, body: Any, **more: Any) -> Reply:
        return await self.ask("POST", path, body, **more)

    async def put(self, path: str, body: Any, **more: Any) -> Reply:
        return await self.ask("PUT", path, body, **more)

    async def delete(self, path: str, body: Any = None, **more: Any) -> Reply:
        return await self.ask("DELETE", path, body, **more)

    async def apply(self, path: str, body: Any, *, manager: str = "flowcore", **more: Any) -> Reply:
        return await self.ask("PATCH", path, body, content_type=APPLY, fieldManager=manager, **more)

    async def patch(self, path: str, body: Any, *, kind: str, **more: Any) -> Reply:
        return await self.ask("PATCH", path, body, content_type=f"application/{kind}+json", **more)

    @asynccontextmanager
    async def watch(self, path: str, *, accept: str = "", **query: Any) -> AsyncIterator[Stream]:
        stream = Stream()
        scope = self._scope("GET", path, "application/json", accept, {"watch": "true", **query})
        task = asyncio.create_task(self.sandbox.app(scope, stream.receive, stream.send))
        try:
            yield stream
        finally:
            stream.left.set()
            async with asyncio.timeout(2):
                await task


@define
class Stream:
    """The lines of a watch while it runs."""

    left: asyncio.Event = field(factory=asyncio.Event)
    _lines: asyncio.Queue[bytes] = field(factory=asyncio.Queue)
    _asked: bool = False

    async def receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.body":
            for line in message["body"].splitlines():
                self._lines.put_nowait(line)
            if not message.get("more_body"):
                self._lines.put_nowait(b"")

    async def next(self) -> Any:
        """The next event; None when the stream has ended."""
        async with asyncio.timeout(2):
            line = await self._lines.get()
        return json.loads(line) if line else None

    async def kinds(self, count: int) -> list[tuple[str, str]]:
        """Type and name of the next events."""
        events = [await self.next() for _ in range(count)]
        return [(event["type"], event["object"]["metadata"].get("name", "")) for event in events]


@pytest.fixture
def sandbox() -> Sandbox:
    """A sandbox that is not served and whose controllers do not work."""
    return create_sandbox(token=TOKEN)


@pytest.fixture
def api(sandbox: Sandbox) -> Client:
    """The sandbox's API."""
    return Client(sandbox)


@pytest.fixture(scope="session")
def client_type() -> type[Client]:
    """For tests that make sandboxes of their own."""
    return Client


def make_deployment(name: str = "web", **spec: Any) -> dict[str, Any]:
    """A small Deployment."""
    labels = {"app": name}
    containers = [{"name": "web", "image": "nginx:1.27", "ports": [{"containerPort": 80}]}]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
            **spec,
        },
    }


@pytest.fixture
def deployment() -> Callable[..., dict[str, Any]]:
    """Makes small Deployments."""
    return make_deployment


@pytest.fixture
def config_map() -> Callable[..., dict[str, Any]]:
    """Makes ConfigMaps."""

    def make(name: str = "cfg", labels: dict[str, str] | None = None, **data: str) -> dict[str, Any]:
        metadata = {"name": name, **({"labels": labels} if labels else {})}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}

    return make
