"""Signing in from the command line, against the real service on a socket of this machine."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from attrs import define, field
from click.testing import CliRunner, Result

from entrypoints.cli.app import cli
from tests.doubles_cluster import PlayedCluster
from tests.http.conftest import SETTINGS, open_played
from tests.http.serving import Service, serve

pytestmark = pytest.mark.anyio
EMAIL, PASSWORD = "cli@example.com", "correct horse 7"


@define
class Shell:
    """Somebody at a computer who signs in to the service."""

    service: Service
    home: Path
    env: dict[str, str] = field(factory=dict)

    async def __call__(self, *arguments: str, typed: str = "", status: int = 0) -> Result:
        """Run a command, expect its exit status, and return what it wrote."""
        # Wide, so that no message is broken; what runs the tests may have signed in somewhere itself.
        unset = {"FLOWCORE_SERVER": None, "FLOWCORE_TOKEN": None}
        env = {**unset, "XDG_CONFIG_HOME": str(self.home), "COLUMNS": "400", **self.env}
        runner = CliRunner(env=env)
        result = await asyncio.to_thread(runner.invoke, cli, arguments, input=typed, prog_name="flowcore")
        assert result.exit_code == status, result.output
        assert PASSWORD not in result.output
        return result

    async def login(self, *more: str, status: int = 0) -> Result:
        return await self("login", self.service.url, *more, typed=f"{EMAIL}\n{PASSWORD}\n", status=status)

    @property
    def file(self) -> Path:
        return self.home / "flowcore" / "servers.json"

    @property
    def kept(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.file.read_text(encoding="utf-8"))
        return document

    @property
    def token(self) -> str:
        return str(self.kept["servers"][self.service.url]["token"])

    async def ask(self, path: str, token: str = "", **body: Any) -> Any:
        """Ask the service itself, as the user in a browser; with a token as a program."""
        if not token:
            credentials = {"email": EMAIL, "password": PASSWORD}
            token = (await self.service.client.post("/auth/login", json=credentials)).json()["token"]
        headers = {"Authorization": f"Bearer {token}"}
        method = "POST" if body else "GET"
        answer = await self.service.client.request(method, path, headers=headers, json=body or None)
        return {"status": answer.status_code, **answer.json()}


@pytest.fixture
async def shell(tmp_path: Path) -> AsyncIterator[Shell]:
    with structlog.testing.capture_logs():
        async with serve(open_played(PlayedCluster(), SETTINGS), SETTINGS) as service:
            body = {"email": EMAIL, "password": PASSWORD, "name": "Cli"}
            answer = await service.client.post("/auth/register", json=body)
            assert answer.status_code == 201, answer.text
            yield Shell(service, tmp_path)


# ---------------------------------------------------------------- login


async def test_a_password_is_traded_for_an_api_token_and_not_kept(shell: Shell) -> None:
    before = len((await shell.ask("/profile/sessions"))["sessions"])
    result = await shell.login("--name", "CI", "--scopes", "read,deploy", "--days", "7")
    assert f"signed in to {shell.service.url} as {EMAIL}" in result.stderr
    assert result.stdout == ""
    assert PASSWORD not in shell.file.read_text(encoding="utf-8")
    assert shell.kept["default"] == shell.service.url
    assert shell.token.startswith("fct_")
    assert shell.token not in result.output
    told = await shell.ask("/auth/session", shell.token)
    assert (told["scopes"], told["apiToken"]["name"]) == (["read", "deploy"], "CI")
    # The session of the moment has ended; only our own question made another.
    assert len((await shell.ask("/profile/sessions"))["sessions"]) == before + 1


async def test_the_file_of_tokens_is_for_its_owner_only(shell: Shell) -> None:
    await shell.login()
    assert stat.S_IMODE(shell.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(shell.file.parent.stat().st_mode) == 0o700
    assert [each.name for each in shell.file.parent.iterdir()] == ["servers.json"]


async def test_signing_in_again_ends_the_token_from_before(shell: Shell) -> None:
    await shell.login()
    first = shell.token
    await shell("login", shell.service.url, typed=f"\n{PASSWORD}\n")  # the e-mail is known
    assert shell.token != first
    assert (await shell.ask("/auth/session", first))["status"] == 401
    assert len((await shell.ask("/profile/tokens"))["tokens"]) == 1


async def test_a_wrong_password_is_said_and_nothing_is_kept(shell: Shell) -> None:
    result = await shell("login", shell.service.url, "--email", EMAIL, typed="wrong horse 8\n", status=1)
    assert f"{shell.service.url}: Invalid email or password" in result.stderr
    assert "wrong horse" not in result.output
    assert not shell.file.exists()


async def test_scopes_that_there_are_not_are_refused_and_the_session_ends(shell: Shell) -> None:
    before = len((await shell.ask("/profile/sessions"))["sessions"])
    result = await shell.login("--scopes", "fly", status=2)
    assert "scopes must be some of" in result.stderr
    assert len((await shell.ask("/profile/sessions"))["sessions"]) == before + 1
    assert not shell.file.exists()


async def test_an_api_token_comes_through_standard_input(shell: Shell) -> None:
    made = await shell.ask("/profile/tokens", name="console", scopes=["read"])
    result = await shell("login", shell.service.url, "--token", "-", typed=made["token"] + "\n")
    assert f"as {EMAIL}" in result.stderr
    assert made["token"] not in result.output
    assert shell.token == made["token"]


@pytest.mark.parametrize("typed", ["", "\n", "not a token\n", "eyJhbGciOiJIUzI1NiJ9.e30.x\n"])
async def test_what_is_no_api_token_is_refused(shell: Shell, typed: str) -> None:
    result = await shell("login", shell.service.url, "--token", "-", typed=typed, status=2)
    assert "no API token" in result.stderr
    assert not shell.file.exists()


async def test_an_api_token_that_is_not_known_is_not_kept(shell: Shell) -> None:
    result = await shell("login", shell.service.url, "--token", "-", typed="fct_" + "x" * 43 + "\n", status=1)
    assert f"flowcore login {shell.service.url}" in result.stderr
    assert not shell.file.exists()


async def test_a_token_among_the_arguments_is_refused_and_not_repeated(shell: Shell) -> None:
    result = await shell("login", shell.service.url, "--token", "fct_secret", typed="fct_secret\n", status=2)
    assert "fct_secret" not in result.output
    assert "--token takes -" in result.stderr


@pytest.mark.parametrize(
    "url",
    [
        "http://flow.example.com",
        "ftp://flow.example.com",
        "https://ann:pw@flow.example.com",
        "https://",
        "http://10.0.0.1:3000",
    ],
)
async def test_a_server_that_a_password_may_not_be_sent_to_is_refused_before_anything_is_asked(
    shell: Shell, url: str
) -> None:
    result = await shell("login", url, status=2)
    assert "https://HOST" in result.stderr
    assert "Password" not in result.output
    assert "pw" not in result.stderr.replace("pwd", "")


# ---------------------------------------------------------------- whoami, logout


async def test_who_i_am_is_told_with_the_token(shell: Shell) -> None:
    await shell.login("--name", "CI", "--scopes", "read")
    result = await shell("whoami")
    assert result.stdout.startswith(f"{EMAIL} (Cli), ")
    assert shell.service.url in result.stdout
    assert "CI: read; until 20" in result.stdout
    told = json.loads((await shell("whoami", shell.service.url, "--json")).stdout)
    assert (told["server"], told["user"]["email"]) == (shell.service.url, EMAIL)
    assert shell.token not in json.dumps(told)


async def test_who_has_not_signed_in_is_told_how(shell: Shell) -> None:
    assert "flowcore login URL" in (await shell("whoami", status=1)).stderr
    result = await shell("whoami", "https://other.example", status=1)
    assert "flowcore login https://other.example" in result.stderr


async def test_signing_out_revokes_and_forgets_the_token(shell: Shell) -> None:
    await shell.login()
    token = shell.token
    await shell("logout")
    assert not shell.file.exists()
    assert (await shell.ask("/auth/session", token))["status"] == 401
    await shell("logout", status=1)


async def test_a_token_that_has_ended_already_is_forgotten_without_a_word(shell: Shell) -> None:
    await shell.login()
    await shell.ask("/auth/session", shell.token)
    listed = (await shell.ask("/profile/tokens"))["tokens"]
    token = (await shell.service.client.post("/auth/login", json={"email": EMAIL, "password": PASSWORD})).json()
    headers = {"Authorization": f"Bearer {token['token']}"}
    await shell.service.client.delete(f"/profile/tokens/{listed[0]['id']}", headers=headers)
    result = await shell("logout")
    assert "warning" not in result.stderr
    assert not shell.file.exists()


async def test_a_token_can_be_forgotten_and_stay_valid(shell: Shell) -> None:
    await shell.login()
    token = shell.token
    await shell("logout", "--keep")
    assert not shell.file.exists()
    assert (await shell.ask("/auth/session", token))["status"] == 200


async def test_a_token_is_forgotten_although_its_service_is_gone(shell: Shell) -> None:
    await shell.login()
    document = shell.kept
    gone = "http://127.0.0.1:9"
    document["servers"][gone] = {"token": "fct_x"}
    shell.file.write_text(json.dumps(document), encoding="utf-8")
    result = await shell("logout", gone)
    assert f"{gone} does not answer" in result.stderr
    assert "not revoked" in result.stderr
    assert list(shell.kept["servers"]) == [shell.service.url]


# ---------------------------------------------------------------- the environment of a pipeline


async def test_a_pipeline_names_server_and_token_in_its_environment(shell: Shell) -> None:
    made = await shell.ask("/profile/tokens", name="pipeline", scopes=["read"])
    shell.env = {"FLOWCORE_SERVER": shell.service.url + "/", "FLOWCORE_TOKEN": made["token"]}
    assert "pipeline: read" in (await shell("whoami")).stdout
    assert not shell.file.exists()


async def test_the_environments_token_goes_to_its_own_server_only(shell: Shell) -> None:
    await shell.login("--name", "kept")
    shell.env = {"FLOWCORE_SERVER": "https://other.example", "FLOWCORE_TOKEN": "fct_elsewhere"}
    assert "kept: " in (await shell("whoami", shell.service.url)).stdout
    shell.env = {"FLOWCORE_TOKEN": "fct_elsewhere"}
    result = await shell("whoami", status=2)
    assert "FLOWCORE_SERVER" in result.stderr
    assert "fct_elsewhere" not in result.output


# ---------------------------------------------------------------- tokens


async def test_a_token_is_made_with_the_password_and_written_alone(shell: Shell) -> None:
    await shell.login()
    result = await shell("token", "create", "pipeline", "--scopes", "deploy", typed=f"\n{PASSWORD}\n")
    token = result.stdout.strip()
    told = await shell.ask("/auth/session", token)
    assert (told["apiToken"]["name"], told["scopes"]) == ("pipeline", ["deploy"])
    assert token not in result.stderr


async def test_tokens_are_listed_and_revoked_by_name(shell: Shell) -> None:
    await shell.login("--name", "here")
    await shell.ask("/profile/tokens", name="there", scopes=["read"])
    listed = await shell("token", "list", typed=f"\n{PASSWORD}\n")
    assert {"here", "there"} <= set(listed.stdout.split())
    assert "fct_" not in listed.stdout
    result = await shell("token", "revoke", "there", typed=f"\n{PASSWORD}\n")
    assert "there is revoked" in result.stderr
    left = await shell("token", "list", "--json", typed=f"\n{PASSWORD}\n")
    assert '"there"' not in left.stdout
    assert "no such API token" in (await shell("token", "revoke", "there", typed=f"\n{PASSWORD}\n", status=1)).stderr


async def test_a_token_for_the_account_needs_no_password(shell: Shell) -> None:
    await shell.login("--name", "here", "--scopes", "read,account")
    assert json.loads((await shell("token", "list", "--json")).stdout)[0]["name"] == "here"
    await shell("token", "revoke", "here")
    assert not shell.file.exists()  # it was the one that is kept


async def test_a_name_that_several_tokens_have_is_not_enough(shell: Shell) -> None:
    await shell.login("--name", "twin", "--scopes", "read,account")
    made = await shell.ask("/profile/tokens", name="twin", scopes=["read"])
    assert "by its id" in (await shell("token", "revoke", "twin", status=2)).stderr
    await shell("token", "revoke", made["apiToken"]["id"])
    assert (await shell.ask("/auth/session", made["token"]))["status"] == 401
