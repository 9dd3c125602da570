"""The way into pods: their logs as a stream that ends with its reader, and exec over a WebSocket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from adapters.sandbox._controllers import Controllers
from adapters.sandbox._exec import pod_exec
from adapters.sandbox._http import Receive, Scope, Send
from adapters.sandbox._pods import pod_log
from adapters.sandbox._routes import Target
from adapters.sandbox._status import not_found
from adapters.sandbox._store import Store

Query = dict[str, list[str]]
"""Every value of each query parameter, in order: `command` may come many times."""


async def follow_log(
    store: Store, controllers: Controllers, target: Target, query: Query, receive: Receive, closing: asyncio.Event
) -> AsyncIterator[bytes]:
    """A pod's log as it is asked for. Raises StatusError 404 (pod) or 400 (container) before anything is sent."""
    if store.get("v1", "Pod", target.namespace, target.name) is None:
        raise not_found("pods", "", target.name)
    source = await pod_log(store, controllers, target.namespace, target.name, query)
    return _until_left(source, receive, closing)


async def _until_left(source: AsyncIterator[bytes], receive: Receive, closing: asyncio.Event) -> AsyncIterator[bytes]:
    """The chunks of `source` until it ends, its reader leaves or the server closes."""

    async def leave() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    ends = [asyncio.create_task(leave()), asyncio.create_task(closing.wait())]
    try:
        while True:
            step = asyncio.ensure_future(anext(source, None))
            await asyncio.wait([step, *ends], return_when=asyncio.FIRST_COMPLETED)
            if not step.done():
                step.cancel()
                await asyncio.gather(step, return_exceptions=True)
                return
            chunk = step.result()
            if chunk is None:
                return
            yield chunk
    finally:
        for task in ends:
            task.cancel()
        await asyncio.gather(*ends, return_exceptions=True)


async def exec_in_pod(
    store: Store, controllers: Controllers, scope: Scope, receive: Receive, send: Send, target: Target, query: Query
) -> None:
    """Run a simulated command in a pod over the WebSocket of `scope`, which is not accepted yet."""
    await pod_exec(store, controllers, scope, receive, send, target.namespace, target.name, query)
