"""Sign-in with identity providers: to the provider, back from it, and the code that the front end trades for a session.

Browser and flow are tied by a keepsake, a secret that only the browser that began has. The state is random and single
use; nonce and PKCE verifier are derived from keepsake and state, so that what is stored opens nothing.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from attrs import field, frozen

from flowcore.errors import FlowcoreError, InvalidInputError, NotFoundError, UnauthenticatedError
from flowcore.model import OAuthCode, OAuthState, User
from flowcore.ports.identity import AuthorizationRequest, CodeGrant
from flowcore.ports.storage import Repository
from flowcore.ports.system import Clock, IdSource
from flowcore.usecases.accounts._keepsakes import SECRET, derived, hashed, invite_of, new_keepsake
from flowcore.usecases.accounts.oauth_accounts import AdmitIdentity, Provider
from flowcore.usecases.accounts.oauth_linking import Identities
from flowcore.usecases.accounts.registering import welcome_nobody
from flowcore.usecases.accounts.sessions import NOWHERE, Device, Sessions, SignedIn

#: How long somebody may stay at the provider, and how long a front end may take to pick the session up.
STATE_LASTS = timedelta(minutes=10)
CODE_LASTS = timedelta(seconds=30)

_LONGEST_STATE = 128
_LONGEST_CODE = 4096
_LONGEST_INVITE = 200
_LONGEST_PATH = 512
#: A path below the front end: no host, no backslash, no blank or control character, no step upwards.
_NEXT_PATH = re.compile(r"/(?![/\\]|\.\.?(?:[/?#]|$))(?:(?!//|/\.\.?(?:[/?#]|$))[!-\[\]-~])*")
#: Errors whose text is made for who signs in; every other is told to the log only.
_TOLD = ("oauth.", "account.", "throttle.")


@frozen(kw_only=True)
class Providers:
    """The providers of this service.

    Attributes:
        callback_base: address below which the callbacks of all providers lie.
    """

    by_name: Mapping[str, Provider] = field(factory=dict)
    callback_base: str = ""

    def get(self, name: str) -> Provider:
        """Return a provider.

        Raises:
            NotFoundError: there is none, or it is switched off.
        """
        if name not in self.by_name:
            raise NotFoundError("Unknown or disabled provider", code="oauth.unknown_provider")
        return self.by_name[name]

    def redirect_uri(self, provider: Provider) -> str:
        """Return the callback's address, exactly as it is registered at the provider."""
        return f"{self.callback_base}/{provider.name}/callback"


@frozen(kw_only=True)
class Beginning:
    """Where to send the browser, and what it keeps until it comes back."""

    url: str = field(repr=False)
    keepsake: str = field(repr=False)


@frozen(kw_only=True)
class Return:
    """The parameters that a provider sent the browser back with; empty where there was none.

    Attributes:
        address: where the browser is.
    """

    state: str = field(default="", repr=False)
    code: str = field(default="", repr=False)
    error: str = field(default="", repr=False)
    issuer: str = ""
    address: str = ""


@frozen(kw_only=True)
class Landing:
    """The page of the front end that a flow ends on.

    Attributes:
        query: parameters of the page; they may hold the exchange code.
        failure: what went wrong, for the log.
    """

    path: str
    query: Mapping[str, str] = field(repr=False)
    failure: FlowcoreError | None = None


@frozen(kw_only=True)
class BeginOAuth:
    """Send somebody to a provider."""

    providers: Providers
    states: Repository[OAuthState]
    clock: Clock
    ids: IdSource

    async def __call__(
        self, provider: str, *, next_path: str = "", invite_code: str = "", linker: User | None = None
    ) -> Beginning:
        """Return where the browser goes.

        Args:
            provider: slug of the provider.
            next_path: page of the front end to show afterwards.
            invite_code: for who may need one to sign up; it stays in the browser.
            linker: who adds an identity to the own account; None when somebody signs in.

        Raises:
            NotFoundError: there is no such provider.
            InvalidInputError: *next_path* is not a path of the front end, or the invite code is too long.
            ProviderError: the provider cannot be used now.
        """
        chosen = self.providers.get(provider)
        _check(next_path, invite_code)
        state = self.ids.new_secret(SECRET)
        keepsake = new_keepsake(self.ids, invite_code)
        url = await chosen.gate.authorization_url(
            AuthorizationRequest(
                redirect_uri=self.providers.redirect_uri(chosen),
                state=state,
                nonce=derived("nonce", keepsake, state),
                verifier=derived("pkce", keepsake, state),
            )
        )
        await self.states.add(
            OAuthState(
                id=hashed(state),
                provider=chosen.name,
                browser_key=hashed(keepsake),
                next_path=next_path,
                link_user_id=linker.id if linker else "",
                expires_at=self.clock.now() + STATE_LASTS,
            )
        )
        return Beginning(url=url, keepsake=keepsake)


