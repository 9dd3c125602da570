"""Sharing: let others see, run, change or administer a workflow or a cluster, or give it to somebody."""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import evolve, frozen

from flowcore.errors import ConflictError, InvalidInputError, NotFoundError
from flowcore.model import AccessRole, Cluster, Grant, Shareable, Team, User, Workflow
from flowcore.policy import Permission
from flowcore.ports.storage import Repository
from flowcore.ports.system import Clock, IdSource
from flowcore.usecases._changing import change
from flowcore.usecases.access import Authorizer
from flowcore.usecases.clusters.targets import ClusterQueries
from flowcore.usecases.sharing.teams import account_of

_MOST_DAYS = 3660


@frozen(kw_only=True)
class Recipient:
    """Somebody to share with or to give to: a user by e-mail or id, or a team by its id."""

    email: str = ""
    user_id: str = ""
    team_id: str = ""


@frozen
class Shared:
    """A grant, and the user or the team that it is for; None when they are gone."""

    grant: Grant
    grantee: User | Team | None


@frozen(kw_only=True)
class Sharing:
    """Who else may do what with one's workflows and clusters. All of it takes the right to administer them."""

    authorizer: Authorizer
    grants: Repository[Grant]
    users: Repository[User]
    teams: Repository[Team]
    clock: Clock
    ids: IdSource

    async def role(self, user: User, kind: Shareable, name: str) -> AccessRole:
        """Return what the user is to something that they may see.

        Raises:
            NotFoundError: the user sees no such thing.
        """
        entity = await self.shareable(user, kind, name, Permission.VIEW)
        return await self.authorizer.role_in(user, entity) or AccessRole.VIEWER

    async def list(self, user: User, kind: Shareable, name: str) -> list[Shared]:
        """Return whom something is shared with, the first first; grants that have expired, too.

        Raises:
            NotFoundError: the user sees no such thing.
            ForbiddenError: the user may not administer it.
        """
        entity = await self.shareable(user, kind, name, Permission.ADMINISTER)
        grants = await self.grants.find({"resource_id": entity.id}, order_by=("created_at",))
        users = await self.users.find({"id": tuple(g.grantee_id for g in grants if not g.grantee_is_team)})
        teams = await self.teams.find({"id": tuple(g.grantee_id for g in grants if g.grantee_is_team)})
        grantees: dict[str, User | Team] = {each.id: each for each in users}
        grantees |= {each.id: each for each in teams}
        return [Shared(grant, grantees.get(grant.grantee_id)) for grant in grants]

    async def share(
        self, user: User, kind: Shareable, name: str, recipient: Recipient, role: AccessRole, *, days: int | None = None
    ) -> Shared:
        """Share something, for ever or for some days; who has it already has the new role from now on.

        Raises:
            NotFoundError: the user sees no such thing, is in no such team, or nobody has this e-mail address.
            ForbiddenError: the user may not administer it.
            InvalidInputError: not one recipient is named, it is the owner, or the days will not do.
        """
        entity = await self.shareable(user, kind, name, Permission.ADMINISTER)
        grantee = await self.recipient(user, recipient)
        if grantee.id == entity.owner_id:
            raise InvalidInputError.of(f"it belongs to {grantee.name} already", path="email")
        found = await self.grants.find({"resource_id": entity.id, "grantee_id": grantee.id}, limit=1)
        ends = self._end(days)
        if found:
            changed = await change(self.grants, found[0].id, lambda g: evolve(g, role=role, expires_at=ends))
            return Shared(changed, grantee)
        fresh = Grant(
            id=self.ids.new_id(),
            shared=kind,
            resource_id=entity.id,
            grantee_id=grantee.id,
            grantee_is_team=isinstance(grantee, Team),
            role=role,
            created_by=user.id,
            created_at=self.clock.now(),
            expires_at=ends,
        )
        return Shared(await self.grants.add(fresh), grantee)

    async def revoke(self, user: User, kind: Shareable, name: str, grant_id: str) -> None:
        """Take a grant back, at once; whom something is shared with may give it up.

        Raises:
            NotFoundError: the user sees no such thing, or it has no such grant.
            ForbiddenError: the user may not administer it, and the grant is not for them.
        """
        entity = await self.shareable(user, kind, name, Permission.VIEW)
        found = await self.grants.find({"id": grant_id, "resource_id": entity.id}, limit=1)
        if not found or found[0].grantee_id != user.id:
            entity = await self.shareable(user, kind, name, Permission.ADMINISTER)
        if not found:
            raise NotFoundError("It is not shared like this", code="grant.not_found")
        await self.grants.remove(grant_id)

    async def shareable(self, user: User, kind: Shareable, name: str, needed: Permission) -> Workflow | Cluster:
        """Return a workflow by its id or a cluster by its name.

        Raises:
            NotFoundError: the user sees no such thing.
            ForbiddenError: the user may not do this with it.
        """
        if kind is Shareable.WORKFLOW:
            return await self.authorizer.workflow(user, name, needed)
        return await self.authorizer.cluster(user, name, needed)

    async def recipient(self, user: User, recipient: Recipient) -> User | Team:
        named = [recipient.email, recipient.user_id, recipient.team_id]
        if sum(map(bool, named)) != 1:
            raise InvalidInputError.of("name one recipient: a user or a team", path="email")
        if recipient.email:
            return await account_of(self.users, recipient.email)
        if recipient.user_id:
            return await self.users.get(recipient.user_id)
        await self.authorizer.role_in_team(user, recipient.team_id)
        return await self.teams.get(recipient.team_id)

    def _end(self, days: int | None) -> datetime | None:
        if days is None:
            return None
        if not 1 <= days <= _MOST_DAYS:
            raise InvalidInputError.of(f"days must be 1 to {_MOST_DAYS}", path="days")
        return self.clock.now() + timedelta(days=days)


