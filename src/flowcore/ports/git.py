"""Git repositories somewhere else: what they have, and a read-only tree of one commit."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from attrs import field, frozen

from flowcore.files import Files


@frozen(kw_only=True)
class GitCredential:
    """What one host, and no other, is shown.

    Attributes:
        host: the exact host name, lower case; with ``:port`` if it is not the scheme's own.
        username: for HTTP basic authentication; many hosts ignore it beside a token.
        secret: password or token.
    """

    host: str
    username: str = "git"
    secret: str = field(repr=False)


@frozen(kw_only=True)
class RemoteRefs:
    """What a repository offers.

    Attributes:
        default: name of the branch that ``HEAD`` stands for; empty when the repository has none.
        branches: commit by branch name.
        tags: commit by tag name.
    """

    default: str
    branches: dict[str, str] = field(factory=dict)
    tags: dict[str, str] = field(factory=dict)


@frozen(kw_only=True)
class GitProgress:
    """How far a fetch is.

    Attributes:
        step: what Git does, in its own words, like ``Receiving objects``.
        fraction: how much of the whole fetch is done, from 0 to 1; never goes back.
    """

    step: str
    fraction: float


@frozen(kw_only=True)
class Checkout:
    """One commit of a repository.

    Attributes:
        commit: its full hash.
        ref: name of the branch or tag it was asked for by; the hash if by hash.
        files: its tree; symlinks are followed inside the tree only.
    """

    commit: str
    ref: str
    files: Files


class GitSource(Protocol):
    """Reads repositories; stores nothing, runs nothing that a repository brings.

    Both methods raise InvalidInputError for what is no URL of a repository (code ``git.url_invalid``), ForbiddenError
    for a scheme, host or address that is not allowed, for a redirect (``git.redirected``) and for a credential that
    belongs to another host than the URL's (``git.credential_host``), UnauthenticatedError when the host wants (other)
    credentials, NotFoundError when there is no such repository, LimitExceededError when it is too large or too slow,
    and UnavailableError when the host does not answer or Git is missing. No text holds a credential.
    """

    async def refs(self, url: str, credential: GitCredential | None = None) -> RemoteRefs:
        """Return the branches and tags of a repository."""
        ...

    def fetch(
        self,
        url: str,
        ref: str,
        credential: GitCredential | None = None,
        *,
        on_progress: Callable[[GitProgress], None] = lambda _progress: None,
    ) -> AbstractAsyncContextManager[Checkout]:
        """Fetch one branch, tag or commit, shallow; what was fetched is gone when the context is left.

        A branch is meant before a tag; a commit is named by its full hash; empty and ``HEAD`` are the default branch.

        Raises:
            NotFoundError: also when there is no such ref (code ``git.ref_not_found``).
        """
        ...
