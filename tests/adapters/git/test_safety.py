"""What a URL, a host or a repository must not be able to do."""

from __future__ import annotations

import asyncio
import shutil
import stat
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from adapters.git import GitLimits, GitProcesses
from flowcore.errors import (
    FlowcoreError,
    ForbiddenError,
    InvalidInputError,
    LimitExceededError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
)
from flowcore.ports.git import GitCredential, GitProgress
from flowcore.ports.network import Reachable
from tests.doubles import PATIENCE
from tests.git_server import FILE, HOST, SECRET, GitServer, Guard, Tree, git_server, make_repository

pytestmark = pytest.mark.anyio


def source(folder: Path | None = None, **limits: Any) -> GitProcesses:
    return GitProcesses(
        guard=Guard(),
        schemes=("http", "https"),
        limits=GitLimits(**limits),
        folder=str(folder or ""),
    )


@pytest.mark.parametrize(
    "url",
    [
        "",
        "file:///etc",
        "/etc",
        "./shop",
        "~/shop",
        "C:\\shop",
        "C:/shop",
        "ext::sh -c touch% pwned",
        "ext::sh",
        "git://git.example.org/a/b",
        "git@git.example.org:a/b",
        "ssh://git@git.example.org/a/b",
        "http://git.example.org/a/b",
        "ftp://git.example.org/a/b",
        "javascript:alert(1)",
        "--upload-pack=touch pwned",
        "-oProxyCommand=touch",
        "https://git.example.org/a b",
        "https://git.example.org/a\r\nHost: x",
        "https://git.example.org/a%0d%0aX: y",
        "https://git.example.org/a\tb",
        "https://git.example.org/a\0b",
        "https://user:hunter2@git.example.org/a/b",
        "https://hunter2@git.example.org/a/b",
        "https://git.example.org\\@evil.example/a",
        "https://git.example.org/../a",
        "https://git.example.org/-a",
        "https://-git.example.org/a",
        "https://git.example.org./a",
        "https://git.example.org/a?x=1",
        "https://git.example.org/a#b",
        "https://git.example.org",
        "https:///a",
        "https://git.example.org:0/a",
        "https://git.example.org:99999/a",
        "https://git.example.org:x/a",
        "https://2130706433/a",
        "https://0x7f.1/a",
        "https://127.1/a",
        "https://0177.0.0.1/a",
        "https://[::1/a",
        "https://[::ffff:1%25eth0]/a",
        "https://gıt.example.org/a",
        "https://git.example.org/a;$(id)|`id`",
    ],
)
async def test_urls_that_are_refused_before_anybody_is_asked(url: str) -> None:
    guard = Guard()
    with pytest.raises((ForbiddenError, InvalidInputError)) as refused:
        await GitProcesses(guard=guard).refs(url)
    assert guard.asked == []
    assert refused.value.code in {"git.url_invalid", "git.scheme_forbidden", "git.url_credentials"}
    assert "hunter2" not in str(refused.value)


async def test_what_the_guard_forbids_is_not_connected_to(server: GitServer) -> None:
    class Closed:
        async def admit(self, host: str, port: int) -> Reachable:
            raise ForbiddenError("no", code="network.forbidden_address")

    with pytest.raises(ForbiddenError):
        await GitProcesses(guard=Closed(), schemes=("http",)).refs(server.url("plain/shop.git", host="127.0.0.1"))
    assert server.requests == []


async def test_a_host_without_addresses_is_not_left_to_git(server: GitServer) -> None:
    nowhere = GitProcesses(guard=Guard(addresses=()), schemes=("http",))
    with pytest.raises(UnavailableError):
        await nowhere.refs(server.url("plain/shop.git", host="localhost"))
    assert server.requests == []


@pytest.mark.parametrize(
    ("path", "kind", "code"),
    [
        ("plain/nothing.git", NotFoundError, "git.not_found"),
        ("404/x", NotFoundError, "git.not_found"),
        ("403/x", ForbiddenError, "git.forbidden"),
        ("auth/shop.git", UnauthenticatedError, "git.unauthenticated"),
        ("500/x", UnavailableError, "git.unavailable"),
        ("503/x", UnavailableError, "git.unavailable"),
        ("page/x", NotFoundError, "git.not_a_repository"),
    ],
)
async def test_answers_become_errors(server: GitServer, path: str, kind: type[FlowcoreError], code: str) -> None:
    with pytest.raises(kind) as refused:
        await source().refs(server.url(path))
    assert refused.value.code == code
    assert "/tmp" not in refused.value.message


async def test_a_host_that_does_not_listen_is_unavailable(server: GitServer) -> None:
    with pytest.raises(UnavailableError):
        await source().refs(f"http://{HOST}:1/a/b")


