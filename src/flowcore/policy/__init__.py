"""Who may do what, and what tokens may be used for, in one place. Use cases ask; doors only say what a route needs."""

from flowcore.policy._roles import (
    Permission,
    allows,
    may_administer,
    permissions_of,
    role_for,
    strongest,
    weaker,
)
from flowcore.policy._scopes import Scope, covers

__all__ = [
    "Permission",
    "Scope",
    "allows",
    "covers",
    "may_administer",
    "permissions_of",
    "role_for",
    "strongest",
    "weaker",
]
