"""Sharing of workflows and clusters, and giving them away."""

from __future__ import annotations

from datetime import datetime

import msgspec
from litestar import Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from entrypoints.bootstrap import App
from entrypoints.http.auditing import audited, tell_details
from entrypoints.http.cluster_routes import ClusterOut
from entrypoints.http.ids import checked_id
from entrypoints.http.workflow_shapes import WorkflowOut
from flowcore.errors import InvalidInputError
from flowcore.model import AccessRole, Shareable, User
from flowcore.policy import permissions_of
from flowcore.usecases.sharing.grants import Recipient, Shared

_ROLES = {**{str(role): role for role in AccessRole}, "admin": AccessRole.OWNER}


class GrantIn(msgspec.Struct, rename="camel"):
    """Whom to share with, a user by e-mail or a team, as what, and for how many days; for ever when none are given."""

    role: AccessRole
    email: str = ""
    team_id: str = ""
    days: int | None = None


class ShareIn(msgspec.Struct, rename="camel"):
    """Whom to share a cluster with, as the predecessor's clients say it; ``admin`` is their word for ``owner``."""

    target_user_id: str
    role: str
    namespaces: list[str] = []


class ShareSaid(msgspec.Struct):
    """The answer to a cluster that was shared."""

    message: str
    cluster: str


class OwnerIn(msgspec.Struct, rename="camel"):
    """Whom to give to: a user by e-mail, or a team."""

    email: str = ""
    team_id: str = ""


class GrantOut(msgspec.Struct, rename="camel"):
    """Whom something is shared with, and as what."""

    id: str
    role: AccessRole
    team_id: str | None
    user_id: str | None
    name: str
    email: str
    created_at: datetime
    expires_at: datetime | None

    @classmethod
    def of(cls, shared: Shared) -> GrantOut:
        """Translate a grant."""
        grant, grantee = shared.grant, shared.grantee
        return cls(
            id=grant.id,
            role=grant.role,
            team_id=grant.grantee_id if grant.grantee_is_team else None,
            user_id=None if grant.grantee_is_team else grant.grantee_id,
            name=grantee.name if grantee is not None else "",
            email=grantee.email if isinstance(grantee, User) else "",
            created_at=grant.created_at,
            expires_at=grant.expires_at,
        )


class GrantsOut(msgspec.Struct):
    """Everybody that something is shared with."""

    grants: list[GrantOut]


class AccessOut(msgspec.Struct):
    """What the caller is to something, and what that allows."""

    role: AccessRole
    permissions: list[str]


@get("/workflows/{workflow_id:str}/access")
async def workflow_access(
    workflow_id: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]
) -> AccessOut:
    """Tell what the caller may do with a workflow."""
    id_ = checked_id(workflow_id, "workflow")
    return _access(await app.together.sharing.role(user, Shareable.WORKFLOW, id_))


@get("/workflows/{workflow_id:str}/grants")
async def workflow_grants(
    workflow_id: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]
) -> GrantsOut:
    """List whom a workflow is shared with."""
    id_ = checked_id(workflow_id, "workflow")
    return _grants(await app.together.sharing.list(user, Shareable.WORKFLOW, id_))


@post("/workflows/{workflow_id:str}/grants", status_code=200, opt=audited("workflow.share"))
async def share_workflow(
    workflow_id: FromPath[str], data: JSONBody[GrantIn], user: NamedDependency[User], app: NamedDependency[App]
) -> GrantOut:
    """Share a workflow, or change the role of somebody it is shared with."""
    id_, recipient = checked_id(workflow_id, "workflow"), Recipient(email=data.email, team_id=data.team_id)
    sharing = app.together.sharing
    shared = await sharing.share(user, Shareable.WORKFLOW, id_, recipient, data.role, days=data.days)
    tell_details(grantee=shared.grant.grantee_id, role=data.role)
    return GrantOut.of(shared)


@delete("/workflows/{workflow_id:str}/grants/{grant_id:str}", opt=audited("workflow.unshare"))
async def revoke_workflow(
    workflow_id: FromPath[str], grant_id: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]
) -> None:
    """Take a grant on a workflow back, or give up one's own."""
    id_ = checked_id(workflow_id, "workflow")
    await app.together.sharing.revoke(user, Shareable.WORKFLOW, id_, checked_id(grant_id, "grant"))


