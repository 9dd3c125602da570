"""Access tokens: signed JWTs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from attrs import define
from jwt.types import Options

from adapters.security._keys import Keys
from flowcore.errors import UnauthenticatedError
from flowcore.ports.security import Claims
from flowcore.ports.system import Clock

#: Clocks of several processes may differ by this many seconds.
CLOCK_LEEWAY = 5.0

_ALGORITHM = "HS256"
_TEXTS = ("user_id", "email", "role", "sid", "jti")
_MOMENTS = ("iat", "nbf", "exp")
_LONGEST = 8192

#: Signature, issuer and audience are PyJWT's work; times are compared with our clock.
_OPTIONS: Options = {
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "require": ["iss", "aud", *_MOMENTS, *_TEXTS],
}


@define(kw_only=True)
class JwtTokens:
    """A ``TokenIssuer``: HS256 only, with key ids; ``user_id``, ``email`` and ``role`` as older clients read them.

    Attributes:
        keys: what tokens are signed with; older ones still verify.
        issuer: who signs; a token of another issuer is refused.
        audience: whom tokens are for; others are refused.
    """

    clock: Clock
    keys: Keys
    issuer: str = "flowcore"
    audience: str = "flowcore"

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
        return jwt.encode(payload, self.keys.newest, algorithm=_ALGORITHM, headers={"kid": self.keys.current})

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

    def _payload(self, token: str) -> Mapping[str, Any]:
        if len(token) > _LONGEST:
            raise _refused()
        try:
            key = self.keys.by_id.get(str(jwt.get_unverified_header(token).get("kid")))
            if key is None:
                raise _refused()
            payload = jwt.decode(
                token, key, algorithms=[_ALGORITHM], audience=self.audience, issuer=self.issuer, options=_OPTIONS
            )
        except (jwt.PyJWTError, ValueError, RecursionError):
            # PyJWT's texts quote parts of the token.
            raise _refused() from None
        if self.clock.now() < _moment(payload["nbf"]) - timedelta(seconds=CLOCK_LEEWAY):
            raise UnauthenticatedError("the token is not valid yet", code="token.not_yet_valid")
        return payload


def _claims(payload: Mapping[str, Any]) -> Claims:
    texts = {name: payload[name] for name in _TEXTS}
    if not all(isinstance(text, str) for text in texts.values()):
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
