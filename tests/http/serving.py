"""The service on a real socket of this machine, and what reads its streams."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
import uvicorn
from attrs import define
from litestar import Litestar

from entrypoints.bootstrap import App
from entrypoints.http import create_app
from entrypoints.settings import Settings
from tests.doubles import PATIENCE


@define
class Service:
    """A served service and a client that is signed in."""

    url: str
    app: App
    client: httpx.AsyncClient
    asgi: Litestar

    async def workflow(self, *nodes: dict[str, Any]) -> str:
        body = {"name": "shop", "cluster_id": "sandbox", "nodes": nodes}
        made = (await self.client.post("/workflows", json=body)).json()
        await self.client.put(f"/workflows/{made['id']}/status", json={"status": "published"})
        return str(made["id"])

    async def run(self, workflow_id: str, **body: Any) -> str:
        answer = await self.client.post(f"/workflows/{workflow_id}/run", json=body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["run_id"])

    @asynccontextmanager
    async def stream(self, workflow_id: str, last_event_id: str = "") -> AsyncIterator[Listener]:
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        path = f"/workflows/{workflow_id}/status/stream"
        async with self.client.stream("GET", path, headers=headers) as answer:
            assert answer.status_code == 200, await answer.aread()
            yield Listener(answer, answer.aiter_lines())


@define
class Listener:
    """Reads the events of one stream."""

    answer: httpx.Response
    lines: AsyncIterator[str]

    async def next(self) -> dict[str, Any]:
        """Return the next event as ``{id, event, data}``; a comment as ``{comment}``."""
        found: dict[str, Any] = {}
        async for line in self.lines:
            if line.startswith(":"):
                found["comment"] = line
            elif line:
                name, _, value = line.partition(": ")
                found[name] = json.loads(value) if name == "data" else value
            elif found.keys() - {"retry"}:
                return found
            else:
                found = {}
        raise EOFError

    async def until(self, event: str) -> list[dict[str, Any]]:
        """Return every event up to and with the first of this type."""
        async with asyncio.timeout(PATIENCE):
            heard = [await self.next()]
            while heard[-1].get("event") != event:
                heard.append(await self.next())
        return heard


@asynccontextmanager
async def serve(opening: Callable[[], AbstractAsyncContextManager[App]], settings: Settings) -> AsyncIterator[Service]:
    app = create_app(opening, settings)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on", timeout_graceful_shutdown=1))
    serving = asyncio.create_task(server._serve(sockets=[listener]))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with httpx.AsyncClient(base_url=f"{url}/v1/api", timeout=PATIENCE) as client:
        body = {"email": "ann@example.com", "password": "correct horse 7", "name": "Ann"}
        answer = await client.post("/auth/register", json=body)
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        try:
            yield Service(url, app.state.flowcore, client, app)
        finally:
            await app.state.flowcore.feed.close()
            server.should_exit = True
            await serving
            listener.close()
