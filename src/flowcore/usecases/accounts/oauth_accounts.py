"""Which account somebody gets whom an identity provider has named."""

from __future__ import annotations

from attrs import evolve, field, frozen

from flowcore.errors import ConflictError, ForbiddenError, LimitExceededError, NotFoundError
from flowcore.model import LinkedIdentity, Role, User
from flowcore.ports.identity import IdentityProvider, ProvenIdentity, unreadable
from flowcore.ports.storage import Repository
from flowcore.ports.system import Clock, IdSource
from flowcore.usecases._changing import change
from flowcore.usecases.accounts.emails import key_of_domain, key_of_email
from flowcore.usecases.accounts.enrolling import Enrol
from flowcore.usecases.leasing import Leases

#: Held while an identity gets or loses its account, so that two sign-ins at once make one account.
LINKING = "accounts:identities"


@frozen(kw_only=True)
class ProviderPolicy:
    """What a provider's word counts for.

    Attributes:
        allowed_domains: e-mail domains that may sign in; empty allows all.
        assume_email_verified: take an address for verified when the provider says nothing about it.
        link_verified_email: open an existing account to who proves its address; else they must link it themselves.
        admin_groups: members of one of these are administrators.
        user_groups: members of one of these are users.
        default_role: role of who is in none of these groups; None lets them not in.
    """

    allowed_domains: tuple[str, ...] = ()
    assume_email_verified: bool = False
    link_verified_email: bool = False
    admin_groups: frozenset[str] = frozenset()
    user_groups: frozenset[str] = frozenset()
    default_role: Role | None = Role.USER

    @property
    def maps_roles(self) -> bool:
        """Whether groups decide on roles, at every sign-in anew."""
        return bool(self.admin_groups or self.user_groups)

    def role_of(self, proven: ProvenIdentity) -> Role:
        """Return the role of somebody.

        Raises:
            ForbiddenError: they are in none of the groups that may sign in.
        """
        groups = set(proven.groups)
        if groups & self.admin_groups:
            return Role.ADMIN
        role = Role.USER if groups & self.user_groups else self.default_role
        if role is None:
            raise ForbiddenError("You are not in a group that may use this application", code="oauth.group")
        return role

    def address_of(self, proven: ProvenIdentity) -> str:
        """Return the e-mail address that somebody has proved to be theirs.

        Raises:
            ProviderError: the provider tells none.
            ForbiddenError: it is not verified, or its domain may not sign in.
        """
        email = proven.email.strip()
        local, _, domain = email.rpartition("@")
        if not local or not domain:
            raise unreadable("no e-mail address")
        verified = self.assume_email_verified if proven.email_verified is None else proven.email_verified
        if not verified:
            text = "Your email address is not verified by the provider; verify it there and try again"
            raise ForbiddenError(text, code="oauth.email_unverified")
        if self.allowed_domains and key_of_domain(domain) not in {key_of_domain(each) for each in self.allowed_domains}:
            text = "Your email domain is not authorized to access this application"
            raise ForbiddenError(text, code="oauth.domain")
        return email


@frozen(kw_only=True)
class Provider:
    """One provider that people may sign in with.

    Attributes:
        name: its slug in addresses.
        display_name: for people.
        icon: word or address of a picture; may be empty.
        gate: the way to it.
    """

    name: str
    display_name: str
    icon: str = ""
    gate: IdentityProvider
    policy: ProviderPolicy = field(factory=ProviderPolicy)


@frozen
class _Candidate:
    """What somebody brings who has no account."""

    role: Role
    invite_code: str = field(repr=False)
    address: str


