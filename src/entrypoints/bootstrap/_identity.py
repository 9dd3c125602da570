"""Identity providers: from the settings to what the use cases ask."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from attrs import frozen

from entrypoints.bootstrap._ports import Ports
from entrypoints.settings import Settings
from entrypoints.settings.oauth import ProviderSettings
from flowcore.model import Role
from flowcore.ports.identity import IdentityProvider
from flowcore.ports.network import AddressGuard
from flowcore.ports.storage import IDENTITIES, OAUTH_CODES, OAUTH_STATES, USERS
from flowcore.ports.system import Clock
from flowcore.usecases.accounts.oauth import BeginOAuth, ExchangeCode, FinishOAuth, Providers
from flowcore.usecases.accounts.oauth_accounts import AdmitIdentity, Provider, ProviderPolicy
from flowcore.usecases.accounts.oauth_linking import Identities
from flowcore.usecases.accounts.registering import Register
from flowcore.usecases.leasing import Leases

_CALLBACKS = "/v1/api/auth/oauth"
_ROLES = {"admin": Role.ADMIN, "user": Role.USER, "none": None}


@frozen(kw_only=True)
class SignInWithProviders:
    """The use cases around identity providers."""

    providers: Providers
    begin: BeginOAuth
    finish: FinishOAuth
    exchange: ExchangeCode
    identities: Identities


def provider_hosts(settings: Settings) -> frozenset[str]:
    """Return the hosts that the settings name for identity providers."""
    urls = (
        url
        for each in settings.oauth_providers
        for url in (each.issuer, each.authorization_url, each.token_url, each.userinfo_url, each.emails_url)
    )
    return frozenset(host for url in urls if (host := urlsplit(url).hostname))


def open_providers(settings: Settings, guard: AddressGuard, clock: Clock) -> Mapping[str, IdentityProvider]:
    """Return the ways to the providers; nothing is asked of them yet."""
    if not settings.oauth_providers:
        return {}
    from adapters.oauth import ClaimNames, OAuthProvider, Outgoing, ProviderConfig  # only who signs in so needs these

    outgoing = Outgoing(guard)
    ways: dict[str, IdentityProvider] = {}
    for each in settings.oauth_providers:
        config = ProviderConfig(
            name=each.name,
            is_oidc=each.type == "oidc",
            issuer=each.issuer,
            client_id=each.client_id,
            client_secret=each.client_secret,
            token_auth=each.token_auth,
            scopes=each.scopes,
            claims=ClaimNames(**each.claims),
            authorization_url=each.authorization_url,
            token_url=each.token_url,
            userinfo_url=each.userinfo_url,
            emails_url=each.emails_url,
        )
        ways[each.name] = OAuthProvider(config, outgoing, clock)
    return ways


def wire_identity(ports: Ports, settings: Settings, register: Register, leases: Leases) -> SignInWithProviders:
    """Put the use cases together; who signs up this way does so under the same rules as with a password."""
    store, clock, ids = ports.store, ports.clock, ports.ids
    users, linked = store.repository(USERS), store.repository(IDENTITIES)
    states, codes = store.repository(OAUTH_STATES), store.repository(OAUTH_CODES)
    providers = Providers(
        by_name={
            each.name: _provider(each, ports.identity_providers[each.name])
            for each in settings.oauth_providers
            if each.name in ports.identity_providers
        },
        callback_base=f"{settings.public_url}{_CALLBACKS}",
    )
    identities = Identities(identities=linked, users=users, leases=leases, clock=clock, ids=ids)
    admit = AdmitIdentity(users=users, identities=linked, leases=leases, enrol=register.enrol, clock=clock, ids=ids)
    return SignInWithProviders(
        providers=providers,
        begin=BeginOAuth(providers=providers, states=states, clock=clock, ids=ids),
        finish=FinishOAuth(
            providers=providers,
            states=states,
            codes=codes,
            admit=admit,
            identities=identities,
            clock=clock,
            ids=ids,
            welcome=register.welcome,
        ),
        exchange=ExchangeCode(
            codes=codes,
            users=users,
            sessions=register.sessions,
            clock=clock,
            binds_browser=_origin(settings.frontend) == _origin(settings.public_url),
        ),
        identities=identities,
    )


def _provider(settings: ProviderSettings, gate: IdentityProvider) -> Provider:
    return Provider(
        name=settings.name,
        display_name=settings.display_name,
        icon=settings.icon,
        gate=gate,
        policy=ProviderPolicy(
            allowed_domains=settings.allowed_domains,
            assume_email_verified=settings.assume_email_verified,
            link_verified_email=settings.link_verified_email,
            admin_groups=frozenset(settings.admin_groups),
            user_groups=frozenset(settings.user_groups),
            default_role=_ROLES[settings.default_role],
        ),
    )


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
