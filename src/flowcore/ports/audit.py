"""The audit log: what happened is added, and never changed or removed."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from attrs import frozen

from flowcore.model import AuditEntry, AuditResult


@frozen(kw_only=True)
class AuditQuery:
    """Which entries are wanted; what is left empty does not matter.

    Attributes:
        actor_id: id of the user who did it.
        actor_email: address of the user who did it, in lower case.
        action: how the word of the action begins, like ``user.``.
        target_type: what it was done to, like ``workflow``.
        target_id: its id.
        target_name: its name.
        since: happened at this moment or later.
        until: happened before this moment.
        beyond: id of the entry behind which to go on, in the order of the answer.
        oldest_first: the order of the answer; the newest entries come first otherwise.
    """

    actor_id: str = ""
    actor_email: str = ""
    action: str = ""
    target_type: str = ""
    target_id: str = ""
    target_name: str = ""
    result: AuditResult | None = None
    since: datetime | None = None
    until: datetime | None = None
    beyond: str = ""
    oldest_first: bool = False


class AuditLog(Protocol):
    """The one place where entries go. There is no way to change or remove one; the store forgets them at their end."""

    async def append(self, entry: AuditEntry) -> None:
        """Store an entry; appending the same entry again changes nothing.

        Raises:
            UnavailableError: the store does not answer; the entry may be there nevertheless.
            InvalidInputError: something in it cannot be kept.
        """
        ...

    async def find(self, query: AuditQuery, *, limit: int) -> list[AuditEntry]:
        """Return at most *limit* entries, ordered by id, which rises with time.

        Raises:
            UnavailableError: the store does not answer.
            InvalidInputError: a text of the query is none.
        """
        ...