@put("/workflows/{workflow_id:str}/owner", opt=audited("workflow.give_away"))
async def give_workflow(
    workflow_id: FromPath[str], data: JSONBody[OwnerIn], user: NamedDependency[User], app: NamedDependency[App]
) -> WorkflowOut:
    """Give a workflow to a team, or to another user."""
    recipient = Recipient(email=data.email, team_id=data.team_id)
    given = await app.together.give_away.workflow(user, checked_id(workflow_id, "workflow"), recipient)
    tell_details(to=given.owner_id)
    return WorkflowOut.of(given)


@get("/clusters/{name:str}/access")
async def cluster_access(name: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]) -> AccessOut:
    """Tell what the caller may do with a cluster."""
    return _access(await app.together.sharing.role(user, Shareable.CLUSTER, name))


@get("/clusters/{name:str}/grants")
async def cluster_grants(name: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]) -> GrantsOut:
    """List whom a cluster is shared with."""
    return _grants(await app.together.sharing.list(user, Shareable.CLUSTER, name))


@post("/clusters/{name:str}/grants", status_code=200, opt=audited("cluster.share"))
async def share_cluster(
    name: FromPath[str], data: JSONBody[GrantIn], user: NamedDependency[User], app: NamedDependency[App]
) -> GrantOut:
    """Share a cluster, or change the role of somebody it is shared with."""
    recipient = Recipient(email=data.email, team_id=data.team_id)
    sharing = app.together.sharing
    shared = await sharing.share(user, Shareable.CLUSTER, name, recipient, data.role, days=data.days)
    tell_details(grantee=shared.grant.grantee_id, role=data.role)
    return GrantOut.of(shared)


@post("/clusters/{name:str}/share", status_code=200, opt=audited("cluster.share"))
async def share_cluster_by_id(
    name: FromPath[str], data: JSONBody[ShareIn], user: NamedDependency[User], app: NamedDependency[App]
) -> ShareSaid:
    """Share a cluster with a user by id."""
    if data.namespaces:
        raise InvalidInputError.of("a cluster cannot be shared by namespace", path="namespaces", fix="leave it out")
    if data.role not in _ROLES:
        raise InvalidInputError.of(f"role must be one of {', '.join(_ROLES)}", path="role")
    recipient = Recipient(user_id=checked_id(data.target_user_id, "target user"))
    tell_details(grantee=recipient.user_id, role=data.role)
    await app.together.sharing.share(user, Shareable.CLUSTER, name, recipient, _ROLES[data.role])
    return ShareSaid("Cluster shared successfully", name)


@delete("/clusters/{name:str}/grants/{grant_id:str}", opt=audited("cluster.unshare"))
async def revoke_cluster(
    name: FromPath[str], grant_id: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]
) -> None:
    """Take a grant on a cluster back, or give up one's own."""
    await app.together.sharing.revoke(user, Shareable.CLUSTER, name, checked_id(grant_id, "grant"))


@put("/clusters/{name:str}/owner", opt=audited("cluster.give_away"))
async def give_cluster(
    name: FromPath[str], data: JSONBody[OwnerIn], user: NamedDependency[User], app: NamedDependency[App]
) -> ClusterOut:
    """Give a cluster to a team, or to another user."""
    recipient = Recipient(email=data.email, team_id=data.team_id)
    given = await app.together.give_away.cluster(user, name, recipient)
    tell_details(to=given.owner_id)
    return ClusterOut.of(given)


def _access(role: AccessRole) -> AccessOut:
    return AccessOut(role, [str(permission) for permission in permissions_of(role)])


def _grants(shared: list[Shared]) -> GrantsOut:
    return GrantsOut([GrantOut.of(each) for each in shared])


router = Router(
    "/",
    route_handlers=[
        workflow_access,
        workflow_grants,
        share_workflow,
        revoke_workflow,
        give_workflow,
        cluster_access,
        cluster_grants,
        share_cluster,
        share_cluster_by_id,
        revoke_cluster,
        give_cluster,
    ],
    tags=["sharing"],
)
