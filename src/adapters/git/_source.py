"""``GitSource`` by the system's ``git``."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import field, frozen

from adapters.git._environment import connecting, environment
from adapters.git._errors import error_of, is_redirect, redirected, too_large
from adapters.git._limits import GitLimits
from adapters.git._process import Outcome, run_git
from adapters.git._progress import ProgressReader
from adapters.git._refs import Listing, Wanted, parse_listing
from adapters.git._remote import Remote, parse_remote
from adapters.git._ssh import ssh_variables
from adapters.git._tree import BlobReader, TreeFiles, parse_tree
from flowcore.errors import FlowcoreError, ForbiddenError, LimitExceededError, UnavailableError
from flowcore.ports.git import Checkout, GitCredential, GitProgress, RemoteRefs
from flowcore.ports.network import AddressGuard

#: The first that can be told at which address a host is (``http.curloptResolve``).
_OLDEST = (2, 37)
_TICK = 0.05  # seconds between two looks at the size on disk
_SECONDS_HERE = 60.0  # for what Git does without the network


@frozen
class _Session:
    """Git in a folder of its own, set up for one host."""

    git: str
    folder: Path
    variables: Mapping[str, str] = field(repr=False)
    remote: Remote
    limits: GitLimits

    async def run(
        self, *arguments: str, seconds: float = _SECONDS_HERE, on_line: Callable[[str], None] = lambda _line: None
    ) -> Outcome:
        """Run Git with *arguments*."""
        return await run_git(
            (self.git, *arguments),
            self.variables,
            seconds=seconds,
            output_bytes=self.limits.listing_bytes,
            on_line=on_line,
        )

    async def listing(self) -> Listing:
        """Return what the host lists."""
        arguments = ("ls-remote", "--symref", "--", self.remote.url)
        outcome = await self.run(*arguments, seconds=self.limits.answer_seconds)
        if is_redirect(outcome):
            raise await self._redirect(arguments)
        if outcome.status:
            raise error_of(outcome, self.remote)
        return parse_listing(outcome.output)

    async def _redirect(self, arguments: tuple[str, ...]) -> FlowcoreError:
        """Ask once more, to see where to; Git's trace leaves out what a credential is, and is read here only."""
        headers: list[str] = []

        def keep(line: str) -> None:
            if "Recv header: " in line and len(headers) < 100:
                headers.append(line)

        traced = {**self.variables, "GIT_TRACE_CURL": "2", "GIT_TRACE_CURL_NO_DATA": "1"}
        await run_git(
            (self.git, *arguments),
            traced,
            seconds=self.limits.answer_seconds,
            output_bytes=self.limits.listing_bytes,
            on_line=keep,
        )
        return redirected("\n".join(headers), self.remote)

    async def download(self, wanted: Wanted, on_line: Callable[[str], None]) -> str:
        """Fetch one commit, without its history, and return its hash."""
        kind = "sha256" if len(wanted.object_id) == 64 else "sha1"
        await self._expect(await self.run("init", "--quiet", "--bare", "--template=", f"--object-format={kind}"))
        fetch = ("fetch", "--progress", "--depth=1", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head")
        async with _watched(self.folder, self.limits.bytes_on_disk):
            outcome = await self.run(
                *fetch, "--", self.remote.url, wanted.object_id, seconds=self.limits.fetch_seconds, on_line=on_line
            )
        await self._expect(outcome)
        _check_size(self.folder, self.limits.bytes_on_disk)
        peeled = await self.run("rev-parse", "--verify", "--end-of-options", f"{wanted.object_id}^{{commit}}")
        await self._expect(peeled)
        return peeled.output.decode().strip()

    async def _expect(self, outcome: Outcome) -> None:
        if is_redirect(outcome):
            raise redirected("", self.remote)
        if outcome.status:
            raise error_of(outcome, self.remote)

    async def tree(self, commit: str) -> TreeFiles:
        """Return the files of a commit."""
        listed = await self.run("ls-tree", "-r", "-z", "-l", "--full-tree", "--end-of-options", commit)
        await self._expect(listed)
        reader = BlobReader(self.git, self.variables)
        return TreeFiles(parse_tree(listed.output, self.limits.files), reader, self.limits.file_bytes)


@frozen(kw_only=True)
class GitProcesses:
    """Repositories over HTTPS, and SSH where it is allowed, by the system's ``git``, at least 2.37.

    Attributes:
        guard: asked for every host; Git connects to the addresses that it returned and to nothing else.
        limits: what a repository may cost.
        schemes: what a URL may start with: ``https``; ``http`` for an inner network, where anybody can read along;
            ``ssh``, with a private key as credential.
        known_hosts: file with the keys of the hosts that SSH may talk to; others are refused.
        ssh: name or path of the SSH client.
        ca_file: file with the authorities to trust; empty for the system's.
        git: name or path of the program.
        folder: where the private folders are made; empty for the system's place for temporary files.
    """

    guard: AddressGuard
    limits: GitLimits = field(factory=GitLimits)
    schemes: Collection[str] = ("https",)
    ca_file: str = ""
    known_hosts: str = os.devnull
    ssh: str = "ssh"
    git: str = "git"
    folder: str = ""

    async def refs(self, url: str, credential: GitCredential | None = None) -> RemoteRefs:
        """See ``GitSource.refs``."""
        async with self._session(url, credential) as session:
            return (await session.listing()).refs

    @asynccontextmanager
    async def fetch(
        self,
        url: str,
        ref: str,
        credential: GitCredential | None = None,
        *,
        on_progress: Callable[[GitProgress], None] = lambda _progress: None,
    ) -> AsyncIterator[Checkout]:
        """See ``GitSource.fetch``; an empty *ref* and ``HEAD`` are the default branch."""
        async with self._session(url, credential) as session:
            progress = ProgressReader(on_progress)
            wanted = (await session.listing()).find(ref)
            commit = await session.download(wanted, progress.read)
            files = await session.tree(commit)
            progress.finish()
            try:
                yield Checkout(commit=commit, ref=wanted.name, files=files)
            finally:
                files.reader.close()

    @asynccontextmanager
    async def _session(self, url: str, credential: GitCredential | None) -> AsyncIterator[_Session]:
        remote = parse_remote(url, self.schemes)
        _check_credential(remote, credential)
        reachable = await self.guard.admit(remote.host, remote.port)
        if not reachable.addresses:  # Git would ask the resolver itself
            raise UnavailableError(f"{remote.host} has no address", code="network.unknown_host")
        settings = connecting(remote, reachable, credential, self.ca_file)
        settings["http.lowSpeedTime"] = str(self.limits.stall_seconds)
        with _private_folder(self.folder) as home:
            git = await self._program(home)
            variables = environment(git, home, settings)
            if remote.scheme == "ssh":
                variables |= ssh_variables(self.ssh, home, self.known_hosts, remote, reachable, credential)
            yield _Session(git, home, variables, remote, self.limits)

    async def _program(self, home: Path) -> str:
        """Return the path of Git.

        Raises:
            UnavailableError: there is none, or it is too old.
        """
        git = shutil.which(self.git)
        if git is None:
            raise UnavailableError("Git is not installed; install git 2.37 or newer", code="git.missing")
        outcome = await run_git(
            (git, "version"), environment(git, home, {}), seconds=_SECONDS_HERE, output_bytes=_LONGEST_VERSION
        )
        match = re.match(rb"git version (\d+)\.(\d+)", outcome.output)
        if match is None or (int(match[1]), int(match[2])) < _OLDEST:
            raise UnavailableError("Git is too old; install git 2.37 or newer", code="git.too_old")
        return git


_LONGEST_VERSION = 4096


def _check_credential(remote: Remote, credential: GitCredential | None) -> None:
    if credential is not None and credential.host != remote.place:
        text = f"the credential is for another host than {remote.place}; give the one that belongs to it"
        raise ForbiddenError(text, code="git.credential_host")


@contextmanager
def _private_folder(parent: str) -> Iterator[Path]:
    with TemporaryDirectory(prefix="flowcore-git-", dir=parent or None, ignore_cleanup_errors=True) as home:
        yield Path(home)


def _check_size(folder: Path, most: int) -> None:
    """Raise LimitExceededError when the files below *folder* are larger than *most* bytes."""
    size = 0
    for path in folder.rglob("*"):
        try:
            size += path.lstat().st_size
        except FileNotFoundError:  # Git renames what it has written
            continue
    if size > most:
        raise too_large(f"it has more than {most} bytes")


@asynccontextmanager
async def _watched(folder: Path, most: int) -> AsyncIterator[None]:
    """Stop the body as soon as *folder* holds more than *most* bytes."""

    async def watch() -> None:
        while True:
            _check_size(folder, most)
            await asyncio.sleep(_TICK)

    try:
        async with asyncio.TaskGroup() as tasks:
            watcher = tasks.create_task(watch())
            yield
            watcher.cancel()
    except BaseExceptionGroup as group:
        limits = [error for error in group.exceptions if isinstance(error, LimitExceededError)]
        raise (limits[0] if limits else group.exceptions[0]) from None
