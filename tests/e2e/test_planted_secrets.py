"""Secrets go through the whole service, as processes of their own, and come out only where they must.

What is searched: every answer with its headers, every stream, everything that the processes print, the files of the
database or its documents, the audit log. ``EXPECTED`` lists every place where a secret may be seen, and why; a secret
that is seen elsewhere fails the test, and so does one that is not seen where it must be.
"""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pymongo
import pytest
from attrs import define

from flowcore.manifests import from_yaml
from flowcore.ports.sealed import SEALED_FIELDS
from tests.backends import new_mongo_database
from tests.git_server import HOST, Tree, git_server, make_repository
from tests.git_server import SECRET as GIT_SECRET
from tests.mongo_server import free_port
from tests.oidc_server import oidc_server
from tests.planted import Search, forms_of

pytestmark = pytest.mark.slow

#: What a sealed text looks like.
_SEALED = re.compile(rb"\bv1:[A-Za-z0-9_-]{1,32}:[A-Za-z0-9_-]{38,}")
BIN = Path(sys.executable).parent
LONG = 60.0

#: Letters that JSON, HTML and URLs write differently are in some of them.
PLANTED = {
    "password": "Pl4nted pass/word & more",
    "new password": "Pl4nted-new+pass=word",
    "wrong password": "Pl4nted-by-mistake-77",
    "cluster token": "planted.cluster-token_5501",
    "bad certificate": "planted-no-certificate-5502",
    "compose value": 'planted"compose<value>5503',
    "repository value": "planted-repository-5504",
    "run value": "planted run/value 5505",
    "run variable": "planted-run-variable-5506",
    "refused run value": "planted-refused-run-5507",
    "git secret": GIT_SECRET,
    "typed git secret": "planted-typed-git-5508",
    "url password": "planted-url-password-5509",
    "foreign token": "planted-foreign-bearer-5510",
    "broken body": "planted-broken-body-5511",
    "client secret": "planted-client-secret-5512",
}

#: Who may see a secret, and where: the answer to its owner that must hold it, and nothing else.
EXPECTED = {
    # Sessions: the token is the answer to a sign-in.
    ("session of register", "POST /auth/register"),
    ("session of login", "POST /auth/login"),
    ("session of provider", "POST /auth/oauth/exchange"),
    ("session of refresh", "POST /auth/refresh"),
    ("session of somebody invited", "POST /auth/register"),
    # An API token is shown once, when it is made.
    ("API token", "POST /profile/tokens"),
    # So is an invite.
    ("invite", "POST /settings/invites"),
    # Who imports a file is handed the values of its secrets, beside the drawing, and stores them where they like.
    ("compose value", "POST /import/upload"),
    # The same for a repository, as long as the process remembers them.
    ("repository value", "GET /import/{id}"),
    ("repository value", "stream of the import"),
    # What lets a browser trade its sign-in at a provider for a session, once, within 30 seconds.
    ("exchange code", "GET /auth/oauth/idp/callback"),
}

COMPOSE = f"""\
services:
  web:
    image: nginx:1.27
    ports: ["8080:80"]
    environment: {{MODE: fast, SESSION_SECRET: {json.dumps(PLANTED["compose value"])}}}
"""
REPOSITORY = f"""\
services:
  db: {{image: "postgres:16", environment: {{POSTGRES_PASSWORD: {PLANTED["repository value"]}}}}}
"""


