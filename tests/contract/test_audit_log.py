"""What the audit log promises: the same tests on memory, SQLite and MongoDB."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, fields

from flowcore.errors import ForbiddenError
from flowcore.model import ActorKind, AuditEntry, AuditResult
from flowcore.ports.audit import AuditLog, AuditQuery
from flowcore.ports.storage import AUDIT_LOG, Store
from flowcore.usecases.auditing.queries import BATCH, batches
from flowcore.usecases.auditing.recording import StoredAuditLog
from tests.backends import NAMES, Backend, new_backend
from tests.doubles import START
from tests.doubles_audit import an_entry

pytestmark = pytest.mark.anyio


@pytest.fixture(params=NAMES)
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    with new_backend(request.param, tmp_path, lambda: request.getfixturevalue("mongo_url")) as backend:
        yield backend


@pytest.fixture
async def store(backend: Backend) -> AsyncIterator[Store]:
    async with backend.open() as store:
        yield store


@pytest.fixture
def log(store: Store) -> AuditLog:
    return StoredAuditLog(store.repository(AUDIT_LOG))


FULL = AuditEntry(
    id="0" * 23 + "1",
    at=START,
    actor_id="u1",
    actor_email="ann@example.com",
    actor_kind=ActorKind.API_TOKEN,
    action="workflow.run",
    target_type="workflow",
    target_id="w1",
    target_name="shop",
    address="192.0.2.7",
    agent="curl/8",
    request_id="r1",
    result=AuditResult.DENIED,
    error_code="token.scope",
    details={"version": "3", "a.b": "$c"},
    expires_at=START.replace(year=2999),
)


async def ids(log: AuditLog, query: AuditQuery, limit: int = 0) -> str:
    return "".join(entry.id[-1] for entry in await log.find(query, limit=limit))


async def test_an_entry_is_found_as_it_was_appended(log: AuditLog) -> None:
    await log.append(FULL)

    (found,) = await log.find(AuditQuery(), limit=10)
    assert evolve(found, revision=0) == FULL
    left_out = {"revision"}
    assert all(getattr(FULL, each.name) for each in fields(AuditEntry) if each.name not in left_out)


async def test_appending_an_entry_again_changes_nothing(log: AuditLog) -> None:
    await log.append(FULL)
    await log.append(evolve(FULL, action="user.delete"))

    assert [entry.action for entry in await log.find(AuditQuery(), limit=10)] == ["workflow.run"]


async def test_no_store_changes_or_removes_an_entry(store: Store, log: AuditLog) -> None:
    await log.append(FULL)
    entries = store.repository(AUDIT_LOG)
    (stored,) = await log.find(AuditQuery(), limit=1)

    with pytest.raises(ForbiddenError):
        await entries.replace(evolve(stored, actor_id="somebody else"))
    with pytest.raises(ForbiddenError):
        await entries.remove(stored.id)

    assert await log.find(AuditQuery(), limit=10) == [stored]


@pytest.fixture
async def crowd(log: AuditLog) -> AuditLog:
    ann: dict[str, Any] = {"actor_id": "ann", "actor_email": "ann@example.com"}
    await log.append(an_entry(3, **ann, action="user.role.change", target_type="user", target_id="bob"))
    await log.append(an_entry(1, **ann, target_type="workflow", target_id="w1", target_name="shop"))
    await log.append(an_entry(2, actor_id="bob", result=AuditResult.DENIED))
    await log.append(an_entry(4, actor_id="bob", action="workflow.create", target_id="w2", result=AuditResult.FAILED))
    await log.append(an_entry(5, actor_kind=ActorKind.ANONYMOUS, action="auth.sign_in", result=AuditResult.DENIED))
    return log


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (AuditQuery(), "54321"),
        (AuditQuery(oldest_first=True), "12345"),
        (AuditQuery(actor_id="ann"), "31"),
        (AuditQuery(actor_email="ann@example.com"), "31"),
        (AuditQuery(action="workflow.run"), "21"),
        (AuditQuery(action="workflow."), "421"),
        (AuditQuery(action="use"), "3"),
        (AuditQuery(action="nothing"), ""),
        (AuditQuery(target_id="w1"), "1"),
        (AuditQuery(target_name="shop"), "1"),
        (AuditQuery(target_type="user", target_id="bob"), "3"),
        (AuditQuery(target_type="workflow", target_id="bob"), ""),
        (AuditQuery(result=AuditResult.DENIED), "52"),
        (AuditQuery(since=START + timedelta(minutes=2)), "5432"),
        (AuditQuery(until=START + timedelta(minutes=2)), "1"),
        (AuditQuery(since=START + timedelta(minutes=2), until=START + timedelta(minutes=4)), "32"),
        (AuditQuery(beyond=f"{3:024x}"), "21"),
        (AuditQuery(beyond=f"{3:024x}", oldest_first=True), "45"),
        (AuditQuery(actor_id="bob", result=AuditResult.DENIED, action="w", beyond=f"{4:024x}"), "2"),
    ],
)
async def test_entries_are_found_by_what_is_asked(crowd: AuditLog, query: AuditQuery, found: str) -> None:
    assert await ids(crowd, query) == found
    assert await ids(crowd, query, limit=1) == found[:1]


async def test_all_are_read_in_parts_while_others_are_appended(log: AuditLog) -> None:
    for number in range(BATCH + 3):
        await log.append(an_entry(number))

    numbers = []
    async for part in batches(log, AuditQuery()):
        if not numbers:
            await log.append(an_entry(BATCH + 3))
        numbers += [int(entry.id, 16) for entry in part]

    assert numbers == list(range(BATCH + 4))
