"""What a role allows."""

from __future__ import annotations

from enum import StrEnum

from flowcore.model import AccessRole, Role, User


class Permission(StrEnum):
    """What can be done with a workflow, a cluster or a team.

    Attributes:
        VIEW: look at it, its versions, runs and live status.
        DEPLOY: run a workflow and cancel its runs; deploy to a cluster.
        EDIT: change it; of a cluster, its credentials too.
        ADMINISTER: share it, give it away, delete it; of a team, say who is in it.
    """

    VIEW = "view"
    DEPLOY = "deploy"
    EDIT = "edit"
    ADMINISTER = "administer"


#: Every role allows what the roles before it allow, and one thing more.
_LADDER = tuple(zip(AccessRole, Permission, strict=True))
_RANK = {role: rank for rank, role in enumerate(AccessRole)}


def permissions_of(role: AccessRole) -> tuple[Permission, ...]:
    """Return everything that a role allows."""
    return tuple(permission for at_least, permission in _LADDER if _RANK[at_least] <= _RANK[role])


def allows(role: AccessRole | None, needed: Permission) -> bool:
    """Say whether somebody with a role may do something; None is nobody."""
    return role is not None and needed in permissions_of(role)


def role_for(needed: Permission) -> AccessRole:
    """Return the least role that allows something."""
    return next(role for role, permission in _LADDER if permission is needed)


def strongest(roles: list[AccessRole]) -> AccessRole | None:
    """Return the role that allows the most; None when there is none."""
    return max(roles, key=_RANK.__getitem__, default=None)


def weaker(one: AccessRole, other: AccessRole) -> AccessRole:
    """Return the one of two roles that allows less."""
    return min(one, other, key=_RANK.__getitem__)


def may_administer(user: User) -> bool:
    """Say whether a user runs the service: accounts, invites, the audit log. It opens nobody's workflows to them."""
    return user.role is Role.ADMIN and user.disabled_at is None
