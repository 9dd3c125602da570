"""Teams: people who own workflows and clusters together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from attrs import evolve, frozen

from flowcore.errors import ConflictError, InvalidInputError, NotFoundError
from flowcore.model import AccessRole, Cluster, Membership, Team, User, Workflow
from flowcore.policy import Permission
from flowcore.ports.storage import Repository
from flowcore.ports.system import Clock, IdSource
from flowcore.usecases._changing import change
from flowcore.usecases.access import Authorizer, require
from flowcore.usecases.accounts.emails import key_of_email
from flowcore.usecases.leasing import Leases

_LONGEST_NAME = 100


@frozen
class Member:
    """Somebody in a team."""

    user: User
    membership: Membership


async def equip_nobody(_: str) -> None:
    """Give nothing."""
    return


@frozen(kw_only=True)
class Teams:
    """Teams as their members see them: whoever is not in a team cannot tell that it is there.

    Attributes:
        equip: gives a new team, by its id, what every user is given.
    """

    authorizer: Authorizer
    teams: Repository[Team]
    memberships: Repository[Membership]
    users: Repository[User]
    clock: Clock
    ids: IdSource
    leases: Leases
    equip: Callable[[str], Awaitable[None]] = equip_nobody

    async def create(self, user: User, name: str) -> Team:
        """Return a new team, in which the user is an owner.

        Raises:
            InvalidInputError: the name will not do.
        """
        now = self.clock.now()
        team = await self.teams.add(Team(id=self.ids.new_id(), name=_checked(name), created_at=now))
        await self._join(team.id, user.id, AccessRole.OWNER)
        await self.equip(team.id)
        return team

    async def mine(self, user: User) -> list[tuple[Team, AccessRole]]:
        """Return the user's teams by name, with their role in each."""
        found = await self.memberships.find({"user_id": user.id})
        roles = {each.team_id: each.role for each in found}
        teams = await self.teams.find({"id": tuple(roles)}, order_by=("name",)) if roles else []
        return [(team, roles[team.id]) for team in teams]

    async def get(self, user: User, team_id: str, needed: Permission = Permission.VIEW) -> tuple[Team, AccessRole]:
        """Return a team that the user may do something with, and their role in it.

        Raises:
            NotFoundError: the user is in no such team.
            ForbiddenError: their role in it does not allow it.
        """
        role = await self.authorizer.role_in_team(user, team_id)
        require(role, needed, "team")
        try:
            return await self.teams.get(team_id), role
        except NotFoundError:
            raise NotFoundError("Team not found", code="team.not_found") from None

    async def rename(self, user: User, team_id: str, name: str) -> Team:
        """Return the renamed team.

        Raises:
            NotFoundError: the user is in no such team.
            ForbiddenError: the user is not an owner of it.
            InvalidInputError: the name will not do.
        """
        await self.get(user, team_id, Permission.ADMINISTER)
        named, now = _checked(name), self.clock.now()
        return await change(self.teams, team_id, lambda team: evolve(team, name=named, updated_at=now))

    async def members(self, user: User, team_id: str) -> list[Member]:
        """Return who is in a team, by e-mail.

        Raises:
            NotFoundError: the user is in no such team.
        """
        await self.get(user, team_id)
        found = await self.memberships.find({"team_id": team_id})
        users = {each.id: each for each in await self.users.find({"id": tuple(m.user_id for m in found)})}
        members = [Member(users[each.user_id], each) for each in found if each.user_id in users]
        return sorted(members, key=lambda member: member.user.email_key)

    async def admit(self, user: User, team_id: str, email: str, role: AccessRole) -> Member:
        """Take somebody who has an account into a team, or change the role of somebody who is in it.

        Raises:
            NotFoundError: the user is in no such team, or nobody has this e-mail address.
            ForbiddenError: the user is not an owner of it.
            ConflictError: it would leave the team without an owner.
        """
        await self.get(user, team_id, Permission.ADMINISTER)
        someone = await account_of(self.users, email)
        async with self.leases.waiting(f"team:{team_id}"):
            return Member(someone, await self._join(team_id, someone.id, role))

    async def dismiss(self, user: User, team_id: str, user_id: str) -> None:
        """Take somebody out of a team; everybody may leave one.

        Raises:
            NotFoundError: the user is in no such team, or the other is not.
            ForbiddenError: the user is not an owner of it.
            ConflictError: it would leave the team without an owner.
        """
        await self.get(user, team_id, Permission.VIEW if user_id == user.id else Permission.ADMINISTER)
        async with self.leases.waiting(f"team:{team_id}"):
            found = await self.memberships.find({"team_id": team_id, "user_id": user_id}, limit=1)
            if not found:
                raise NotFoundError("Nobody of this id is in the team", code="team.no_member")
            await self._require_another_owner(found[0])
            await self.memberships.remove(found[0].id)

    async def _join(self, team_id: str, user_id: str, role: AccessRole) -> Membership:
        found = await self.memberships.find({"team_id": team_id, "user_id": user_id}, limit=1)
        if found:
            if role is not AccessRole.OWNER:
                await self._require_another_owner(found[0])
            return await change(self.memberships, found[0].id, lambda stored: evolve(stored, role=role))
        fresh = Membership(
            id=self.ids.new_id(), team_id=team_id, user_id=user_id, role=role, created_at=self.clock.now()
        )
        return await self.memberships.add(fresh)

    async def _require_another_owner(self, leaving: Membership) -> None:
        if leaving.role is not AccessRole.OWNER:
            return
        if await self.memberships.count({"team_id": leaving.team_id, "role": AccessRole.OWNER}) < 2:
            text = "A team has one owner at least; make somebody else an owner first"
            raise ConflictError(text, code="team.ownerless")


