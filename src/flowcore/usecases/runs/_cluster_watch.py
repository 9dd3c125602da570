"""The watches of one cluster, made anew when its connection ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from attrs import define, field

from flowcore.errors import FlowcoreError, ForbiddenError
from flowcore.model import Cluster, Manifest
from flowcore.ports.cluster import ClusterConnection, Clusters, RejectedError
from flowcore.ports.system import Clock
from flowcore.usecases.runs._live import Kind, LiveObjects, NodeKey, kind_of

_FIRST_WAIT, _LONGEST_WAIT = 5.0, 60.0


@define(eq=False)
class ClusterWatch:
    """The watches of one cluster; one per kind that anybody is interested in.

    Attributes:
        problems: why a kind cannot be watched now; under None why nothing can.
    """

    cluster: Cluster
    access: Clusters
    clock: Clock
    on_change: Callable[[set[NodeKey] | None], None]
    live: LiveObjects = field(factory=LiveObjects)
    problems: dict[Kind | None, str] = field(factory=dict)
    _wanted: set[Kind] = field(factory=set)
    _wish: asyncio.Event = field(factory=asyncio.Event)
    _found: dict[Kind, asyncio.Event] = field(factory=dict)
    _task: asyncio.Task[None] | None = None

    def want(self, kinds: Iterable[Kind]) -> None:
        """Watch these kinds too, from now on."""
        self._wanted.update(kinds)
        self._wish.set()
        if self._task is None:
            self._task = asyncio.create_task(self._work(), name=f"watch cluster {self.cluster.name}")

    def observe(self, live: Manifest) -> None:
        """Take an object as an apply returned it; a kind that could not be watched before can be now."""
        self.live.observe(live)
        kind = kind_of(live)
        if kind in self._found:
            self.problems.pop(kind, None)
            self._found[kind].set()

    async def close(self) -> None:
        """Stop every watch."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _work(self) -> None:
        wait = _FIRST_WAIT
        while True:
            started = self.clock.now()
            try:
                async with self.access.connect(self.cluster) as connection, asyncio.TaskGroup() as tasks:
                    await self._serve(connection, tasks)
            except* Exception as group:  # noqa: BLE001  a mistake of ours must not end every watch for good
                self._tell(None, _first_message(group))
            if (self.clock.now() - started).total_seconds() > _LONGEST_WAIT:
                wait = _FIRST_WAIT
            await self.clock.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)

    async def _serve(self, connection: ClusterConnection, tasks: asyncio.TaskGroup) -> None:
        started: set[Kind] = set()
        while True:
            self._wish.clear()
            for kind in sorted(self._wanted - started):
                tasks.create_task(self._follow(connection, kind), name=f"watch {kind.name}")
            started |= self._wanted
            await self._wish.wait()

    async def _follow(self, connection: ClusterConnection, kind: Kind) -> None:
        wait = _FIRST_WAIT
        while True:
            try:
                async for event in connection.watch(kind.selection):
                    healed = [self.problems.pop(place) for place in (None, kind) if place in self.problems]
                    is_first = kind not in self.live.synced
                    touched = self.live.take(kind, event)
                    self.on_change(None if is_first or healed else touched)
            except (RejectedError, ForbiddenError) as error:
                self._tell(kind, error.message)
            # The definition of the kind, or the right to see it, may still come.
            await self._pause(kind, wait)
            wait = min(wait * 2, _LONGEST_WAIT)

    async def _pause(self, kind: Kind, seconds: float) -> None:
        """Wait that long, or until an object of the kind is known to exist."""
        found = self._found.setdefault(kind, asyncio.Event())
        found.clear()
        waits = [asyncio.ensure_future(self.clock.sleep(seconds)), asyncio.ensure_future(found.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()

    def _tell(self, kind: Kind | None, message: str) -> None:
        self.problems[kind] = message
        self.on_change(None)


def _first_message(group: BaseExceptionGroup[Exception]) -> str:
    first: BaseException = group
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first.message if isinstance(first, FlowcoreError) else f"internal error: {type(first).__name__}"
