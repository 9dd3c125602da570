"""What an OpenID provider publishes about itself: its endpoints, and the keys that it signs with."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from attrs import define, field, frozen
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

from adapters.oauth._outgoing import Outgoing, OutgoingError
from flowcore.ports.identity import unusable
from flowcore.ports.system import Clock

Key = RSAKey | ECKey | OKPKey

#: How long a published document is believed.
FRESH = timedelta(hours=1)
#: A key that is not known makes the keys be read anew, but not more often than this.
RELOAD = timedelta(seconds=30)

_MOST_KEYS = 64
_SMALLEST_RSA = 2048
#: Signatures that anybody can check and only the provider can make.
ASYMMETRIC = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
)


@frozen(kw_only=True)
class Metadata:
    """A discovery document, as far as it is used."""

    issuer: str
    authorization_url: str
    token_url: str
    userinfo_url: str
    jwks_url: str
    algorithms: tuple[str, ...]
    token_auth: tuple[str, ...]
    announces_issuer: bool


@define(eq=False)
class Published:
    """The documents of one issuer, kept for an hour."""

    issuer: str
    outgoing: Outgoing
    clock: Clock
    _metadata: Metadata | None = field(default=None, init=False)
    _metadata_at: datetime | None = field(default=None, init=False)
    _keys: tuple[Key, ...] = field(default=(), init=False)
    _keys_at: datetime | None = field(default=None, init=False)
    _lock: asyncio.Lock = field(factory=asyncio.Lock, init=False)

    async def metadata(self) -> Metadata:
        """Return the discovery document.

        Raises:
            ProviderError: there is none, or it is another issuer's.
        """
        async with self._lock:
            if self._metadata is None or self._is_older(self._metadata_at, FRESH):
                self._metadata = self._read(await self._get(discovery_url(self.issuer)))
                self._metadata_at = self.clock.now()
            return self._metadata

    async def keys(self, key_id: str | None) -> tuple[Key, ...]:
        """Return the keys that may have made a signature: the one of this id, or all when it names none.

        Raises:
            ProviderError: the keys cannot be read.
        """
        metadata = await self.metadata()
        async with self._lock:
            if self._is_older(self._keys_at, FRESH):
                await self._load(metadata)
            found = self._chosen(key_id)
            if not found and self._is_older(self._keys_at, RELOAD):
                await self._load(metadata)
                found = self._chosen(key_id)
            return found

    def _chosen(self, key_id: str | None) -> tuple[Key, ...]:
        return self._keys if key_id is None else tuple(key for key in self._keys if key.kid == key_id)

    async def _load(self, metadata: Metadata) -> None:
        document = await self._get(metadata.jwks_url)
        listed = document.get("keys")
        if not isinstance(listed, list) or len(listed) > _MOST_KEYS:
            raise unusable("the key set has no list of keys, or too many")
        keys = (_key(each) for each in listed)
        self._keys = tuple(key for key in keys if key is not None)
        self._keys_at = self.clock.now()

    async def _get(self, url: str) -> Mapping[str, Any]:
        try:
            answer = await self.outgoing.send("GET", url)
        except OutgoingError as error:
            raise unusable(str(error)) from None
        if not answer.is_ok or not isinstance(answer.document, dict):
            raise unusable(f"{urlsplit(url).hostname}: status {answer.status}, or not a JSON object")
        return answer.document

    def _is_older(self, moment: datetime | None, age: timedelta) -> bool:
        return moment is None or self.clock.now() - moment >= age

    def _read(self, document: Mapping[str, Any]) -> Metadata:
        if document.get("issuer") != self.issuer:
            raise unusable("the discovery document is another issuer's")
        algorithms = _words(document, "id_token_signing_alg_values_supported") or ("RS256",)
        return Metadata(
            issuer=self.issuer,
            authorization_url=self._url(document, "authorization_endpoint"),
            token_url=self._url(document, "token_endpoint"),
            userinfo_url=self._url(document, "userinfo_endpoint") if "userinfo_endpoint" in document else "",
            jwks_url=self._url(document, "jwks_uri"),
            algorithms=tuple(each for each in algorithms if each in ASYMMETRIC),
            token_auth=_words(document, "token_endpoint_auth_methods_supported"),
            announces_issuer=document.get("authorization_response_iss_parameter_supported") is True,
        )

    def _url(self, document: Mapping[str, Any], name: str) -> str:
        """Return an endpoint; one of a provider that speaks TLS speaks it, too."""
        value = document.get(name)
        if isinstance(value, str) and value.isascii():
            allowed = ("https",) if self.issuer.startswith("https:") else ("https", "http")
            try:
                parts = urlsplit(value)
            except ValueError:
                parts = urlsplit("")
            if parts.scheme in allowed and parts.hostname and not parts.fragment and parts.username is None:
                return value
        raise unusable(f"the discovery document's {name} is missing or not an https address")


def discovery_url(issuer: str) -> str:
    """Return where an issuer publishes its discovery document."""
    return f"{issuer.rstrip('/')}/.well-known/openid-configuration"


def _words(document: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = document.get(name)
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def _key(document: Any) -> Key | None:
    """Return a key that signatures can be checked with; None for any other, so that new kinds of keys do no harm."""
    if not isinstance(document, dict) or document.get("use", "sig") != "sig":
        return None
    if document.get("kty") not in ("RSA", "EC", "OKP"):
        return None
    try:
        key = JWKRegistry.import_key(document)
        if isinstance(key, RSAKey) and key.public_key.key_size < _SMALLEST_RSA:
            return None
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return key if isinstance(key, RSAKey | ECKey | OKPKey) else None
