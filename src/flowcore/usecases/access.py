"""Who may see and change what: every use case asks here, and here only the policy is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from attrs import field, frozen

from flowcore.errors import ForbiddenError, NotFoundError
from flowcore.model import AccessRole, Cluster, Grant, Membership, Run, User, Workflow
from flowcore.policy import Permission, allows, may_administer, role_for, strongest, weaker
from flowcore.ports.storage import CLUSTERS, GRANTS, MEMBERSHIPS, RUNS, WORKFLOWS, Repository, Store
from flowcore.ports.system import Clock

E = TypeVar("E", Workflow, Cluster)


class RoleTooWeakError(ForbiddenError):
    """Somebody may see a thing, and not do with it what they want."""


@frozen
class Standing:
    """Whom somebody stands for: themselves, and the teams they are in.

    Attributes:
        teams: their role by team id.
    """

    id: str
    teams: Mapping[str, AccessRole] = field(factory=dict)

    @property
    def ids(self) -> tuple[str, ...]:
        """Every id that a thing of theirs can belong to; what belongs to nobody is nobody's."""
        return (self.id, *self.teams) if self.id else ()

    def role_as(self, owner_id: str) -> AccessRole | None:
        """Return their role in what belongs to *owner_id*; None when they have none."""
        return AccessRole.OWNER if owner_id and owner_id == self.id else self.teams.get(owner_id)

    def role_by(self, grant: Grant) -> AccessRole:
        """Return the role that a grant gives them: through a team, not more than they have in it."""
        return weaker(grant.role, self.teams.get(grant.grantee_id, AccessRole.OWNER))


