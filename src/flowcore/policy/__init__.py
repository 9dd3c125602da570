"""What tokens may be used for, in one table. Use cases ask; doors only say what a route needs."""

from flowcore.policy._scopes import Scope, covers

__all__ = ["Scope", "covers"]
