"""Teams, and what is shared with whom."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from attrs import frozen


class AccessRole(StrEnum):
    """What somebody is to a workflow, a cluster or a team; what each role may do is said in ``flowcore.policy``."""

    VIEWER = "viewer"
    DEPLOYER = "deployer"
    EDITOR = "editor"
    OWNER = "owner"


class Shareable(StrEnum):
    """What can be shared."""

    WORKFLOW = "workflow"
    CLUSTER = "cluster"


@frozen(kw_only=True)
class Team:
    """People who own workflows and clusters together."""

    id: str
    name: str
    created_at: datetime
    updated_at: datetime | None = None
    revision: int = 0


@frozen(kw_only=True)
class Membership:
    """Somebody's place in a team.

    Attributes:
        role: what they are to everything that the team owns, and at most to what is shared with it.
    """

    id: str
    team_id: str
    user_id: str
    role: AccessRole
    created_at: datetime
    revision: int = 0


@frozen(kw_only=True)
class Grant:
    """A workflow or a cluster, shared with a user or a team.

    Attributes:
        grantee_id: id of the user or the team.
        grantee_is_team: which of the two.
        created_by: id of the user who shared it.
        expires_at: of no effect from this moment on; None for never.
    """

    id: str
    shared: Shareable
    resource_id: str
    grantee_id: str
    grantee_is_team: bool = False
    role: AccessRole
    created_by: str
    created_at: datetime
    expires_at: datetime | None = None
    revision: int = 0
