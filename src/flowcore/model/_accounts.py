"""Users of the service."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from attrs import field, frozen


class Role(StrEnum):
    """What a user is in the whole service."""

    ADMIN = "admin"
    USER = "user"


@frozen(kw_only=True)
class User:
    """A person with an account.

    Attributes:
        email: as typed, for showing and writing to.
        email_key: the e-mail address in lower case; unique among users.
        password_hash: an encoded argon2 or bcrypt hash, empty for accounts without a password; never shown.
        tokens_from: sessions and API tokens made before this moment are refused; None accepts all.
        disabled_at: since when the account is refused everywhere; None while it is not.
        auth_provider: slug of the identity provider, empty for password accounts.
    """

    id: str
    email: str
    email_key: str
    name: str
    password_hash: str = field(default="", repr=False)
    role: Role = Role.USER
    auth_provider: str = ""
    created_at: datetime
    updated_at: datetime | None = None
    tokens_from: datetime | None = None
    disabled_at: datetime | None = None
    revision: int = 0
