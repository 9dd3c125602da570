"""What of an account goes to others when it is deleted: workflows with their clusters, and places in teams."""

from __future__ import annotations

from collections.abc import Callable

from attrs import evolve, frozen

from flowcore.errors import ConflictError, Finding, NotFoundError, Place
from flowcore.model import AccessRole, Cluster, Grant, Membership, Team, User, Workflow
from flowcore.ports.storage import Repository
from flowcore.ports.system import Clock
from flowcore.usecases._changing import change
from flowcore.usecases.administration.leaving import Heir
from flowcore.usecases.clusters.targets import ClusterQueries
from flowcore.usecases.leasing import Leases

_TRANSFER = "name the user or team that gets them in transferTo, or have them deleted first"


@frozen(kw_only=True)
class Deployments:
    """Workflows and clusters. A workflow keeps the cluster that it is deployed to, whatever its new owner has.

    Workflows are out of the owner's name last, and know their clusters by id before the first cluster moves.

    Attributes:
        is_gift: says whether a cluster is one that everybody is given; it goes with the account.
    """

    workflows: Repository[Workflow]
    clusters: Repository[Cluster]
    grants: Repository[Grant]
    targets: ClusterQueries
    clock: Clock
    is_gift: Callable[[Cluster], bool] = lambda _: False

    async def obstacles(self, user: User, heir: Heir) -> list[Finding]:
        """Return how many there are, when nobody gets them."""
        if heir is not None:
            return []
        clusters = sum(not self.is_gift(cluster) for cluster in await self.clusters.find({"owner_id": user.id}))
        found = [
            ("workflow", await self.workflows.count({"owner_id": user.id, "deleted_at": None})),
            ("cluster", clusters),
        ]
        return [_owned(what, number) for what, number in found if number]

    async def settle(self, user: User, heir: Heir) -> None:
        """Give them to the heir; deleted workflows stay deleted, with the old id."""
        workflows = await self.workflows.find({"owner_id": user.id, "deleted_at": None}) if heir is not None else []
        for workflow in workflows:
            await self._pin(user, heir, workflow)
        for cluster in await self.clusters.find({"owner_id": user.id}):
            await self._move(cluster, heir)
        for workflow in workflows:
            await self._give(workflow, heir)

    async def _pin(self, user: User, heir: Heir, workflow: Workflow) -> None:
        """Have a workflow name its cluster so that the name means the same with its new owner."""
        pinned = await self._pinned(user, heir, workflow.cluster_id)
        if pinned != workflow.cluster_id:
            await change(
                self.workflows,
                workflow.id,
                lambda stored: evolve(stored, cluster_id=pinned, edition=stored.edition + 1),
            )

    async def _pinned(self, user: User, heir: Heir, name: str) -> str:
        if " " in name or await self.clusters.count({"id": name}):
            return name  # it was done already
        try:
            target = await self.targets.target(user.id, name)
        except NotFoundError:
            if heir is not None and any(map(self.is_gift, await self._named(heir, name))):
                return name
            # No cluster has a space in its name: this one leads nowhere for the new owner, too.
            return f"{name or 'default'} of {user.email_key}"
        return target.name if self.is_gift(target) else target.id

    async def _move(self, cluster: Cluster, heir: Heir) -> None:
        taken = heir is not None and bool(await self._named(heir, cluster.name))
        if heir is None or (taken and self.is_gift(cluster)):
            if self.is_gift(cluster):  # everybody has one, and theirs is the same
                await self.clusters.remove(cluster.id)
            return
        name = f"{cluster.name[:90]}-{cluster.id[-6:]}" if taken else cluster.name
        heir_id, now = heir.id, self.clock.now()

        def moved(stored: Cluster) -> Cluster:
            return evolve(stored, owner_id=heir_id, name=name, is_default=False, updated_at=now)

        await change(self.clusters, cluster.id, moved)
        await self._forget_grant(cluster.id, heir_id)

    async def _give(self, workflow: Workflow, heir: Heir) -> None:
        if heir is None:
            return
        team_id, heir_id, now = (heir.id if isinstance(heir, Team) else ""), heir.id, self.clock.now()
        await change(
            self.workflows, workflow.id, lambda w: evolve(w, owner_id=heir_id, team_id=team_id, updated_at=now)
        )
        await self._forget_grant(workflow.id, heir_id)

    async def _named(self, heir: User | Team, name: str) -> list[Cluster]:
        return await self.clusters.find({"owner_id": heir.id, "name": name})

    async def _forget_grant(self, resource_id: str, heir_id: str) -> None:
        """Take back what the heir was lent: it is theirs now."""
        for grant in await self.grants.find({"resource_id": resource_id, "grantee_id": heir_id}):
            await self.grants.remove(grant.id)


@frozen(kw_only=True)
class TeamPlaces:
    """Places in teams: they end. A team is never left without an owner."""

    teams: Repository[Team]
    memberships: Repository[Membership]
    leases: Leases

    async def obstacles(self, user: User, heir: Heir) -> list[Finding]:
        """Return the teams that the user is the last owner of."""
        found = await self.memberships.find({"user_id": user.id, "role": AccessRole.OWNER})
        lonely = [place.team_id for place in found if await self._is_last(place)]
        teams = await self.teams.find({"id": tuple(lonely)}, order_by=("name",)) if lonely else []
        fix = "make another member an owner of it, or have it disbanded"
        return [
            Finding(
                rule="user-team",
                message=f"the account is the only owner of the team {team.name}",
                place=Place(path=f"teams.{team.id}"),
                fix=fix,
            )
            for team in teams
        ]

    async def settle(self, user: User, heir: Heir) -> None:
        """End them.

        Raises:
            ConflictError: the user has become the last owner of a team.
        """
        for place in await self.memberships.find({"user_id": user.id}):
            async with self.leases.waiting(f"team:{place.team_id}"):
                if place.role is AccessRole.OWNER and await self._is_last(place):
                    text = "The account has become the only owner of a team; make another member an owner of it"
                    raise ConflictError(text, code="team.ownerless")
                await self.memberships.remove(place.id)

    async def _is_last(self, place: Membership) -> bool:
        owners = await self.memberships.count({"team_id": place.team_id, "role": AccessRole.OWNER})
        return owners < 2 and bool(await self.teams.count({"id": place.team_id}))


def _owned(what: str, number: int) -> Finding:
    plural = "s" if number > 1 else ""
    message = f"the account owns {number} {what}{plural}"
    return Finding(rule=f"user-{what}s", message=message, place=Place(path="transferTo"), fix=_TRANSFER)
