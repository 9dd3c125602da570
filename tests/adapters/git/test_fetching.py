"""Fetching from a real Git server."""

from __future__ import annotations

import pytest

from adapters.git import GitProcesses
from flowcore.errors import NotFoundError
from flowcore.files import EntryKind
from flowcore.ports.git import GitProgress
from tests.git_server import GitServer, Guard, git

pytestmark = pytest.mark.anyio


def source(guard: Guard | None = None) -> GitProcesses:
    return GitProcesses(guard=guard or Guard(), schemes=("http", "https"))


async def test_the_default_branch_is_the_one_that_head_stands_for(server: GitServer) -> None:
    refs = await source().refs(server.url("plain/shop.git"))
    assert refs.default == "trunk"
    assert set(refs.branches) == {"trunk", "feature/x", "--upload-pack=touch"}


async def test_an_annotated_tag_stands_for_its_commit(server: GitServer) -> None:
    refs = await source().refs(server.url("plain/shop.git"))
    assert refs.tags == {"v1": refs.branches["trunk"]}


@pytest.mark.parametrize(
    ("ref", "name", "holds"),
    [
        ("", "trunk", "compose.yaml"),
        ("HEAD", "trunk", "compose.yaml"),
        ("feature/x", "feature/x", "other"),
        ("refs/heads/feature/x", "feature/x", "other"),
        ("v1", "v1", "compose.yaml"),
        ("--upload-pack=touch", "--upload-pack=touch", "odd"),
    ],
)
async def test_a_ref_is_fetched_by_its_name(server: GitServer, ref: str, name: str, holds: str) -> None:
    async with source().fetch(server.url("plain/shop.git"), ref) as checkout:
        assert checkout.ref == name
        assert checkout.files.names(".") == (holds,)


async def test_a_tag_gives_the_commit_it_stands_on(server: GitServer) -> None:
    commit = git("--git-dir", str(server.root / "shop.git"), "rev-parse", "trunk").strip()
    async with source().fetch(server.url("plain/shop.git"), "v1") as checkout:
        assert checkout.commit == commit


async def test_a_commit_is_fetched_by_its_full_hash(server: GitServer) -> None:
    commit = git("--git-dir", str(server.root / "shop.git"), "rev-parse", "feature/x").strip()
    async with source().fetch(server.url("plain/shop.git"), commit.upper()) as checkout:
        assert (checkout.commit, checkout.ref) == (commit, commit)


@pytest.mark.parametrize(
    "ref",
    ["nothing", "1" * 40, "--help", "-", "a b", "trunk:trunk", "+trunk", "trunk^", "trunk~1", "trunk@{0}", "..", "*",
     "refs/heads/*", "v1^{}", "trunk\nv1", "abcdef1", "$(touch pwned)", "`id`", "trunk;id"],
)  # fmt: skip
async def test_a_ref_that_is_not_there_is_said(server: GitServer, ref: str) -> None:
    with pytest.raises(NotFoundError) as refused:
        async with source().fetch(server.url("plain/shop.git"), ref):
            pass
    assert refused.value.code == "git.ref_not_found"


async def test_an_empty_repository_has_no_refs(server: GitServer) -> None:
    refs = await source().refs(server.url("plain/empty.git"))
    assert (refs.default, refs.branches) == ("", {})
    with pytest.raises(NotFoundError) as refused:
        async with source().fetch(server.url("plain/empty.git"), ""):
            pass
    assert refused.value.code == "git.ref_not_found"


async def test_progress_never_goes_back_and_ends_at_one(server: GitServer) -> None:
    seen: list[GitProgress] = []
    async with source().fetch(server.url("plain/many.git"), "main", on_progress=seen.append):
        pass
    fractions = [progress.fraction for progress in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert "Receiving objects" in {progress.step for progress in seen}


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("compose.yaml", EntryKind.FILE),
        ("./conf/app.conf", EntryKind.FILE),
        ("conf", EntryKind.FOLDER),
        (".", EntryKind.FOLDER),
        ("linked.yaml", EntryKind.FILE),
        ("deep/up", EntryKind.FOLDER),
        ("deep/up/app.conf", EntryKind.FILE),
        ("absolute", EntryKind.OUTSIDE),
        ("outside", EntryKind.OUTSIDE),
        ("round", EntryKind.OUTSIDE),
        ("../compose.yaml", EntryKind.OUTSIDE),
        ("/etc/passwd", EntryKind.OUTSIDE),
        ("dangling", EntryKind.MISSING),
        ("vendor/lib", EntryKind.MISSING),
        ("case.txt", EntryKind.MISSING),
        ("compose.yaml/x", EntryKind.MISSING),
    ],
)
async def test_paths_stay_in_the_tree(server: GitServer, path: str, kind: EntryKind) -> None:
    async with source().fetch(server.url("plain/links.git"), "main") as checkout:
        assert checkout.files.look(path).kind is kind


async def test_symlinks_in_the_tree_are_read_through(server: GitServer) -> None:
    async with source().fetch(server.url("plain/links.git"), "main") as checkout:
        files = checkout.files
        assert files.read("linked.yaml") == files.read("compose.yaml")
        assert files.read("deep/up/app.conf") == b"a=1\n"
        assert files.names("deep/up") == ("app.conf", "script.sh")


async def test_large_file_pointers_stay_pointers(server: GitServer) -> None:
    async with source().fetch(server.url("plain/links.git"), "main") as checkout:
        assert checkout.files.read("large.bin").startswith(b"version https://git-lfs")


async def test_files_are_gone_when_the_checkout_is_left(server: GitServer) -> None:
    async with source().fetch(server.url("plain/shop.git"), "") as checkout:
        pass
    with pytest.raises(NotFoundError):
        checkout.files.read("compose.yaml")


async def test_the_guard_is_asked_and_git_connects_where_it_says(server: GitServer) -> None:
    guard = Guard()  # no resolver knows the host
    await source(guard).refs(server.url("plain/shop.git", host="NO-SUCH-HOST.invalid"))
    assert guard.asked == [("no-such-host.invalid", server.port)]
