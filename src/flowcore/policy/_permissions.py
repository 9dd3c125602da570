"""What can be done, in words that routes, tokens and roles share."""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """What can be done with one workflow or cluster.

    ``deploy`` covers everything that a cluster notices: running, cancelling, archiving; on a cluster it means to deploy
    to it and to read what lives there. ``administer`` covers sharing, transfer, credentials and deletion.
    """

    VIEW = "view"
    DEPLOY = "deploy"
    EDIT = "edit"
    ADMINISTER = "administer"


class Scope(StrEnum):
    """What an API token may be used for; a session may be used for everything that its user may do.

    ``account`` covers one's own profile, password, sessions and tokens; ``admin`` covers the administration of the
    service, for administrators. No scope lets a token do what its user may not do.
    """

    READ = "read"
    DEPLOY = "deploy"
    WRITE = "write"
    ACCOUNT = "account"
    ADMIN = "admin"


_IMPLIED = {Scope.DEPLOY: (Scope.READ,), Scope.WRITE: (Scope.READ, Scope.DEPLOY)}


def covers(held: frozenset[Scope], needed: Scope) -> bool:
    """Say whether a token with the scopes *held* is good enough for *needed*; ``write`` includes ``deploy``, and both
    include ``read``.
    """
    return needed in held or any(needed in _IMPLIED.get(scope, ()) for scope in held)
