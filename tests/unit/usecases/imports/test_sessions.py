"""Imports from repositories as sessions: their progress, their end, and whose they are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve, frozen

from adapters.memory import open_memory
from adapters.security import AesGcmCipher, Keys, generate_key
from adapters.sse import InProcessEventFeed
from flowcore.errors import InvalidInputError, LimitExceededError, NotFoundError, UnavailableError
from flowcore.files import MemoryFiles
from flowcore.model import ImportSession, ImportStatus, User, to_document
from flowcore.ports.events import Event
from flowcore.ports.git import Checkout, GitCredential, GitProgress
from flowcore.ports.storage import GIT_ACCESSES, IMPORT_SESSIONS, Store
from flowcore.usecases.imports.analyzing import Wishes
from flowcore.usecases.imports.git_credentials import GitCredentials
from flowcore.usecases.imports.importing import ImportExecutor, channel_of
from flowcore.usecases.imports.repositories import AnalyzeRepository, RepositoryOrder
from flowcore.usecases.imports.sessions import EndImport, GivenCredential, ImportQueries, StartImport
from tests.doubles import PATIENCE, START, FrozenClock, SequentialIds
from tests.doubles_git import FakeGitSource, FakeRepository

pytestmark = pytest.mark.anyio

URL = "https://git.example.com/ann/shop.git"
COMPOSE = (
    "services:\n  db:\n    image: postgres:${TAG}\n    environment: {POSTGRES_PASSWORD: planted, MODE: '${MODE}'}\n"
)
ANN = User(id="ann", email="ann@example.com", email_key="ann@example.com", name="Ann", created_at=START)
BOB = evolve(ANN, id="bob", email="bob@example.com", email_key="bob@example.com")


class GatedGit(FakeGitSource):
    """Repositories whose fetch waits in the middle until the gate is opened."""

    def __init__(self, repositories: dict[str, FakeRepository]) -> None:
        super().__init__(repositories)
        self.gate = asyncio.Event()
        self.reached = asyncio.Event()

    @asynccontextmanager
    async def fetch(
        self,
        url: str,
        ref: str,
        credential: GitCredential | None = None,
        *,
        on_progress: Callable[[GitProgress], None] = lambda _progress: None,
    ) -> AsyncIterator[Checkout]:
        """See ``GitSource.fetch``."""
        on_progress(GitProgress(step="Receiving objects", fraction=0.25))
        self.reached.set()
        await self.gate.wait()
        async with super().fetch(url, ref, credential, on_progress=on_progress) as checkout:
            yield checkout


@frozen
class Desk:
    """The use cases over memory, with what stands behind them."""

    git: GatedGit
    clock: FrozenClock
    feed: InProcessEventFeed
    store: Store
    executor: ImportExecutor
    start: StartImport
    queries: ImportQueries
    end: EndImport
    credentials: GitCredentials

    async def finished(self, session: ImportSession, user: User = ANN) -> ImportSession:
        async with asyncio.timeout(PATIENCE):
            await self.executor.finished(session.id)
        return await self.queries.get(user, session.id)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    repository = FakeRepository(branches={"main": MemoryFiles({"compose.yaml": COMPOSE, ".env": "MODE=from-env-file"})})
    git, clock, feed = GatedGit({URL: repository}), FrozenClock(), InProcessEventFeed()
    async with open_memory() as store:
        sessions = store.repository(IMPORT_SESSIONS)
        ids = SequentialIds()
        cipher = AesGcmCipher(Keys.single(generate_key()))
        kept = store.repository(GIT_ACCESSES)
        credentials = GitCredentials(kept=kept, cipher=cipher, clock=clock, ids=ids)
        analyze = AnalyzeRepository(git=git)
        executor = ImportExecutor(analyze=analyze, sessions=sessions, feed=feed, clock=clock, per_user=2)
        queries = ImportQueries(sessions=sessions, executor=executor)
        start = StartImport(
            sessions=sessions, credentials=credentials, executor=executor, clock=clock, ids=ids, timeout=60, keep=600
        )
        end = EndImport(queries=queries, executor=executor)
        async with executor:
            yield Desk(git, clock, feed, store, executor, start, queries, end, credentials)
        await feed.close()


def order() -> RepositoryOrder:
    return RepositoryOrder(url=URL, wishes=Wishes(variables={"TAG": "planted-variable"}))


async def test_an_import_goes_through_its_stages_with_percentages_that_move(desk: Desk) -> None:
    session = await desk.start(ANN, "git_url", order())
    assert session.status is ImportStatus.PENDING
    async with desk.feed.subscribe(channel_of(session.id)) as heard, asyncio.timeout(PATIENCE):
        await desk.git.reached.wait()
        half = await desk.queries.get(ANN, session.id)
        assert (half.status, half.stage) == (ImportStatus.CLONING, "Cloning repository")
        assert 10 < half.progress < 40
        desk.git.gate.set()
        events = [news async for news in _until_the_end(heard)]
    percents = [event.data["progress"] for event in events if event.type == "progress"]
    assert percents == sorted(percents)
    assert len(set(percents)) >= 4
    stages = [event.data["current_stage"] for event in events if event.type == "progress"]
    assert stages[-1] == "Converting to workflow nodes"
    assert "Parsing configuration" in stages
    assert (events[-1].type, events[-1].is_terminal) == ("complete", True)
    done = await desk.finished(session)
    assert (done.status, done.stage, done.progress, done.ref) == (
        ImportStatus.COMPLETED,
        "Analysis complete",
        100,
        "main",
    )


async def _until_the_end(heard: AsyncIterator[object]) -> AsyncIterator[Event]:
    async for news in heard:
        assert isinstance(news, Event)
        yield news
        if news.is_terminal:
            return


async def test_values_are_with_the_process_and_not_in_the_store(desk: Desk) -> None:
    desk.git.gate.set()
    given = GivenCredential(secret="planted-token")
    session = await desk.finished(await desk.start(ANN, "git_url", order(), given))
    analysis = desk.queries.analysis(session)
    assert analysis is not None
    assert analysis.secret_values == {"db-secret": {"POSTGRES_PASSWORD": "planted"}}
    assert analysis.name == "shop"
    stored = repr(to_document(await desk.store.repository(IMPORT_SESSIONS).get(session.id)))
    assert "POSTGRES_PASSWORD" in stored
    assert "'planted'" not in stored
    assert "planted-token" not in stored
    assert "planted-variable" not in repr(to_document(session)["order"])


async def test_a_stored_credential_is_shown_to_its_host_only(desk: Desk) -> None:
    desk.git.gate.set()
    for user, host in ((ANN, "git.example.com"), (ANN, "example.com"), (BOB, "git.example.com")):
        await desk.credentials.put(user, host, username="me", secret=f"of-{user.id}-{host}")
    await desk.finished(await desk.start(ANN, "git_url", order()))
    shown = {credential.secret for _, credential in desk.git.shown if credential is not None}
    assert shown == {"of-ann-git.example.com"}


async def test_others_see_nothing_of_a_session(desk: Desk) -> None:
    session = await desk.start(ANN, "git_url", order())
    for ask in (desk.queries.get, desk.end.cancel, desk.end.forget):
        with pytest.raises(NotFoundError) as told:
            await ask(BOB, session.id)
        assert told.value.code == "import.not_found"
    assert await desk.queries.list(BOB) == []
    assert [each.id for each in await desk.queries.list(ANN)] == [session.id]


async def test_cancelling_ends_the_work_and_is_told(desk: Desk) -> None:
    session = await desk.start(ANN, "git_url", order())
    await desk.git.reached.wait()
    ended = await desk.end.cancel(ANN, session.id)
    assert (ended.status, ended.error_code, ended.error_stage) == (ImportStatus.FAILED, "import.cancelled", "clone")
    assert desk.git.open == 0
    assert await desk.end.cancel(ANN, session.id) == ended
    await desk.end.forget(ANN, session.id)
    with pytest.raises(NotFoundError):
        await desk.queries.get(ANN, session.id)


async def test_an_import_that_takes_too_long_has_failed(desk: Desk) -> None:
    session = await desk.start(ANN, "git_url", order())
    await desk.git.reached.wait()
    desk.clock.advance(61)
    ended = await desk.finished(session)
    assert (ended.status, ended.error_code) == (ImportStatus.FAILED, "import.timeout")


async def test_leaving_the_executor_ends_what_is_under_way(desk: Desk) -> None:
    session = await desk.start(ANN, "git_url", order())
    await desk.git.reached.wait()
    await desk.executor.__aexit__()
    stored = await desk.store.repository(IMPORT_SESSIONS).get(session.id)
    assert stored.status is ImportStatus.FAILED


async def test_what_a_dead_process_left_fails_at_its_deadline(desk: Desk) -> None:
    sessions = desk.store.repository(IMPORT_SESSIONS)
    left = ImportSession(
        id="left",
        owner_id="ann",
        source="git_url",
        url=URL,
        status=ImportStatus.CLONING,
        created_at=START,
        deadline=START,
        expires_at=START + timedelta(hours=1),
    )
    await sessions.add(left)
    await desk.executor.sweep()
    assert (await sessions.get("left")).error_code == "import.timeout"


async def test_a_user_has_so_many_imports_under_way_and_no_more(desk: Desk) -> None:
    for _ in range(2):
        await desk.start(ANN, "git_url", order())
    with pytest.raises(LimitExceededError) as refused:
        await desk.start(ANN, "git_url", order())
    assert refused.value.retry_after
    await desk.start(BOB, "git_url", order())


@pytest.mark.parametrize(
    ("source", "url"),
    [("github", URL), ("gitlab", "https://gitlab.com.evil.example/a/b"), ("svn", URL), ("git_url", "file:///etc")],
)
async def test_sources_and_urls_are_checked_before_anything_starts(desk: Desk, source: str, url: str) -> None:
    with pytest.raises(InvalidInputError):
        await desk.start(ANN, source, RepositoryOrder(url=url))
    assert await desk.queries.list(ANN) == []


async def test_a_failure_is_told_with_its_code(desk: Desk) -> None:
    desk.git.gate.set()
    desk.git.failure = UnavailableError("the host does not answer", code="git.unavailable")
    ended = await desk.finished(await desk.start(ANN, "git_url", order()))
    assert (ended.status, ended.error_code) == (ImportStatus.FAILED, "git.unavailable")
    assert ended.error_message == "the host does not answer"


async def test_a_mistake_of_ours_ends_the_import_too(desk: Desk) -> None:
    desk.git.failure = RuntimeError("planted mistake")
    desk.git.gate.set()
    session = await desk.start(ANN, "git_url", order())
    job = desk.executor._jobs[session.id]
    ended = await desk.finished(session)
    assert (ended.status, ended.error_code) == (ImportStatus.FAILED, "import.broken")
    assert "planted" not in ended.error_message
    assert isinstance(job.exception(), RuntimeError)


async def test_a_broken_compose_file_fails_with_every_problem(desk: Desk) -> None:
    broken = "services:\n  a: {image: 1, ports: [x]}\n  b: {mem_limit: y, image: b}\n"
    desk.git.repositories[URL] = FakeRepository(branches={"main": MemoryFiles({"compose.yaml": broken})})
    desk.git.gate.set()
    ended = await desk.finished(await desk.start(ANN, "git_url", order()))
    assert ended.error_stage == "convert"
    assert len(ended.error_message.splitlines()) >= 1
    assert "x" in ended.error_message


async def test_no_more_are_started_at_once_than_may_be_under_way(desk: Desk) -> None:
    start = evolve(desk.start, sessions=SlowAdd(desk.start.sessions))
    started = await asyncio.gather(*(start(ANN, "git_url", order()) for _ in range(6)), return_exceptions=True)
    assert sum(isinstance(each, ImportSession) for each in started) == 2


class SlowAdd:
    """A store that lets others go on while it adds."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def add(self, entity: ImportSession) -> ImportSession:
        await asyncio.sleep(0)
        added: ImportSession = await self.inner.add(entity)
        return added