async def test_the_host_is_shown_its_credential(server: GitServer) -> None:
    credential = GitCredential(host=server.place, secret=SECRET)
    async with source().fetch(server.url("auth/shop.git"), "", credential) as checkout:
        assert checkout.ref == "trunk"


async def test_a_wrong_credential_is_said_and_not_repeated(server: GitServer) -> None:
    with pytest.raises(UnauthenticatedError) as refused:
        await source().refs(server.url("auth/shop.git"), GitCredential(host=server.place, secret="wrong-planted"))
    assert "wrong-planted" not in str(refused.value)


@pytest.mark.parametrize("host", [HOST, f"{HOST}:1", "example.org", f"{HOST}.evil", "", f"x.{HOST}"])
async def test_a_credential_is_for_its_exact_host(server: GitServer, host: str) -> None:
    with pytest.raises(ForbiddenError) as refused:
        await source().refs(server.url("plain/shop.git"), GitCredential(host=host, secret=SECRET))
    assert refused.value.code == "git.credential_host"
    assert server.requests == []


async def test_redirects_are_said_and_not_followed(server: GitServer, repositories: Path) -> None:
    credential = GitCredential(host=server.place, secret=SECRET)
    with git_server(repositories) as other:
        server.location = f"http://u:p-planted@127.0.0.1:{other.port}/plain/shop.git/info/refs?token=planted"
        with pytest.raises(ForbiddenError) as refused:
            await source().refs(server.url("redirect/shop.git"), credential)
        assert other.requests == []
    assert refused.value.code == "git.redirected"
    assert f"http://127.0.0.1:{other.port}/plain/shop.git" in refused.value.message
    assert "planted" not in refused.value.message


