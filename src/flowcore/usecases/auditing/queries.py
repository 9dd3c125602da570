"""Reading the audit log: administrators see all of it, everybody sees what concerns their own account."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from attrs import evolve, frozen

from flowcore.model import ActorKind, AuditEntry, User
from flowcore.ports.audit import AuditLog, AuditQuery
from flowcore.ports.storage import Repository
from flowcore.usecases.access import require_administrator
from flowcore.usecases.accounts.emails import key_of_email

#: Entries that are in memory at the same time while all of them are read.
BATCH = 500


@frozen(kw_only=True)
class AuditQueries:
    """Look at the audit log."""

    log: AuditLog
    users: Repository[User]

    async def subject(self, email: str) -> User | None:
        """Return whose address it is, in any case; None for nobody's."""
        found = await self.users.find({"email_key": key_of_email(email)}, limit=1)
        return found[0] if found else None

    async def page(self, user: User, query: AuditQuery, *, limit: int) -> list[AuditEntry]:
        """Return at most *limit* entries.

        Raises:
            ForbiddenError: the user is no administrator.
        """
        require_administrator(user)
        return await self.log.find(query, limit=limit)

    def every(self, user: User, query: AuditQuery) -> AsyncGenerator[list[AuditEntry]]:
        """Yield every entry, the oldest first, a part of them at a time; never more of them are in memory.

        Raises:
            ForbiddenError: the user is no administrator.
        """
        require_administrator(user)
        return batches(self.log, query)

    async def own(self, user: User, *, limit: int, beyond: str = "") -> list[AuditEntry]:
        """Return what the user did, and what was done to their account, the newest first.

        Of others who did it, nothing is told but that it was an administrator; of failed sign-ins, from where.
        """
        did = await self.log.find(AuditQuery(actor_id=user.id, beyond=beyond), limit=limit)
        suffered = await self.log.find(AuditQuery(target_type="user", target_id=user.id, beyond=beyond), limit=limit)
        merged = {entry.id: entry for entry in (*suffered, *did)}
        newest = sorted(merged.values(), key=lambda entry: entry.id, reverse=True)[:limit]
        return [entry if entry.actor_id == user.id else _veiled(entry) for entry in newest]


async def batches(log: AuditLog, query: AuditQuery) -> AsyncGenerator[list[AuditEntry]]:
    """Yield every entry of a log that a query takes, the oldest first, at most ``BATCH`` at a time."""
    query = evolve(query, oldest_first=True)
    while found := await log.find(query, limit=BATCH):
        yield found
        if len(found) < BATCH:
            return
        query = evolve(query, beyond=found[-1].id)


def _veiled(entry: AuditEntry) -> AuditEntry:
    """Return an entry without what it tells about somebody else."""
    if entry.actor_kind is ActorKind.ANONYMOUS:
        return evolve(entry, request_id="")
    return evolve(entry, actor_id="", actor_email="", address="", agent="", request_id="")