@frozen(kw_only=True)
class AdmitIdentity:
    """Find or make the account of a proven identity."""

    users: Repository[User]
    identities: Repository[LinkedIdentity]
    leases: Leases
    enrol: Enrol
    clock: Clock
    ids: IdSource

    async def __call__(
        self, provider: Provider, proven: ProvenIdentity, invite_code: str, *, address: str = ""
    ) -> User:
        """Return the account.

        Args:
            provider: who proved the identity.
            proven: the identity.
            invite_code: as typed before the browser was sent away.
            address: where the browser is; empty when nobody knows.

        Raises:
            ForbiddenError: the address, the domain or the groups will not do, or nobody may sign up (like this).
            ConflictError: there is an account with this address, and it does not know this identity.
            ProviderError: the provider tells no address.
        """
        role, email = provider.policy.role_of(proven), provider.policy.address_of(proven)
        candidate = _Candidate(role, invite_code, address)
        user = await self._known(provider, proven)
        if user is None:
            async with self.leases.waiting(LINKING):
                # Somebody may have been faster.
                user = await self._known(provider, proven)
                if user is None:
                    return await self._newcomer(provider, evolve(proven, email=email), candidate)
        return await self._with_role(provider, user, role)

    async def _known(self, provider: Provider, proven: ProvenIdentity) -> User | None:
        for identity in await self.identities.find({"provider": provider.name, "subject": proven.subject}, limit=1):
            try:
                return await self.users.get(identity.user_id)
            except NotFoundError:
                return None
        return None

    async def _newcomer(self, provider: Provider, proven: ProvenIdentity, candidate: _Candidate) -> User:
        found = await self.users.find({"email_key": key_of_email(proven.email)}, limit=1)
        if not found:
            return await self._enrolled(provider, proven, candidate)
        if not provider.policy.link_verified_email:
            text = "An account with this email exists. Sign in with your password and link the provider in your profile"
            raise ConflictError(text, code="oauth.link_required")
        return await self._taken_over(provider, proven, found[0])

    async def _enrolled(self, provider: Provider, proven: ProvenIdentity, candidate: _Candidate) -> User:
        self.enrol.policy.require_open()
        self.enrol.policy.require_domain(proven.email)
        user = User(
            id=self.ids.new_id(),
            email=proven.email,
            email_key=key_of_email(proven.email),
            name=proven.name.strip() or proven.email.partition("@")[0],
            role=candidate.role,
            auth_provider=provider.name,
            created_at=self.clock.now(),
        )
        identity = await self._link(provider, proven, user.id)
        try:
            stored = await self.enrol(user, candidate.invite_code, address=candidate.address)
        except (ForbiddenError, ConflictError, LimitExceededError):
            await self.identities.remove(identity.id)
            raise
        if stored.id != user.id:  # the first account has an id of its own
            await change(self.identities, identity.id, lambda linked: evolve(linked, user_id=stored.id))
        return stored

    async def _taken_over(self, provider: Provider, proven: ProvenIdentity, user: User) -> User:
        """Open an account to who proves its address. Nobody ever proved it before, so every other way in ends:
        whoever registered with a stranger's address must not sit in the account when the stranger comes."""
        for identity in await self.identities.find({"user_id": user.id}):
            await self.identities.remove(identity.id)
        now = self.clock.now()
        changed = await change(
            self.users, user.id, lambda stored: evolve(stored, password_hash="", tokens_from=now, updated_at=now)
        )
        await self._link(provider, proven, user.id)
        return changed

    async def _link(self, provider: Provider, proven: ProvenIdentity, user_id: str) -> LinkedIdentity:
        return await link(self.identities, self.clock, self.ids, provider.name, proven, user_id)

    async def _with_role(self, provider: Provider, user: User, role: Role) -> User:
        """Give an account that the provider made the role that its groups have today; one administrator stays."""
        if not provider.policy.maps_roles or user.auth_provider != provider.name or user.role is role:
            return user
        async with self.leases.waiting("accounts:first"):
            active = await self.users.find({"role": Role.ADMIN, "disabled_at": None}, limit=2)
            if [each.id for each in active] == [user.id]:
                return user
            now = self.clock.now()
            return await change(self.users, user.id, lambda stored: evolve(stored, role=role, updated_at=now))


async def link(
    identities: Repository[LinkedIdentity],
    clock: Clock,
    ids: IdSource,
    provider: str,
    proven: ProvenIdentity,
    user_id: str,
) -> LinkedIdentity:
    """Store that an identity opens an account; one that opens an account that is gone is forgotten first."""
    for orphan in await identities.find({"provider": provider, "subject": proven.subject}, limit=1):
        await identities.remove(orphan.id)
    identity = LinkedIdentity(
        id=ids.new_id(),
        provider=provider,
        subject=proven.subject,
        user_id=user_id,
        email=proven.email,
        created_at=clock.now(),
    )
    return await identities.add(identity)
