"""The executor of imports: owns every import that this process works on, and ends those that nobody does."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from attrs import define, evolve, field

from flowcore.errors import FlowcoreError, InvalidInputError, LimitExceededError, NotFoundError
from flowcore.model import ImportSession, ImportStatus, to_document
from flowcore.ports.events import Event, EventFeed
from flowcore.ports.git import GitCredential
from flowcore.ports.storage import Repository
from flowcore.ports.system import Clock
from flowcore.usecases._changing import change
from flowcore.usecases.imports.repositories import (
    AnalyzeRepository,
    ImportProgress,
    RepositoryAnalysis,
    RepositoryOrder,
)

#: Where each stage begins and ends, in percent, with the status and the words that clients know.
_STAGES = {
    "clone": (10, 40, ImportStatus.CLONING, "Cloning repository"),
    "analyze": (40, 60, ImportStatus.ANALYZING, "Analyzing repository"),
    "convert": (80, 99, ImportStatus.ANALYZING, "Converting to workflow nodes"),
}
_PARSING = (60, "Parsing configuration")
#: Sessions whose secret values are remembered at most.
_REMEMBERED = 200
_CANCELLED = "The import was cancelled"
_ENDED_WITH_US = "The import was ended with the service"

SecretValues = Mapping[str, Mapping[str, str]]


def channel_of(session_id: str) -> str:
    """Return the channel that an import is told on."""
    return f"import:{session_id}"


@define(eq=False)
class ImportExecutor:
    """Works on imports in the background. Open it as an async context; leaving it ends them.

    An import that nobody works on any more has failed at its deadline: whoever looks at it then writes it down.

    Attributes:
        per_user: imports that one user may have under way.
        in_all: imports that this process works on at most.
        sweep_every: seconds between two looks for imports to end or forget.
    """

    analyze: AnalyzeRepository
    sessions: Repository[ImportSession]
    feed: EventFeed
    clock: Clock
    per_user: int = 3
    in_all: int = 20
    sweep_every: float = 60
    _jobs: dict[str, asyncio.Task[None]] = field(factory=dict)
    _live: dict[str, ImportSession] = field(factory=dict)
    _secrets: dict[str, SecretValues] = field(factory=dict)
    _starting: Counter[str] = field(factory=Counter)
    _cancelled: set[str] = field(factory=set)
    _sweeping: asyncio.Task[None] | None = None

    async def __aenter__(self) -> ImportExecutor:
        self._sweeping = asyncio.create_task(self._sweep(), name="sweep imports")
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = [task for task in (self._sweeping, *self._jobs.values()) if task is not None]
        left = list(self._live.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        for session in left:  # a job that was cancelled before its first step had no chance to write this down
            with suppress(FlowcoreError):
                await self._fail(session, "import.cancelled", _ENDED_WITH_US)

    @contextmanager
    def place_for(self, user_id: str) -> Iterator[None]:
        """Hold a place for one more import of a user while it is being started.

        Raises:
            LimitExceededError: there are too many under way.
        """
        own = sum(session.owner_id == user_id for session in self._live.values()) + self._starting[user_id]
        if own >= self.per_user or len(self._live) + self._starting.total() >= self.in_all:
            told = f"{own} of your imports are under way; wait for one of them, or cancel it"
            raise LimitExceededError(told, code="limit.imports", retry_after=10)
        self._starting[user_id] += 1
        try:
            yield
        finally:
            self._starting[user_id] -= 1
            self._starting += Counter()  # forget who has none

    def submit(self, session: ImportSession, order: RepositoryOrder, credential: GitCredential | None) -> None:
        """Work on a stored session in the background."""
        self._live[session.id] = session
        job = asyncio.create_task(self._work(session, order, credential), name=f"import {session.id}")
        self._jobs[session.id] = job
        job.add_done_callback(lambda _job: self._leave(session.id))

    async def finished(self, session_id: str) -> None:
        """Wait until this process no longer works on an import."""
        job = self._jobs.get(session_id)
        if job is not None:
            await asyncio.wait([job])

    def secrets_of(self, session_id: str) -> SecretValues:
        """Return the secret values that an import found, by node id and key, as far as this process knows them."""
        return self._secrets.get(session_id, {})

    async def current(self, session: ImportSession) -> ImportSession:
        """Return a session with the progress of this moment; one whose deadline has passed is ended first."""
        live = self._live.get(session.id)
        if live is not None and not session.status.is_final:
            return live
        if not session.status.is_final and self.clock.now() >= session.deadline:
            return await self._fail(session, "import.timeout", "The import took too long, or the service was restarted")
        return session

    async def cancel(self, session: ImportSession) -> ImportSession:
        """End an import before its time."""
        job = self._jobs.get(session.id)
        if job is not None:
            self._cancelled.add(session.id)
            job.cancel()
            await asyncio.wait([job])
        return await self._fail(session, "import.cancelled", _CANCELLED)

    def _leave(self, session_id: str) -> None:
        """Forget that an import is under way; also when its job never came to its first step."""
        self._jobs.pop(session_id, None)
        self._live.pop(session_id, None)
        self._cancelled.discard(session_id)

    async def forget(self, session_id: str) -> None:
        """Remove a session."""
        self._secrets.pop(session_id, None)
        await self.sessions.remove(session_id)

    async def _work(self, session: ImportSession, order: RepositoryOrder, credential: GitCredential | None) -> None:
        code, told = "import.broken", "Something went wrong here, and not with the repository; try again"
        try:
            found = await self._in_time(session, order, credential)
            await self._complete(session, found)
            code = ""
        except InvalidInputError as error:
            # Every problem, not the first one.
            code, told = error.code, "\n".join(finding.message for finding in error.findings) or error.message
        except FlowcoreError as error:
            code, told = error.code, error.message
        except asyncio.CancelledError:
            code, told = "import.cancelled", _CANCELLED if session.id in self._cancelled else _ENDED_WITH_US
            raise
        finally:
            if code:
                with suppress(FlowcoreError):  # a store that does not answer is told at the deadline
                    await asyncio.shield(self._fail(session, code, told))
            self._leave(session.id)

    async def _in_time(
        self, session: ImportSession, order: RepositoryOrder, credential: GitCredential | None
    ) -> RepositoryAnalysis:
        told = asyncio.Event()

        def on_progress(progress: ImportProgress) -> None:
            if self._tell(session.id, progress):
                told.set()

        work = asyncio.ensure_future(self.analyze(order, credential, on_progress=on_progress))
        left = (session.deadline - self.clock.now()).total_seconds()
        timer = asyncio.ensure_future(self.clock.sleep(left))
        writer = asyncio.ensure_future(self._write(session.id, told))
        tasks = {work, timer, writer}
        try:
            await asyncio.wait({work, timer}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                raise LimitExceededError("The import took too long", code="import.timeout")
            return work.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    def _tell(self, session_id: str, progress: ImportProgress) -> bool:
        """Publish progress; say whether a new stage has begun, which is worth storing."""
        before = self._live.get(session_id)
        if before is None:
            return False
        start, end, status, stage = _STAGES[progress.stage]
        percent = round(start + (end - start) * progress.fraction)
        if progress.stage == "analyze" and progress.fraction >= 1:
            percent, stage = _PARSING
        percent = max(percent, before.progress)
        now = evolve(before, status=status, stage=stage, progress=percent)
        self._live[session_id] = now
        if now != before:
            self.feed.publish(channel_of(session_id), Event(type="progress", data=progress_of(now)))
        data = {"stage": progress.stage, "message": progress.message, "level": "info"}
        if progress.fraction in (0, 1) or stage != before.stage:
            self.feed.publish(channel_of(session_id), Event(type="log", data=data))
        return (status, stage) != (before.status, before.stage)

    async def _write(self, session_id: str, told: asyncio.Event) -> None:
        while True:
            await told.wait()
            told.clear()
            live = self._live[session_id]
            with suppress(FlowcoreError):  # progress that is not stored is stored with the next stage
                await change(self.sessions, session_id, partial(_progressed, live))

    async def _complete(self, session: ImportSession, found: RepositoryAnalysis) -> None:
        analysis = found.analysis
        document = None
        if analysis is not None:
            document = to_document(evolve(analysis, secret_values={}))
            self._remember(session.id, analysis.secret_values)
        await self._end(
            session.id,
            {
                "ref": found.ref,
                "commit": found.commit,
                "status": ImportStatus.COMPLETED,
                "stage": "Analysis complete" if document is not None else "Choose a Compose file",
                "progress": 100,
                "candidates": tuple(to_document(candidate) for candidate in found.candidates),
                "analysis": document,
            },
        )

    async def _fail(self, session: ImportSession, code: str, message: str) -> ImportSession:
        live = self._live.get(session.id, session)
        stage = "clone" if live.status in (ImportStatus.PENDING, ImportStatus.CLONING) else "analyze"
        stage = "convert" if live.progress >= _STAGES["convert"][0] else stage
        changes = {"status": ImportStatus.FAILED, "error_code": code, "error_message": message, "error_stage": stage}
        return await self._end(session.id, {**changes, "stage": live.stage, "progress": live.progress})

    async def _end(self, session_id: str, changes: Mapping[str, Any]) -> ImportSession:
        """Write down the end, whole and once, and tell it."""
        now, news = self.clock.now(), [False]

        def ended(stored: ImportSession) -> ImportSession:
            news[0] = not stored.status.is_final
            return evolve(stored, **changes, completed_at=now) if news[0] else stored

        stored = await change(self.sessions, session_id, ended)
        if not news[0]:
            return stored
        word = "complete" if stored.status is ImportStatus.COMPLETED else "failed"
        self.feed.publish(channel_of(session_id), Event(type=word, data=progress_of(stored), is_terminal=True))
        return stored

    def _remember(self, session_id: str, values: SecretValues) -> None:
        self._secrets[session_id] = values
        while len(self._secrets) > _REMEMBERED:
            del self._secrets[next(iter(self._secrets))]

    async def _sweep(self) -> None:
        while True:
            with suppress(FlowcoreError):
                await self.sweep()
            await self.clock.sleep(self.sweep_every)

    async def sweep(self) -> None:
        """End imports whose deadline has passed, and forget sessions that have expired.

        Raises:
            UnavailableError: the store does not answer.
        """
        active = (ImportStatus.PENDING, ImportStatus.CLONING, ImportStatus.ANALYZING)
        for session in await self.sessions.find({"status": active}):
            with suppress(NotFoundError):
                await self.current(session)
        for session in await self.sessions.find({}, order_by=("expires_at",), limit=_REMEMBERED):
            if self.clock.now() >= session.expires_at and session.status.is_final:
                await self.forget(session.id)
        kept = {session.id for session in await self.sessions.find({"id": tuple(self._secrets)})}
        for session_id in self._secrets.keys() - kept:
            self._secrets.pop(session_id, None)


def progress_of(session: ImportSession) -> dict[str, Any]:
    """Return how far an import is, in the words of the wire."""
    return {"status": str(session.status), "current_stage": session.stage, "progress": session.progress}


def _progressed(live: ImportSession, stored: ImportSession) -> ImportSession:
    if stored.status.is_final:
        return stored
    return evolve(stored, status=live.status, stage=live.stage, progress=live.progress)
