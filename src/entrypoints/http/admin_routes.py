"""Administration of accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from entrypoints.bootstrap import App
from entrypoints.http.access import ADMIN
from entrypoints.http.account_shapes import UserOut
from entrypoints.http.auditing import audited, tell_details, tell_target
from entrypoints.http.ids import checked_id, clamped
from flowcore.errors import InvalidInputError
from flowcore.model import Role, User
from flowcore.usecases.administration.accounts import UserFilter


class RoleIn(msgspec.Struct):
    """The role to give: ``admin`` or ``user``."""

    role: str


class AccountOut(UserOut, rename="camel"):
    """An account as administrators see it; nothing of what it owns is in it."""

    disabled_at: datetime | None
    has_password: bool

    @classmethod
    def of(cls, user: User) -> AccountOut:
        """Translate an account."""
        seen = msgspec.structs.asdict(UserOut.of(user))
        return cls(**seen, disabled_at=user.disabled_at, has_password=bool(user.password_hash))


class AnswerOut(msgspec.Struct):
    """One account."""

    user: AccountOut


class AccountsOut(msgspec.Struct):
    """A part of the accounts, by e-mail, and how many there are in all."""

    users: list[AccountOut]
    total: int


class DeletedOut(msgspec.Struct, rename="camel"):
    """The answer to a deletion."""

    message: str
    transferred_to: str | None


@get("/admin/users", opt=ADMIN)
async def list_users(
    user: NamedDependency[User],
    app: NamedDependency[App],
    search: FromQuery[str] = "",
    role: FromQuery[str] = "",
    disabled: FromQuery[bool | None] = None,
    limit: FromQuery[int | None] = None,
    offset: FromQuery[int | None] = None,
) -> AccountsOut:
    """List the accounts. ``search`` is the beginning of an e-mail address or of a word of a name."""
    wanted = UserFilter(search=search, role=_role(role) if role else None, disabled=disabled)
    most = clamped(limit, low=1, high=200, default=50)
    first = clamped(offset, low=0, high=10_000_000, default=0)
    page = await app.administration.users.list(user, wanted, limit=most, offset=first)
    return AccountsOut([AccountOut.of(each) for each in page.users], page.total)


@get("/admin/users/{user_id:str}", opt=ADMIN)
async def get_user(user_id: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]) -> AnswerOut:
    """Show one account."""
    return AnswerOut(AccountOut.of(await app.administration.users.get(user, checked_id(user_id, "user"))))


@put("/admin/users/{user_id:str}/role", opt=ADMIN | audited("user.role.change"))
async def change_role(
    user_id: FromPath[str], data: JSONBody[RoleIn], user: NamedDependency[User], app: NamedDependency[App]
) -> AnswerOut:
    """Give an account another role, from its next request on."""
    tell_details(role=data.role)
    changed = await app.administration.administer.set_role(user, checked_id(user_id, "user"), _role(data.role))
    return _told(changed)


@post("/admin/users/{user_id:str}/disable", status_code=200, opt=ADMIN | audited("user.disable"))
async def disable_user(user_id: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]) -> AnswerOut:
    """Refuse an account everywhere; its sessions end, its runs go on."""
    return _told(await app.administration.administer.disable(user, checked_id(user_id, "user")))


@post("/admin/users/{user_id:str}/enable", status_code=200, opt=ADMIN | audited("user.enable"))
async def enable_user(user_id: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]) -> AnswerOut:
    """Let a disabled account be used again."""
    return _told(await app.administration.administer.enable(user, checked_id(user_id, "user")))


@post("/admin/users/{user_id:str}/sign-out", status_code=200, opt=ADMIN | audited("user.sign_out"))
async def sign_user_out(user_id: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]) -> AnswerOut:
    """End every session and API token of an account."""
    return _told(await app.administration.administer.sign_out(user, checked_id(user_id, "user")))


@post("/admin/users/{user_id:str}/unlock", status_code=200, opt=ADMIN | audited("user.unlock"))
async def unlock_user(user_id: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]) -> AnswerOut:
    """Let somebody try again who failed to sign in too often."""
    return _told(await app.administration.administer.unlock(user, checked_id(user_id, "user")))


@delete("/admin/users/{user_id:str}", status_code=200, opt=ADMIN | audited("user.delete"))
async def delete_user(
    user_id: FromPath[str],
    user: NamedDependency[User],
    app: NamedDependency[App],
    transfer_to: Annotated[str, QueryParameter(name="transferTo")] = "",
) -> DeletedOut:
    """Delete an account; ``transferTo`` is the user or team that gets its workflows and clusters."""
    tell_details(transfer_to=transfer_to)
    heir_id = checked_id(transfer_to, "transferTo") if transfer_to else ""
    gone = await app.administration.delete(user, checked_id(user_id, "user"), transfer_to=heir_id)
    tell_target("user", gone.user.id, gone.user.email_key)
    return DeletedOut(f"{gone.user.email} was deleted", heir_id or None)


def _told(user: User) -> AnswerOut:
    tell_target("user", user.id, user.email_key)
    return AnswerOut(AccountOut.of(user))


def _role(word: str) -> Role:
    try:
        return Role(word)
    except ValueError:
        known = " or ".join(Role)
        raise InvalidInputError.of(f"role must be {known}", rule="user-role", path="role") from None


router = Router(
    "/",
    route_handlers=[
        list_users,
        get_user,
        change_role,
        disable_user,
        enable_user,
        sign_user_out,
        unlock_user,
        delete_user,
    ],
    tags=["administration"],
)
