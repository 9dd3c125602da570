"""New accounts: who may have one, and how one is stored."""

from __future__ import annotations

from attrs import evolve, frozen

from flowcore.errors import ConflictError, ForbiddenError
from flowcore.model import Role, User
from flowcore.ports.storage import Repository
from flowcore.usecases.accounts.emails import key_of_domain, key_of_email
from flowcore.usecases.accounts.invites import Admission

#: Id of the first account. There can be one only, in every store: that is what makes its owner the administrator,
#: whoever registers at the same time and whichever process dies meanwhile.
FOUNDER = f"{1:024x}"


@frozen(kw_only=True)
class SignUpPolicy:
    """Who may register.

    Attributes:
        is_enabled: nobody may when it is off; not even the first.
        allowed_domains: e-mail domains that may; empty allows all.
    """

    is_enabled: bool = True
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
        allowed = {key_of_domain(domain) for domain in self.allowed_domains}
        if allowed and key_of_email(email).rpartition("@")[2] not in allowed:
            raise ForbiddenError("Your email domain is not authorized to register", code="account.domain")


@frozen(kw_only=True)
class Enrol:
    """Store a new account. The first one is the administrator's, even when two are made at once."""

    users: Repository[User]
    admission: Admission
    policy: SignUpPolicy

    async def __call__(self, user: User, invite_code: str, *, address: str = "") -> User:
        """Return the stored account; what kind of way in it has is for the caller to know.

        Args:
            user: to be stored; the very first is stored under another id.
            invite_code: as typed; the first user needs none.
            address: where the request comes from; empty when nobody knows.

        Raises:
            ForbiddenError: the invite code is wrong.
            LimitExceededError: too many invite codes were wrong lately.
            ConflictError: there is an account with this e-mail.
        """
        return await self._add_first(user) or await self._add(user, invite_code, address)

    async def _add_first(self, user: User) -> User | None:
        if await self.users.count({}):
            return None
        try:
            return await self.users.add(evolve(user, id=FOUNDER, role=Role.ADMIN))
        except ConflictError:
            return None  # somebody was faster

    async def _add(self, user: User, invite_code: str, address: str) -> User:
        invite = await self.admission.admit(invite_code, address)
        try:
            return await self.users.add(user)
        except ConflictError:
            await self.admission.give_back(invite)
            raise ConflictError("User already exists", code="account.exists") from None
        except BaseException:
            await self.admission.give_back(invite)
            raise
