"""Authorisation in one place: what every role and every token may do. Use cases ask; doors only translate."""

from flowcore.policy._permissions import Permission, Scope, covers
from flowcore.policy._roles import AccessRole, allows, strongest

__all__ = ["AccessRole", "Permission", "Scope", "allows", "covers", "strongest"]
