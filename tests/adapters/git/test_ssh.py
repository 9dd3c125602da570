"""Repositories over SSH, with a client that notes how it is called and then serves from this machine's disk."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import pytest
from attrs import define

from adapters.git import GitProcesses
from adapters.git._remote import parse_remote
from flowcore.errors import FlowcoreError, ForbiddenError, UnauthenticatedError, UnavailableError
from flowcore.ports.git import GitCredential
from tests.git_server import HOST, Guard, Tree, make_repository

pytestmark = pytest.mark.anyio

KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nplanted\n-----END OPENSSH PRIVATE KEY-----\n"
_CLIENT = """\
#!{python}
import json, os, pathlib, subprocess, sys
options = dict(word[2:].split("=", 1) for word in sys.argv if word.startswith("-o") and "=" in word)
key = pathlib.Path(options["IdentityFile"])
told = {{
    "arguments": sys.argv[1:],
    "options": options,
    "key": key.read_text() if key.is_file() else "",
    "mode": oct(key.stat().st_mode & 0o777) if key.is_file() else "",
    "environment": sorted(os.environ),
}}
pathlib.Path({log!r}).write_text(json.dumps(told))
if {failure!r}:
    sys.exit({failure!r})
sys.exit(subprocess.run(["sh", "-c", sys.argv[-1]]).returncode)
"""


@define
class Client:
    """A stand-in for ``ssh``."""

    path: Path
    log: Path

    def write(self, failure: str = "") -> None:
        self.path.write_text(_CLIENT.format(python=sys.executable, log=str(self.log), failure=failure))
        self.path.chmod(self.path.stat().st_mode | stat.S_IXUSR)

    @property
    def told(self) -> dict[str, object]:
        told: dict[str, object] = json.loads(self.log.read_text())
        return told


@pytest.fixture
def client(tmp_path: Path) -> Client:
    client = Client(tmp_path / "ssh client", tmp_path / "log")
    client.write()
    return client


@pytest.fixture
def repository(tmp_path: Path) -> str:
    make_repository(tmp_path / "shop.git", {"trunk": Tree.of(compose__yaml="services: {}")}, default="trunk")
    return f"{tmp_path / 'shop.git'}"


def source(client: Client) -> GitProcesses:
    guard = Guard(addresses=("192.0.2.7",))
    return GitProcesses(guard=guard, schemes=("ssh",), known_hosts="/known hosts", ssh=str(client.path))


def _is_gone(path: str) -> bool:
    return not Path(path).exists()


async def test_a_repository_is_read_with_a_key_over_the_checked_address(client: Client, repository: str) -> None:
    git = source(client)
    credential = GitCredential(host=HOST, secret=KEY)
    async with git.fetch(f"ssh://deploy@{HOST}{repository}", "", credential) as checkout:
        assert checkout.ref == "trunk"
        assert checkout.files.read("compose.yaml") == b"services: {}"
    told = client.told
    options = told["options"]
    assert isinstance(options, dict)
    assert (options["HostName"], options["HostKeyAlias"]) == ("192.0.2.7", HOST)
    assert (options["StrictHostKeyChecking"], options["UserKnownHostsFile"]) == ("yes", "/known hosts")
    assert (options["IdentityAgent"], options["IdentitiesOnly"], options["BatchMode"]) == ("none", "yes", "yes")
    assert (told["key"], told["mode"]) == (KEY, "0o600")
    assert f"deploy@{HOST}" in str(told["arguments"])
    assert "planted" not in str(told["arguments"])
    assert _is_gone(options["IdentityFile"])


async def test_the_short_form_and_another_port_are_understood(client: Client, repository: str) -> None:
    await source(client).refs(f"git@{HOST}:{repository.lstrip('/')}")
    assert f"git@{HOST}" in str(client.told["arguments"])
    await source(client).refs(f"ssh://git@{HOST}:2222{repository}", GitCredential(host=f"{HOST}:2222", secret=KEY))
    options = client.told["options"]
    assert isinstance(options, dict)
    assert options["HostKeyAlias"] == f"[{HOST}]:2222"
    assert client.told["key"] == KEY


@pytest.mark.parametrize(
    ("failure", "error", "code"),
    [
        ("git@x: Permission denied (publickey).", UnauthenticatedError, "git.unauthenticated"),
        ("Host key verification failed.", UnavailableError, "git.host_key"),
    ],
)
async def test_what_the_client_says_becomes_an_error_of_ours(
    client: Client, repository: str, failure: str, error: type[FlowcoreError], code: str
) -> None:
    client.write(failure)
    with pytest.raises(error) as refused:
        await source(client).refs(f"ssh://git@{HOST}{repository}")
    assert refused.value.code == code


async def test_a_password_is_no_key(client: Client, repository: str) -> None:
    with pytest.raises(ForbiddenError) as refused:
        await source(client).refs(f"ssh://git@{HOST}{repository}", GitCredential(host=HOST, secret="hunter2"))
    assert refused.value.code == "git.credential_kind"
    assert "hunter2" not in refused.value.message


async def test_without_a_client_that_is_told(client: Client, repository: str) -> None:
    client.path.unlink()
    with pytest.raises(UnavailableError):
        await source(client).refs(f"ssh://git@{HOST}{repository}")


@pytest.mark.parametrize(
    "url",
    [
        "ssh://git:password@git.example.org/a/b",
        "ssh://-oProxyCommand=touch@git.example.org/a/b",
        "ssh://git@-oProxyCommand=touch/a/b",
        "ssh://git@git.example.org/-x/b",
        "ssh://git@git.example.org/a/../b",
        "ssh://git@git.example.org/a;b c",
        "ssh://git@git.example.org:0/a/b",
        "git@git.example.org:/a:b",
        "-x@git.example.org:a/b",
        "git@git.example.org:a\nb",
        "ssh://git@git@git.example.org/a/b",
    ],
)
def test_urls_that_can_be_read_in_two_ways_are_refused(url: str) -> None:
    with pytest.raises(FlowcoreError):
        parse_remote(url, ("ssh",))


@pytest.mark.parametrize("url", ["ssh://git@git.example.org/a/b", "git@git.example.org:a/b"])
def test_ssh_is_closed_unless_it_is_allowed(url: str) -> None:
    with pytest.raises(ForbiddenError) as refused:
        parse_remote(url, ("https",))
    assert refused.value.code == "git.scheme_forbidden"
