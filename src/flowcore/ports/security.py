"""Passwords, tokens and encryption."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
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

    def public_keys(self) -> Sequence[Mapping[str, str]]:
        """Return what others can verify tokens with, as JSON Web Keys; none when tokens are signed with a secret."""
        ...


class SecretCipher(Protocol):
    """Encryption of secrets at rest."""

    def encrypt(self, text: str, *, context: str) -> str:
        """Return *text* encrypted under the current key and bound to *context* (like ``cluster:<id>``)."""
        ...

    def decrypt(self, sealed: str, *, context: str) -> str:
        """Return the text.

        Raises:
            InvalidInputError: it was changed, belongs to another context, or its key is not known.
        """
        ...

    def key_of(self, sealed: str) -> str:
        """Return the id of the key that a text says it was sealed with; empty when it is no sealed text."""
        ...

    def is_current(self, sealed: str) -> bool:
        """Say whether a text was sealed with the current key; others should be sealed anew."""
        ...


class KeyWrapper(Protocol):
    """A key that is kept elsewhere, like in a key management service, and that other keys are wrapped with."""

    async def wrap(self, keys: bytes) -> bytes:
        """Return *keys* in a form that only ``unwrap`` can read.

        Raises:
            UnavailableError: the service does not answer, or will not.
        """
        ...

    async def unwrap(self, wrapped: bytes) -> bytes:
        """Return the keys.

        Raises:
            UnavailableError: the service does not answer, or will not.
        """
        ...


class KeyPurpose(StrEnum):
    """What a key is for: signing access tokens, or sealing secrets at rest."""

    TOKENS = "tokens"
    ENCRYPTION = "encryption"


@frozen(kw_only=True)
class KeyFacts:
    """What may be told of a key.

    Attributes:
        id: what tokens and sealed texts name it by.
        algorithm: what it is used with, like ``AES-256-GCM``.
        is_current: whether new things are made with it.
        made_at: None when nobody noted it.
        replaced_at: since when another one is current in its place; None while none is, or when nobody noted it.
    """

    purpose: KeyPurpose
    id: str
    algorithm: str
    is_current: bool
    made_at: datetime | None = None
    replaced_at: datetime | None = None


class KeyStore(Protocol):
    """The keys of an installation, for who looks after them; none is ever shown.

    The methods that change something raise ForbiddenError (code ``keyring.read_only``) where the keys come from a place
    that flowcore cannot write to, and UnavailableError where it cannot be written now.
    """

    def list(self) -> Sequence[KeyFacts]:
        """Return what there is, by purpose, oldest first."""
        ...

    async def add(self, purposes: Collection[KeyPurpose]) -> Sequence[KeyFacts]:
        """Make a new current key for each purpose and return them; the old ones stay."""
        ...

    async def drop(self, keys: Collection[KeyFacts]) -> None:
        """Forget keys for good.

        Raises:
            ConflictError: one of them is current.
        """
        ...
