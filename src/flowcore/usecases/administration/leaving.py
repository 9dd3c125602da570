"""Deleting an account: what belongs to it goes to somebody else or away, and the account goes last."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, Protocol, TypeAlias

from attrs import frozen

from flowcore.errors import ConflictError, Finding, InvalidInputError
from flowcore.model import Role, Team, User
from flowcore.ports.storage import Repository
from flowcore.ports.system import Clock
from flowcore.usecases.accounts.sessions import Sessions
from flowcore.usecases.administration.accounts import Administrators, account, require_another_person, shut_out

#: Who gets what can be given; None for nobody.
Heir: TypeAlias = User | Team | None


class Estate(Protocol):
    """Things of one kind that belong to accounts."""

    async def obstacles(self, user: User, heir: Heir) -> list[Finding]:
        """Return what keeps the account from being deleted.

        Args:
            user: whose account it is.
            heir: who gets what can be given.
        """
        ...

    async def settle(self, user: User, heir: Heir) -> None:
        """Give it to the heir, or remove it. Broken off anywhere and begun again, it comes to the same end."""
        ...


@frozen
class Personal:
    """Things that are of no use to anybody else: they are removed.

    Attributes:
        kept: where they are.
        owner: the field with the user's id.
    """

    kept: Repository[Any]
    owner: str

    async def obstacles(self, user: User, heir: Heir) -> list[Finding]:
        """Return nothing: they are in nobody's way."""
        return []

    async def settle(self, user: User, heir: Heir) -> None:
        """Remove them."""
        for each in await self.kept.find({self.owner: user.id}):
            await self.kept.remove(each.id)


@frozen
class Departure:
    """What the deletion of an account came to; the account as it was last."""

    user: User
    heir: Heir


@frozen(kw_only=True)
class DeleteUser:
    """Delete an account.

    It is disabled first, so that nothing new comes in; then everything of it is given away or removed, each thing in
    one step; then it is removed. When this is broken off, the account is left disabled with the rest, and deleting
    it again finishes. Runs and the audit log keep its id.

    Attributes:
        estates: what belongs to accounts, in the order in which it is settled.
    """

    users: Repository[User]
    teams: Repository[Team]
    sessions: Sessions
    administrators: Administrators
    estates: Sequence[Estate]
    clock: Clock

    async def __call__(self, admin: User, user_id: str, *, transfer_to: str = "") -> Departure:
        """Delete it.

        Args:
            admin: who asks for it.
            user_id: whose account.
            transfer_to: id of the user or team that gets their workflows and clusters; empty for nobody.

        Raises:
            ForbiddenError: *admin* is no administrator.
            NotFoundError: there is no such account.
            ConflictError: it is the last administrator's or one's own, or something new came in between.
            InvalidInputError: with everything that stands in the way, or the heir will not do.
        """
        await self.administrators.require(admin)
        user = await account(self.users, user_id)
        require_another_person(admin, user)
        return await self._delete(user, transfer_to, self.administrators.changing(admin))

    async def own(self, user: User, *, transfer_to: str = "") -> Departure:
        """Delete one's own account; the last administrator stays.

        Args:
            user: who leaves.
            transfer_to: id of the user or team that gets their workflows and clusters; empty for nobody.

        Raises:
            ConflictError: it is the last administrator's, or something new came in between.
            InvalidInputError: with everything that stands in the way, or the heir will not do.
        """
        stored = await account(self.users, user.id)
        is_administrator = stored.role is Role.ADMIN
        return await self._delete(
            stored, transfer_to, self.administrators.changing(stored) if is_administrator else nullcontext()
        )

    async def _delete(self, user: User, transfer_to: str, changing: AbstractAsyncContextManager[None]) -> Departure:
        heir = await self._heir(user, transfer_to) if transfer_to else None
        obstacles = await self._obstacles(user, heir)
        if obstacles:
            text = "The account cannot be deleted yet: " + "; ".join(finding.message for finding in obstacles)
            raise InvalidInputError(obstacles, message=text, code="user.obstacles")
        async with changing:
            await self.administrators.require_another(user)
            await shut_out(self.users, user.id, self.clock)
        await self._settle(user, heir)
        await self.users.remove(user.id)
        return Departure(user, heir)

    async def _settle(self, user: User, heir: Heir) -> None:
        await self.sessions.end_all(user.id)
        for estate in self.estates:
            await estate.settle(user, heir)
        if await self._obstacles(user, None):
            text = "Something was added to the account meanwhile; delete it again"
            raise ConflictError(text, code="user.not_empty")

    async def _obstacles(self, user: User, heir: Heir) -> list[Finding]:
        return [finding for estate in self.estates for finding in await estate.obstacles(user, heir)]

    async def _heir(self, user: User, heir_id: str) -> User | Team:
        for other in await self.users.find({"id": heir_id}):
            if other.id != user.id and other.disabled_at is None:
                return other
        for team in await self.teams.find({"id": heir_id}):
            return team
        message = "transferTo is neither another user who is not disabled, nor a team"
        raise InvalidInputError.of(message, rule="user-heir", path="transferTo", code="user.no_heir")
