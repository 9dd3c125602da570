"""The progress of an import as server-sent events."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import msgspec
from litestar import Request, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Stream

from entrypoints.bootstrap import App
from entrypoints.http.access import TOKEN_IN_QUERY, shown_by
from entrypoints.http.ids import checked_id
from entrypoints.http.import_shapes import SessionOut
from entrypoints.http.streams import HEADERS, RETRY, OpenStreams, counted, frame, with_beats
from flowcore.errors import FlowcoreError, ForbiddenError, NotFoundError, UnauthenticatedError
from flowcore.model import ImportSession, ImportStatus, User
from flowcore.policy import Scope
from flowcore.ports.events import Event
from flowcore.usecases.imports.importing import channel_of, progress_of

_COMMENT = b": keep-alive\n\n"


@get("/import/{session_id:str}/stream", opt=TOKEN_IN_QUERY, media_type="text/event-stream")
async def follow(
    session_id: FromPath[str],
    request: Request[User, Any, Any],
    user: NamedDependency[User],
    app: NamedDependency[App],
    streams: NamedDependency[OpenStreams],
) -> Stream:
    """Follow an import: ``metadata`` first, ``progress`` and ``log`` as they happen, then ``complete`` or ``failed``.

    The stream ends with the import. ``Last-Event-ID`` goes on behind that event.
    """
    id_ = checked_id(session_id, "import session")
    await app.imports.queries.get(user, id_)
    streams.require(user)
    token = shown_by(request, request.route_handler, app.settings).token

    async def may_go_on() -> bool:
        try:
            await app.accounts.identify(token, Scope.READ)
        except (ForbiddenError, UnauthenticatedError):
            return False
        except FlowcoreError:
            return True  # the store does not answer now; that is no reason to send anybody away
        return True

    last = request.headers.get("last-event-id", "")
    frames = counted(streams.one(user), _frames(app, user, id_, last, may_go_on))
    return Stream(frames, media_type="text/event-stream", headers=HEADERS)


async def _frames(
    app: App, user: User, session_id: str, last_event_id: str, may_go_on: Callable[[], Awaitable[bool]]
) -> AsyncGenerator[bytes]:
    yield f"retry: {RETRY}\n\n".encode()
    queries = app.imports.queries
    # Listening begins before the state is read, so that nothing falls between the two.
    async with app.feed.subscribe(channel_of(session_id), last_event_id=last_event_id) as heard:
        known = await queries.get(user, session_id)
        yield frame("metadata", _session(app, known))
        if known.status.is_final:
            yield _end(app, known)
            return
        async for news in with_beats(heard, app.clock, app.settings.heartbeat):
            if isinstance(news, Event) and not news.is_terminal:
                yield frame(news.type, _envelope(app, session_id, news.type, dict(news.data)), news.id)
                continue
            if news is None and not await may_go_on():
                return
            # The end, a gap, or silence, in which another process may have gone on: the record tells.
            try:
                now = await queries.get(user, session_id)
            except NotFoundError:
                return
            if now.status.is_final:
                yield _end(app, now)
                return
            changed = progress_of(now) != progress_of(known)
            yield frame("progress", _envelope(app, session_id, "progress", progress_of(now))) if changed else _COMMENT
            known = now


def _session(app: App, session: ImportSession) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(SessionOut.of(session, app.imports.queries.analysis(session)))
    return told


def _end(app: App, session: ImportSession) -> bytes:
    """Return the last event: in one shape for everybody, which has the fields of both shapes that clients know."""
    told = _session(app, session)
    if session.status is ImportStatus.COMPLETED:
        analysis = told["analysis"]
        data = {"analysis": analysis, "candidates": told["candidates"], "needsChoice": told["needsChoice"]}
        return frame("complete", {**(analysis or {}), **_envelope(app, session.id, "complete", data), **data})
    failed = {"error_message": session.error_message, "error_stage": session.error_stage, "code": told["errorCode"]}
    payload = _envelope(app, session.id, "failed", failed)
    return frame("failed", {**payload, **failed, "error": session.error_message})


def _envelope(app: App, session_id: str, event_type: str, data: dict[str, Any]) -> dict[str, Any]:
    now = app.clock.now()
    key = channel_of(session_id)
    return {"type": "import", "stream_key": key, "event_type": event_type, "timestamp": now, "data": data}


router = Router("/", route_handlers=[follow], tags=["streams"])