@define
class World:
    """The running service, a client of it, and the search that sees everything."""

    url: str
    search: Search
    client: httpx.Client
    folder: Path
    env: dict[str, str]
    server: str = ""
    token: str = ""

    def ask(self, method: str, path: str, *, status: int = 200, place: str = "", **sent: Any) -> Any:
        """Send a request, note everything of the answer, expect a status, and return its JSON if it has any."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        answer = self.client.request(method, f"/v1/api{path}", headers={**headers, **sent.pop("headers", {})}, **sent)
        self.search.saw(place or f"{method} {path.partition('?')[0]}", answer.content)
        self.search.saw(place or f"{method} {path.partition('?')[0]}", repr(answer.headers.raw))
        assert answer.status_code == status, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.headers.get("content-type", "").split(";")[0] == "application/json" else answer

    def sign_in(self, answer: dict[str, Any], name: str) -> None:
        self.token = self.search.plant(name, answer["token"])

    def flowcore(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [str(BIN / "flowcore"), *arguments],
            env=self.env,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONG,
        )
        self.search.saw(f"output of flowcore {' '.join(arguments[:2])}", done.stdout + done.stderr)
        assert done.returncode == 0, done.stderr
        return done

    def until(self, path: str, done: Any, place: str = "") -> Any:
        """Ask until the answer will do."""
        deadline = time.monotonic() + LONG
        while not done(answer := self.ask("GET", path, place=place)):
            assert time.monotonic() < deadline, answer
            time.sleep(0.05)
        return answer


@contextmanager
def process(*command: str, cwd: Path, env: dict[str, str], output: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command that serves, and write all that it prints into a file."""
    with output.open("wb") as file:
        running = subprocess.Popen([str(BIN / "flowcore"), *command], cwd=cwd, env=env, stdout=file, stderr=file)
        try:
            yield running
        finally:
            running.send_signal(signal.SIGTERM)
            try:
                running.wait(20)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()
                raise


