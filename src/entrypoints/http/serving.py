"""Run the service: uvicorn, logs, and an orderly end although streams are open."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator, MutableMapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import structlog
import uvicorn
from litestar.types import ControllerRouterHandler
from structlog.typing import Processor

from entrypoints.bootstrap import App, open_app
from entrypoints.http.app import create_app
from entrypoints.http.errors import trace_of
from entrypoints.settings import Settings
from entrypoints.stopping import stopped_by_signals
from flowcore.model import Run

#: Seconds that requests at work get to end when the service stops.
GRACE = 5
#: Most bytes of a request line and its headers that have not come whole.
_HEADERS = 32 * 1024


async def serve(
    settings: Settings,
    *,
    pages: Sequence[ControllerRouterHandler] = (),
    on_start: Callable[[str], None] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM.

    Args:
        settings: of this process.
        pages: further handlers, like those of a web client.
        on_start: told the address when the service listens.

    Raises:
        OSError: the address cannot be listened on.
        FlowcoreError: something that the settings ask for cannot be opened.
    """
    configure_logs(settings)
    listener = listen(settings.host, settings.port)
    try:
        async with open_app(settings, on_run_end=_log_run) as app:
            await serve_app(app, listener, pages=pages, on_start=on_start)
    finally:
        listener.close()


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 takes a free one.

    Raises:
        OSError: the address cannot be listened on.
    """
    is_ipv6 = ":" in host
    family = socket.AF_INET6 if is_ipv6 else socket.AF_INET
    takes_both = host == "::" and socket.has_dualstack_ipv6()
    listener = socket.create_server((host, port), family=family, backlog=2048, dualstack_ipv6=takes_both)
    # asyncio sets this only on sockets that name their protocol; without it small answers wait for 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


async def serve_app(
    app: App,
    listener: socket.socket,
    *,
    pages: Sequence[ControllerRouterHandler] = (),
    on_start: Callable[[str], None] | None = None,
) -> None:
    """Serve an open app on a listening socket until SIGINT or SIGTERM, or until the task is cancelled."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[App]:
        yield app

    asgi = create_app(opened, app.settings, pages=pages)
    config = uvicorn.Config(
        asgi,
        http="h11",  # the other parser takes headers without an end
        h11_max_incomplete_event_size=_HEADERS,
        limit_concurrency=app.settings.connections,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # by itself uvicorn believes proxies on this machine; `client_address` asks the settings
        timeout_graceful_shutdown=GRACE,
    )
    server = _Server(config)
    stop = asyncio.Event()
    ending = asyncio.create_task(_end(server, app, stop), name="end streams")
    try:
        host, port = listener.getsockname()[:2]
        if on_start is not None:
            on_start(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")
        with stopped_by_signals(stop):
            await _served(server, listener, stop)
    finally:
        ending.cancel()
        with suppress(asyncio.CancelledError):
            await ending


class _Server(uvicorn.Server):
    """uvicorn without its own signals: it would end the process before what surrounds the server has been closed."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


async def _served(server: uvicorn.Server, listener: socket.socket, stop: asyncio.Event) -> None:
    """Run the server; cancelling ends it in the same order as a signal, so that nothing breaks off in the middle."""
    running = asyncio.create_task(server.serve(sockets=[listener]), name="uvicorn")
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        stop.set()
        await running
        raise


async def _end(server: uvicorn.Server, app: App, stop: asyncio.Event) -> None:
    """Once asked to stop, take no more requests and close the feed: streams end then, and hold nothing up."""
    await stop.wait()
    server.should_exit = True
    await app.feed.close()


def configure_logs(settings: Settings) -> None:
    """Make structlog write one line per event, as JSON or for people. Call it once, when the process starts."""
    # Rich tracebacks, the default for people, show the values of variables: passwords, tokens, given secrets.
    console = structlog.dev.ConsoleRenderer(
        colors=sys.stdout.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
    last: list[Processor] = [_without_controls, console]
    if settings.log_json:
        last = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    first: list[Processor] = [structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True)]
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, *first, *last],
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        cache_logger_on_first_use=True,
    )
    # What libraries log, like uvicorn and asyncio, comes in the same form.
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=first,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


def _without_controls(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Escape what a terminal would obey, in everything but tracebacks, which are ours."""
    for key, value in event.items():
        if isinstance(value, str) and key != "exception" and not value.isprintable():
            event[key] = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in value)
    return event


def _log_run(run: Run, error: BaseException | None) -> None:
    logger = structlog.get_logger("flowcore.runs")
    told = {"run": run.id, "workflow": run.workflow_id, "version": run.version, "status": str(run.status)}
    if error is not None:
        logger.error("run broken off", **told, exception=trace_of(error))
    else:
        logger.info("run ended", **told)
