"""Teams: make, rename, disband, and who is in them."""

from __future__ import annotations

from datetime import datetime

import msgspec
from litestar import Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from entrypoints.bootstrap import App
from entrypoints.http.auditing import audited, tell_details, tell_target
from entrypoints.http.ids import checked_id
from flowcore.model import AccessRole, Team, User
from flowcore.policy import permissions_of
from flowcore.usecases.sharing.teams import Member


class TeamIn(msgspec.Struct):
    """What a team is called."""

    name: str


class MemberIn(msgspec.Struct):
    """Somebody to take into a team, by the e-mail address of their account, and as what."""

    email: str
    role: AccessRole = AccessRole.EDITOR


class TeamOut(msgspec.Struct, rename="camel"):
    """A team, and what the caller is in it."""

    id: str
    name: str
    role: AccessRole
    permissions: list[str]
    created_at: datetime

    @classmethod
    def of(cls, team: Team, role: AccessRole) -> TeamOut:
        """Translate a team."""
        return cls(team.id, team.name, role, [str(each) for each in permissions_of(role)], team.created_at)


class TeamsOut(msgspec.Struct):
    """The caller's teams, by name."""

    teams: list[TeamOut]


class MemberOut(msgspec.Struct, rename="camel"):
    """Somebody in a team."""

    user_id: str
    email: str
    name: str
    role: AccessRole
    since: datetime

    @classmethod
    def of(cls, member: Member) -> MemberOut:
        """Translate a member."""
        user, place = member.user, member.membership
        return cls(user.id, user.email, user.name, place.role, place.created_at)


class MembersOut(msgspec.Struct):
    """Everybody in a team, by e-mail."""

    members: list[MemberOut]


@post("/teams", opt=audited("team.create"))
async def create(data: JSONBody[TeamIn], user: NamedDependency[User], app: NamedDependency[App]) -> TeamOut:
    """Make a team, in which the caller is an owner."""
    team = await app.together.teams.create(user, data.name)
    tell_target("team", team.id, team.name)
    return TeamOut.of(team, AccessRole.OWNER)


@get("/teams")
async def list_all(user: NamedDependency[User], app: NamedDependency[App]) -> TeamsOut:
    """List one's teams."""
    return TeamsOut([TeamOut.of(team, role) for team, role in await app.together.teams.mine(user)])


@get("/teams/{team_id:str}")
async def show(team_id: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]) -> TeamOut:
    """Show a team."""
    return TeamOut.of(*await app.together.teams.get(user, checked_id(team_id, "team")))


@put("/teams/{team_id:str}", opt=audited("team.rename"))
async def rename(
    team_id: FromPath[str], data: JSONBody[TeamIn], user: NamedDependency[User], app: NamedDependency[App]
) -> TeamOut:
    """Rename a team."""
    team = await app.together.teams.rename(user, checked_id(team_id, "team"), data.name)
    return TeamOut.of(team, AccessRole.OWNER)


@delete("/teams/{team_id:str}", opt=audited("team.disband"))
async def disband(team_id: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]) -> None:
    """Delete a team that owns nothing any more."""
    await app.together.disband(user, checked_id(team_id, "team"))


@get("/teams/{team_id:str}/members")
async def members(team_id: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]) -> MembersOut:
    """List who is in a team."""
    found = await app.together.teams.members(user, checked_id(team_id, "team"))
    return MembersOut([MemberOut.of(member) for member in found])


@put("/teams/{team_id:str}/members", opt=audited("team.member.admit"))
async def admit(
    team_id: FromPath[str], data: JSONBody[MemberIn], user: NamedDependency[User], app: NamedDependency[App]
) -> MemberOut:
    """Take somebody into a team, or change what they are in it."""
    member = await app.together.teams.admit(user, checked_id(team_id, "team"), data.email, data.role)
    tell_details(user=member.user.id, role=data.role)
    return MemberOut.of(member)


@delete("/teams/{team_id:str}/members/{user_id:str}", opt=audited("team.member.dismiss"))
async def dismiss(
    team_id: FromPath[str], user_id: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]
) -> None:
    """Take somebody out of a team, or leave it."""
    await app.together.teams.dismiss(user, checked_id(team_id, "team"), checked_id(user_id, "user"))


router = Router("/", route_handlers=[create, list_all, show, rename, disband, members, admit, dismiss], tags=["teams"])
