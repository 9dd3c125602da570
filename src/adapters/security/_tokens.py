"""Access tokens: signed JWTs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from attrs import define, field, frozen
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.types import Options

from adapters.security._keys import Keys
from adapters.security._signing import PrivateKey, SigningKeys
from flowcore.errors import Finding, InvalidInputError, Place, UnauthenticatedError
from flowcore.ports.security import Claims
from flowcore.ports.system import Clock

#: Clocks of several processes may differ by this many seconds.
CLOCK_LEEWAY = 5.0

_TEXTS = ("user_id", "email", "role", "sid", "jti")
_MOMENTS = ("iat", "nbf", "exp")
_LONGEST = 8192

#: All that our own headers say. Whatever else there is, like ``crit``, ``jku`` or ``jwk``, is not ours.
_HEADER = {"alg", "typ", "kid"}

#: Signature, issuer and audience are PyJWT's work; times are compared with our clock.
_OPTIONS: Options = {
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "strict_aud": True,
    "require": ["iss", "aud", "sub", *_MOMENTS, *_TEXTS],
}


@frozen
class _Key:
    """A key and the one algorithm that it is used with, whatever the header of a token says."""

    algorithm: str
    signing: bytes | PrivateKey = field(repr=False)
    verifying: bytes | Ed25519PublicKey | RSAPublicKey = field(repr=False)


@frozen
class _Table:
    """Every key by its id, and the id of the one that signs."""

    newest: str
    by_id: Mapping[str, _Key] = field(repr=False)

    @classmethod
    def of(cls, keys: Keys, signing: SigningKeys, algorithm: str) -> _Table:
        newest = keys.current if algorithm == "HS256" else signing.newest_of(algorithm)
        findings = [_twice(key_id) for key_id in sorted(keys.by_id.keys() & signing.by_id.keys())]
        if newest is None:
            findings.append(_missing(algorithm))
        if newest is None or findings:
            raise InvalidInputError(findings, code="keys.invalid")
        secrets = {key_id: _Key("HS256", key, key) for key_id, key in keys.by_id.items()}
        pairs = {
            key_id: _Key(key.algorithm, key.private, key.private.public_key()) for key_id, key in signing.by_id.items()
        }
        return cls(newest, secrets | pairs)


@define(kw_only=True)
class JwtTokens:
    """A ``TokenIssuer``: JWTs with key ids; ``user_id``, ``email`` and ``role`` as older clients read them.

    Every key verifies tokens of its own algorithm only, and all of them verify: another algorithm for new tokens signs
    nobody out.

    Attributes:
        keys: secrets for HS256; older ones still verify.
        signing: key pairs for EdDSA and RS256; older ones still verify.
        live: asked each time for both, where keys may be added and taken away meanwhile.
        algorithm: what new tokens are signed with: ``HS256``, ``EdDSA`` or ``RS256``.
        issuer: who signs; a token of another issuer is refused.
        audience: whom tokens are for; others are refused.

    Raises:
        InvalidInputError: there is no key of the algorithm, or an id stands for two keys; every problem at once.
    """

    clock: Clock
    keys: Keys
    signing: SigningKeys = field(factory=SigningKeys.none)
    live: Callable[[], tuple[Keys, SigningKeys]] | None = field(default=None, repr=False)
    algorithm: str = "HS256"
    issuer: str = "flowcore"
    audience: str = "flowcore"
    _table: _Table = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._table = _Table.of(self.keys, self.signing, self.algorithm)

    def issue(self, claims: Claims) -> str:
        """Return a signed token; the same claims make the same token until the key is changed."""
        issued = int(claims.issued_at.timestamp())
        payload = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": claims.user_id,
            "sid": claims.session_id,
            "jti": claims.token_id,
            "iat": issued,
            "nbf": issued,
            "exp": int(claims.expires_at.timestamp()),
            "user_id": claims.user_id,
            "email": claims.email,
            "role": claims.role,
        }
        table = self._newest_table()
        key = table.by_id[table.newest]
        return jwt.encode(payload, key.signing, algorithm=key.algorithm, headers={"kid": table.newest})

    def verify(self, token: str, *, leeway_after_expiry: float = 0) -> Claims:
        """Return the claims of a token.

        Raises:
            UnauthenticatedError: it is malformed, forged, for somebody else or expired.
        """
        claims = _claims(self._payload(token))
        now = self.clock.now()
        if now >= claims.expires_at + timedelta(seconds=leeway_after_expiry + CLOCK_LEEWAY):
            raise UnauthenticatedError("the token has expired; sign in again", code="token.expired")
        return claims

    def public_keys(self) -> list[dict[str, str]]:
        """Return the public halves of the key pairs as JSON Web Keys, the newest first; secrets of HS256 have none."""
        self._newest_table()
        return self.signing.public_jwks()

    def _newest_table(self) -> _Table:
        if self.live is None:
            return self._table
        keys, signing = self.live()
        if keys is not self.keys or signing is not self.signing:
            with suppress(InvalidInputError):  # what is there now will not do: what was there does
                self._table = _Table.of(keys, signing, self.algorithm)
                self.keys, self.signing = keys, signing
        return self._table

    def _payload(self, token: str) -> Mapping[str, Any]:
        if len(token) > _LONGEST:
            raise _refused()
        try:
            header = jwt.get_unverified_header(token)
            key = self._newest_table().by_id.get(str(header.get("kid")))
            if key is None or header.get("alg") != key.algorithm or not header.keys() <= _HEADER:
                raise _refused()
            payload = jwt.decode(
                token,
                key.verifying,
                algorithms=[key.algorithm],
                audience=self.audience,
                issuer=self.issuer,
                options=_OPTIONS,
            )
        except (jwt.PyJWTError, ValueError, RecursionError):
            # PyJWT's texts quote parts of the token.
            raise _refused() from None
        if self.clock.now() < _moment(payload["nbf"]) - timedelta(seconds=CLOCK_LEEWAY):
            raise UnauthenticatedError("the token is not valid yet", code="token.not_yet_valid")
        return payload


def _claims(payload: Mapping[str, Any]) -> Claims:
    texts = {name: payload[name] for name in _TEXTS}
    if not all(isinstance(text, str) for text in texts.values()) or payload["sub"] != texts["user_id"]:
        raise _refused()
    return Claims(
        user_id=texts["user_id"],
        email=texts["email"],
        role=texts["role"],
        session_id=texts["sid"],
        token_id=texts["jti"],
        issued_at=_moment(payload["iat"]),
        expires_at=_moment(payload["exp"]),
    )


def _moment(value: object) -> datetime:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _refused()
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        raise _refused() from None


def _refused() -> UnauthenticatedError:
    return UnauthenticatedError("the token is not valid; sign in again", code="token.invalid")


def _twice(key_id: str) -> Finding:
    return Finding(
        rule="key-invalid",
        message=f"the id {key_id} stands for a secret of HS256 and for a key pair",
        place=Place(path=f"signing.keys.{key_id}"),
        why="a token names its key by the id alone",
        fix="give one of them another id",
    )


def _missing(algorithm: str) -> Finding:
    return Finding(
        rule="key-missing",
        message=f"the keyring has no key for {algorithm}, which new tokens are to be signed with",
        place=Place(path="FLOWCORE_TOKEN_ALGORITHM"),
        fix="make one with flowcore keys rotate --purpose tokens",
    )
