"""Passwords, tokens and encryption."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from attrs import frozen


@frozen
class PasswordVerdict:
    """Whether a password matched, and whether its hash should be made anew with today's settings."""

    matches: bool
    needs_rehash: bool = False


class PasswordHasher(Protocol):
    """Slow hashes for passwords; the work happens off the event loop."""

    async def hash(self, password: str) -> str:
        """Return a salted, encoded hash."""
        ...

    async def verify(self, password: str, encoded: str) -> PasswordVerdict:
        """Compare in constant time; an empty or unknown *encoded* takes as long as a real one and never matches."""
        ...


@frozen(kw_only=True)
class Claims:
    """What a signed token says.

    Attributes:
        session_id: the session it belongs to.
        token_id: tells it from the session's other tokens.
    """

    user_id: str
    email: str
    role: str
    session_id: str
    token_id: str
    issued_at: datetime
    expires_at: datetime


class TokenIssuer(Protocol):
    """Signed access tokens."""

    def issue(self, claims: Claims) -> str:
        """Return a signed token; the same claims make the same token until the key is changed."""
        ...

    def verify(self, token: str, *, leeway_after_expiry: float = 0) -> Claims:
        """Return the claims of a token.

        Args:
            token: the encoded token.
            leeway_after_expiry: accept it this many seconds beyond its expiry (for refreshing).

        Raises:
            UnauthenticatedError: it is malformed, forged, for somebody else or expired.
        """
        ...


class SecretCipher(Protocol):
    """Encryption of secrets at rest."""

    def encrypt(self, text: str, *, context: str) -> str:
        """Return *text* encrypted and bound to *context* (like ``cluster:<id>``)."""
        ...

    def decrypt(self, sealed: str, *, context: str) -> str:
        """Return the text.

        Raises:
            InvalidInputError: it was changed, belongs to another context, or its key is not known.
        """
        ...
