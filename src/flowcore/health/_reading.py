"""Careful reading of live objects: whatever has an unexpected shape reads as absent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, TypeAlias

from attrs import frozen

#: A live object or a part of it.
Tree: TypeAlias = Mapping[str, Any]


def named(listing: str) -> frozenset[str]:
    """Return the set of the names in a text, parted by white space."""
    return frozenset(listing.split())


def part(tree: Tree, *keys: str) -> Tree:
    """Return the mapping at a path of keys, an empty one when there is none."""
    for key in keys:
        found = tree.get(key)
        if not isinstance(found, Mapping):
            return {}
        tree = found
    return tree


def parts(tree: Tree, *keys: str) -> list[Tree]:
    """Return the mappings in the list at a path of keys, leaving out what is no mapping."""
    found = part(tree, *keys[:-1]).get(keys[-1])
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []


def text(tree: Tree, key: str) -> str:
    """Return the text under a key, empty when there is none."""
    found = tree.get(key)
    return found if isinstance(found, str) else ""


def number(tree: Tree, key: str, default: int = 0) -> int:
    """Return the whole number under a key, also when it was written as a text."""
    found = tree.get(key)
    if isinstance(found, str) and found.isdecimal() and len(found) < 19:
        return int(found)
    if isinstance(found, bool) or not isinstance(found, int | float) or not isfinite(found):
        return default
    return int(found)


def name_of(obj: Tree) -> str:
    """Return ``metadata.name``."""
    return text(part(obj, "metadata"), "name")


def generation(obj: Tree) -> int:
    """Return how often the wish was changed, 0 when it is not told."""
    return number(part(obj, "metadata"), "generation")


def is_observed(obj: Tree) -> bool:
    """Whether the controller has seen the newest wish; a status that does not say so has not."""
    return generation(obj) <= number(part(obj, "status"), "observedGeneration")


def group_of(obj: Tree) -> str:
    """Return the API group of an object, empty for the core group."""
    version = text(obj, "apiVersion")
    return version.rpartition("/")[0]


@frozen
class Condition:
    """One entry of ``status.conditions``; few controllers tell a severity."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    severity: str = ""

    @property
    def is_true(self) -> bool:
        """Whether its status is ``True``."""
        return self.status == "True"

    @property
    def is_false(self) -> bool:
        """Whether its status is ``False``."""
        return self.status == "False"

    def explained(self, otherwise: str = "") -> str:
        """Return its message, else its reason, else *otherwise*, else what it says in itself."""
        return self.message or self.reason or otherwise or f"{self.type} is {self.status or 'not told'}"


def read_conditions(items: Sequence[Tree]) -> tuple[Condition, ...]:
    """Return the conditions of a list; true and false may also be written as booleans."""
    return tuple(
        Condition(
            text(item, "type"),
            str(item["status"]) if isinstance(item.get("status"), bool) else text(item, "status"),
            text(item, "reason"),
            text(item, "message"),
            text(item, "severity"),
        )
        for item in items
    )


def conditions(obj: Tree) -> tuple[Condition, ...]:
    """Return the conditions of an object in their order."""
    return read_conditions(parts(obj, "status", "conditions"))


def condition(obj: Tree, kind: str) -> Condition:
    """Return the condition of a type, one with an empty status when there is none."""
    return next((found for found in conditions(obj) if found.type == kind), Condition(kind, ""))


def counted(amount: int, noun: str) -> str:
    """Return an amount and its noun: ``1 replica``, ``3 replicas``."""
    return f"{amount} {noun}" if amount == 1 else f"{amount} {noun}s"