@frozen(kw_only=True)
class GiveAway:
    """Give a workflow or a cluster to a team, or to another user."""

    sharing: Sharing
    targets: ClusterQueries

    async def workflow(self, user: User, workflow_id: str, recipient: Recipient) -> Workflow:
        """Return the workflow with its new owner. A run at work goes on.

        Raises:
            NotFoundError: the user sees no such workflow, is in no such team, or nobody has this e-mail address.
            ForbiddenError: the user may not administer it, or may not change what belongs to the team.
            ConflictError: it would be deployed to another cluster from now on.
        """
        authorizer = self.sharing.authorizer
        workflow = await authorizer.workflow(user, workflow_id, Permission.ADMINISTER)
        owner = await self._owner(user, recipient)
        await self._require_same_target(workflow, owner.id)
        team_id, now = (owner.id if isinstance(owner, Team) else ""), self.sharing.clock.now()
        given = await change(
            authorizer.workflows, workflow.id, lambda w: evolve(w, owner_id=owner.id, team_id=team_id, updated_at=now)
        )
        await self._forget_grant(workflow.id, owner.id)
        return given

    async def cluster(self, user: User, name: str, recipient: Recipient) -> Cluster:
        """Return the cluster with its new owner.

        Raises:
            NotFoundError: the user sees no such cluster, is in no such team, or nobody has this e-mail address.
            ForbiddenError: the user may not administer it, or may not change what belongs to the team.
            ConflictError: the new owner has a cluster of this name.
        """
        authorizer = self.sharing.authorizer
        cluster = await authorizer.cluster(user, name, Permission.ADMINISTER)
        owner = await self._owner(user, recipient)
        now = self.sharing.clock.now()
        try:
            given = await change(
                authorizer.clusters,
                cluster.id,
                lambda c: evolve(c, owner_id=owner.id, is_default=False, updated_at=now),
            )
        except ConflictError:
            text = f"{owner.name} has a cluster named {cluster.name} already"
            raise ConflictError(text, code="cluster.exists") from None
        await self._forget_grant(cluster.id, owner.id)
        return given

    async def _owner(self, user: User, recipient: Recipient) -> User | Team:
        if recipient.team_id:
            await self.sharing.authorizer.owner_for(user, recipient.team_id)
        return await self.sharing.recipient(user, recipient)

    async def _require_same_target(self, workflow: Workflow, owner_id: str) -> None:
        """Refuse to let a cluster's name mean another cluster, which nobody would notice before the next run."""
        try:
            now = await self.targets.target(workflow.owner_id, workflow.cluster_id)
            then = await self.targets.target(owner_id, workflow.cluster_id)
        except NotFoundError:
            return  # the next run tells
        if now.id != then.id and now.server != then.server:
            text = (
                f"The cluster {now.name} of the new owner is another one; rename one, or share this one with them first"
            )
            raise ConflictError(text, code="workflow.other_cluster")

    async def _forget_grant(self, resource_id: str, owner_id: str) -> None:
        for grant in await self.sharing.grants.find({"resource_id": resource_id, "grantee_id": owner_id}):
            await self.sharing.grants.remove(grant.id)
