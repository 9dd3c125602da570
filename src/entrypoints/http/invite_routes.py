"""Invites: the codes that let people register. Only administrators see and make them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from litestar import Response, Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from entrypoints.bootstrap import App
from entrypoints.http.access import ADMIN
from entrypoints.http.account_shapes import NOT_STORED
from entrypoints.http.auditing import audited, tell_details, tell_target
from entrypoints.http.ids import checked_id
from flowcore.model import Invite, User


class HouseCodeOut(msgspec.Struct, rename="camel"):
    """The six-digit code of the house."""

    invite_code: str


class AfterUseOut(msgspec.Struct, rename="camel"):
    """Whether a new code takes the place of one that somebody has registered with, and the code."""

    regenerate_after_signup: bool
    invite_code: str | msgspec.UnsetType = msgspec.UNSET


class AfterUseIn(msgspec.Struct, rename="camel"):
    """What can be chosen of the code; missing means no."""

    regenerate_after_signup: bool = False


class InviteIn(msgspec.Struct):
    """How many people an invite is for, for how many days, and a note on who they are."""

    uses: int = 1
    days: int = 7
    note: str = ""


class InviteOut(msgspec.Struct, rename="camel"):
    """An invite; its code is shown once."""

    id: str
    note: str
    uses_left: int
    created_by: str
    created_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, invite: Invite) -> InviteOut:
        """Translate an invite."""
        return cls(
            id=invite.id,
            note=invite.note,
            uses_left=invite.uses_left,
            created_by=invite.created_by,
            created_at=invite.created_at,
            expires_at=invite.expires_at,
        )


class MadeInviteOut(msgspec.Struct):
    """A new invite and its code, which is not shown again."""

    code: str
    invite: InviteOut


class InvitesOut(msgspec.Struct):
    """The invites that have not expired, newest first."""

    invites: list[InviteOut]


@get("/settings/invite-code", opt=ADMIN)
async def show_code(user: NamedDependency[User], app: NamedDependency[App]) -> Response[HouseCodeOut]:
    """Show the code of the house; one is made when there is none."""
    return _private(HouseCodeOut(await app.accounts.house_codes.show(user)))


@post("/settings/generate-invite-code", status_code=200, opt=ADMIN | audited("invite.code.renew"))
async def renew_code(user: NamedDependency[User], app: NamedDependency[App]) -> Response[HouseCodeOut]:
    """Make a new code; the old one is of no use any more."""
    return _private(HouseCodeOut(await app.accounts.house_codes.renew(user)))


@get("/settings/regenerate-setting", opt=ADMIN)
async def show_after_use(user: NamedDependency[User], app: NamedDependency[App]) -> Response[AfterUseOut]:
    """Show whether the code changes when somebody has registered with it."""
    changes = await app.accounts.house_codes.changes_after_use(user)
    return _private(AfterUseOut(changes, await app.accounts.house_codes.show(user)))


@put("/settings/regenerate-setting", opt=ADMIN | audited("invite.code.setting.change"))
async def set_after_use(
    data: JSONBody[AfterUseIn], user: NamedDependency[User], app: NamedDependency[App]
) -> AfterUseOut:
    """Choose whether the code changes when somebody has registered with it."""
    tell_details(regenerate_after_signup=data.regenerate_after_signup)
    await app.accounts.house_codes.set_changes_after_use(user, changes=data.regenerate_after_signup)
    return AfterUseOut(data.regenerate_after_signup)


@get("/settings/invites", opt=ADMIN)
async def list_invites(user: NamedDependency[User], app: NamedDependency[App]) -> InvitesOut:
    """List the invites."""
    return InvitesOut([InviteOut.of(invite) for invite in await app.accounts.invites.list(user)])


@post("/settings/invites", opt=ADMIN | audited("invite.create"))
async def make_invite(
    data: JSONBody[InviteIn], user: NamedDependency[User], app: NamedDependency[App]
) -> Response[MadeInviteOut]:
    """Make an invite; its code is in this answer and nowhere else."""
    made = await app.accounts.invites.make(user, uses=data.uses, days=data.days, note=data.note)
    tell_target("invite", made.kept.id, uses=data.uses, days=data.days)
    return _private(MadeInviteOut(made.code, InviteOut.of(made.kept)), status_code=201)


@delete("/settings/invites/{invite_id:str}", opt=ADMIN | audited("invite.revoke"))
async def revoke_invite(invite_id: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]) -> None:
    """Make an invite useless at once."""
    await app.accounts.invites.revoke(user, checked_id(invite_id, "invite"))


def _private(body: Any, *, status_code: int = 200) -> Response[Any]:
    return Response(body, status_code=status_code, headers=NOT_STORED)


router = Router(
    "/",
    route_handlers=[
        show_code,
        renew_code,
        show_after_use,
        set_after_use,
        list_invites,
        make_invite,
        revoke_invite,
    ],
    tags=["invites"],
)
