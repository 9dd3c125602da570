"""Sessions: who is signed in where."""

from __future__ import annotations

from datetime import datetime

from attrs import field, frozen


@frozen(kw_only=True)
class Session:
    """One sign-in of a user, from its beginning to its end; access tokens name it. A session that has ended is gone.

    Attributes:
        address: where it was begun from; empty when nobody knows.
        agent: the program it was begun with, as it calls itself, cut.
        csrf: what a browser must show beside its cookie; of no use without that.
        token_id: the newest access token; only this one can be traded for the next.
        token_from: when the newest token was issued.
        replaced_id: the token before it, which a request at the same moment may still try to trade.
        last_used_at: about when it was last used, to the hour.
        expires_at: not accepted from this moment on, however often its tokens were traded.
    """

    id: str
    user_id: str
    address: str = ""
    agent: str = ""
    csrf: str = field(default="", repr=False)
    token_id: str = field(repr=False)
    token_from: datetime
    replaced_id: str = field(default="", repr=False)
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    revision: int = 0
