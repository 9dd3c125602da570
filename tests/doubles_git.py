"""A stand-in for Git repositories somewhere else: trees in memory."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from attrs import field, frozen

from flowcore.errors import ForbiddenError, NotFoundError, UnauthenticatedError
from flowcore.files import MemoryFiles
from flowcore.ports.git import Checkout, GitCredential, GitProgress, RemoteRefs


def _commit(files: MemoryFiles) -> str:
    return hashlib.sha1(repr(sorted(files.contents.items())).encode()).hexdigest()


@frozen(kw_only=True)
class FakeRepository:
    """A repository: its trees by branch and by tag, and the secret that its host wants, if any."""

    branches: Mapping[str, MemoryFiles] = field(factory=dict)
    tags: Mapping[str, MemoryFiles] = field(factory=dict)
    default: str = "main"
    secret: str = ""

    @property
    def refs(self) -> RemoteRefs:
        """What it offers."""
        return RemoteRefs(
            default=self.default if self.default in self.branches else "",
            branches={name: _commit(tree) for name, tree in self.branches.items()},
            tags={name: _commit(tree) for name, tree in self.tags.items()},
        )

    def find(self, ref: str) -> tuple[str, MemoryFiles]:
        """Return the name and tree of a ref; an empty one and ``HEAD`` are the default branch."""
        asked = self.default if ref in ("", "HEAD") else ref
        trees = {**self.tags, **self.branches}
        by_hash = {_commit(tree): tree for tree in trees.values()}
        name = asked.removeprefix("refs/heads/").removeprefix("refs/tags/")
        tree = trees.get(name) or by_hash.get(asked)
        if tree is None:
            raise NotFoundError("the repository has no such branch, tag or commit", code="git.ref_not_found")
        return name, tree


class FakeGitSource:
    """Repositories by URL. Set ``failure`` to have the next fetches fail.

    Attributes:
        repositories: what there is.
        shown: every URL that was asked, with the credential it was shown, oldest first.
        open: how many checkouts have not been left.
        failure: raised by every call while it is set.
    """

    def __init__(self, repositories: Mapping[str, FakeRepository] | None = None) -> None:
        self.repositories = dict(repositories or {})
        self.shown: list[tuple[str, GitCredential | None]] = []
        self.open = 0
        self.failure: Exception | None = None

    def _find(self, url: str, credential: GitCredential | None) -> FakeRepository:
        parts = urlsplit(url)
        if not re.match(r"https?://", url):
            raise ForbiddenError("only https is allowed", code="git.scheme_forbidden")
        if credential is not None and credential.host != parts.netloc.lower():
            raise ForbiddenError("the credential is for another host", code="git.credential_host")
        self.shown.append((url, credential))
        if self.failure is not None:
            raise self.failure
        if url not in self.repositories:
            raise NotFoundError("there is no such repository", code="git.not_found")
        repository = self.repositories[url]
        if repository.secret and (credential is None or credential.secret != repository.secret):
            raise UnauthenticatedError("the host wants credentials", code="git.unauthenticated")
        return repository

    async def refs(self, url: str, credential: GitCredential | None = None) -> RemoteRefs:
        """See ``GitSource.refs``."""
        return self._find(url, credential).refs

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
        name, tree = self._find(url, credential).find(ref)
        for fraction in (0.5, 1.0):
            on_progress(GitProgress(step="Receiving objects", fraction=fraction))
        self.open += 1
        try:
            yield Checkout(commit=_commit(tree), ref=name, files=tree)
        finally:
            self.open -= 1
