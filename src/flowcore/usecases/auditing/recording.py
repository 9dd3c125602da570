"""The audit log: what is recorded, and how it gets into the store without holding anybody up or being lost unseen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta

from attrs import define, evolve, field, frozen

from flowcore.errors import ConflictError, UnavailableError
from flowcore.model import ActorKind, AuditEntry, AuditResult, Run, RunStatus, User
from flowcore.ports.audit import AuditLog, AuditQuery
from flowcore.ports.storage import Between, Repository, beginning_with
from flowcore.ports.system import Clock, IdSource
from flowcore.usecases._waiting import first_of
from flowcore.usecases.accounts.authenticating import Caller

#: Most characters of any text in an entry.
LONGEST = 200
_MOST_DETAILS = 20


@frozen(kw_only=True)
class Actor:
    """Who did it, and by what."""

    id: str = ""
    email: str = ""
    kind: ActorKind

    @classmethod
    def of(cls, caller: Caller) -> Actor:
        """Return who calls, and whether by a session or an API token."""
        kind = ActorKind.API_TOKEN if caller.api_token is not None else ActorKind.SESSION
        return cls.user(caller.user, kind)

    @classmethod
    def user(cls, user: User, kind: ActorKind) -> Actor:
        """Return a user who acts by something."""
        return cls(id=user.id, email=user.email_key, kind=kind)


NOBODY = Actor(kind=ActorKind.ANONYMOUS)
SYSTEM = Actor(kind=ActorKind.SYSTEM)
#: Who has a shell on the machine, and with it the store and the keys.
OPERATOR = Actor(kind=ActorKind.LOCAL)


@frozen(kw_only=True)
class Target:
    """What it was done to; what is not known is empty."""

    type: str = ""
    id: str = ""
    name: str = ""

    @classmethod
    def user(cls, user: User) -> Target:
        """Return an account as a target."""
        return cls(type="user", id=user.id, name=user.email_key)


@frozen(kw_only=True)
class Happened:
    """Something that is to be recorded. Who makes one sees to it that nothing secret is in it.

    Attributes:
        action: a stable dotted word like ``workflow.run``.
        error_code: stable word of what kept it from being done.
        address: of the client.
        agent: the client's program, as it calls itself.
        request_id: the same as in the log of the service.
        details: what else is worth to be known.
    """

    action: str
    actor: Actor
    target: Target = field(factory=Target)
    result: AuditResult = AuditResult.OK
    error_code: str = ""
    address: str = ""
    agent: str = ""
    request_id: str = ""
    details: Mapping[str, str] = field(factory=dict)


def run_ended(run: Run) -> Happened:
    """Return that a run has ended, or that the work on it was broken off; nobody asks for that."""
    happened = _of_run("run.end" if run.status.is_final else "run.broken_off", run)
    went_well = run.status in (RunStatus.COMPLETED, RunStatus.CANCELLED)
    return evolve(happened, result=AuditResult.OK if went_well else AuditResult.FAILED)


def run_unasked(run: Run, is_rollback: bool) -> Happened:
    """Return that a run was taken over from another process, or is a rollback."""
    return _of_run("run.roll_back" if is_rollback else "run.take_over", run)


def _of_run(action: str, run: Run) -> Happened:
    details = {"workflow": run.workflow_id, "version": str(run.version), "status": str(run.status)}
    return Happened(action=action, actor=SYSTEM, target=Target(type="run", id=run.id), details=details)


@frozen
class StoredAuditLog:
    """The audit log in a store."""

    entries: Repository[AuditEntry]

    async def append(self, entry: AuditEntry) -> None:
        """Store an entry; see the port."""
        with suppress(ConflictError):  # only its id is unique: it is there already
            await self.entries.add(entry)

    async def find(self, query: AuditQuery, *, limit: int) -> list[AuditEntry]:
        """Return entries; see the port."""
        order = "id" if query.oldest_first else "-id"
        return await self.entries.find(_condition(query), order_by=(order,), limit=limit)


def _condition(query: AuditQuery) -> dict[str, object]:
    names = ("actor_id", "actor_email", "target_type", "target_id", "target_name", "result")
    where = {name: value for name in names if (value := getattr(query, name))}
    if query.action:
        where["action"] = beginning_with(query.action)
    if query.since is not None or query.until is not None:
        where["at"] = Between(low=query.since, high=query.until)
    if query.beyond:
        # No id goes on behind another: what follows this one is the first text after it.
        where["id"] = Between(low=f"{query.beyond} ") if query.oldest_first else Between(high=query.beyond)
    return where


def _ignore(entry: AuditEntry, error: BaseException | None) -> None:
    return None


@define(eq=False)
class AuditRecorder:
    """Writes entries. Open it as an async context; leaving it writes what still waits.

    An entry is written at once, and ``record`` returns when it is there. Where the store takes too long, or does not
    answer, the entry waits in this process and is tried again, and the caller goes on. What cannot be written in the
    end is told to ``on_loss``, whole.

    Attributes:
        keep: how long entries are kept; None for ever.
        patience: seconds that a caller waits for its entry at most.
        most: entries that may wait at the same time.
        grace: seconds that leaving waits for what still waits.
        on_loss: told every entry that could not be written, with the reason if there is one.
    """

    log: AuditLog
    clock: Clock
    ids: IdSource
    keep: timedelta | None = None
    patience: float = 2
    most: int = 1_000
    grace: float = 5
    on_loss: Callable[[AuditEntry, BaseException | None], None] = _ignore
    _writing: set[asyncio.Task[None]] = field(factory=set)
    _closing: asyncio.Event = field(factory=asyncio.Event)

    async def __aenter__(self) -> AuditRecorder:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        if self._writing:
            await first_of(self.written(), self.clock.sleep(self.grace))
        left = tuple(self._writing)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)

    async def record(self, happened: Happened) -> None:
        """Write down what happened; return when it is written, or after ``patience`` seconds."""
        writing = self._begin(happened)
        if writing is not None:
            await first_of(_ended(writing), self.clock.sleep(self.patience))

    def note(self, happened: Happened) -> None:
        """Write down what happened, in the background."""
        self._begin(happened)

    def _begin(self, happened: Happened) -> asyncio.Task[None] | None:
        entry = self._entry(happened)
        if len(self._writing) >= self.most:
            self.on_loss(entry, None)
            return None
        task = asyncio.create_task(self._write(entry), name=f"audit {entry.id}")
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)
        return task

    async def _write(self, entry: AuditEntry) -> None:
        pause = 1.0
        try:
            while True:
                is_last = self._closing.is_set()
                try:
                    return await self.log.append(entry)
                except UnavailableError:
                    if is_last:
                        raise
                await first_of(self._closing.wait(), self.clock.sleep(pause))
                pause = min(pause * 2, 60)
        except asyncio.CancelledError:
            self.on_loss(entry, None)
            raise
        except Exception as error:  # noqa: BLE001 (nobody waits for this task: whatever it is has to be told here)
            self.on_loss(entry, error)

    async def written(self) -> None:
        """Wait until nothing waits to be written any more."""
        while self._writing:
            await asyncio.wait(tuple(self._writing))

    def _entry(self, happened: Happened) -> AuditEntry:
        now, actor, target = self.clock.now(), happened.actor, happened.target
        details = {cut(key): cut(value) for key, value in happened.details.items() if value}
        return AuditEntry(
            id=self.ids.new_id(),
            at=now,
            actor_id=actor.id,
            actor_email=actor.email,
            actor_kind=actor.kind,
            action=happened.action,
            target_type=target.type,
            target_id=cut(target.id),
            target_name=cut(target.name),
            address=cut(happened.address),
            agent=cut(happened.agent),
            request_id=cut(happened.request_id),
            result=happened.result,
            error_code=cut(happened.error_code),
            details=dict(list(details.items())[:_MOST_DETAILS]),
            expires_at=now + self.keep if self.keep is not None else None,
        )


def cut(text: str) -> str:
    """Return a text that fits into an entry and into one line of anything."""
    return "".join(letter for letter in text[: 2 * LONGEST] if letter.isprintable())[:LONGEST]


async def _ended(task: asyncio.Task[None]) -> None:
    await asyncio.wait([task])
