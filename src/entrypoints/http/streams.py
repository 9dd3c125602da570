"""The live status of a workflow as server-sent events."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, aclosing, contextmanager
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from attrs import define, field
from litestar import Request, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Stream

from entrypoints.bootstrap import App
from entrypoints.http.access import TOKEN_IN_QUERY, shown_by
from entrypoints.http.ids import checked_id
from entrypoints.http.workflow_shapes import RunOut, WorkflowOut, status_out
from flowcore.errors import (
    FlowcoreError,
    ForbiddenError,
    LimitExceededError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
)
from flowcore.model import User, from_document
from flowcore.policy import Scope
from flowcore.ports.events import Event
from flowcore.ports.system import Clock
from flowcore.usecases.runs.following import Picture, Told
from flowcore.usecases.runs.statuses import NodeStatus

T = TypeVar("T")

#: What keeps proxies from holding events back.
HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no", "Connection": "keep-alive"}
#: Seconds after which somebody with too many streams may try again.
_TRY_AGAIN = 10
#: Milliseconds after which a client that lost its stream should come back.
RETRY = 3000
_COMMENT = b": keep-alive\n\n"


@define(eq=False)
class OpenStreams:
    """Counts the open streams of every user of this process, so that nobody can open any number."""

    limit: int
    _open: Counter[str] = field(factory=Counter)

    def require(self, user: User) -> None:
        """Let one more stream open.

        Raises:
            LimitExceededError: the user has as many as anybody may have.
        """
        if self._open[user.id] >= self.limit:
            told = f"You have {self.limit} live streams open, which is the limit; close one first"
            raise LimitExceededError(told, code="limit.streams", retry_after=_TRY_AGAIN)

    @contextmanager
    def one(self, user: User) -> Iterator[None]:
        """Count one stream of a user for as long as it is open."""
        self._open[user.id] += 1
        try:
            yield
        finally:
            self._open[user.id] -= 1
            self._open += Counter()  # forget who has none


@get("/workflows/{workflow_id:str}/status/stream", opt=TOKEN_IN_QUERY, media_type="text/event-stream")
async def follow(
    workflow_id: FromPath[str],
    request: Request[User, Any, Any],
    user: NamedDependency[User],
    app: NamedDependency[App],
    streams: NamedDependency[OpenStreams],
) -> Stream:
    """Follow a workflow: ``metadata`` first, then ``node_update``, ``error`` and ``complete`` as they happen.

    ``complete`` says that a run has ended, not that the stream has. ``workflow_sync`` brings the whole state where
    events were lost. ``Last-Event-ID`` goes on behind that event.
    """
    id_ = checked_id(workflow_id, "workflow")
    await app.workflows.queries.get(user, id_)
    streams.require(user)
    token = shown_by(request, request.route_handler, app.settings).token

    async def may_go_on() -> bool:
        try:
            await app.accounts.identify(token, Scope.READ)
            await app.workflows.queries.get(user, id_)
        except (ForbiddenError, NotFoundError, UnauthenticatedError):
            return False
        except FlowcoreError:
            return True  # the store does not answer now; that is no reason to send anybody away
        return True

    last = request.headers.get("last-event-id", "")
    frames = counted(streams.one(user), _frames(app, user, id_, last, may_go_on))
    return Stream(frames, media_type="text/event-stream", headers=HEADERS)


async def counted(counting: AbstractContextManager[None], frames: AsyncGenerator[bytes]) -> AsyncIterator[bytes]:
    """Yield the frames of one stream that counts as open until its end."""
    with counting:
        async with aclosing(frames):
            async for frame_ in frames:
                yield frame_


async def _frames(
    app: App, user: User, workflow_id: str, last_event_id: str, may_go_on: Callable[[], Awaitable[bool]]
) -> AsyncGenerator[bytes]:
    yield f"retry: {RETRY}\n\n".encode()
    beat = app.settings.heartbeat
    async with app.runs.follow(user, workflow_id, last_event_id=last_event_id) as told:
        checked, known = app.clock.now(), await _run_known(app, workflow_id)
        async for news in with_beats(told, app.clock, beat):
            if (app.clock.now() - checked).total_seconds() >= beat:
                checked = app.clock.now()
                if not await may_go_on():
                    return
            if news is not None:
                yield frame_of(news, workflow_id, app.clock.now())
            elif (now_known := await _run_known(app, workflow_id)) != known:
                # What another process did with a run is not heard here; its record tells.
                known = now_known
                picture = await app.runs.statuses.picture(user, workflow_id, is_first=False)
                yield frame_of(picture, workflow_id, app.clock.now())
            else:
                yield _COMMENT


async def _run_known(app: App, workflow_id: str) -> tuple[str, int]:
    """Return what tells a state of the newest run from every other one."""
    try:
        run = await app.runs.statuses.newest_run(workflow_id)
    except UnavailableError:
        return "", -1
    return (run.id, run.revision) if run is not None else ("", 0)


async def with_beats(source: AsyncIterator[T], clock: Clock, seconds: float) -> AsyncIterator[T | None]:
    """Yield what *source* yields, and None whenever it was silent for *seconds*."""
    pending = asyncio.ensure_future(_next(source))
    try:
        while True:
            beat = asyncio.ensure_future(clock.sleep(seconds))
            try:
                await asyncio.wait({pending, beat}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                beat.cancel()
            if not pending.done():
                yield None
                continue
            try:
                found = pending.result()
            except StopAsyncIteration:
                return
            yield found
            pending = asyncio.ensure_future(_next(source))
    finally:
        pending.cancel()


async def _next(source: AsyncIterator[T]) -> T:
    return await anext(source)


def frame_of(news: Told, workflow_id: str, now: datetime) -> bytes:
    """Return news as one event of the stream."""
    key = f"workflow:{workflow_id}"
    if isinstance(news, Picture):
        if news.is_first:
            return frame("metadata", _document(news))
        return frame("workflow_sync", _envelope(key, "workflow_sync", now, _document(news)))
    return frame(news.type, _envelope(key, news.type, now, _data(news)), news.id)


def frame(event: str, payload: Any, id_: str = "") -> bytes:
    """Return one server-sent event with a JSON payload, which has no line breaks."""
    head = f"id: {id_}\n" if id_ else ""
    return f"{head}event: {event}\ndata: ".encode() + msgspec.json.encode(payload) + b"\n\n"


def _document(picture: Picture) -> dict[str, Any]:
    workflow: dict[str, Any] = msgspec.to_builtins(WorkflowOut.of(picture.workflow, picture.statuses))
    statuses = {node_id: status_out(status) for node_id, status in picture.statuses.items()}
    run = RunOut.of(picture.run) if picture.run is not None else None
    return {**workflow, "statuses": statuses, "run": run}


def _data(event: Event) -> Mapping[str, Any]:
    if event.type != "node_update":
        return event.data
    status = from_document(event.data, NodeStatus)
    return {"node_id": status.node_id, "type": status.type, "status": status_out(status)}


def _envelope(key: str, event_type: str, now: datetime, data: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "workflow", "stream_key": key, "event_type": event_type, "timestamp": now, "data": data}


router = Router("/", route_handlers=[follow], tags=["streams"])
