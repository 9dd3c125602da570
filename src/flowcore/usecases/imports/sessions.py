"""Imports from Git repositories, as sessions: started, followed, cancelled, looked at again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from attrs import evolve, field, frozen

from flowcore.errors import InvalidInputError, NotFoundError
from flowcore.model import ImportSession, User, from_document, to_document
from flowcore.ports.git import GitCredential
from flowcore.ports.storage import Repository
from flowcore.ports.system import Clock, IdSource
from flowcore.usecases.imports.analyzing import Analysis
from flowcore.usecases.imports.git_credentials import GitCredentials
from flowcore.usecases.imports.importing import ImportExecutor
from flowcore.usecases.imports.repositories import RepositoryOrder, locate

#: Hosts whose pages the words of the request stand for.
_HOSTS = {"github": "github.com", "gitlab": "gitlab.com"}
SOURCES = ("github", "gitlab", "git_url")


@frozen(kw_only=True)
class GivenCredential:
    """What the caller typed for the repository's host; it is used for this import and stored nowhere."""

    username: str = ""
    secret: str = field(default="", repr=False)


@frozen(kw_only=True)
class ImportQueries:
    """Look at one's own imports."""

    sessions: Repository[ImportSession]
    executor: ImportExecutor

    async def get(self, user: User, session_id: str) -> ImportSession:
        """Return a session as it is now.

        Raises:
            NotFoundError: the user has none of this id.
        """
        try:
            session = await self.sessions.get(session_id)
        except NotFoundError:
            raise _missing() from None
        if session.owner_id != user.id or self._is_over(session):
            raise _missing()
        return await self.executor.current(session)

    async def list(self, user: User) -> list[ImportSession]:
        """Return the user's sessions, newest first."""
        found = await self.sessions.find({"owner_id": user.id}, order_by=("-created_at",), limit=100)
        return [await self.executor.current(session) for session in found if not self._is_over(session)]

    def _is_over(self, session: ImportSession) -> bool:
        return self.executor.clock.now() >= session.expires_at  # not every store forgets by itself

    def analysis(self, session: ImportSession) -> Analysis | None:
        """Return what the application would become; with the values of its secrets while this process knows them."""
        if session.analysis is None:
            return None
        analysis = from_document(session.analysis, Analysis)
        return evolve(analysis, secret_values=self.executor.secrets_of(session.id))


@frozen(kw_only=True)
class StartImport:
    """Start to look at a repository.

    Attributes:
        timeout: seconds that an import may take.
        keep: seconds that its session is kept.
    """

    sessions: Repository[ImportSession]
    credentials: GitCredentials
    executor: ImportExecutor
    clock: Clock
    ids: IdSource
    timeout: float = 300
    keep: float = 24 * 3600

    async def __call__(
        self, user: User, source: str, order: RepositoryOrder, given: GivenCredential | None = None
    ) -> ImportSession:
        """Return the session; the work goes on in the background.

        Raises:
            InvalidInputError: the source, the URL or the ref will not do; every problem is listed.
            LimitExceededError: the user, or everybody together, has too many imports under way.
        """
        location = locate(order)
        wanted = _HOSTS.get(source, location.host)
        if source not in SOURCES or location.host != wanted:
            known = ", ".join(("file", *SOURCES))
            message = (
                f"The source {source} is for repositories on {wanted}"
                if source in SOURCES
                else f"The source must be one of {known}"
            )
            raise InvalidInputError.of(message, path="source", fix="use git_url for any other host")
        with self.executor.place_for(user.id):
            credential = await self._credential(user, location.host, given)
            now = self.clock.now()
            session = ImportSession(
                id=self.ids.new_id(),
                owner_id=user.id,
                source=source,
                url=location.url,
                ref=order.ref or location.ref,
                order=_kept(order),
                created_at=now,
                deadline=now + timedelta(seconds=self.timeout),
                expires_at=now + timedelta(seconds=self.keep),
            )
            stored = await self.sessions.add(session)
            self.executor.submit(stored, order, credential)
            return stored

    async def _credential(self, user: User, host: str, given: GivenCredential | None) -> GitCredential | None:
        if given is not None and given.secret:
            return GitCredential(host=host, username=given.username or "git", secret=given.secret)
        return await self.credentials.for_host(user, host)


@frozen(kw_only=True)
class EndImport:
    """Cancel or forget one's own imports."""

    queries: ImportQueries
    executor: ImportExecutor

    async def cancel(self, user: User, session_id: str) -> ImportSession:
        """Stop an import; one that has ended stays as it is.

        Raises:
            NotFoundError: the user has none of this id.
        """
        session = await self.queries.get(user, session_id)
        return session if session.status.is_final else await self.executor.cancel(session)

    async def forget(self, user: User, session_id: str) -> None:
        """Stop an import and remove its session.

        Raises:
            NotFoundError: the user has none of this id.
        """
        await self.cancel(user, session_id)
        await self.executor.forget(session_id)


def order_of(session: ImportSession) -> RepositoryOrder:
    """Return what a session was asked for, without the values of variables."""
    return from_document(session.order, RepositoryOrder)


def _kept(order: RepositoryOrder) -> Mapping[str, Any]:
    wishes = evolve(order.wishes, variables={})
    return to_document(evolve(order, wishes=wishes, url=locate(order).url))


def _missing() -> NotFoundError:
    return NotFoundError("Import session not found", code="import.not_found")
