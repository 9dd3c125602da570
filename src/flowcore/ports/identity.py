"""Identity providers: others who say who somebody is (OAuth 2, OpenID Connect)."""

from __future__ import annotations

from typing import Protocol

from attrs import field, frozen

from flowcore.errors import UnavailableError


class ProviderError(UnavailableError):
    """A provider could not be used, or did not prove what it should.

    Attributes:
        reason: what happened, for the log: never a secret, never the provider's own text.
    """

    code = "oauth.provider"

    def __init__(self, message: str, *, code: str = "", reason: str = "") -> None:
        super().__init__(message, code=code)
        self.reason = reason


def unusable(reason: str) -> ProviderError:
    """Return the error of a provider whose settings or published documents will not do."""
    return ProviderError("Provider configuration error", code="oauth.unusable", reason=reason)


def refused(reason: str) -> ProviderError:
    """Return the error of a code or a token that does not prove anything."""
    return ProviderError("Authentication failed", code="oauth.refused", reason=reason)


def unreadable(reason: str) -> ProviderError:
    """Return the error of a provider that does not tell about the person."""
    return ProviderError("Failed to retrieve user information", code="oauth.unreadable", reason=reason)


@frozen(kw_only=True)
class AuthorizationRequest:
    """What a browser takes along to the provider.

    Attributes:
        redirect_uri: where the provider sends the browser back to, exactly as it is registered there.
        state: comes back unchanged.
        nonce: comes back inside the ID token.
        verifier: PKCE verifier; only its SHA-256 goes to the provider now.
    """

    redirect_uri: str
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@frozen(kw_only=True)
class CodeGrant:
    """What a browser brought back, and what belongs to it.

    Attributes:
        code: the provider's authorisation code.
        issuer: the ``iss`` parameter (RFC 9207); empty when there was none.
        redirect_uri: as in the request.
        nonce: as in the request.
        verifier: as in the request.
    """

    code: str = field(repr=False)
    issuer: str = ""
    redirect_uri: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@frozen(kw_only=True)
class ProvenIdentity:
    """Who somebody is, as a provider proves it.

    Attributes:
        subject: the provider's unchanging name for the person; never empty.
        email: empty when the provider does not tell.
        email_verified: whether the provider checked that the address is theirs; None when it does not say.
        name: for people; empty when the provider does not tell.
        groups: what they are a member of there.
    """

    subject: str
    email: str = ""
    email_verified: bool | None = None
    name: str = ""
    groups: tuple[str, ...] = ()


class IdentityProvider(Protocol):
    """One provider, at which this service is registered as a client."""

    async def authorization_url(self, request: AuthorizationRequest) -> str:
        """Return where to send the browser: authorisation code flow with PKCE S256.

        Raises:
            ProviderError: its endpoints are not known (code ``oauth.unusable``).
        """
        ...

    async def identify(self, grant: CodeGrant) -> ProvenIdentity:
        """Trade a code for who somebody is; everything the provider signs is verified.

        Raises:
            ProviderError: the answer comes from another issuer, or the code or the ID token will not do (code
                ``oauth.refused``); the provider does not tell about the person (``oauth.unreadable``); its endpoints
                or keys are not known (``oauth.unusable``).
        """
        ...
