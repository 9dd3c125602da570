"""What a token may be used for."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum


class Scope(StrEnum):
    """What an API token may be used for; a session may be used for everything that its user may do.

    ``deploy`` covers everything that a cluster notices: running, cancelling, archiving. ``account`` covers one's own
    profile, password, tokens and credentials, ``admin`` what only an administrator may. No scope lets a token do what
    its user may not do.
    """

    READ = "read"
    DEPLOY = "deploy"
    WRITE = "write"
    ACCOUNT = "account"
    ADMIN = "admin"


_IMPLIED = {Scope.DEPLOY: (Scope.READ,), Scope.WRITE: (Scope.READ, Scope.DEPLOY)}


def covers(held: Collection[Scope], needed: Scope) -> bool:
    """Say whether a token with the scopes *held* is good enough for *needed*; ``write`` includes ``deploy``, and both
    include ``read``.
    """
    return needed in held or any(needed in _IMPLIED.get(scope, ()) for scope in held)
