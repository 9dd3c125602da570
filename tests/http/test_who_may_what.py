"""Who may do what: every route, by every sort of caller, compared with the one table of ``route_table``."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import httpx
import pytest
from attrs import define, evolve, field
from litestar import Litestar
from litestar.routes import HTTPRoute

from entrypoints.bootstrap import App
from entrypoints.http import create_app
from entrypoints.http.access import scope_of
from flowcore.model import AccessRole, ImportSession, ImportStatus, Node, Shareable, User, WorkflowStatus
from flowcore.ports.storage import IMPORT_SESSIONS, USERS
from flowcore.usecases.accounts.registering import Newcomer
from flowcore.usecases.accounts.sessions import Device
from flowcore.usecases.clusters.keeping import ClusterDraft
from flowcore.usecases.drawings.versions import Description
from flowcore.usecases.drawings.workflows import WorkflowChanges, WorkflowDraft
from flowcore.usecases.runs.running import RunRequest
from flowcore.usecases.sharing.grants import Recipient
from tests.doubles_cluster import PlayedCluster
from tests.http.conftest import SETTINGS, open_played
from tests.http.route_table import TABLE, Row, Things, Who, drawing
from tests.http.serving import Service, serve

pytestmark = pytest.mark.anyio

#: What each caller is to the workflow, the cluster or the team; None is a stranger to it.
ROLES = {"viewer": 1, "deployer": 2, "editor": 3, "owner": 4}
NO_ACCESS = ("anonymous", "expired", "revoked", "wrong audience", "disabled")
CALLERS = (*NO_ACCESS, "too small a scope", "other user", "administrator", *ROLES)

#: For every scope, one that does not cover it.
TOO_SMALL = {"read": "account", "account": "write", "deploy": "read", "write": "deploy", "admin": "write"}

ROWS = [row for rows in TABLE.values() for row in rows]


def expected(row: Row, caller: str) -> str:
    """Return what the table says of a caller: ``ok``, or the status of the refusal."""
    if row.who is Who.ANYBODY:
        return "ok"
    if caller in NO_ACCESS:
        return "401"
    if caller == "too small a scope":
        return "403"
    if row.who is Who.SIGNED_IN:
        return "ok"
    if row.who is Who.ADMINISTRATOR:
        return "ok" if caller == "administrator" else "403"
    if row.who is Who.OWN:
        return "ok" if caller == "owner" else "404"
    if caller not in ROLES:
        return "404"
    return "ok" if ROLES[caller] >= ROLES[row.who.value] else "403"


def routes_of(app: Litestar) -> dict[tuple[str, str], Any]:
    """Return every route of the service with its handler; the names of parameters as the table writes them."""
    found = {}
    for route in app.routes:
        assert isinstance(route, HTTPRoute), f"{route.path} is no HTTP route: teach the walk about it"
        for handler in route.route_handlers:
            for method in handler.http_methods - {"OPTIONS", "HEAD"}:
                found[str(method), written(route.path)] = handler
    return found


def written(path: str) -> str:
    """Return a path as the table writes it."""
    bare = re.sub(r"\{(\w+):\w+\}", r"{\1}", path)
    for part, old, new in (
        ("/profile/sessions/", "{session_id}", "{sid}"),
        ("/clusters/", "{grant_id}", "{cluster_grant_id}"),
        ("/templates/core/", "{name}", "{kind}"),
        ("/admin/users/", "{user_id}", "{account_id}"),
    ):
        if part in bare:
            bare = bare.replace(old, new)
    return bare


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    app = create_app(open_played(PlayedCluster()), SETTINGS)
    assert sorted(routes_of(app)) == sorted(row.route for row in ROWS)


def test_every_route_asks_for_the_scope_of_its_row() -> None:
    app = create_app(open_played(PlayedCluster()), SETTINGS)
    for row in ROWS:
        handler = routes_of(app)[row.route]
        is_public = handler.opt.get("public") or not row.path.startswith("/v1/api/")
        assert row.scope == ("" if is_public else scope_of(handler, row.method)), row


@define
class World:
    """A service with people of every sort, and things of the owner that are shared with some of them."""

    service: Service
    direct: httpx.AsyncClient
    over_socket: httpx.AsyncClient
    people: dict[str, User] = field(factory=dict)
    tokens: dict[str, str] = field(factory=dict)
    made: int = 0
    kept: Things | None = None

    @property
    def app(self) -> App:
        return self.service.app

    async def fill(self) -> None:
        names = ("administrator", "owner", "viewer", "deployer", "editor", "other user", "disabled", "extra")
        for name in names:
            email = f"{name.replace(' ', '-')}@example.com"
            if name == "administrator":
                found = await self.app.store.repository(USERS).find({"email_key": "ann@example.com"})
                self.people[name] = found[0]
            else:
                newcomer = Newcomer(email=email, password="correct horse 7", name=name)
                self.people[name] = (await self.app.accounts.register(newcomer)).user
            self.tokens[name] = await self.token(name)
        await self._spoil_tokens()

    async def token(self, name: str) -> str:
        return (await self.app.accounts.sessions.open(self.people[name], Device())).token

    async def sign_in_again(self, name: str) -> None:
        self.tokens[name] = await self.token(name)
        if name == "owner":
            await self._spoil_tokens()

    async def _spoil_tokens(self) -> None:
        """Make the tokens that must not be accepted; each differs from a good one in one thing."""
        sessions, owner = self.app.accounts.sessions, self.people["owner"]
        good = sessions.tokens.verify(self.tokens["owner"])
        past = self.app.clock.now() - timedelta(days=30)
        expired = evolve(good, issued_at=past, expires_at=past + timedelta(days=1))
        self.tokens["expired"] = sessions.tokens.issue(expired)
        self.tokens["wrong audience"] = evolve(sessions.tokens, audience="somebody else").issue(good)
        revoked = await sessions.open(owner, Device())
        await sessions.end(owner, revoked.session.id)
        self.tokens["revoked"] = revoked.token
        for scope, others in {
            "read": "account",
            "account": "write",
            "deploy": "read",
            "write": "deploy",
            "admin": "write",
        }.items():
            made = await self.app.accounts.api_tokens.make(owner, name=scope, scopes=(others,), days=1)
            self.tokens[f"no {scope}"] = made.token
        users = self.app.store.repository(USERS)
        disabled = await users.get(self.people["disabled"].id)
        await users.replace(evolve(disabled, disabled_at=self.app.clock.now()))

    async def things(self, row: Row | None = None) -> Things:
        """Make anew what a row names: a workflow, a cluster, a team and so on; everything without a row."""
        self.made += 1
        owner = self.people["owner"]
        ids = dict(self.kept.ids) if self.kept is not None else {}
        ids |= {"user_id": self.people["extra"].id, "version": "1", "host": "git.example.com", "path": "nowhere"}
        ids |= {"provider": "nobody", "plugin_id": "nothing", "kind": "deployment"}
        named = "" if row is None else f"{row.path} {{workflow_id}}" if row.body is drawing else row.path
        for name, make in {
            "{workflow_id}": self._workflow,
            "{name}": self._cluster,
            "{team_id}": self._team,
            "{sid}": self._session,
            "{token_id}": self._api_token,
            "{host}": self._credential,
            "{session_id}": self._import,
            "{account_id}": self._account,
            "{invite_id}": self._invite,
        }.items():
            if row is None or name in named:
                ids |= await make(owner)
        return Things(ids)

    async def _session(self, owner: User) -> dict[str, str]:
        return {"sid": (await self.app.accounts.sessions.open(owner, Device())).session.id}

    async def _api_token(self, owner: User) -> dict[str, str]:
        made = await self.app.accounts.api_tokens.make(owner, name="ci", scopes=("read",), days=1)
        return {"token_id": made.kept.id}

    async def _account(self, _: User) -> dict[str, str]:
        newcomer = Newcomer(email=f"someone-{self.made}@example.com", password="correct horse 7", name="Someone")
        return {"account_id": (await self.app.accounts.register(newcomer)).user.id}

    async def _invite(self, _: User) -> dict[str, str]:
        return {"invite_id": (await self.app.accounts.invites.make(self.people["administrator"])).kept.id}

    async def _credential(self, owner: User) -> dict[str, str]:
        await self.app.imports.credentials.put(owner, "git.example.com", username="git", secret="s")
        return {}

    async def _workflow(self, owner: User) -> dict[str, str]:
        app, node = self.app, Node(id="a", type="configmap", data={"name": "a", "data": {"K": "v"}})
        made = await app.workflows.create(owner, WorkflowDraft(name="shop", cluster_id="sandbox", nodes=(node,)))
        await app.workflows.save(owner, made.id, WorkflowChanges(status=WorkflowStatus.PUBLISHED))
        await app.versions.create(owner, made.id, Description())
        run = await app.runs.start(owner, made.id, RunRequest())
        await app.runs.executor.finished(run.id)
        grant_id = await self._share(owner, Shareable.WORKFLOW, made.id)
        return {"workflow_id": made.id, "run_id": run.id, "grant_id": grant_id}

    async def _cluster(self, owner: User) -> dict[str, str]:
        draft = ClusterDraft(name=f"cluster-{self.made}", server="https://k8s", credentials={"token": "t"})
        made = await self.app.clusters.add(owner, draft)
        return {"name": made.name, "cluster_grant_id": await self._share(owner, Shareable.CLUSTER, made.name)}

    async def _share(self, owner: User, kind: Shareable, name: str) -> str:
        sharing = self.app.together.sharing
        for role in (AccessRole.VIEWER, AccessRole.DEPLOYER, AccessRole.EDITOR):
            await sharing.share(owner, kind, name, Recipient(email=f"{role}@example.com"), role)
        extra = await sharing.share(owner, kind, name, Recipient(email="extra@example.com"), AccessRole.VIEWER)
        return extra.grant.id

    async def _team(self, owner: User) -> dict[str, str]:
        teams = self.app.together.teams
        team = await teams.create(owner, f"team {self.made}")
        for role in (AccessRole.VIEWER, AccessRole.DEPLOYER, AccessRole.EDITOR):
            await teams.admit(owner, team.id, f"{role}@example.com", role)
        await teams.admit(owner, team.id, "extra@example.com", AccessRole.VIEWER)
        return {"team_id": team.id}

    async def _import(self, owner: User) -> dict[str, str]:
        now = self.app.clock.now()
        session = ImportSession(
            id=f"{self.made:024x}",
            owner_id=owner.id,
            source="git_url",
            url="https://git.example.com/a/b.git",
            order={"source": "git_url", "url": "https://git.example.com/a/b.git"},
            status=ImportStatus.FAILED,
            created_at=now,
            deadline=now,
            expires_at=now + timedelta(hours=1),
        )
        return {"session_id": (await self.app.store.repository(IMPORT_SESSIONS).add(session)).id}

    async def ask(self, row: Row, caller: str, things: Things) -> tuple[int, str]:
        """Send a route's request as a caller and return the status and the error's code."""
        token = self.tokens.get(f"no {row.scope}" if caller == "too small a scope" else caller, "")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        sent = {"json": row.body(things)} if row.body is not None else {}
        url = self.service.url + re.sub(r"\{(\w+)\}", lambda match: things[match[1]], row.path + row.query)
        # Streams never end, so they need a socket to close; everything else is asked without one, which is faster.
        client = self.over_socket if row.path.endswith("/stream") else self.direct
        client.cookies.clear()
        async with client.stream(row.method, url, headers=headers, **sent) as answer:
            if answer.headers.get("content-type", "").startswith("text/event-stream"):
                return answer.status_code, ""
            await answer.aread()
            is_json = answer.headers.get("content-type", "").startswith("application/json")
            told = answer.json() if is_json and answer.status_code >= 400 else {}
            return answer.status_code, str(told.get("code", ""))


@pytest.fixture
async def world(cluster: PlayedCluster) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(serve(open_played(cluster), SETTINGS))
        direct = await stack.enter_async_context(httpx.AsyncClient(transport=httpx.ASGITransport(service.asgi)))
        over_socket = await stack.enter_async_context(httpx.AsyncClient())
        world = World(service, direct, over_socket)
        await world.fill()
        yield world


def outcome(row: Row, status: int, code: str) -> str:
    """Return in the table's words what came of a request."""
    if status in row.ok and not (code.endswith(".role") or code in ("token.scope", "account.not_admin")):
        return "ok"
    return str(status)


async def test_every_caller_gets_from_every_route_what_the_table_says(world: World) -> None:
    world.kept = kept = await world.things()
    wrong = []
    for row in ROWS:
        for caller in CALLERS:
            wanted = expected(row, caller)
            # Who may change things gets some of their own, so that the next one finds them as they were.
            changes = wanted == "ok" and row.method != "GET"
            status, code = await world.ask(row, caller, await world.things(row) if changes else kept)
            if wanted == "ok" and row.path.endswith(("/logout", "/logout-all")):
                await world.sign_in_again(caller)
            if outcome(row, status, code) != wanted:
                wrong.append(f"{row.method} {row.path} as {caller}: {wanted} in the table, but {status} {code}")
    assert not wrong, "\n".join(wrong)