@frozen(kw_only=True)
class DisbandTeam:
    """Delete a team that owns nothing any more.

    Attributes:
        is_gift: says whether a cluster is one that every team is given, and that goes with it.
    """

    teams: Teams
    is_gift: Callable[[Cluster], bool] = lambda _: False

    async def __call__(self, user: User, team_id: str) -> None:
        """Delete it, its memberships, and what is shared with it.

        Raises:
            NotFoundError: the user is in no such team.
            ForbiddenError: the user is not an owner of it.
            ConflictError: it owns workflows or clusters; the text names them.
        """
        await self.teams.get(user, team_id, Permission.ADMINISTER)
        owned = {"owner_id": team_id}
        left: list[Workflow | Cluster] = [*await self.teams.authorizer.workflows.find({**owned, "deleted_at": None})]
        left += [each for each in await self.teams.authorizer.clusters.find(owned) if not self.is_gift(each)]
        if left:
            names = ", ".join(sorted(each.name for each in left))
            text = f"The team owns {names}; delete them or give them to somebody else first"
            raise ConflictError(text, code="team.not_empty")
        for gift in await self.teams.authorizer.clusters.find(owned):
            await self.teams.authorizer.clusters.remove(gift.id)
        for grant in await self.teams.authorizer.grants.find({"grantee_id": team_id}):
            await self.teams.authorizer.grants.remove(grant.id)
        # Its members go last: until then, an owner of it can try again.
        for membership in await self.teams.memberships.find({"team_id": team_id}):
            if membership.user_id != user.id:
                await self.teams.memberships.remove(membership.id)
        await self.teams.teams.remove(team_id)
        for membership in await self.teams.memberships.find({"team_id": team_id}):
            await self.teams.memberships.remove(membership.id)


async def account_of(users: Repository[User], email: str) -> User:
    """Return who has an e-mail address, in any case.

    Raises:
        NotFoundError: nobody has.
    """
    found = await users.find({"email_key": key_of_email(email)}, limit=1)
    if not found:
        raise NotFoundError("Nobody with this e-mail address has an account here", code="account.not_found")
    return found[0]


def _checked(name: str) -> str:
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        raise InvalidInputError.of(f"name must have 1 to {_LONGEST_NAME} characters in one line", path="name")
    return name.strip()