@frozen(kw_only=True)
class FinishOAuth:
    """Take somebody back from a provider.

    Attributes:
        welcome: what is given to everybody who signs up or in.
    """

    providers: Providers
    states: Repository[OAuthState]
    codes: Repository[OAuthCode]
    admit: AdmitIdentity
    identities: Identities
    clock: Clock
    ids: IdSource
    welcome: Callable[[User], Awaitable[None]] = welcome_nobody

    async def __call__(self, provider: str, answer: Return, keepsake: str) -> Landing:
        """Return the page to show: every failure has one, too.

        Args:
            provider: slug of the provider whose callback was called.
            answer: what the callback was called with.
            keepsake: what the browser kept; empty when it had nothing.

        Raises:
            UnavailableError: the store does not answer before the state is known.
        """
        state: OAuthState | None = None
        try:
            state = await self._state(answer.state)
            return await self._finish(self._checked(state, provider, answer, keepsake), state, answer, keepsake)
        except FlowcoreError as failure:
            is_told = failure.code.startswith(_TOLD)
            query = {"error": failure.message if is_told else "Authentication failed"}
            return Landing(
                path="/profile" if state is not None and state.link_user_id else "/login", query=query, failure=failure
            )

    async def _state(self, text: str) -> OAuthState:
        if not text:
            raise UnauthenticatedError("Missing state parameter", code="oauth.no_state")
        wrong = UnauthenticatedError("Invalid or expired authentication state", code="oauth.state")
        if len(text) > _LONGEST_STATE:
            raise wrong
        try:
            state = await self.states.get(hashed(text))
        except NotFoundError:
            raise wrong from None
        # Who removes it is the one that may go on; it is used up whatever comes next.
        if not await self.states.remove(state.id) or self.clock.now() >= state.expires_at:
            raise wrong
        return state

    def _checked(self, state: OAuthState, provider: str, answer: Return, keepsake: str) -> Provider:
        if state.provider != provider or not hmac.compare_digest(state.browser_key, hashed(keepsake)):
            raise UnauthenticatedError("Invalid or expired authentication state", code="oauth.state")
        if answer.error:
            raise UnauthenticatedError("Authentication denied by provider", code="oauth.denied")
        if not answer.code or len(answer.code) > _LONGEST_CODE:
            raise UnauthenticatedError("No authorization code received", code="oauth.no_code")
        if provider not in self.providers.by_name:
            raise NotFoundError("Provider not found", code="oauth.unknown_provider")
        return self.providers.get(provider)

    async def _finish(self, provider: Provider, state: OAuthState, answer: Return, keepsake: str) -> Landing:
        proven = await provider.gate.identify(
            CodeGrant(
                code=answer.code,
                issuer=answer.issuer,
                redirect_uri=self.providers.redirect_uri(provider),
                nonce=derived("nonce", keepsake, answer.state),
                verifier=derived("pkce", keepsake, answer.state),
            )
        )
        if state.link_user_id:
            await self.identities.add(provider, proven, state.link_user_id)
            return Landing(path="/profile", query={"linked": provider.name})
        user = await self.admit(provider, proven, invite_of(keepsake), address=answer.address)
        await self.welcome(user)
        query = {"code": await self._exchange_code(user, state)}
        return Landing(path="/auth/callback", query=query | ({"next": state.next_path} if state.next_path else {}))

    async def _exchange_code(self, user: User, state: OAuthState) -> str:
        code = self.ids.new_secret(SECRET)
        expires_at = self.clock.now() + CODE_LASTS
        await self.codes.add(
            OAuthCode(id=hashed(code), user_id=user.id, browser_key=state.browser_key, expires_at=expires_at)
        )
        return code


@frozen(kw_only=True)
class ExchangeCode:
    """Trade the code that a finished sign-in left in the front end's address for a session.

    Attributes:
        binds_browser: refuse the code in any other browser than the one that signed in. A front end on another site
            does not get the keepsake along, so it cannot be asked for there.
    """

    codes: Repository[OAuthCode]
    users: Repository[User]
    sessions: Sessions
    clock: Clock
    binds_browser: bool = True

    async def __call__(self, code: str, keepsake: str, device: Device = NOWHERE) -> SignedIn:
        """Return the session; the token is made only now.

        Raises:
            InvalidInputError: there is no code.
            UnauthenticatedError: it is unknown, used, older than 30 seconds, or another browser's; or the account is
                disabled.
        """
        if not code:
            raise InvalidInputError.of("Code is required", path="code", code="oauth.no_code")
        wrong = UnauthenticatedError("Invalid or expired code", code="oauth.code")
        try:
            found = await self.codes.get(hashed(code))
            is_ours = await self.codes.remove(found.id)
            user = await self.users.get(found.user_id)
        except NotFoundError:
            raise wrong from None
        if not is_ours or self.clock.now() >= found.expires_at:
            raise wrong
        if self.binds_browser and not hmac.compare_digest(found.browser_key, hashed(keepsake)):
            raise wrong
        return await self.sessions.open(user, device)


def _check(next_path: str, invite_code: str) -> None:
    if next_path and (len(next_path) > _LONGEST_PATH or not _NEXT_PATH.fullmatch(next_path)):
        raise InvalidInputError.of("next must be a path like /workflows", rule="oauth-next", path="next")
    if len(invite_code) > _LONGEST_INVITE:
        raise InvalidInputError.of("the invite code is too long", rule="oauth-invite", path="inviteCode")
