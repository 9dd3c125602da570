"""ID tokens: who signed, for whom, when, and as the answer to which request."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from attrs import field, frozen
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidClaimError, JoseError, MissingClaimError

from adapters.oauth._metadata import Published
from flowcore.ports.identity import refused

_LONGEST = 64 * 1024
#: Clocks of two parties may differ by this many seconds.
_LEEWAY = 60


@frozen(kw_only=True)
class Expected:
    """What a token must answer to.

    Attributes:
        access_token: came with it; its hash is compared where the token has one.
    """

    client_id: str
    nonce: str = field(repr=False)
    access_token: str = field(repr=False)


async def verified(token: str, published: Published, expected: Expected) -> Mapping[str, Any]:
    """Return the claims of an ID token.

    Raises:
        ProviderError: it does not prove anything, or the provider's keys cannot be read.
    """
    metadata = await published.metadata()
    if len(token) > _LONGEST:
        raise refused("ID token: too long")
    key_id = _key_id(token, metadata.algorithms)
    signed = _signed(token, await published.keys(key_id), metadata.algorithms)
    claims = CodeIDToken(
        signed.claims,
        signed.header,
        options={
            "iss": {"essential": True, "value": metadata.issuer},
            "aud": {"essential": True, "value": expected.client_id},
            "sub": {"essential": True},
        },
        params={"nonce": expected.nonce, "client_id": expected.client_id, "access_token": expected.access_token},
    )
    try:
        claims.validate(now=int(published.clock.now().timestamp()), leeway=_LEEWAY)
    except (InvalidClaimError, MissingClaimError) as error:
        raise refused(f"ID token: {error.description}") from None
    except (JoseError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise refused(f"ID token: {type(error).__name__}") from None
    return dict(claims)


def _key_id(token: str, algorithms: tuple[str, ...]) -> str | None:
    """Return the key that the header names, so that it can be looked for; the header is not believed otherwise."""
    try:
        segment = token.partition(".")[0]
        header = json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    except (ValueError, RecursionError):
        raise refused("ID token: malformed") from None
    if not isinstance(header, dict) or header.get("alg") not in algorithms:
        raise refused("ID token: signed in a way that the provider does not announce")
    key_id = header.get("kid")
    return key_id if isinstance(key_id, str) else None


def _signed(token: str, keys: tuple[Any, ...], algorithms: tuple[str, ...]) -> jwt.Token:
    for key in keys:
        try:
            return jwt.decode(token, key, algorithms=list(algorithms))
        except (JoseError, ValueError, TypeError, RecursionError):
            continue
    raise refused("ID token: signed by no key of the provider")
