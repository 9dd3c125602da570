"""Who may do what with a workflow or a cluster."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from flowcore.policy._permissions import Permission


class AccessRole(StrEnum):
    """What somebody is to one workflow or cluster: its owner, or one it is shared with.

    A team's members have such a role, too, which counts for everything that the team owns.
    """

    VIEWER = "viewer"
    DEPLOYER = "deployer"
    EDITOR = "editor"
    OWNER = "owner"


_VIEWER = frozenset({Permission.VIEW})
_DEPLOYER = _VIEWER | {Permission.DEPLOY}
_EDITOR = _DEPLOYER | {Permission.EDIT}
_ALLOWED = {
    AccessRole.VIEWER: _VIEWER,
    AccessRole.DEPLOYER: _DEPLOYER,
    AccessRole.EDITOR: _EDITOR,
    AccessRole.OWNER: frozenset(Permission),
}


def allows(role: AccessRole | None, permission: Permission) -> bool:
    """Say whether a role is enough; None, which is nobody's role, never is."""
    return role is not None and permission in _ALLOWED[role]


def strongest(roles: Iterable[AccessRole]) -> AccessRole | None:
    """Return the role that allows most; None when there is none."""
    order = tuple(AccessRole)
    return max(roles, key=order.index, default=None)
