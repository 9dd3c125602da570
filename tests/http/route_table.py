"""Every route of the service, and who may use it: the one table that ``test_who_may_what`` holds the service to.

``docs/reference/permissions.md`` is made from it. A route without a row here fails the tests, and so does a row
without a route.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from attrs import frozen


class Who(StrEnum):
    """Who may use a route: for the last four, what the caller must be to the workflow, cluster or team it is about."""

    ANYBODY = "anybody"
    SIGNED_IN = "signed in"
    ADMINISTRATOR = "administrator"
    OWN = "own"
    VIEWER = "viewer"
    DEPLOYER = "deployer"
    EDITOR = "editor"
    OWNER = "owner"


@frozen
class Things:
    """Ids that a request can name: what belongs to the owner, and is shared with viewer, deployer and editor."""

    ids: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.ids[name]


Body = Callable[[Things], dict[str, Any]]


@frozen
class Row:
    """One route.

    Attributes:
        scope: what an API token needs for it.
        ok: the statuses that somebody who may use it can get; others than 2xx where the things of the test allow no
            more, like signing in with a provider that is not set up.
    """

    method: str
    path: str
    scope: str
    who: Who
    ok: tuple[int, ...] = (200,)
    body: Body | None = None
    query: str = ""

    @property
    def route(self) -> tuple[str, str]:
        return self.method, self.path


def json(**fields: Any) -> Body:
    return lambda _: fields


def drawing(things: Things) -> dict[str, Any]:
    return {"workflowId": things["workflow_id"], "nodes": []}


def recipient(things: Things) -> dict[str, Any]:
    return {"targetUserId": things["user_id"], "role": "viewer"}


API = "/v1/api"
FLOW, CLUSTER, TEAM = "/workflows/{workflow_id}", "/clusters/{name}", "/teams/{team_id}"
RUN = FLOW + "/runs/{run_id}"
NOTHING: dict[str, Any] = {"suggestedNodes": [], "suggestedEdges": []}
W = Who

_OUTSIDE = [
    Row("GET", "/.well-known/jwks.json", "", W.ANYBODY),
    Row("GET", "/health", "", W.ANYBODY),
    Row("GET", "/metrics", "", W.ANYBODY),
    Row("GET", "/v1", "", W.ANYBODY),
    Row("GET", "/v1/api-docs", "", W.ANYBODY),
    Row("GET", "/v1/api-docs/openapi.yaml", "", W.ANYBODY),
    Row("GET", "/v1/api-docs/openapi.json", "", W.ANYBODY),
    Row("GET", "/v1/api-docs/json", "", W.ANYBODY),
    Row("GET", "/v1/api-docs/{path}", "", W.ANYBODY, (404,)),
]

_ACCOUNTS = [
    Row("POST", "/auth/register", "", W.ANYBODY, (400,), json(email="nobody", password="", name="")),
    Row("POST", "/auth/login", "", W.ANYBODY, (200,), json(email="owner@example.com", password="correct horse 7")),
    Row("POST", "/auth/refresh", "", W.ANYBODY, (200, 401)),
    Row("GET", "/auth/methods", "", W.ANYBODY),
    Row("GET", "/auth/oauth/{provider}/authorize", "", W.ANYBODY, (404,)),
    Row("GET", "/auth/oauth/{provider}/callback", "", W.ANYBODY, (307,)),
    Row("POST", "/auth/oauth/exchange", "", W.ANYBODY, (400,), json(code="")),
    Row("GET", "/auth/session", "read", W.SIGNED_IN),
    Row("POST", "/auth/logout", "account", W.SIGNED_IN, (204,)),
    Row("POST", "/auth/logout-all", "account", W.SIGNED_IN, (204,)),
    Row("GET", "/profile", "account", W.SIGNED_IN),
    Row("PUT", "/profile", "account", W.SIGNED_IN, (200,), json(name="Same")),
    Row("PUT", "/profile/password", "account", W.SIGNED_IN, (400,), json(currentPassword="-", newPassword="x" * 20)),
    Row("PUT", "/profile/email", "account", W.SIGNED_IN, (400,), json(email="nobody", currentPassword="-")),
    Row("POST", "/profile/delete", "account", W.SIGNED_IN, (400,), json(currentPassword="-")),
    Row("GET", "/profile/sessions", "account", W.SIGNED_IN),
    Row("DELETE", "/profile/sessions/{sid}", "account", W.OWN, (204,)),
    Row("GET", "/profile/tokens", "account", W.SIGNED_IN),
    Row("POST", "/profile/tokens", "account", W.SIGNED_IN, (201,), json(name="ci", scopes=["read"])),
    Row("DELETE", "/profile/tokens/current", "read", W.SIGNED_IN, (404,)),  # nobody here comes with a token
    Row("DELETE", "/profile/tokens/{token_id}", "account", W.OWN, (204,)),
    Row("GET", "/profile/identities", "account", W.SIGNED_IN),
    Row("POST", "/profile/identities/{provider}/link", "account", W.SIGNED_IN, (404,)),
    Row("DELETE", "/profile/identities/{provider}", "account", W.SIGNED_IN, (404,)),
    Row("GET", "/git/credentials", "account", W.SIGNED_IN),
    Row("PUT", "/git/credentials/{host}", "account", W.SIGNED_IN, (200,), json(secret="s")),
    Row("DELETE", "/git/credentials/{host}", "account", W.SIGNED_IN, (204,)),
]

_WORKFLOWS = [
    Row("GET", "/workflows", "read", W.SIGNED_IN),
    Row("POST", "/workflows", "write", W.SIGNED_IN, (201,), json(name="new")),
    Row("GET", FLOW, "read", W.VIEWER),
    Row("PUT", FLOW, "write", W.EDITOR, (200,), json(name="renamed")),
    Row("DELETE", FLOW, "write", W.OWNER),
    Row("POST", FLOW + "/save", "write", W.EDITOR, (200,), json(description="saved")),
    Row("PUT", FLOW + "/status", "deploy", W.EDITOR, (200,), json(status="draft")),
    Row("POST", FLOW + "/clone", "write", W.VIEWER, (201,), json(name="copy")),
    Row("GET", FLOW + "/access", "read", W.VIEWER),
    Row("GET", FLOW + "/grants", "read", W.OWNER),
    Row("POST", FLOW + "/grants", "write", W.OWNER, (200,), json(email="extra@example.com", role="viewer")),
    Row("DELETE", FLOW + "/grants/{grant_id}", "write", W.OWNER, (204,)),
    Row("PUT", FLOW + "/owner", "write", W.OWNER, (200,), json(email="extra@example.com")),
    Row("POST", FLOW + "/validate", "read", W.VIEWER),
    Row("POST", FLOW + "/plan", "read", W.VIEWER),
    Row("GET", FLOW + "/status/stream", "read", W.VIEWER),
    Row("GET", FLOW + "/versions", "read", W.VIEWER),
    Row("POST", FLOW + "/versions", "write", W.EDITOR, (201,), json(name="kept")),
    Row("GET", FLOW + "/versions/compare", "read", W.VIEWER, (200,), query="?v1=1&v2=2"),
    Row("GET", FLOW + "/versions/{version}", "read", W.VIEWER),
    Row("PUT", FLOW + "/versions/{version}", "write", W.EDITOR, (200,), json(name="named")),
    Row("POST", FLOW + "/versions/{version}/restore", "write", W.EDITOR),
    Row("POST", FLOW + "/run", "deploy", W.DEPLOYER, (200,), json()),
    Row("GET", FLOW + "/runs", "read", W.VIEWER),
    Row("GET", RUN, "read", W.VIEWER),
    Row("POST", RUN + "/cancel", "deploy", W.DEPLOYER, (409,)),
    Row("POST", "/import/preview", "read", W.VIEWER, (200,), drawing),
    Row("POST", "/import/apply", "write", W.EDITOR, (200,), drawing),
]

_CLUSTERS = [
    Row("GET", "/clusters", "read", W.SIGNED_IN),
    Row("POST", "/clusters", "write", W.SIGNED_IN, (400,), json(name="", authType="token")),
    Row("GET", "/clusters/default", "read", W.SIGNED_IN),
    Row("GET", CLUSTER, "read", W.VIEWER),
    Row("PUT", CLUSTER, "write", W.EDITOR, (200,), json(description="changed")),
    Row("DELETE", CLUSTER, "write", W.OWNER),
    Row("GET", CLUSTER + "/status", "read", W.VIEWER),
    Row("PUT", CLUSTER + "/credentials", "write", W.EDITOR, (200,), json(credentials={"token": "other"})),
    Row("PUT", CLUSTER + "/default", "write", W.OWNER),
    Row("POST", CLUSTER + "/test", "write", W.DEPLOYER),
    Row("GET", CLUSTER + "/access", "read", W.VIEWER),
    Row("GET", CLUSTER + "/grants", "read", W.OWNER),
    Row("POST", CLUSTER + "/grants", "write", W.OWNER, (200,), json(email="extra@example.com", role="viewer")),
    Row("DELETE", CLUSTER + "/grants/{cluster_grant_id}", "write", W.OWNER, (204,)),
    Row("POST", CLUSTER + "/share", "write", W.OWNER, (200,), recipient),
    Row("PUT", CLUSTER + "/owner", "write", W.OWNER, (200,), json(email="extra@example.com")),
]

_TEAMS = [
    Row("GET", "/teams", "read", W.SIGNED_IN),
    Row("POST", "/teams", "write", W.SIGNED_IN, (201,), json(name="new")),
    Row("GET", TEAM, "read", W.VIEWER),
    Row("PUT", TEAM, "write", W.OWNER, (200,), json(name="renamed")),
    Row("DELETE", TEAM, "write", W.OWNER, (204,)),
    Row("GET", TEAM + "/members", "read", W.VIEWER),
    Row("PUT", TEAM + "/members", "write", W.OWNER, (200,), json(email="extra@example.com", role="editor")),
    Row("DELETE", TEAM + "/members/{user_id}", "write", W.OWNER, (204,)),
]

_IMPORTS = [
    Row("POST", "/import/analyze", "write", W.SIGNED_IN, (400,), json(source="file", fileContent="")),
    Row("POST", "/import/upload", "write", W.SIGNED_IN, (400,)),
    Row(
        "POST",
        "/import/create-workflow",
        "write",
        W.SIGNED_IN,
        (200,),
        json(name="made", analysis=NOTHING),
    ),
    Row("GET", "/import", "read", W.SIGNED_IN),
    Row("GET", "/import/{session_id}", "read", W.OWN),
    Row("DELETE", "/import/{session_id}", "write", W.OWN, (204,)),
    Row("POST", "/import/{session_id}/cancel", "write", W.OWN, (200, 409)),
    Row("POST", "/import/{session_id}/analyze", "write", W.OWN, (200,), json()),
    Row("GET", "/import/{session_id}/stream", "read", W.OWN),
]

_ADMINISTRATION = [
    Row("GET", "/admin/users", "admin", W.ADMINISTRATOR),
    Row("GET", "/admin/users/{account_id}", "admin", W.ADMINISTRATOR),
    Row("PUT", "/admin/users/{account_id}/role", "admin", W.ADMINISTRATOR, (200,), json(role="user")),
    Row("POST", "/admin/users/{account_id}/disable", "admin", W.ADMINISTRATOR),
    Row("POST", "/admin/users/{account_id}/enable", "admin", W.ADMINISTRATOR),
    Row("POST", "/admin/users/{account_id}/sign-out", "admin", W.ADMINISTRATOR),
    Row("POST", "/admin/users/{account_id}/unlock", "admin", W.ADMINISTRATOR),
    Row("DELETE", "/admin/users/{account_id}", "admin", W.ADMINISTRATOR, (200,), query="?transferTo={user_id}"),
    Row("GET", "/settings/invite-code", "admin", W.ADMINISTRATOR),
    Row("POST", "/settings/generate-invite-code", "admin", W.ADMINISTRATOR),
    Row("GET", "/settings/regenerate-setting", "admin", W.ADMINISTRATOR),
    Row("PUT", "/settings/regenerate-setting", "admin", W.ADMINISTRATOR, (200,), json(regenerateAfterSignup=False)),
    Row("GET", "/settings/invites", "admin", W.ADMINISTRATOR),
    Row("POST", "/settings/invites", "admin", W.ADMINISTRATOR, (201,), json(uses=1, days=7)),
    Row("DELETE", "/settings/invites/{invite_id}", "admin", W.ADMINISTRATOR, (204,)),
    Row("GET", "/admin/audit", "admin", W.ADMINISTRATOR),
    Row("GET", "/admin/audit/export", "admin", W.ADMINISTRATOR),
    Row("GET", "/profile/audit", "account", W.SIGNED_IN),
]

_CATALOGUE = [
    Row("GET", "/templates", "read", W.SIGNED_IN),
    Row("GET", "/templates/core/{kind}", "read", W.SIGNED_IN),
    Row("GET", "/plugins", "read", W.SIGNED_IN),
    Row("GET", "/plugins/enabled", "read", W.SIGNED_IN),
    Row("GET", "/plugins/categories", "read", W.SIGNED_IN),
    Row("GET", "/plugins/{plugin_id}", "read", W.SIGNED_IN, (404,)),
    Row("POST", "/plugins/{plugin_id}/enable", "write", W.SIGNED_IN, (404,)),
    Row("POST", "/plugins/{plugin_id}/disable", "write", W.SIGNED_IN, (404,)),
]

_INSIDE = {
    "Accounts": _ACCOUNTS,
    "Workflows": _WORKFLOWS,
    "Clusters": _CLUSTERS,
    "Teams": _TEAMS,
    "Imports": _IMPORTS,
    "Kinds of nodes": _CATALOGUE,
    "Administration": _ADMINISTRATION,
}


def _with_base(row: Row) -> Row:
    return Row(row.method, API + row.path, row.scope, row.who, row.ok, row.body, row.query)


#: Every row, by part of the service.
TABLE: dict[str, list[Row]] = {
    **{part: [_with_base(row) for row in rows] for part, rows in _INSIDE.items()},
    "The service itself": _OUTSIDE,
}
