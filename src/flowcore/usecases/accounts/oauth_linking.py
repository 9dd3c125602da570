"""One's own identities at providers: which there are, one more, one less."""

from __future__ import annotations

from attrs import frozen

from flowcore.errors import ConflictError, NotFoundError, UnauthenticatedError
from flowcore.model import LinkedIdentity, User
from flowcore.ports.identity import ProvenIdentity
from flowcore.ports.storage import Repository
from flowcore.ports.system import Clock, IdSource
from flowcore.usecases.accounts.oauth_accounts import LINKING, Provider, link
from flowcore.usecases.leasing import Leases


@frozen(kw_only=True)
class Identities:
    """The identities of an account."""

    identities: Repository[LinkedIdentity]
    users: Repository[User]
    leases: Leases
    clock: Clock
    ids: IdSource

    async def of(self, user: User) -> list[LinkedIdentity]:
        """Return the identities that open the account, the oldest first."""
        return await self.identities.find({"user_id": user.id}, order_by=("created_at",))

    async def add(self, provider: Provider, proven: ProvenIdentity, user_id: str) -> None:
        """Link an identity to the account of who began this from their profile.

        Raises:
            ConflictError: it opens another account, or the account has another identity at this provider.
            ForbiddenError: its domain or groups may not sign in here.
            UnauthenticatedError: the account is gone.
        """
        provider.policy.role_of(proven)
        provider.policy.address_of(proven)
        async with self.leases.waiting(LINKING):
            user = await self._account(user_id)
            if await self._is_new(provider, proven, user):
                await link(self.identities, self.clock, self.ids, provider.name, proven, user_id)

    async def remove(self, user: User, provider: str) -> None:
        """Unlink the identity at a provider.

        Raises:
            NotFoundError: there is none.
            ConflictError: it is the only way into the account.
        """
        async with self.leases.waiting(LINKING):
            linked = await self.of(user)
            going = [identity for identity in linked if identity.provider == provider]
            if not going:
                raise NotFoundError("You have no identity at this provider", code="oauth.not_linked")
            stored = await self._account(user.id)
            if not stored.password_hash and len(going) == len(linked):
                text = "This is the only way into your account; link another provider first"
                raise ConflictError(text, code="oauth.last_way_in")
            for identity in going:
                await self.identities.remove(identity.id)

    async def _account(self, user_id: str) -> User:
        try:
            return await self.users.get(user_id)
        except NotFoundError:
            raise UnauthenticatedError("Your account is gone", code="oauth.account_gone") from None

    async def _is_new(self, provider: Provider, proven: ProvenIdentity, user: User) -> bool:
        for identity in await self.of(user):
            if identity.provider == provider.name:
                if identity.subject == proven.subject:
                    return False
                text = f"Your account is linked to somebody else at {provider.display_name}; unlink that first"
                raise ConflictError(text, code="oauth.linked_already")
        for identity in await self.identities.find({"provider": provider.name, "subject": proven.subject}, limit=1):
            if await self.users.count({"id": identity.user_id}):
                text = f"This {provider.display_name} account belongs to another user here"
                raise ConflictError(text, code="oauth.linked_elsewhere")
        return True
