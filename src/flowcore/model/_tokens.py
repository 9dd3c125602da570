"""API tokens, for programs that act for a user."""

from __future__ import annotations

from datetime import datetime

from attrs import field, frozen


@frozen(kw_only=True)
class ApiToken:
    """A token that a user made for a program. The token itself is not kept.

    Attributes:
        digest: SHA-256 of the token, in hexadecimal digits.
        scopes: what it may be used for; words of ``flowcore.policy.Scope``.
        last_used_at: about when it was last used, to the hour; None for never.
    """

    id: str
    user_id: str
    name: str
    digest: str = field(repr=False)
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None
    revision: int = 0
