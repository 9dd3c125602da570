"""Administration of accounts: who is here, what they may, and their being shut out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from attrs import evolve, frozen

from flowcore.errors import ConflictError, NotFoundError
from flowcore.model import Role, User
from flowcore.ports.storage import Between, Repository
from flowcore.ports.system import Clock
from flowcore.usecases._changing import change
from flowcore.usecases.access import require_administrator
from flowcore.usecases.accounts.sessions import Sessions
from flowcore.usecases.leasing import Leases

#: Held by whoever makes or unmakes an administrator.
ADMINISTRATORS = "accounts:first"
#: Accounts that are in memory at the same time while somebody is searched for.
_BATCH = 500


@frozen(kw_only=True)
class UserFilter:
    """Which accounts are wanted; None does not matter.

    Attributes:
        search: how the e-mail address, or a word of the name, begins, in any case.
        disabled: whether the account is disabled.
    """

    search: str = ""
    role: Role | None = None
    disabled: bool | None = None


@frozen
class UserPage:
    """A part of the accounts that were asked for, by e-mail, and how many there are in all."""

    users: tuple[User, ...]
    total: int


@frozen(kw_only=True)
class Administrators:
    """Those who run the service: there is always one."""

    users: Repository[User]
    leases: Leases

    async def require(self, admin: User) -> None:
        """Let only administrators pass, by what is stored now.

        Raises:
            ForbiddenError: the user is none.
        """
        found = await self.users.find({"id": admin.id}, limit=1)
        require_administrator(found[0] if found else evolve(admin, role=Role.USER))

    @asynccontextmanager
    async def changing(self, admin: User) -> AsyncIterator[None]:
        """Hold the place where administrators come and go; of two who shut each other out, the second is refused.

        Raises:
            ForbiddenError: *admin* is no administrator (any more).
        """
        async with self.leases.waiting(ADMINISTRATORS):
            await self.require(admin)
            yield

    async def require_another(self, leaving: User) -> None:
        """Let an administrator go only when another one stays. To be called while ``changing``.

        Raises:
            ConflictError: the user is the last one.
        """
        active = await self.users.find({"role": Role.ADMIN, "disabled_at": None}, limit=2)
        if [each.id for each in active] == [leaving.id]:
            text = "This is the last administrator; make somebody else an administrator first"
            raise ConflictError(text, code="user.last_admin")


@frozen(kw_only=True)
class UserDirectory:
    """Look at the accounts."""

    users: Repository[User]

    async def list(self, admin: User, wanted: UserFilter, *, limit: int, offset: int = 0) -> UserPage:
        """Return the accounts that are wanted, by e-mail. A search looks at all of them, one part after the other.

        Raises:
            ForbiddenError: *admin* is no administrator.
        """
        require_administrator(admin)
        where: dict[str, object] = {}
        if wanted.role is not None:
            where["role"] = wanted.role
        if wanted.disabled is not None:
            where["disabled_at"] = Between() if wanted.disabled else None
        if wanted.search.strip():
            return await self._search(where, wanted.search.strip().casefold(), limit, offset)
        found = await self.users.find(where, order_by=("email_key",), limit=limit, offset=offset)
        return UserPage(tuple(found), await self.users.count(where))

    async def get(self, admin: User, user_id: str) -> User:
        """Return an account.

        Raises:
            ForbiddenError: *admin* is no administrator.
            NotFoundError: there is none of this id.
        """
        require_administrator(admin)
        return await account(self.users, user_id)

    async def _search(self, where: dict[str, object], text: str, limit: int, offset: int) -> UserPage:
        total, page, last = 0, list[User](), ""
        while True:
            beyond = {**where, "email_key": Between(low=f"{last}\0")} if last else where
            found = await self.users.find(beyond, order_by=("email_key",), limit=_BATCH)
            for user in found:
                if _begins(user, text):
                    total += 1
                    if offset < total <= offset + limit:
                        page.append(user)
            if len(found) < _BATCH:
                return UserPage(tuple(page), total)
            last = found[-1].email_key


def _begins(user: User, text: str) -> bool:
    name = user.name.casefold()
    return user.email_key.startswith(text) or name.startswith(text) or f" {text}" in name


@frozen(kw_only=True)
class AdministerUser:
    """Change what somebody else's account may. Every method raises ForbiddenError when *admin* is no administrator, and
    NotFoundError when there is no such account.

    Attributes:
        forgive: lets somebody who is locked out by failed sign-ins try again.
    """

    users: Repository[User]
    sessions: Sessions
    administrators: Administrators
    clock: Clock
    forgive: Callable[[User], Awaitable[None]]

    async def set_role(self, admin: User, user_id: str, role: Role) -> User:
        """Return the account with its new role, which counts from the next request on.

        Raises:
            ConflictError: it is the last administrator's.
        """
        async with self.administrators.changing(admin):
            user = await account(self.users, user_id)
            if role is not Role.ADMIN:
                await self.administrators.require_another(user)
            now = self.clock.now()
            return await change(
                self.users,
                user_id,
                lambda stored: stored if stored.role is role else evolve(stored, role=role, updated_at=now),
            )

    async def disable(self, admin: User, user_id: str) -> User:
        """Return the account, which is refused everywhere from now on; its sessions have ended, its runs go on.

        Raises:
            ConflictError: it is the last administrator's, or one's own.
        """
        async with self.administrators.changing(admin):
            user = await account(self.users, user_id)
            require_another_person(admin, user)
            await self.administrators.require_another(user)
            disabled = await shut_out(self.users, user_id, self.clock)
        await self.sessions.end_all(user_id)
        return disabled

    async def enable(self, admin: User, user_id: str) -> User:
        """Return the account, which may be used again; API tokens from before that have not expired, too."""
        await self.administrators.require(admin)
        await account(self.users, user_id)
        now = self.clock.now()
        return await change(
            self.users,
            user_id,
            lambda stored: stored if stored.disabled_at is None else evolve(stored, disabled_at=None, updated_at=now),
        )

    async def sign_out(self, admin: User, user_id: str) -> User:
        """End every session and API token of an account."""
        await self.administrators.require(admin)
        await account(self.users, user_id)
        now = self.clock.now()
        changed = await change(self.users, user_id, lambda stored: evolve(stored, tokens_from=now, updated_at=now))
        await self.sessions.end_all(user_id)
        return changed

    async def unlock(self, admin: User, user_id: str) -> User:
        """Let somebody try again who failed to sign in too often."""
        await self.administrators.require(admin)
        user = await account(self.users, user_id)
        await self.forgive(user)
        return user


async def shut_out(users: Repository[User], user_id: str, clock: Clock) -> User:
    """Store that an account is refused everywhere from now on; one that is already keeps its moment."""
    now = clock.now()
    return await change(
        users,
        user_id,
        lambda stored: stored if stored.disabled_at is not None else evolve(stored, disabled_at=now, updated_at=now),
    )


async def account(users: Repository[User], user_id: str) -> User:
    """Return an account.

    Raises:
        NotFoundError: there is none of this id.
    """
    try:
        return await users.get(user_id)
    except NotFoundError:
        raise NotFoundError("User not found", code="user.not_found") from None


def require_another_person(admin: User, user: User) -> None:
    """Keep administrators from shutting themselves out.

    Raises:
        ConflictError: they are one.
    """
    if admin.id == user.id:
        raise ConflictError("This is your own account; ask another administrator", code="user.yourself")
