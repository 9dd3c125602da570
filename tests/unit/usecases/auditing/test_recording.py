"""Entries get into the audit log without holding anybody up, and none is lost unseen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from attrs import evolve

from adapters.memory import MemoryStore
from flowcore.errors import ForbiddenError, InvalidInputError, UnavailableError
from flowcore.model import ActorKind, AuditEntry, AuditResult, Role, Run, RunStatus, User
from flowcore.ports.audit import AuditQuery
from flowcore.ports.storage import USERS
from flowcore.usecases.auditing.queries import AuditQueries
from flowcore.usecases.auditing.recording import (
    LONGEST,
    NOBODY,
    Actor,
    AuditRecorder,
    Happened,
    Target,
    run_ended,
    run_unasked,
)
from tests.doubles import PATIENCE, START, FrozenClock, SequentialIds, settle
from tests.doubles_audit import PlayedAuditLog, an_entry

pytestmark = pytest.mark.anyio

ANN = User(id="ann", email="Ann@Example.com", email_key="ann@example.com", name="Ann", created_at=START)
ADMIN = evolve(ANN, id="admin", role=Role.ADMIN)
RAN = Happened(action="workflow.run", actor=Actor.user(ANN, ActorKind.SESSION), target=Target(type="workflow", id="w"))
DOWN = UnavailableError("the store does not answer")


@pytest.fixture
def log() -> PlayedAuditLog:
    return PlayedAuditLog()


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def lost() -> list[tuple[AuditEntry, BaseException | None]]:
    return []


@pytest.fixture
async def recorder(
    log: PlayedAuditLog, clock: FrozenClock, lost: list[tuple[AuditEntry, BaseException | None]]
) -> AsyncIterator[AuditRecorder]:
    def lose(entry: AuditEntry, error: BaseException | None) -> None:
        lost.append((entry, error))

    recorder = AuditRecorder(log=log, clock=clock, ids=SequentialIds(), keep=timedelta(days=30), on_loss=lose)
    yield recorder
    if not recorder._closing.is_set():
        recorder.grace = 0
        await recorder.__aexit__()


async def test_what_happened_is_there_when_recording_returns(recorder: AuditRecorder, log: PlayedAuditLog) -> None:
    await recorder.record(RAN)

    (entry,) = await log.all()
    assert (entry.actor_id, entry.actor_email, entry.actor_kind) == ("ann", "ann@example.com", ActorKind.SESSION)
    assert (entry.action, entry.target_type, entry.target_id) == ("workflow.run", "workflow", "w")
    assert (entry.at, entry.expires_at) == (START, START + timedelta(days=30))


async def test_entries_are_kept_for_ever_where_no_end_is_said(log: PlayedAuditLog, clock: FrozenClock) -> None:
    async with AuditRecorder(log=log, clock=clock, ids=SequentialIds()) as recorder:
        await recorder.record(RAN)

    assert [entry.expires_at for entry in await log.all()] == [None]


async def test_texts_of_others_are_cut_and_in_one_line(recorder: AuditRecorder, log: PlayedAuditLog) -> None:
    wild = "a\r\n\x1b[31m" + "x" * 10_000
    details = {f"key{number}": wild for number in range(100)} | {"empty": ""}
    happened = evolve(RAN, agent=wild, address=wild, request_id=wild, error_code=wild, details=details)
    await recorder.record(evolve(happened, target=Target(type="workflow", id=wild, name=wild)))

    (entry,) = await log.all()
    texts = [entry.agent, entry.address, entry.request_id, entry.error_code, entry.target_id, entry.target_name]
    assert all(text.isprintable() and len(text) == LONGEST for text in [*texts, *entry.details.values()])
    assert len(entry.details) == 20


async def test_a_slow_store_holds_nobody_up_for_long(
    recorder: AuditRecorder, log: PlayedAuditLog, clock: FrozenClock
) -> None:
    log.held = True
    recording = asyncio.create_task(recorder.record(RAN))
    await clock.until_sleeping()
    clock.advance(recorder.patience)
    async with asyncio.timeout(PATIENCE):
        await recording
    assert await log.all() == []

    log.release()
    await settle()
    assert len(await log.all()) == 1


async def test_a_caller_that_goes_away_leaves_its_entry_behind(recorder: AuditRecorder, log: PlayedAuditLog) -> None:
    log.held = True
    recording = asyncio.create_task(recorder.record(RAN))
    await settle()
    recording.cancel()
    with pytest.raises(asyncio.CancelledError):
        await recording

    log.release()
    await settle()
    assert len(await log.all()) == 1


async def test_an_entry_is_tried_again_until_the_store_answers(
    recorder: AuditRecorder, log: PlayedAuditLog, clock: FrozenClock
) -> None:
    log.refusals = [DOWN, DOWN, DOWN]
    recorder.note(RAN)
    await settle()
    await clock.pass_time(1 + 2)
    assert await log.all() == []

    await clock.pass_time(4)
    (entry,) = await log.all()
    assert entry.at == START


async def test_leaving_writes_what_still_waits(
    recorder: AuditRecorder, log: PlayedAuditLog, lost: list[tuple[AuditEntry, BaseException | None]]
) -> None:
    log.refusals = [DOWN]
    recorder.note(RAN)
    await settle()

    await recorder.__aexit__()

    assert (len(await log.all()), lost) == (1, [])


async def test_what_cannot_be_written_at_the_end_is_told_whole(
    recorder: AuditRecorder, log: PlayedAuditLog, lost: list[tuple[AuditEntry, BaseException | None]]
) -> None:
    log.refusals = [DOWN, DOWN]
    recorder.note(RAN)
    await settle()

    await recorder.__aexit__()

    assert [(entry.action, error) for entry, error in lost] == [("workflow.run", DOWN)]


async def test_leaving_does_not_wait_for_ever(
    recorder: AuditRecorder,
    log: PlayedAuditLog,
    clock: FrozenClock,
    lost: list[tuple[AuditEntry, BaseException | None]],
) -> None:
    log.held = True
    recorder.note(RAN)
    await settle()
    leaving = asyncio.create_task(recorder.__aexit__())
    await clock.until_sleeping()
    clock.advance(recorder.grace)
    await leaving

    assert [entry.action for entry, _ in lost] == ["workflow.run"]


@pytest.mark.parametrize("error", [InvalidInputError.of("no"), ValueError("a mistake")])
async def test_what_the_store_will_never_take_is_told_at_once(
    recorder: AuditRecorder,
    log: PlayedAuditLog,
    lost: list[tuple[AuditEntry, BaseException | None]],
    error: Exception,
) -> None:
    log.refusals = [error]
    await recorder.record(RAN)

    assert [told for _, told in lost] == [error]


async def test_only_so_many_entries_wait(
    recorder: AuditRecorder, log: PlayedAuditLog, lost: list[tuple[AuditEntry, BaseException | None]]
) -> None:
    recorder.most, log.held = 3, True
    for _ in range(5):
        recorder.note(RAN)
    assert len(lost) == 2

    log.release()
    await settle()
    assert len(await log.all()) == 3
    recorder.note(RAN)
    await settle()
    assert len(await log.all()) == 4


@pytest.mark.parametrize(
    ("status", "result"),
    [
        (RunStatus.COMPLETED, AuditResult.OK),
        (RunStatus.CANCELLED, AuditResult.OK),
        (RunStatus.FAILED, AuditResult.FAILED),
        (RunStatus.RUNNING, AuditResult.FAILED),
    ],
)
def test_the_end_of_a_run_is_nobodys_deed(status: RunStatus, result: AuditResult) -> None:
    happened = run_ended(Run(id="r", workflow_id="w", version=3, status=status, started_at=START))

    assert (happened.actor.kind, happened.actor.id) == (ActorKind.SYSTEM, "")
    assert (happened.target.type, happened.target.id, happened.result) == ("run", "r", result)
    assert happened.details == {"workflow": "w", "version": "3", "status": str(status)}


@pytest.mark.parametrize(("is_rollback", "action"), [(True, "run.roll_back"), (False, "run.take_over")])
def test_work_that_nobody_asked_for_has_a_word_of_its_own(is_rollback: bool, action: str) -> None:
    happened = run_unasked(Run(id="r", workflow_id="w", version=3, started_at=START), is_rollback)
    assert (happened.action, happened.actor.kind, happened.result) == (action, ActorKind.SYSTEM, AuditResult.OK)


# ---------------------------------------------------------------- reading


async def test_only_administrators_read_the_log(log: PlayedAuditLog) -> None:
    queries = AuditQueries(log=log, users=MemoryStore().repository(USERS))
    with pytest.raises(ForbiddenError):
        await queries.page(ANN, AuditQuery(), limit=10)
    with pytest.raises(ForbiddenError):
        queries.every(ANN, AuditQuery())
    assert await queries.page(ADMIN, AuditQuery(), limit=10) == []


async def test_all_ten_thousand_entries_are_read_and_few_at_a_time(log: PlayedAuditLog) -> None:
    for number in range(10_000):
        await log.append(an_entry(number))

    numbers = [
        int(entry.id, 16)
        async for part in AuditQueries(log=log, users=MemoryStore().repository(USERS)).every(ADMIN, AuditQuery())
        for entry in part
    ]

    assert numbers == list(range(10_000))
    assert log.largest <= 500


async def test_users_see_what_they_did_and_what_was_done_to_them_and_not_by_whom(log: PlayedAuditLog) -> None:
    about_ann = {"target_type": "user", "target_id": "ann", "address": "192.0.2.7", "agent": "curl", "request_id": "r"}
    await log.append(an_entry(1, actor_id="ann", actor_email="ann@example.com", address="192.0.2.1"))
    await log.append(an_entry(2, actor_id="admin", actor_email="root@example.com", **about_ann))
    await log.append(an_entry(3, actor_id="bob", target_type="workflow", target_id="ann"))
    await log.append(an_entry(4, actor_kind=NOBODY.kind, action="auth.sign_in", **about_ann))
    await log.append(an_entry(5, actor_id="ann", **about_ann))

    own = await AuditQueries(log=log, users=MemoryStore().repository(USERS)).own(ANN, limit=10)

    assert [entry.id[-1] for entry in own] == ["5", "4", "2", "1"]
    itself, failed, by_admin, done = own
    assert (done.address, itself.agent) == ("192.0.2.1", "curl")
    assert (by_admin.actor_id, by_admin.actor_email, by_admin.address, by_admin.agent, by_admin.request_id) == ("",) * 5
    assert failed.address == "192.0.2.7"


async def test_ones_own_entries_come_in_pages(log: PlayedAuditLog) -> None:
    for number in range(10):
        who = {"actor_id": "ann"} if number % 3 else {"actor_id": "admin", "target_type": "user", "target_id": "ann"}
        await log.append(an_entry(number, **who))
    queries, seen, beyond = AuditQueries(log=log, users=MemoryStore().repository(USERS)), "", ""

    while page := await queries.own(ANN, limit=4, beyond=beyond):
        seen, beyond = seen + "".join(entry.id[-1] for entry in page), page[-1].id

    assert seen == "9876543210"
