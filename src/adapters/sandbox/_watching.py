"""Watches: the changes of one kind as a stream, resumed from a resourceVersion, filtered by selectors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

from attrs import define, field

from adapters.sandbox._history import Change
from adapters.sandbox._http import Receive, Request, encode
from adapters.sandbox._listing import resource_version
from adapters.sandbox._resources import Resource
from adapters.sandbox._routes import Target
from adapters.sandbox._selectors import Matches, selects
from adapters.sandbox._shaping import shaped
from adapters.sandbox._status import Object, StatusError, bad_request
from adapters.sandbox._store import Store

DEFAULT_SECONDS = 3600
_INITIAL_END = "k8s.io/initial-events-end"


@define(kw_only=True)
class Watch:
    """One watch. Creating it checks the request: StatusError 400 (selectors), 410 (too old) or 504 (future)."""

    store: Store
    target: Target
    request: Request
    shape: str
    closing: asyncio.Event
    bookmark_seconds: float
    _matches: Matches | None = field(init=False)
    _revision: int = field(init=False)
    _initial: list[Object] = field(init=False, factory=list)
    _wake: asyncio.Event = field(init=False, factory=asyncio.Event)
    _left: bool = field(init=False, default=False)
    _shown_columns: bool = field(init=False, default=False)

    def __attrs_post_init__(self) -> None:
        query = self.request.query
        self._matches = selects(query.get("labelSelector", ""), query.get("fieldSelector", ""), self._resource)
        asked = resource_version(query.get("resourceVersion", ""))
        if query.get("sendInitialEvents") and query.get("resourceVersionMatch") != "NotOlderThan":
            raise bad_request("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan")
        current = self.store.collection(self._resource)
        self._revision = asked or self.store.revision
        self.store.changes_since(self._resource, self._revision)
        if self._sends_state(asked):
            self._revision = self.store.revision
            self._initial = [obj for _, obj in sorted(current.objects.items()) if self._selected(obj)]

    @property
    def _resource(self) -> Resource:
        return self.target.resource

    def _sends_state(self, asked: int) -> bool:
        if self.request.query.get("sendInitialEvents"):
            return self.request.flag("sendInitialEvents")
        return asked == 0

    async def events(self) -> AsyncIterator[bytes]:
        """The events as JSON lines until the client leaves, time is up or the server closes."""
        unsubscribe = self.store.observe(self._on_change)
        leaving = asyncio.create_task(self._await_disconnect(self.request.receive))
        closing = asyncio.create_task(self._await_closing())
        try:
            for line in self._state():
                yield line
            async for line in self._changes():
                yield line
        finally:
            unsubscribe()
            for task in (leaving, closing):
                task.cancel()
            await asyncio.gather(leaving, closing, return_exceptions=True)

    def _state(self) -> Iterator[bytes]:
        for obj in self._initial:
            yield self._line("ADDED", obj)
        if self.request.flag("sendInitialEvents"):
            yield self._bookmark(initial=True)

    async def _changes(self) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        seconds = self.request.whole_number("timeoutSeconds") or DEFAULT_SECONDS
        end, bookmarks = loop.time() + seconds, self.request.flag("allowWatchBookmarks")
        while not self._left:
            self._wake.clear()
            try:
                changes = self.store.changes_since(self._resource, self._revision)
            except StatusError as error:
                yield encode({"type": "ERROR", "object": error.to_dict()}) + b"\n"
                return
            for change in changes:
                self._revision = change.revision
                line = self._event(change)
                if line:
                    yield line
            remaining = end - loop.time()
            woken = await self._sleep(min(remaining, self.bookmark_seconds) if bookmarks else remaining)
            if not woken:
                self._revision = max(self._revision, self.store.revision)
                if bookmarks:
                    yield self._bookmark()
            if loop.time() >= end:
                return

    async def _sleep(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(max(seconds, 0)):
                await self._wake.wait()
        except TimeoutError:
            return False
        return True

    def _on_change(self, change: Change) -> None:
        obj = change.object
        if (obj["apiVersion"].rpartition("/")[0], obj["kind"]) == self._resource.key:
            self._wake.set()

    async def _await_disconnect(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._leave()

    async def _await_closing(self) -> None:
        await self.closing.wait()
        self._leave()

    def _leave(self) -> None:
        self._left = True
        self._wake.set()

    def _selected(self, obj: Object) -> bool:
        metadata = obj["metadata"]
        if self.target.namespace and metadata.get("namespace") != self.target.namespace:
            return False
        if self.target.name and metadata["name"] != self.target.name:
            return False
        return self._matches is None or self._matches(obj)

    def _event(self, change: Change) -> bytes:
        selected = self._selected(change.object)
        before = change.previous is not None and self._selected(change.previous)
        if change.type == "DELETED":
            return self._line("DELETED", change.object) if before or selected else b""
        if selected:
            return self._line("MODIFIED" if before else "ADDED", change.object)
        return self._line("DELETED", self._last_selected(change)) if before else b""

    def _last_selected(self, change: Change) -> Object:
        previous = change.previous or change.object
        return {**previous, "metadata": {**previous["metadata"], "resourceVersion": str(change.revision)}}

    def _line(self, kind: str, obj: Object) -> bytes:
        seen = shaped(obj, self._resource, self.shape, self.store.clock(), self.request.query.get("includeObject", ""))
        if self.shape == "Table" and self._shown_columns:
            seen = {**seen, "columnDefinitions": None}
        self._shown_columns = True
        return encode({"type": kind, "object": seen}) + b"\n"

    def _bookmark(self, *, initial: bool = False) -> bytes:
        metadata: Object = {"resourceVersion": str(self._revision), "creationTimestamp": None}
        if initial:
            metadata["annotations"] = {_INITIAL_END: "true"}
        obj = {"kind": self._resource.kind, "apiVersion": self._resource.api_version, "metadata": metadata}
        return encode({"type": "BOOKMARK", "object": obj}) + b"\n"
