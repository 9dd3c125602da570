"""Clusters: register, list, show, choose, test, forget."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
from litestar import Response, Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from entrypoints.bootstrap import App
from entrypoints.http.auditing import audited, tell_target
from flowcore.errors import FlowcoreError, NotFoundError
from flowcore.model import Cluster, ClusterStatus, User
from flowcore.usecases.access import RoleTooWeakError
from flowcore.usecases.clusters.keeping import ClusterChanges, ClusterDraft

#: A status older than this is shown as stale.
_STALE = timedelta(minutes=2)


class ClusterIn(msgspec.Struct, rename="camel"):
    """What registering a cluster takes; credentials are stored encrypted and never shown again.

    With ``teamId`` it belongs to the team.
    """

    name: str
    auth_type: str
    server: str = ""
    credentials: dict[str, Any] = {}
    display_name: str = ""
    description: str = ""
    single_node: bool = False
    labels: dict[str, str] = {}
    team_id: str = ""


class ClusterChangesIn(msgspec.Struct, rename="camel"):
    """What can be changed of a cluster; what is missing, and an empty text, stays as it is."""

    server: str = ""
    auth_type: str = ""
    credentials: dict[str, Any] | None = None
    display_name: str = ""
    description: str = ""
    single_node: bool | None = None
    labels: dict[str, str] | None = None


class CredentialsIn(msgspec.Struct):
    """New credentials of a cluster."""

    credentials: dict[str, Any]


class ClusterOut(msgspec.Struct, rename="camel"):
    """A cluster as the wire shows one."""

    id: str
    owner_id: str
    name: str
    display_name: str
    description: str
    server: str
    auth_type: str
    status: str
    default: bool
    single_node: bool
    labels: dict[str, str]
    last_check: datetime | None
    metadata: dict[str, Any]

    @classmethod
    def of(cls, cluster: Cluster) -> ClusterOut:
        """Translate a cluster."""
        return cls(
            id=cluster.id,
            owner_id=cluster.owner_id,
            name=cluster.name,
            display_name=cluster.display_name,
            description=cluster.description,
            server=cluster.server,
            auth_type=cluster.auth_type,
            status=str(cluster.status),
            default=cluster.is_default,
            single_node=cluster.single_node,
            labels=dict(cluster.labels),
            last_check=cluster.last_check,
            metadata={"version": cluster.version, "lastUpdated": cluster.last_check},
        )


class ClusterSaid(msgspec.Struct):
    """The answer to a cluster that was registered."""

    message: str
    cluster: ClusterOut


class ClustersOut(msgspec.Struct):
    """One's clusters, newest first, and the id of the default one."""

    clusters: list[ClusterOut]
    default: str


class NameSaid(msgspec.Struct):
    """The answer to what was done with a cluster."""

    message: str
    cluster: str


class StatusOut(msgspec.Struct, rename="camel"):
    """What the last connection test said."""

    cluster: str
    status: str
    last_check: datetime | None
    is_stale: bool
    is_online: bool


@post("/clusters", opt=audited("cluster.create"))
async def add(data: JSONBody[ClusterIn], user: NamedDependency[User], app: NamedDependency[App]) -> ClusterSaid:
    """Register a cluster."""
    draft = ClusterDraft(
        name=data.name,
        server=data.server,
        auth_type=data.auth_type,
        credentials=_texts(data.credentials),
        display_name=data.display_name,
        description=data.description,
        single_node=data.single_node,
        labels=data.labels,
    )
    cluster = await app.clusters.add(user, draft, team_id=data.team_id)
    tell_target("cluster", cluster.id, cluster.name)
    return ClusterSaid("Cluster added successfully", ClusterOut.of(cluster))


@get("/clusters")
async def list_all(user: NamedDependency[User], app: NamedDependency[App]) -> ClustersOut:
    """List one's clusters."""
    found = await app.clusters.queries.list(user)
    default = next((cluster.id for cluster in found if cluster.is_default), "")
    return ClustersOut([ClusterOut.of(cluster) for cluster in found], default)


@get("/clusters/default")
async def show_default(user: NamedDependency[User], app: NamedDependency[App]) -> ClusterOut:
    """Show the cluster of workflows that name none."""
    return ClusterOut.of(await app.clusters.queries.default(user.id))


@get("/clusters/{name:str}")
async def show(name: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]) -> ClusterOut:
    """Show a cluster."""
    return ClusterOut.of(await app.clusters.queries.get(user, name))


@get("/clusters/{name:str}/status")
async def show_status(name: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]) -> StatusOut:
    """Show what the last connection test of a cluster said."""
    cluster = await app.clusters.queries.get(user, name)
    checked = cluster.last_check
    return StatusOut(
        cluster=cluster.name,
        status=str(cluster.status),
        last_check=checked,
        is_stale=checked is None or app.clock.now() - checked > _STALE,
        is_online=cluster.status is ClusterStatus.CONNECTED,
    )


@put("/clusters/{name:str}", opt=audited("cluster.change"))
async def change(
    name: FromPath[str], data: JSONBody[ClusterChangesIn], user: NamedDependency[User], app: NamedDependency[App]
) -> ClusterSaid:
    """Change a cluster's address, credentials or description."""
    changes = ClusterChanges(
        server=data.server or None,
        auth_type=data.auth_type or None,
        credentials=None if data.credentials is None else _texts(data.credentials),
        display_name=data.display_name or None,
        description=data.description or None,
        single_node=data.single_node,
        labels=data.labels,
    )
    return ClusterSaid("Cluster updated successfully", ClusterOut.of(await app.clusters.update(user, name, changes)))


@put("/clusters/{name:str}/credentials", opt=audited("cluster.credentials.change"))
async def change_credentials(
    name: FromPath[str], data: JSONBody[CredentialsIn], user: NamedDependency[User], app: NamedDependency[App]
) -> NameSaid:
    """Change a cluster's credentials."""
    changes = ClusterChanges(credentials=_texts(data.credentials))
    cluster = await app.clusters.update(user, name, changes)
    return NameSaid("Credentials updated successfully", cluster.name)


@put("/clusters/{name:str}/default", opt=audited("cluster.default.choose"))
async def set_default(name: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]) -> NameSaid:
    """Make a cluster the default."""
    return NameSaid("Default cluster set successfully", (await app.clusters.set_default(user, name)).name)


@post("/clusters/{name:str}/test", status_code=200, opt=audited("cluster.test"))
async def test(name: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]) -> Response[dict[str, Any]]:
    """Test the connection to a cluster."""
    try:
        cluster = await app.clusters.test(user, name)
    except (NotFoundError, RoleTooWeakError):
        raise
    except FlowcoreError as error:
        failed = {"error": error.message, "code": error.code, "problems": [], "cluster": name, "status": "failed"}
        return Response(failed, status_code=503)
    told = {"message": "Connection test successful", "cluster": name, "status": str(cluster.status)}
    return Response({**told, "version": cluster.version})


@delete("/clusters/{name:str}", status_code=200, opt=audited("cluster.delete"))
async def remove(name: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]) -> NameSaid:
    """Forget a cluster and its credentials; what runs in it stays."""
    await app.clusters.delete(user, name)
    return NameSaid("Cluster removed successfully", name)


def _texts(credentials: dict[str, Any]) -> dict[str, str]:
    return {key: _text(value) for key, value in credentials.items() if value}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


router = Router(
    "/",
    route_handlers=[
        add,
        list_all,
        show_default,
        show,
        show_status,
        change,
        change_credentials,
        set_default,
        test,
        remove,
    ],
    tags=["clusters"],
)
