"""Leases: who of several processes owns a run or a cluster's watch."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen


@frozen(kw_only=True)
class Lease:
    """A claim that ends by itself.

    Attributes:
        id: what is claimed, like ``run:<id>``.
        holder: id of the process that claims it; empty when it was given back.
        token: rises with every new holder; what is written under an older token is refused.
        expires_at: moment in UTC after which another process may take it.
    """

    id: str
    holder: str
    token: int
    expires_at: datetime
    revision: int = 0
