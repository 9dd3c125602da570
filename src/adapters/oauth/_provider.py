"""One provider: the code flow, and who comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from attrs import define, field, frozen
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from adapters.oauth._claims import claim_at, identity_of
from adapters.oauth._config import ProviderConfig
from adapters.oauth._id_token import Expected, verified
from adapters.oauth._metadata import Metadata, Published
from adapters.oauth._outgoing import Outgoing, OutgoingError
from flowcore.ports.identity import (
    AuthorizationRequest,
    CodeGrant,
    ProvenIdentity,
    ProviderError,
    refused,
    unreadable,
)
from flowcore.ports.system import Clock

#: Error words of RFC 6749 section 5.2; only these are told to the log, a provider's own text never is.
_TOKEN_ERRORS = frozenset(
    {
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
    }
)
_LONGEST_TOKEN = 64 * 1024


@frozen(kw_only=True)
class _Tokens:
    access_token: str = field(repr=False)
    id_token: str = field(repr=False)


@define(eq=False)
class OAuthProvider:
    """An ``IdentityProvider``."""

    config: ProviderConfig
    outgoing: Outgoing
    clock: Clock
    _published: Published = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._published = Published(self.config.issuer, self.outgoing, self.clock)

    async def authorization_url(self, request: AuthorizationRequest) -> str:
        """Return where to send the browser."""
        metadata, config = await self._metadata(), self.config
        url: str = prepare_grant_uri(
            metadata.authorization_url,
            config.client_id,
            "code",
            redirect_uri=request.redirect_uri,
            scope=" ".join(config.scopes),
            state=request.state,
            code_challenge=create_s256_code_challenge(request.verifier),
            code_challenge_method="S256",
            **({"nonce": request.nonce} if config.is_oidc else {}),
        )
        return url

    async def identify(self, grant: CodeGrant) -> ProvenIdentity:
        """Trade a code for who somebody is."""
        metadata = await self._metadata()
        _check_issuer(grant.issuer, metadata)
        tokens = await self._tokens(grant, metadata)
        if not self.config.is_oidc:
            return await self._plain_identity(tokens, metadata)
        expected = Expected(client_id=self.config.client_id, nonce=grant.nonce, access_token=tokens.access_token)
        claims = await verified(tokens.id_token, self._published, expected)
        if metadata.userinfo_url and self._lacks_something(claims):
            claims = await self._completed(claims, tokens, metadata)
        return identity_of(claims, self.config.claims)

    async def _metadata(self) -> Metadata:
        config = self.config
        if config.is_oidc:
            return await self._published.metadata()
        return Metadata(
            issuer=config.issuer,
            authorization_url=config.authorization_url,
            token_url=config.token_url,
            userinfo_url=config.userinfo_url,
            jwks_url="",
            algorithms=(),
            token_auth=(),
            announces_issuer=False,
        )

    async def _tokens(self, grant: CodeGrant, metadata: Metadata) -> _Tokens:
        body = prepare_token_request(
            "authorization_code", redirect_uri=grant.redirect_uri, code=grant.code, code_verifier=grant.verifier
        )
        auth = ClientAuth(self.config.client_id, self.config.client_secret, self._token_auth(metadata))
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        url, headers, body = auth.prepare("POST", metadata.token_url, headers, body)
        try:
            answer = await self.outgoing.send("POST", url, headers, body)
        except OutgoingError as error:
            raise refused(f"token endpoint: {error}") from None
        document = answer.document if isinstance(answer.document, dict) else {}
        if not answer.is_ok or "error" in document:
            word = document.get("error")
            told = word if isinstance(word, str) and word in _TOKEN_ERRORS else "another error"
            raise refused(f"token endpoint: status {answer.status}, {told}")
        return self._read(document)

    def _read(self, document: Mapping[str, Any]) -> _Tokens:
        access, kind = document.get("access_token"), document.get("token_type")
        if not isinstance(access, str) or not access.isascii() or not 0 < len(access) <= _LONGEST_TOKEN:
            raise refused("token endpoint: no access token")
        if not access.isprintable() or not isinstance(kind, str) or kind.lower() != "bearer":
            raise refused("token endpoint: the access token is not a bearer's")
        id_token = document.get("id_token")
        if self.config.is_oidc and not isinstance(id_token, str):
            raise refused("token endpoint: no ID token")
        return _Tokens(access_token=access, id_token=id_token if isinstance(id_token, str) else "")

    def _token_auth(self, metadata: Metadata) -> str:
        if not self.config.client_secret:
            return "none"
        if self.config.token_auth:
            return self.config.token_auth
        announced = metadata.token_auth
        takes_only_post = "client_secret_post" in announced and "client_secret_basic" not in announced
        return "client_secret_post" if takes_only_post else "client_secret_basic"

    def _lacks_something(self, claims: Mapping[str, Any]) -> bool:
        names = self.config.claims
        wanted = filter(None, (names.subject, names.email, names.email_verified, names.name, names.groups))
        return any(claim_at(claims, name) is None for name in wanted)

    async def _completed(self, claims: Mapping[str, Any], tokens: _Tokens, metadata: Metadata) -> Mapping[str, Any]:
        """Add what only the userinfo endpoint tells; what the ID token says stands."""
        more = await self._get(metadata.userinfo_url, tokens)
        if not isinstance(more, dict) or more.get("sub") != claims["sub"]:
            raise unreadable("userinfo endpoint: about somebody else")
        names = self.config.claims
        email = claim_at(claims, names.email)
        if email is not None and email != claim_at(more, names.email):
            more = {name: value for name, value in more.items() if name != names.email_verified}
        return {**more, **claims}

    async def _plain_identity(self, tokens: _Tokens, metadata: Metadata) -> ProvenIdentity:
        claims = await self._get(metadata.userinfo_url, tokens)
        if not isinstance(claims, dict):
            raise unreadable("userinfo endpoint: not a JSON object")
        if self.config.emails_url:
            # The list alone says which address is verified; the profile's is whatever its owner shows.
            email = _verified_email(await self._get(self.config.emails_url, tokens))
            claims = {**claims, self.config.claims.email: email, "email_verified": bool(email)}
        return identity_of(claims, self.config.claims)

    async def _get(self, url: str, tokens: _Tokens) -> Any:
        headers = {"Authorization": f"Bearer {tokens.access_token}"}
        try:
            answer = await self.outgoing.send("GET", url, headers)
        except OutgoingError as error:
            raise unreadable(str(error)) from None
        if not answer.is_ok:
            raise unreadable(f"{urlsplit(url).hostname}: status {answer.status}")
        return answer.document


def _check_issuer(issuer: str, metadata: Metadata) -> None:
    """Refuse an answer that another issuer gave (RFC 9207).

    Raises:
        ProviderError: it is not this provider's, or it does not say whose it is though it should.
    """
    problem: ProviderError | None = None
    if issuer and issuer != metadata.issuer:
        problem = refused(
            "the answer is another issuer's; a provider without discovery needs its issuer in the settings"
        )
    elif not issuer and metadata.announces_issuer:
        problem = refused("the answer does not say which issuer it is from")
    if problem is not None:
        raise problem


def _verified_email(listed: Any) -> str:
    entries = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    for entry in entries:
        email = entry.get("email")
        if entry.get("verified") is True and entry.get("primary") is True and isinstance(email, str):
            return email
    return ""
