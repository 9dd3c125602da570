"""Following objects: list, watch from there, and go on wherever that breaks off."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from attrs import define, field

from adapters.kubernetes._backoff import Backoff
from adapters.kubernetes._discovery import Discovery
from adapters.kubernetes._errors import error_of, must_list_again, retry_after
from adapters.kubernetes._lines import Lines, LineTooLongError
from adapters.kubernetes._listing import list_selected, selector_query
from adapters.kubernetes._transport import FailedTryError, Request, Transport
from flowcore.errors import ForbiddenError, UnauthenticatedError, UnavailableError
from flowcore.ports.cluster import Changed, Deleted, RejectedError, Selection, Synced, WatchEvent

#: Seconds after which the server ends a watch by itself; the next one goes on from there.
SERVER_TIMEOUT = 240

#: Seconds without a byte after which a connection counts as dead: the server would have ended it before.
QUIET = SERVER_TIMEOUT + 30.0

#: A watch that ends sooner and brought nothing did not work.
_SHORTEST = timedelta(seconds=1)

_LONGEST_EVENT = 32 * 2**20


@define(eq=False)
class Watch:
    """One watch; iterate ``events`` once.

    Attributes:
        backoff: waits after failures; good news reset it.
    """

    transport: Transport
    discovery: Discovery
    selection: Selection
    backoff: Backoff
    #: Resource version to go on from; empty when everything must be listed first.
    _version: str = field(default="", init=False)
    #: Whether the stream that is open, or was last, has brought anything.
    _is_fruitful: bool = field(default=False, init=False)

    async def events(self) -> AsyncIterator[WatchEvent]:
        """Yield ``Synced`` first, then changes; ``Synced`` again wherever changes may have been missed."""
        while True:
            try:
                if not self._version:
                    yield await self._list()
                started = self.transport.clock.now()
                async with self._opened() as lines:
                    async for line in lines:
                        event = self._read(line)
                        self._is_fruitful = True
                        self.backoff.reset()
                        if event is not None:
                            yield event
                wait = self._wait_after_end(started)
            except FailedTryError as failed:
                wait = self._wait_after_failure(failed)
            if wait:
                await self.transport.clock.sleep(wait)

    async def _list(self) -> Synced:
        try:
            listed = await list_selected(self.transport, self.discovery, self.selection)
        except UnavailableError as error:
            raise FailedTryError(error) from None
        if not listed.version:
            raise FailedTryError(UnavailableError("the API server gave a list without a resource version"))
        self._version = listed.version
        return Synced(listed.objects)

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[Lines]:
        resource = await self.discovery.resource(self.selection.api_version, self.selection.kind)
        query = {
            **selector_query(self.selection),
            "watch": "true",
            "resourceVersion": self._version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(SERVER_TIMEOUT),
        }
        request = Request(method="GET", path=resource.collection(self.selection.namespace), query=query)
        async with self.transport.stream(request, quiet=QUIET) as response:
            self._is_fruitful = False
            try:
                yield Lines(response.content.iter_any(), longest=_LONGEST_EVENT)
            except LineTooLongError:
                raise self._broken() from None

    def _read(self, line: bytes) -> WatchEvent | None:
        try:
            said = json.loads(line)
            kind, live = said["type"], said["object"]
            if kind == "ERROR":
                raise _failure(live)
            self._version = str(live["metadata"].get("resourceVersion") or self._version)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise self._broken() from None
        if kind in ("ADDED", "MODIFIED"):
            return Changed(live)
        if kind == "DELETED":
            return Deleted(live)
        if kind != "BOOKMARK":
            raise self._broken()
        return None

    def _broken(self) -> FailedTryError:
        """What cannot be understood may have been a change, so everything is listed again."""
        self._version = ""
        return FailedTryError(UnavailableError("the API server sent an event that cannot be read"))

    def _wait_after_end(self, started: datetime) -> float:
        if self._is_fruitful or self.transport.clock.now() - started >= _SHORTEST:
            self.backoff.reset()
            return 0
        return self.backoff.next()

    def _wait_after_failure(self, failed: FailedTryError) -> float:
        error = failed.error
        if self.transport.is_closed or isinstance(error, UnauthenticatedError | ForbiddenError):
            raise error from None
        if isinstance(error, RejectedError) and not failed.must_list_again:
            if error.reason not in ("", "NotFound"):
                raise error from None
            self._version = ""
        if failed.must_list_again:
            self._version = ""
            if self.backoff.failures == 0:
                self.backoff.next()
                return failed.wait
        return self.backoff.next(failed.wait)


def _failure(status: Any) -> FailedTryError:
    code = status.get("code") if isinstance(status, Mapping) else 0
    code = code if isinstance(code, int) else 500
    return FailedTryError(
        error_of(code, status), wait=retry_after({}, status), must_list_again=must_list_again(code, status)
    )
