"""New accounts: who may have one, and how one is stored."""

from __future__ import annotations

from attrs import evolve, field, frozen

from flowcore.errors import ConflictError, ForbiddenError
from flowcore.model import Role, User
from flowcore.ports.storage import Repository
from flowcore.usecases.leasing import Leases


@frozen(kw_only=True)
class SignUpPolicy:
    """Who may register.

    Attributes:
        is_enabled: nobody may when it is off; not even the first.
        invite_code: what everybody but the first user must know; empty asks nobody.
        allowed_domains: e-mail domains that may; empty allows all.
    """

    is_enabled: bool = True
    invite_code: str = field(default="", repr=False)
    allowed_domains: tuple[str, ...] = ()

    def require_open(self) -> None:
        """Let nobody pass while sign-up is off.

        Raises:
            ForbiddenError: it is.
        """
        if not self.is_enabled:
            raise ForbiddenError("Registration is disabled", code="account.signup_disabled")

    def require_domain(self, email: str) -> None:
        """Let only addresses of allowed domains pass.

        Raises:
            ForbiddenError: this one is not.
        """
        allowed = {domain.lower() for domain in self.allowed_domains}
        if allowed and key_of_email(email).rpartition("@")[2] not in allowed:
            raise ForbiddenError("Your email domain is not authorized to register", code="account.domain")


@frozen(kw_only=True)
class Enrol:
    """Store a new account. The first one is the administrator's, even when two are made at once."""

    users: Repository[User]
    leases: Leases
    policy: SignUpPolicy

    async def __call__(self, user: User, invite_code: str) -> User:
        """Return the stored account; what kind of way in it has is for the caller to know.

        Raises:
            ForbiddenError: the invite code is wrong.
            ConflictError: there is an account with this e-mail.
        """
        return await self._add_first(user) or await self._add(user, invite_code)

    async def _add_first(self, user: User) -> User | None:
        if await self.users.count({}):
            return None
        async with self.leases.waiting("accounts:first"):
            if await self.users.count({}):
                return None
            return await self.users.add(evolve(user, role=Role.ADMIN))

    async def _add(self, user: User, invite_code: str) -> User:
        if self.policy.invite_code and invite_code != self.policy.invite_code:
            raise ForbiddenError("Valid invite code required", code="account.invite_required")
        try:
            return await self.users.add(user)
        except ConflictError:
            raise ConflictError("User already exists", code="account.exists") from None


def key_of_email(email: str) -> str:
    """Return what an address is compared by: case does not count."""
    return email.strip().lower()
