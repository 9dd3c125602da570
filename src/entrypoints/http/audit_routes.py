"""The audit log: for administrators all of it, for everybody what concerns their own account."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from litestar.response import Stream

from entrypoints.bootstrap import App
from entrypoints.http.access import ADMIN, needs
from entrypoints.http.auditing import audited, tell_details
from entrypoints.http.ids import checked_id, clamped
from flowcore.errors import InvalidInputError
from flowcore.model import AuditEntry, User
from flowcore.policy import Scope
from flowcore.ports.audit import AuditQuery
from flowcore.usecases.auditing.filters import FILTERS, query_from
from flowcore.usecases.auditing.lines import LineFormat, head_of, lines_of

_MEDIA_TYPES = {LineFormat.JSONL: "application/jsonl", LineFormat.CSV: "text/csv"}


class ActorOut(msgspec.Struct):
    """Who did it, and by what: ``session``, ``api-token``, ``local``, ``system`` or ``anonymous``."""

    kind: str
    id: str
    email: str


class TargetOut(msgspec.Struct):
    """What it was done to."""

    type: str
    id: str
    name: str


class EntryOut(msgspec.Struct, rename="camel"):
    """One entry of the audit log."""

    id: str
    at: datetime
    action: str
    result: str
    error_code: str
    actor: ActorOut
    target: TargetOut
    address: str
    agent: str
    request_id: str
    details: dict[str, str]

    @classmethod
    def of(cls, entry: AuditEntry) -> EntryOut:
        """Translate an entry."""
        return cls(
            id=entry.id,
            at=entry.at,
            action=entry.action,
            result=str(entry.result),
            error_code=entry.error_code,
            actor=ActorOut(str(entry.actor_kind), entry.actor_id, entry.actor_email),
            target=TargetOut(entry.target_type, entry.target_id, entry.target_name),
            address=entry.address,
            agent=entry.agent,
            request_id=entry.request_id,
            details=dict(entry.details),
        )


class EntriesOut(msgspec.Struct, rename="camel"):
    """A part of the log, the newest first; ``cursor`` asks for the next part, and is null behind the last."""

    entries: list[EntryOut]
    cursor: str | None

    @classmethod
    def of(cls, entries: list[AuditEntry], limit: int) -> EntriesOut:
        """Translate entries; a part that is not full is the last."""
        return cls([EntryOut.of(entry) for entry in entries], entries[-1].id if len(entries) == limit else None)


@get("/admin/audit", opt=ADMIN)
async def list_entries(
    request: Request[User, Any, Any],
    user: NamedDependency[User],
    app: NamedDependency[App],
    actor: FromQuery[str] = "",
    action: FromQuery[str] = "",
    target: FromQuery[str] = "",
    target_type: Annotated[str, QueryParameter(name="targetType")] = "",
    result: FromQuery[str] = "",
    since: FromQuery[str] = "",
    until: FromQuery[str] = "",
    cursor: FromQuery[str] = "",
    limit: FromQuery[int | None] = None,
) -> EntriesOut:
    """List the audit log. ``actor`` is an id or an e-mail address, ``action`` the beginning of a word, ``target`` an id
    or a name; ``since`` and ``until`` are moments in ISO 8601.
    """
    most = clamped(limit, low=1, high=500, default=100)
    query = _query(request, beyond=cursor)
    return EntriesOut.of(await app.audit.queries.page(user, query, limit=most), most)


@get("/admin/audit/export", opt=ADMIN | audited("audit.export"))
async def export_entries(
    request: Request[User, Any, Any],
    user: NamedDependency[User],
    app: NamedDependency[App],
    format: FromQuery[str] = "jsonl",
    actor: FromQuery[str] = "",
    action: FromQuery[str] = "",
    target: FromQuery[str] = "",
    target_type: Annotated[str, QueryParameter(name="targetType")] = "",
    result: FromQuery[str] = "",
    since: FromQuery[str] = "",
    until: FromQuery[str] = "",
) -> Stream:
    """Export the audit log, the oldest first, as ``jsonl`` or ``csv``, with the filters of the list."""
    wanted = _format(format)
    query = _query(request)
    tell_details(**{name: text for name in FILTERS if (text := request.query_params.get(name, ""))}, format=wanted)
    entries = app.audit.queries.every(user, query)
    headers = {"Content-Disposition": f'attachment; filename="audit.{wanted}"', "Cache-Control": "no-store"}
    return Stream(_lines(entries, wanted), media_type=_MEDIA_TYPES[wanted], headers=headers)


@get("/profile/audit", opt=needs(Scope.ACCOUNT))
async def own_entries(
    user: NamedDependency[User],
    app: NamedDependency[App],
    cursor: FromQuery[str] = "",
    limit: FromQuery[int | None] = None,
) -> EntriesOut:
    """List what one did oneself, and what was done to one's own account."""
    most = clamped(limit, low=1, high=500, default=100)
    beyond = checked_id(cursor, "cursor") if cursor else ""
    return EntriesOut.of(await app.audit.queries.own(user, limit=most, beyond=beyond), most)


async def _lines(entries: AsyncGenerator[list[AuditEntry]], wanted: LineFormat) -> AsyncIterator[bytes]:
    yield head_of(wanted).encode()
    async with aclosing(entries):
        async for part in entries:
            yield lines_of(part, wanted).encode()


def _query(request: Request[Any, Any, Any], *, beyond: str = "") -> AuditQuery:
    return query_from({name: str(request.query_params.get(name, "")) for name in FILTERS}, beyond=beyond)


def _format(word: str) -> LineFormat:
    try:
        return LineFormat(word)
    except ValueError:
        known = " or ".join(LineFormat)
        raise InvalidInputError.of(f"format must be {known}", rule="audit-filter", path="format") from None


router = Router("/", route_handlers=[list_entries, export_entries, own_entries], tags=["administration"])
