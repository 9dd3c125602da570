"""Audit logs that behave as the test wants, and entries to put into them."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from adapters.memory import MemoryStore
from flowcore.errors import FlowcoreError
from flowcore.model import ActorKind, AuditEntry
from flowcore.ports.audit import AuditQuery
from flowcore.ports.storage import AUDIT_LOG
from flowcore.usecases.auditing.recording import StoredAuditLog
from tests.doubles import START


class PlayedAuditLog:
    """An audit log in memory.

    Attributes:
        refusals: errors to raise instead of storing, first come first served.
        held: appending does not return before ``release``.
        largest: the most entries that one answer had.
    """

    def __init__(self) -> None:
        self.log = StoredAuditLog(MemoryStore().repository(AUDIT_LOG))
        self.refusals: list[FlowcoreError | Exception] = []
        self.held = False
        self.largest = 0
        self._released = asyncio.Event()

    async def append(self, entry: AuditEntry) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
        if self.held:
            await self._released.wait()
        await self.log.append(entry)

    async def find(self, query: AuditQuery, *, limit: int) -> list[AuditEntry]:
        found = await self.log.find(query, limit=limit)
        self.largest = max(self.largest, len(found))
        return found

    async def all(self) -> list[AuditEntry]:
        """Return everything that was stored, oldest first."""
        return await self.log.find(AuditQuery(oldest_first=True), limit=0)

    def release(self) -> None:
        """Let everything that is held go on."""
        self.held = False
        self._released.set()


def an_entry(number: int, *, at: datetime | None = None, **fields: object) -> AuditEntry:
    """Return an entry of this number, a minute after the one before."""
    given = {"actor_kind": ActorKind.SESSION, "action": "workflow.run", **fields}
    return AuditEntry(id=f"{number:024x}", at=at or START + timedelta(minutes=number), **given)  # type: ignore[arg-type]