async def test_an_import_that_is_cancelled_before_its_first_step_frees_its_place(desk: Desk) -> None:
    for _ in range(3):
        session = await desk.start(ANN, "git_url", order())
        await desk.executor.cancel(session)
    assert not desk.executor._live


async def test_leaving_before_the_first_step_is_written_down(desk: Desk) -> None:
    session = await desk.start(ANN, "git_url", order())
    await desk.executor.__aexit__()
    assert (await desk.store.repository(IMPORT_SESSIONS).get(session.id)).status is ImportStatus.FAILED


async def test_the_one_who_cancels_is_told_so(desk: Desk) -> None:
    session = await desk.start(ANN, "git_url", order())
    await desk.git.reached.wait()
    assert (await desk.end.cancel(ANN, session.id)).error_message == "The import was cancelled"


async def test_a_session_that_has_expired_is_gone_with_its_secrets(desk: Desk) -> None:
    desk.git.gate.set()
    session = await desk.finished(await desk.start(ANN, "git_url", order()))
    desk.clock.advance(601)
    with pytest.raises(NotFoundError):
        await desk.queries.get(ANN, session.id)
    assert await desk.queries.list(ANN) == []
    await desk.executor.sweep()
    assert not desk.executor.secrets_of(session.id)
    assert not await desk.store.repository(IMPORT_SESSIONS).count({})
