"""One Git server with every kind of repository, for the whole session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.git_server import FILE, PROGRAM, SUBMODULE, SYMLINK, GitServer, Tree, git_server, make_repository

COMPOSE = "services:\n  web:\n    image: nginx:1.27\n"

LINKS = Tree(
    {
        "compose.yaml": (FILE, COMPOSE),
        "conf/app.conf": (FILE, "a=1\n"),
        "conf/script.sh": (PROGRAM, "#!/bin/sh\n"),
        "linked.yaml": (SYMLINK, "compose.yaml"),
        "deep/up": (SYMLINK, "../conf"),
        "absolute": (SYMLINK, "/etc/passwd"),
        "outside": (SYMLINK, "../../etc/passwd"),
        "round": (SYMLINK, "about"),
        "about": (SYMLINK, "round"),
        "dangling": (SYMLINK, "nowhere"),
        "vendor/lib": (SUBMODULE, "1" * 40),
        "Case.txt": (FILE, "upper"),
        ".gitmodules": (FILE, '[submodule "lib"]\n\tpath = vendor/lib\n\turl = ext::sh -c "touch pwned"\n'),
        ".gitattributes": (FILE, "*.bin filter=lfs\n"),
        "large.bin": (FILE, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"),
        "hooks/post-checkout": (PROGRAM, "#!/bin/sh\ntouch pwned\n"),
    }
)


@pytest.fixture(scope="session")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the repositories that the server serves."""
    root = tmp_path_factory.mktemp("repositories")
    make_repository(
        root / "shop.git",
        {
            "trunk": Tree.of(compose__yaml=COMPOSE),
            "feature/x": Tree.of(other="x"),
            "--upload-pack=touch": Tree.of(odd="1"),
        },
        default="trunk",
        tags={"v1": "trunk"},
    )
    make_repository(root / "links.git", {"main": LINKS})
    make_repository(root / "empty.git", {})
    make_repository(root / "many.git", {"main": Tree({f"f{number}": (FILE, str(number)) for number in range(300)})})
    make_repository(root / "huge.git", {"main": Tree({"noise.bin": (FILE, _noise(6 * 1024 * 1024))})})
    return root


def _noise(size: int) -> bytes:
    """Bytes that do not compress, the same each time."""
    import random

    return random.Random(1).randbytes(size)


@pytest.fixture(scope="session")
def shared_server(repositories: Path) -> Iterator[GitServer]:
    """The running server."""
    with git_server(repositories) as server:
        yield server


@pytest.fixture
def server(shared_server: GitServer) -> GitServer:
    """The running server, with nothing noted yet."""
    shared_server.requests.clear()
    shared_server.arrived.clear()
    shared_server.location = ""
    return shared_server