def line_of(output: Path, words: str, running: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + LONG
    while time.monotonic() < deadline:
        for line in output.read_text(errors="replace").splitlines():
            if words in line:
                return line
        assert running.poll() is None, output.read_text(errors="replace")
        time.sleep(0.05)
    raise AssertionError(f"{output.name} does not say {words!r}")


@pytest.fixture(params=["sqlite", "mongo"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/data/flowcore.db"
        return
    url: str = request.getfixturevalue("mongo_url")
    with new_mongo_database(url) as database:
        yield url.replace("/?", f"/{database}?")


@pytest.fixture
def world(store: str, tmp_path: Path) -> Iterator[World]:
    port = free_port()
    public = f"http://localhost:{port}"
    search = Search(dict(PLANTED))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FLOWCORE_")}
    person = {"sub": "eve-1", "email": "eve@example.com", "email_verified": True, "name": "Eve"}
    with oidc_server(person) as issuer:
        (tmp_path / "providers.toml").write_text(
            f'[providers.idp]\nissuer = "{issuer}"\nclient_id = "client"\n'
            'client_secret_env = "FLOWCORE_IDP_SECRET"\nscopes = ["openid", "profile", "email"]\n'
        )
        env = kept | {
            "FLOWCORE_PORT": str(port),
            "FLOWCORE_STORE_URL": store,
            "FLOWCORE_DATA_DIR": str(tmp_path / "data"),
            "FLOWCORE_ALLOWED_ADDRESSES": "127.0.0.1",
            "FLOWCORE_GIT_SCHEMES": "https,http",
            "FLOWCORE_PUBLIC_URL": public,
            "FLOWCORE_OAUTH_PROVIDERS": str(tmp_path / "providers.toml"),
            "FLOWCORE_IDP_SECRET": PLANTED["client secret"],
            "FLOWCORE_LOG_LEVEL": "debug",
            "FLOWCORE_LOG_JSON": "true",
            "PYTHONASYNCIODEBUG": "0",
        }
        sandbox_log, log = tmp_path / "sandbox.log", tmp_path / "service.log"
        sandbox_command = ("sandbox", "--kubeconfig-out", str(tmp_path / "kubeconfig"), "--speed", "20")
        with process(*sandbox_command, cwd=tmp_path, env=kept, output=sandbox_log) as sandbox:
            line_of(sandbox_log, "kubectl get all", sandbox)
            with process("serve", cwd=tmp_path, env=env, output=log) as service:
                line_of(log, "listens on", service)
                with httpx.Client(base_url=public, timeout=LONG) as client:
                    yield World(public, search, client, tmp_path, env)
            search.saw("log", log.read_bytes())


def test_planted_secrets_come_out_only_where_they_must(world: World, store: str) -> None:
    search = world.search
    accounts(world)
    invites(world)
    clusters(world)
    deployments(world)
    git(world)
    provider(world)
    rotation(world)
    mistakes(world)
    administration(world)
    database(world, store)
    plant_keys(search, world.folder / "data" / "keyring.json")
    assert len(search.found) > 40
    search.saw("log", (world.folder / "service.log").read_bytes())
    assert search.leaks() == EXPECTED


def accounts(world: World) -> None:
    """Register, sign in, mistake the password, change it, trade the token, make an API token."""
    newcomer = {"email": "ann@example.com", "password": PLANTED["password"], "name": "Ann"}
    world.sign_in(world.ask("POST", "/auth/register", json=newcomer, status=201), "session of register")
    world.ask("POST", "/auth/register", json=newcomer, status=409)
    wrong = {"email": "ann@example.com", "password": PLANTED["wrong password"]}
    world.ask("POST", "/auth/login", json=wrong, status=401)
    change = {"currentPassword": PLANTED["password"], "newPassword": PLANTED["new password"]}
    world.ask("PUT", "/profile/password", json=change)
    right = {"email": "ann@example.com", "password": PLANTED["new password"]}
    world.sign_in(world.ask("POST", "/auth/login", json=right), "session of login")
    world.ask("PUT", "/profile/password", json={**change, "currentPassword": PLANTED["wrong password"]}, status=400)
    made = world.ask("POST", "/profile/tokens", json={"name": "ci", "scopes": ["read"]}, status=201)
    world.search.plant("API token", made["token"])
    world.ask("GET", "/profile/tokens", place="GET /profile/tokens")
    world.ask("GET", "/profile")
    world.ask("GET", "/profile/sessions")
    world.sign_in(world.ask("POST", "/auth/refresh"), "session of refresh")


def invites(world: World) -> None:
    """Invite somebody, who registers; try it once more than it is for. The house has a code of six digits, too.

    That one is not searched for: six digits occur by chance. ``database`` sees that it is sealed.
    """
    made = world.ask("POST", "/settings/invites", json={"uses": 1, "note": "Bob"}, status=201)
    code = world.search.plant("invite", made["code"])
    for path in ("/settings/invites", "/settings/invite-code", "/settings/regenerate-setting"):
        world.ask("GET", path)
    world.ask("POST", "/settings/generate-invite-code")
    bob = {"email": "bob@example.com", "password": PLANTED["password"], "name": "Bob", "inviteCode": code}
    answer = world.ask("POST", "/auth/register", json=bob, status=201)
    world.search.plant("session of somebody invited", answer["token"])
    world.ask("POST", "/auth/register", json={**bob, "email": "x", "inviteCode": code}, status=400)


def clusters(world: World) -> None:
    """Register clusters with a token and a kubeconfig, some of which will not do."""
    (kubeconfig,) = from_yaml((world.folder / "kubeconfig").read_text())
    # kubectl sends no token over plain HTTP, so the sandbox's is in its address; here it is where it belongs.
    world.server, _, real = kubeconfig["clusters"][0]["cluster"]["server"].partition("/token/")
    kubeconfig["clusters"][0]["cluster"]["server"] = world.server
    kubeconfig["users"][0]["user"] = {"token": world.search.plant("sandbox token", real)}

    def body(name: str, auth_type: str, **credentials: str) -> dict[str, Any]:
        return {"name": name, "server": world.server, "authType": auth_type, "credentials": credentials}

    world.ask("POST", "/clusters", json=body("good", "token", token=real), status=201)
    world.ask("POST", "/clusters", json=body("refused", "token", token=PLANTED["cluster token"]), status=201)
    text = json.dumps(kubeconfig)
    world.ask("POST", "/clusters", json=body("file", "kubeconfig", kubeconfig=text), status=201)
    certificate = {"clientCertData": PLANTED["bad certificate"], "clientKeyData": PLANTED["bad certificate"]}
    world.ask("POST", "/clusters", json=body("bad", "certificate", **certificate), status=400)
    broken = "users: [" + PLANTED["bad certificate"]
    world.ask("POST", "/clusters", json=body("bad", "kubeconfig", kubeconfig=broken), status=400)
    for name in ("good", "refused", "file"):
        world.ask("POST", f"/clusters/{name}/test")
        world.ask("GET", f"/clusters/{name}")
    new = {"credentials": {"token": PLANTED["cluster token"]}}
    world.ask("PUT", "/clusters/refused/credentials", json=new)
    world.ask("GET", "/clusters")


def deployments(world: World) -> None:
    """Import a Compose file, deploy it with secret values, and fail to deploy others."""
    files = {"file": ("compose.yaml", COMPOSE.encode())}
    analysis = world.ask("POST", "/import/upload", files=files)["analysis"]
    values = {node: dict.fromkeys(keys, PLANTED["run value"]) for node, keys in analysis["secretValues"].items()}
    assert values
    body = {"name": "shop", "clusterId": "good", "analysis": {**analysis, "secretValues": {}}}
    workflow = world.ask("POST", "/import/create-workflow", json=body)["workflow"]
    path = f"/workflows/{workflow['id']}"
    world.ask("PUT", f"{path}/status", json={"status": "published"}, place="PUT /workflows/{id}/status")
    world.ask("POST", f"{path}/run", json={}, status=400, place="POST /workflows/{id}/run")
    trigger = {"secrets": values, "envVars": {"web": {"EXTRA": PLANTED["run variable"]}}}
    assert run(world, path, trigger)["status"] == "completed"
    refused = {
        "id": "lost",
        "type": "secret",
        "data": {"name": "lost", "namespace": "nowhere", "keys": [{"name": "KEY"}]},
    }
    slow = {
        "id": "slow",
        "type": "deployment",
        "data": {"name": "slow", "image": "nginx:1", "podAnnotations": {"flowcore.dev/sandbox": "ImagePullBackOff"}},
    }
    for node, given in ((refused, {"secrets": {"lost": {"KEY": PLANTED["refused run value"]}}}), (slow, {})):
        body = {"name": node["id"], "cluster_id": "good", "nodes": [node]}
        made = world.ask("POST", "/workflows", json=body, status=201)["workflow"]
        world.ask("PUT", f"/workflows/{made['id']}/status", json={"status": "published"}, place="PUT status")
        assert run(world, f"/workflows/{made['id']}", given, timeout=2)["status"] == "failed"
    for part in ("", "/versions", "/versions/1", "/runs", "/access"):
        world.ask("GET", f"{path}{part}", place=f"GET /workflows/{{id}}{part}")
    world.ask("POST", f"{path}/plan", place="POST /workflows/{id}/plan")
    world.ask("POST", f"{path}/validate", place="POST /workflows/{id}/validate")


def run(world: World, path: str, trigger: dict[str, Any], timeout: float = 60) -> Any:
    """Run a workflow to its end while somebody follows it; what the stream says is seen, too."""
    with following(world, f"{path}/status/stream", "stream of the workflow"):
        body = {"trigger_data": trigger, "timeout": timeout}
        started = world.ask("POST", f"{path}/run", json=body, place="POST /workflows/{id}/run")
        return world.until(
            f"{path}/runs/{started['run_id']}",
            lambda found: found["status"] not in ("pending", "running"),
            place="GET /workflows/{id}/runs/{run}",
        )


@contextmanager
def following(world: World, path: str, place: str, *, to_its_end: bool = False) -> Iterator[None]:
    """Read a stream meanwhile, or until it ends, with the token in the query as older clients send it."""
    open_, ended = threading.Event(), threading.Event()
    seen: list[bytes] = []

    def follow() -> None:
        patience = httpx.Timeout(LONG, read=LONG if to_its_end else 0.5)
        query = {"token": world.token}
        with (
            httpx.Client(base_url=world.url, timeout=patience) as client,
            client.stream("GET", f"/v1/api{path}", params=query) as answer,
        ):
            assert answer.status_code == 200
            seen.append(repr(answer.headers.raw).encode())
            open_.set()
            chunks = answer.iter_raw()
            while to_its_end or not ended.is_set():
                try:
                    seen.append(next(chunks))
                except (httpx.ReadTimeout, StopIteration):
                    break

    thread = threading.Thread(target=follow)
    thread.start()
    try:
        assert open_.wait(LONG)
        yield
    finally:
        ended.set()
        thread.join()
        world.search.saw(place, b"".join(seen))


def git(world: World) -> None:
    """Import from a repository that asks for a password: with a wrong one, a typed one, and a stored one."""
    make_repository(world.folder / "repositories" / "shop.git", {"main": Tree.of(compose__yaml=REPOSITORY)})
    with git_server(world.folder / "repositories") as server:
        url, host = server.url("auth/shop.git", "127.0.0.1"), f"127.0.0.1:{server.port}"
        typed = {"secret": PLANTED["typed git secret"], "username": "git"}
        assert imported(world, url, credential=typed)["status"] == "failed"
        world.ask("PUT", f"/git/credentials/{host}", json={"secret": GIT_SECRET}, place="PUT /git/credentials/{host}")
        assert imported(world, url)["status"] == "completed"
        world.ask("GET", "/git/credentials")
        world.ask("GET", "/import")
        bad = f"http://ann:{PLANTED['url password']}@{host}/auth/shop.git"
        world.ask("POST", "/import/analyze", json={"source": "git_url", "url": bad}, status=400)
        bad = {"secret": PLANTED["url password"] + "\x07"}
        world.ask("PUT", f"/git/credentials/{HOST}", json=bad, status=400, place="PUT /git/credentials/{host}")


def imported(world: World, url: str, **options: Any) -> Any:
    started = world.ask("POST", "/import/analyze", json={"source": "git_url", "url": url, **options})
    path = f"/import/{started['sessionId']}"
    done = world.until(path, lambda found: found["session"]["status"] in ("completed", "failed"), "GET /import/{id}")
    with following(world, f"{path}/stream", "stream of the import", to_its_end=True):
        pass
    return done["session"]


def provider(world: World) -> None:
    """Sign in with an identity provider, as somebody else."""
    with httpx.Client(base_url=world.url, timeout=LONG) as browser:
        answer = browser.get("/v1/api/auth/oauth/idp/authorize")
        world.search.saw("GET /auth/oauth/idp/authorize", repr(answer.headers.raw) + answer.text)
        back = httpx.post(answer.headers["location"], data={"sub": "eve-1"})
        query = {name: values[0] for name, values in parse_qs(urlsplit(back.headers["location"]).query).items()}
        world.search.plant("code of provider", query["code"])
        answer = browser.get("/v1/api/auth/oauth/idp/callback", params=query)
        world.search.saw("GET /auth/oauth/idp/callback", repr(answer.headers.raw) + answer.text)
        code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
        world.search.plant("exchange code", code)
        answer = browser.post("/v1/api/auth/oauth/exchange", json={"code": code})
        assert answer.status_code == 200, answer.text
        world.search.saw("POST /auth/oauth/exchange", answer.content)
        world.search.plant("session of provider", answer.json()["token"])


def rotation(world: World) -> None:
    """Replace the keys beside the running service, which goes on as if nothing had happened."""
    world.flowcore("keys", "list")
    world.flowcore("keys", "rotate", "--reseal")
    world.flowcore("keys", "check")
    world.flowcore("keys", "list")
    assert world.ask("POST", "/clusters/good/test")["status"] == "connected"
    new = {"credentials": {"token": PLANTED["cluster token"]}}
    world.ask("PUT", "/clusters/refused/credentials", json=new)
    checked = world.flowcore("keys", "check")
    assert "no findings" in checked.stderr


def mistakes(world: World) -> None:
    """Send secrets where they do not belong, and in forms that cannot be read."""
    foreign = {"Authorization": f"Bearer {PLANTED['foreign token']}"}
    world.ask("GET", "/workflows", headers=foreign, status=401)
    world.ask("GET", "/workflows", headers={"Authorization": PLANTED["foreign token"]}, status=401)
    world.ask("GET", f"/nowhere?token={PLANTED['foreign token']}", status=404)
    world.ask("GET", f"/workflows?token={PLANTED['foreign token']}")
    for path in ("/auth/login", "/auth/register", "/clusters", "/profile/password", "/profile/tokens"):
        broken = f'{{"password": "{PLANTED["broken body"]}", '.encode()
        method = "PUT" if path == "/profile/password" else "POST"
        json_type = {"Content-Type": "application/json"}
        world.ask(method, path, content=broken, headers=json_type, status=400, place="broken bodies")
        wrong = {"email": [PLANTED["broken body"]], "password": {PLANTED["broken body"]: 1}, "name": 1}
        world.ask(method, path, json=wrong, status=400, place="broken bodies")
    upload = {"file": ("compose.yaml", f"services: {{web: [{PLANTED['broken body']}".encode())}
    answer = world.client.post(
        "/v1/api/import/upload", files=upload, headers={"Authorization": f"Bearer {world.token}"}
    )
    assert answer.status_code == 400


def administration(world: World) -> None:
    """Read everything that an administrator can read, and what machines do."""
    for path in ("/admin/users", "/admin/audit?limit=100", "/admin/audit/export", "/profile/audit"):
        world.ask("GET", path)
    for path in ("/health", "/metrics", "/v1/api-docs/json"):
        world.search.saw(f"GET {path}", world.client.get(path).content)


def database(world: World, store: str) -> None:
    """Look at everything that is stored, and that what is sealed is where it is said to be."""
    if store.startswith("sqlite"):
        path = world.folder / "data" / "flowcore.db"
        assert path.with_name("flowcore.db-wal").exists()
        world.search.saw_database(path)
    else:
        with pymongo.MongoClient[dict[str, Any]](store) as client:
            kept = client.get_default_database()
            for name in kept.list_collection_names():
                for document in kept[name].find():
                    world.search.saw(f"table {name}", json.dumps(document, default=str))
                    world.search.saw(f"table {name}", repr(document))
    holding = {
        place.removeprefix("table ")
        for place, contents in world.search.found.items()
        if place.startswith("table ") and any(map(_SEALED.search, contents))
    }
    assert holding == {where.entity.name for where in SEALED_FIELDS}


def plant_keys(search: Search, path: Path) -> None:
    """The keys themselves are secrets, too; nothing but their file may hold them."""
    document = json.loads(path.read_text())
    for group in ("tokens", "encryption"):
        for key_id, key in document[group]["keys"].items():
            search.plant(f"key {group} {key_id}", key)
            search.plant(f"key {group} {key_id} in hexadecimal digits", base64.b64decode(key).hex())


@pytest.mark.parametrize("before", ["", "x", "xy", "xyz"])
@pytest.mark.parametrize("secret", [PLANTED["password"], PLANTED["compose value"], "ü-planted"])
def test_a_secret_is_found_in_every_form(secret: str, before: str) -> None:
    around = f"{before}{secret}{before}y"
    disguises = [
        around,
        json.dumps({"a": around}),
        repr([around]),
        around.encode().hex(),
        str(httpx.URL("http://x", params={"a": around})),
        base64.b64encode(around.encode()).decode(),
        base64.urlsafe_b64encode(around.encode()).decode(),
    ]
    for disguise in disguises:
        search = Search({"it": secret})
        search.saw("here", disguise)
        assert search.leaks() == {("it", "here")}, disguise
    assert not any(form in b"something else entirely" for form in forms_of(secret))