@frozen(kw_only=True)
class Authorizer:
    """Finds what somebody asks for, if they may do what they want with it.

    What somebody may not even see is not there: NotFoundError. What they see and may not do is a ForbiddenError that
    names the role it takes. An administrator runs the service, and sees nothing of other people's by that.
    """

    workflows: Repository[Workflow]
    clusters: Repository[Cluster]
    runs: Repository[Run]
    grants: Repository[Grant]
    memberships: Repository[Membership]
    clock: Clock

    @classmethod
    def over(cls, store: Store, clock: Clock) -> Authorizer:
        """Return the authorizer over a store."""
        return cls(
            workflows=store.repository(WORKFLOWS),
            clusters=store.repository(CLUSTERS),
            runs=store.repository(RUNS),
            grants=store.repository(GRANTS),
            memberships=store.repository(MEMBERSHIPS),
            clock=clock,
        )

    async def standing(self, owner_id: str) -> Standing:
        """Return whom a user stands for; a team stands for itself."""
        found = await self.memberships.find({"user_id": owner_id})
        return Standing(owner_id, {each.team_id: each.role for each in found})

    async def owner_for(self, user: User, team_id: str) -> str:
        """Return the id that something new of a user's belongs to: their own, or that of a team they name.

        Raises:
            NotFoundError: the user is in no such team.
            ForbiddenError: the user may not change what belongs to the team.
        """
        if not team_id:
            return user.id
        require(await self.role_in_team(user, team_id), Permission.EDIT, "team")
        return team_id

    async def role_in_team(self, user: User, team_id: str) -> AccessRole:
        """Return what a user is in a team.

        Raises:
            NotFoundError: the user is in no such team.
        """
        found = await self.memberships.find({"team_id": team_id, "user_id": user.id}, limit=1)
        if not found:
            raise NotFoundError("Team not found", code="team.not_found")
        return found[0].role

    async def workflow(self, user: User, workflow_id: str, needed: Permission) -> Workflow:
        """Return a workflow that the user may do something with.

        Raises:
            NotFoundError: there is none, it is deleted, or the user may not see it: the answer does not tell which.
            ForbiddenError: the user may see it, but not do this.
        """
        try:
            workflow = await self.workflows.get(workflow_id)
        except NotFoundError:
            raise missing_workflow() from None
        if workflow.deleted_at is not None:
            raise missing_workflow()
        role = await self.role_in(user, workflow)
        if role is None:
            raise missing_workflow()
        require(role, needed, "workflow")
        return workflow

    async def run(self, user: User, workflow_id: str, run_id: str, needed: Permission) -> Run:
        """Return a run of a workflow that the user may do something with.

        Raises:
            NotFoundError: the user may see no such workflow, or it has no such run.
            ForbiddenError: the user may see it, but not do this.
        """
        await self.workflow(user, workflow_id, needed)
        found = await self.runs.find({"id": run_id, "workflow_id": workflow_id}, limit=1)
        if not found:
            raise NotFoundError("Run not found", code="run.not_found")
        return found[0]

    async def cluster(self, user: User, name: str, needed: Permission) -> Cluster:
        """Return a cluster, by its name or its id, that the user may do something with.

        Where names are the same, their own goes before their teams', and these before what is shared with them.

        Raises:
            NotFoundError: the user sees no such cluster.
            ForbiddenError: the user may see it, but not do this.
        """
        own = await self.clusters.find({"owner_id": user.id, "name": name}, limit=1)
        if user.id and own:
            return own[0]
        for cluster, role in await self.clusters_of(user.id):
            if name in (cluster.name, cluster.id):
                require(role, needed, "cluster")
                return cluster
        raise missing_cluster()

    async def role_in(self, user: User, entity: Workflow | Cluster) -> AccessRole | None:
        """Return what a user is to a workflow or a cluster; None for nothing."""
        if user.id and entity.owner_id == user.id:
            return AccessRole.OWNER  # without a look at teams and grants: this is nearly every request
        standing = await self.standing(user.id)
        roles = [role] if (role := standing.role_as(entity.owner_id)) is not None else []
        grants = await self.grants.find({"resource_id": entity.id, "grantee_id": standing.ids})
        roles += [standing.role_by(grant) for grant in grants if self._is_good(grant)]
        return strongest(roles)

    async def workflows_of(self, user: User, *, limit: int = 0, offset: int = 0) -> list[Workflow]:
        """Return every workflow that the user may see, the last changed first; a *limit* of 0 means all."""
        standing, order = await self.standing(user.id), ("-updated_at",)
        owned = {"owner_id": standing.ids, "deleted_at": None}
        shared = tuple({grant.resource_id for grant in await self._granted(standing)})
        if not shared:
            return await self.workflows.find(owned, order_by=order, limit=limit, offset=offset)
        most = limit + offset if limit else 0
        found = await self.workflows.find(owned, order_by=order, limit=most)
        others = await self.workflows.find({"id": shared, "deleted_at": None}, order_by=order, limit=most)
        merged = {workflow.id: workflow for workflow in (*found, *others)}.values()
        listed = sorted(merged, key=lambda workflow: workflow.id)
        listed.sort(key=lambda workflow: workflow.updated_at or workflow.created_at or self.clock.now(), reverse=True)
        return listed[offset : offset + limit if limit else None]

    async def clusters_of(self, owner_id: str) -> list[tuple[Cluster, AccessRole]]:
        """Return every cluster that a user or a team may see, with their role in it: own ones first, then those of
        their teams, then those that are shared with them; each newest first.
        """
        standing = await self.standing(owner_id)
        owned = await self.clusters.find({"owner_id": standing.ids}, order_by=("-created_at",))
        owned.sort(key=lambda cluster: cluster.owner_id != owner_id)
        roles: dict[str, list[AccessRole]] = {}
        for grant in await self._granted(standing):
            roles.setdefault(grant.resource_id, []).append(standing.role_by(grant))
        known = {cluster.id for cluster in owned}
        ids = tuple(id_ for id_ in roles if id_ not in known)
        shared = await self.clusters.find({"id": ids}, order_by=("-created_at",)) if ids else []
        return [
            (cluster, role)
            for cluster in (*owned, *shared)
            if (role := _strongest_of(standing.role_as(cluster.owner_id), roles.get(cluster.id, []))) is not None
        ]

    async def _granted(self, standing: Standing) -> list[Grant]:
        return [grant for grant in await self.grants.find({"grantee_id": standing.ids}) if self._is_good(grant)]

    def _is_good(self, grant: Grant) -> bool:
        return grant.expires_at is None or self.clock.now() < grant.expires_at


def require(role: AccessRole, needed: Permission, what: str) -> None:
    """Let somebody with a role do something.

    Raises:
        RoleTooWeakError: the role does not allow it; the text names the one that does.
    """
    if not allows(role, needed):
        text = f"You are {role} of this {what}; to {needed} it you must be {role_for(needed)} at least"
        raise RoleTooWeakError(text, code=f"{what}.role")


def require_administrator(user: User) -> None:
    """Let only who runs the service pass.

    Raises:
        ForbiddenError: the user does not.
    """
    if not may_administer(user):
        raise ForbiddenError("Admin access required", code="account.not_admin")


def missing_workflow() -> NotFoundError:
    """Make the one answer for every workflow that is not there for the caller."""
    return NotFoundError("Workflow not found", code="workflow.not_found")


def missing_cluster() -> NotFoundError:
    """Make the one answer for every cluster that is not there for the caller."""
    return NotFoundError("Cluster not found", code="cluster.not_found")


def _strongest_of(owned: AccessRole | None, granted: list[AccessRole]) -> AccessRole | None:
    return strongest(granted if owned is None else [owned, *granted])
