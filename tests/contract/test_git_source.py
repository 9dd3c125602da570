"""What every source of Git repositories promises: the one that runs Git, and the fake of the use cases' tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import frozen

from adapters.git import GitProcesses
from flowcore.errors import ForbiddenError, InvalidInputError, NotFoundError, UnauthenticatedError
from flowcore.files import EntryKind, MemoryFiles
from flowcore.ports.git import GitCredential, GitProgress, GitSource
from tests.doubles_git import FakeGitSource, FakeRepository
from tests.git_server import SECRET, Guard, Tree, git_server, make_repository

pytestmark = pytest.mark.anyio

TEXT = "services: {web: {image: nginx}}\n"


@frozen
class Given:
    """A source, and the addresses of its repositories."""

    source: GitSource
    open_url: str
    closed_url: str
    missing_url: str
    host: str


@pytest.fixture(params=["git", "fake"])
def given(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Given]:
    if request.param == "fake":
        trees = {"trunk": MemoryFiles({"compose.yaml": TEXT, "conf/a.txt": "a"}), "next": MemoryFiles({"b": "b"})}
        repository = FakeRepository(branches=trees, tags={"v1": trees["trunk"]}, default="trunk")
        closed = FakeRepository(branches=trees, default="trunk", secret=SECRET)
        base = "https://git.example.org/"
        source = FakeGitSource({f"{base}shop.git": repository, f"{base}closed.git": closed})
        yield Given(source, f"{base}shop.git", f"{base}closed.git", f"{base}none.git", "git.example.org")
        return
    branches = {"trunk": Tree.of(compose__yaml=TEXT, **{"conf/a.txt": "a"}), "next": Tree.of(b="b")}
    make_repository(tmp_path / "shop.git", branches, default="trunk", tags={"v1": "trunk"})
    with git_server(tmp_path) as server:
        yield Given(
            GitProcesses(guard=Guard(), schemes=("http", "https")),
            server.url("plain/shop.git"),
            server.url("auth/shop.git"),
            server.url("plain/none.git"),
            server.place,
        )


async def test_refs_name_the_default_branches_and_tags(given: Given) -> None:
    refs = await given.source.refs(given.open_url)
    assert refs.default == "trunk"
    assert set(refs.branches) == {"trunk", "next"}
    assert refs.tags == {"v1": refs.branches["trunk"]}


@pytest.mark.parametrize(("ref", "name"), [("", "trunk"), ("HEAD", "trunk"), ("v1", "v1"), ("next", "next")])
async def test_a_ref_leads_to_its_commit(given: Given, ref: str, name: str) -> None:
    refs = await given.source.refs(given.open_url)
    async with given.source.fetch(given.open_url, ref) as checkout:
        assert checkout.ref == name
        assert checkout.commit == {**refs.branches, **refs.tags}[name]


async def test_a_commit_is_fetched_by_its_hash(given: Given) -> None:
    commit = (await given.source.refs(given.open_url)).branches["next"]
    async with given.source.fetch(given.open_url, commit) as checkout:
        assert (checkout.commit, checkout.ref) == (commit, commit)


async def test_files_are_read_from_the_tree(given: Given) -> None:
    async with given.source.fetch(given.open_url, "") as checkout:
        files = checkout.files
        assert files.names(".") == ("compose.yaml", "conf")
        assert files.read("./compose.yaml").decode() == TEXT
        assert files.look("conf").kind is EntryKind.FOLDER
        assert files.look("conf/b.txt").kind is EntryKind.MISSING
        assert files.look("../x").kind is EntryKind.OUTSIDE
        with pytest.raises(ForbiddenError):
            files.read("/etc/passwd")
        with pytest.raises(NotFoundError):
            files.read("conf")


async def test_a_ref_that_is_not_there_is_said(given: Given) -> None:
    with pytest.raises(NotFoundError) as refused:
        async with given.source.fetch(given.open_url, "nothing"):
            pass
    assert refused.value.code == "git.ref_not_found"


async def test_a_repository_that_is_not_there_is_said(given: Given) -> None:
    with pytest.raises(NotFoundError) as refused:
        await given.source.refs(given.missing_url)
    assert refused.value.code == "git.not_found"


@pytest.mark.parametrize("secret", ["", "wrong"])
async def test_credentials_that_are_wanted_are_said(given: Given, secret: str) -> None:
    credential = GitCredential(host=given.host, secret=secret) if secret else None
    with pytest.raises(UnauthenticatedError) as refused:
        await given.source.refs(given.closed_url, credential)
    assert refused.value.code == "git.unauthenticated"


async def test_credentials_open_what_they_are_for(given: Given) -> None:
    async with given.source.fetch(given.closed_url, "", GitCredential(host=given.host, secret=SECRET)) as checkout:
        assert checkout.ref == "trunk"


async def test_a_credential_for_another_host_is_refused(given: Given) -> None:
    with pytest.raises(ForbiddenError) as refused:
        await given.source.refs(given.open_url, GitCredential(host="other.example.org", secret=SECRET))
    assert refused.value.code == "git.credential_host"


@pytest.mark.parametrize("url", ["file:///etc", "ext::sh", "/etc", "git://git.example.org/a"])
async def test_other_schemes_are_refused(given: Given, url: str) -> None:
    with pytest.raises((ForbiddenError, InvalidInputError)):
        await given.source.refs(url)


async def test_progress_goes_forward_to_the_end(given: Given) -> None:
    seen: list[GitProgress] = []
    async with given.source.fetch(given.open_url, "", on_progress=seen.append):
        pass
    fractions = [progress.fraction for progress in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
