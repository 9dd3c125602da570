"""Identity providers that are played: one for use cases, and one behind HTTP that can lie in every way."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from attrs import define, field
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from flowcore.errors import ForbiddenError
from flowcore.ports.identity import AuthorizationRequest, CodeGrant, ProvenIdentity, refused
from flowcore.ports.network import Reachable
from tests.doubles import FrozenClock


@define
class PlayedProvider:
    """An ``IdentityProvider`` that gives every identity out once, for the code that was made for it.

    Set ``failure`` to have it raised instead.
    """

    requests: list[AuthorizationRequest] = field(factory=list)
    grants: list[CodeGrant] = field(factory=list)
    people: dict[str, ProvenIdentity] = field(factory=dict)
    failure: Exception | None = None

    async def authorization_url(self, request: AuthorizationRequest) -> str:
        self.requests.append(request)
        return f"https://idp.example/authorize?state={request.state}"

    async def identify(self, grant: CodeGrant) -> ProvenIdentity:
        self.grants.append(grant)
        if self.failure is not None:
            raise self.failure
        if grant.code not in self.people:
            raise refused("token endpoint: invalid_grant")
        return self.people.pop(grant.code)


@define
class OpenGuard:
    """An ``AddressGuard`` that leads every host but the forbidden ones to one address."""

    address: str = "192.0.2.7"
    forbidden: frozenset[str] = frozenset()
    asked: list[tuple[str, int]] = field(factory=list)

    async def admit(self, host: str, port: int) -> Reachable:
        self.asked.append((host, port))
        if host in self.forbidden:
            raise ForbiddenError("not allowed", code="network.forbidden_address")
        return Reachable(host, port, (self.address,))


ISSUER = "https://idp.example"
RSA = RSAKey.generate_key(2048, parameters={"kid": "one", "use": "sig"})
OTHER_RSA = RSAKey.generate_key(2048, parameters={"kid": "two", "use": "sig"})
EC = ECKey.generate_key("P-256", parameters={"kid": "ec", "use": "sig"})


@define
class Issuer:
    """An OpenID provider behind an HTTP transport. Tests change what it says.

    Attributes:
        claims: what the next ID token says beside the usual.
        sign: makes a token of claims; the provider's own way at first.
    """

    clock: FrozenClock
    metadata: dict[str, Any] = field(factory=dict)
    keys: list[Any] = field(factory=lambda: [RSA])
    claims: dict[str, Any] = field(factory=dict)
    userinfo: Any = None
    sign: Callable[[dict[str, Any]], str] = field(factory=lambda: signed_by(RSA, "RS256"))
    token_answer: dict[str, Any] = field(factory=dict)
    answers: dict[str, httpx.Response] = field(factory=dict)
    seen: list[httpx.Request] = field(factory=list)
    nonce: str = ""

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.answer)

    def paths(self) -> list[str]:
        return [request.url.path for request in self.seen]

    async def answer(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        path = request.url.path
        if path in self.answers:
            return self.answers[path]
        if path == "/.well-known/openid-configuration":
            return httpx.Response(200, json=self.document())
        if path == "/jwks":
            return httpx.Response(200, json={"keys": [key.as_dict(private=False) for key in self.keys]})
        if path == "/token":
            return httpx.Response(200, json=self.tokens())
        if path == "/userinfo" and self.userinfo is not None:
            return httpx.Response(200, json=self.userinfo)
        return httpx.Response(404)

    def document(self) -> dict[str, Any]:
        return {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/jwks",
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"],
            **({"userinfo_endpoint": f"{ISSUER}/userinfo"} if self.userinfo is not None else {}),
        } | self.metadata

    def tokens(self) -> dict[str, Any]:
        now = int(self.clock.now().timestamp())
        claims = {
            "iss": ISSUER,
            "sub": "ann-1",
            "aud": "client",
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
            "email": "ann@example.com",
            "email_verified": True,
            "name": "Ann",
        }
        claims = {name: value for name, value in (claims | self.claims).items() if value is not None}
        return {"access_token": "at", "token_type": "Bearer", "id_token": self.sign(claims)} | self.token_answer

    def form(self) -> dict[str, list[str]]:
        """Return the form of the last token request."""
        request = next(each for each in reversed(self.seen) if each.url.path == "/token")
        return parse_qs(request.content.decode())


def signed_by(key: Any, algorithm: str, **header: Any) -> Callable[[dict[str, Any]], str]:
    """Return what signs claims; the header names the key."""
    algorithms = [algorithm]
    return lambda claims: jwt.encode({"alg": algorithm, "kid": key.kid, **header}, claims, key, algorithms=algorithms)


def unsigned(claims: dict[str, Any]) -> str:
    """Return a token with ``alg: none``."""
    return f"{_part({'alg': 'none', 'kid': 'one'})}.{_part(claims)}."


def signed_with_public_key(claims: dict[str, Any]) -> str:
    """Return a token whose HMAC is made with the provider's public key, which everybody knows."""
    key = OctKey.import_key(RSA.as_pem(private=False), parameters={"kid": "one"})
    header = _part({"alg": "HS256", "kid": "one"})
    text = f"{header}.{_part(claims)}"
    digest = hmac.new(key.raw_value, text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def query_of(url: str) -> dict[str, str]:
    """Return the parameters of an address; each occurs once."""
    return {name: value for name, [value] in parse_qs(urlsplit(url).query).items()}
