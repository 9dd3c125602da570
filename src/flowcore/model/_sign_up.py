"""Invites: what lets somebody register, and what slows down who guesses."""

from __future__ import annotations

from datetime import datetime

from attrs import field, frozen


@frozen(kw_only=True)
class Invite:
    """A code with which a few people may register until a day. The code itself is not kept.

    Attributes:
        digest: SHA-256 of the code, in hexadecimal digits.
        created_by: the administrator's user id.
        uses_left: how many more may register with it.
        note: for whom it is, in the administrator's words.
    """

    id: str
    digest: str = field(repr=False)
    created_by: str
    created_at: datetime
    expires_at: datetime
    uses_left: int
    note: str = ""
    revision: int = 0


@frozen(kw_only=True)
class HouseCode:
    """The six-digit invite code of the house: there is one at most, and it does not expire by itself.

    Attributes:
        code: sealed, so that an administrator can read it again; empty when there is none.
        changes_after_use: whether a new one takes its place when somebody has registered with it.
    """

    id: str
    code: str = field(default="", repr=False)
    changes_after_use: bool = False
    updated_at: datetime | None = None
    revision: int = 0


@frozen(kw_only=True)
class Attempts:
    """How often something was tried without success lately.

    Attributes:
        id: digest of what is counted, like an address or an account at an address.
        subject: digest of the account, so that it can be forgiven; empty where it is about none.
        level: failures that still count, as of *counted_at*; they drain away.
        blocked_until: no further try is let through before this moment.
        is_known: whether a try succeeded here not long ago.
        expires_at: nothing of it counts from this moment on.
    """

    id: str
    subject: str = ""
    level: float = 0.0
    counted_at: datetime
    blocked_until: datetime | None = None
    is_known: bool = False
    expires_at: datetime
    revision: int = 0