async def test_the_users_own_settings_do_not_count(
    server: GitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text(f"default login git password {SECRET}\n")
    (tmp_path / ".gitconfig").write_text('[url "http://127.0.0.1:1/"]\n\tinsteadOf = http://\n')
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("GIT_ASKPASS", "/bin/echo")
    await source().refs(server.url("plain/shop.git"))
    with pytest.raises(UnauthenticatedError):
        await source().refs(server.url("auth/shop.git"))
    assert all(shown == "" for _, shown in server.requests)


async def test_a_credential_is_on_no_command_line(server: GitServer, tmp_path: Path) -> None:
    log = tmp_path / "arguments"
    spy = tmp_path / "git"
    spy.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> {log}\nexec {shutil.which("git")} "$@"\n')
    spy.chmod(0o700)
    spying = GitProcesses(guard=Guard(), schemes=("http",), git=str(spy))
    async with spying.fetch(server.url("auth/shop.git"), "", GitCredential(host=server.place, secret=SECRET)):
        pass
    shown = [header for _, header in server.requests if header]
    assert shown
    assert SECRET not in log.read_text()
    assert shown[0].split()[1] not in log.read_text()
    assert "fetch" in log.read_text()


async def test_nothing_that_a_repository_brings_runs(server: GitServer, tmp_path: Path) -> None:
    async with source(tmp_path).fetch(server.url("plain/links.git"), ""):
        (home,) = left_in(tmp_path)
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        assert [path.name for path in left_in(home)] == ["tree.git"]
        assert not {"compose.yaml", "pwned"} & names_below(home)
    assert left_in(tmp_path) == []


async def test_a_repository_with_too_many_bytes_is_left_and_gone(server: GitServer, tmp_path: Path) -> None:
    with pytest.raises(LimitExceededError) as refused:
        async with source(tmp_path, bytes_on_disk=1_000_000).fetch(server.url("plain/huge.git"), ""):
            pass
    assert refused.value.code == "git.too_large"
    assert left_in(tmp_path) == []


async def test_the_size_is_watched_while_git_runs(server: GitServer, tmp_path: Path) -> None:
    with pytest.raises(LimitExceededError) as refused:  # the rest never comes: nobody waits for it
        async with source(tmp_path, bytes_on_disk=1_000_000).fetch(server.url("drip/huge.git"), ""):
            pass
    assert refused.value.code == "git.too_large"
    assert left_in(tmp_path) == []
    assert gone(lambda: not processes_in(tmp_path))


async def test_a_fetch_that_stops_halfway_is_given_up(server: GitServer, tmp_path: Path) -> None:
    with pytest.raises(LimitExceededError) as refused:
        async with source(tmp_path, fetch_seconds=1).fetch(server.url("drip/huge.git"), ""):
            pass
    assert refused.value.code == "git.too_slow"
    assert left_in(tmp_path) == []


async def test_a_host_that_stalls_is_given_up_by_git_itself(server: GitServer) -> None:
    with pytest.raises(LimitExceededError) as refused:
        async with source(stall_seconds=1).fetch(server.url("drip/huge.git"), ""):
            pass
    assert refused.value.code == "git.too_slow"


async def test_a_tree_with_too_many_files_is_left(server: GitServer) -> None:
    with pytest.raises(LimitExceededError):
        async with source(files=299).fetch(server.url("plain/many.git"), ""):
            pass
    with pytest.raises(LimitExceededError):
        async with source(listing_bytes=5000).fetch(server.url("plain/many.git"), ""):
            pass


async def test_a_file_that_is_too_large_is_not_read(server: GitServer) -> None:
    async with source(file_bytes=1000).fetch(server.url("plain/huge.git"), "") as checkout:
        with pytest.raises(LimitExceededError):
            checkout.files.read("noise.bin")


async def test_a_host_that_says_nothing_is_given_up(server: GitServer, tmp_path: Path) -> None:
    with pytest.raises(LimitExceededError) as refused:
        await source(tmp_path, answer_seconds=0.5).refs(server.url("slow/shop.git"))
    assert refused.value.code == "git.too_slow"
    assert left_in(tmp_path) == []


def left_in(folder: Path) -> list[Path]:
    """Return what is in a folder."""
    return list(folder.iterdir())


def names_below(folder: Path) -> set[str]:
    """Return the names of everything below a folder."""
    return {path.name for path in folder.rglob("*")}


def processes_in(folder: Path) -> list[str]:
    """Return the processes whose environment names *folder*."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if str(folder).encode() in environment.read_bytes():
                found.append(environment.parent.name)
        except OSError:
            continue
    return found


async def test_cancelling_leaves_no_process_and_no_folder(server: GitServer, tmp_path: Path) -> None:
    waiting = asyncio.create_task(source(tmp_path).refs(server.url("slow/shop.git")))
    assert await asyncio.to_thread(server.arrived.wait, PATIENCE)
    assert processes_in(tmp_path)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert left_in(tmp_path) == []
    assert gone(lambda: not processes_in(tmp_path))


async def test_cancelling_in_the_middle_of_a_fetch_leaves_nothing(server: GitServer, tmp_path: Path) -> None:
    started = asyncio.Event()

    async def fetch() -> None:
        url = server.url("drip/huge.git")
        async with source(tmp_path).fetch(url, "", on_progress=lambda _progress: started.set()):
            raise AssertionError("the rest never comes")

    fetching = asyncio.create_task(fetch())
    async with asyncio.timeout(PATIENCE):
        await started.wait()
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    assert left_in(tmp_path) == []
    assert gone(lambda: not processes_in(tmp_path))


def gone(check: Callable[[], bool]) -> bool:
    """Say whether *check* comes true; a killed grandchild is init's to reap."""
    stop = threading.Event()
    return any(check() or stop.wait(0.05) for _ in range(int(PATIENCE / 0.05)))


async def test_an_error_while_a_checkout_is_open_leaves_nothing(server: GitServer, tmp_path: Path) -> None:
    async def read_and_fail() -> None:
        async with source(tmp_path).fetch(server.url("plain/shop.git"), "") as checkout:
            checkout.files.read("compose.yaml")
            assert processes_in(tmp_path)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await read_and_fail()
    assert left_in(tmp_path) == []
    assert not processes_in(tmp_path)


async def test_an_error_in_the_progress_stops_the_fetch(server: GitServer, tmp_path: Path) -> None:
    def fail(_progress: GitProgress) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        async with source(tmp_path).fetch(server.url("plain/many.git"), "", on_progress=fail):
            pass
    assert left_in(tmp_path) == []
    assert gone(lambda: not processes_in(tmp_path))


async def test_git_that_is_missing_or_old_is_said(tmp_path: Path) -> None:
    missing = GitProcesses(guard=Guard(), git=str(tmp_path / "none"))
    with pytest.raises(UnavailableError) as refused:
        await missing.refs("https://git.example.org/a/b")
    assert refused.value.code == "git.missing"
    old = tmp_path / "git"
    old.write_text("#!/bin/sh\necho git version 2.30.1\n")
    old.chmod(0o700)
    with pytest.raises(UnavailableError) as refused:
        await GitProcesses(guard=Guard(), git=str(old)).refs("https://git.example.org/a/b")
    assert refused.value.code == "git.too_old"


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for the server's host that signed itself, and its key."""
    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, secret.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(secret, hashes.SHA256())
    )
    made, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    made.write_bytes(signed.public_bytes(Encoding.PEM))
    key.write_bytes(secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return made, key


async def test_certificates_are_checked(certificate: tuple[Path, Path], tmp_path: Path) -> None:
    make_repository(tmp_path / "root" / "a.git", {"main": Tree({"a": (FILE, "1")})})
    with git_server(tmp_path / "root", certificate) as server:
        url = server.url("plain/a.git")
        with pytest.raises(UnavailableError) as refused:
            await GitProcesses(guard=Guard()).refs(url)
        assert refused.value.code == "git.tls"
        trusting = GitProcesses(guard=Guard(), ca_file=str(certificate[0]))
        assert (await trusting.refs(url)).default == "main"
