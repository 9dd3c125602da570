"""Names in the cluster: which are taken, and which are free."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeAlias

from attrs import define, field

from flowcore.kinds import Catalogue
from flowcore.model import Node

#: A kind or role, and a namespace, in which names must differ.
Group: TypeAlias = tuple[str, str]

#: Workloads share their names, whatever their kind: they share the label ``app``, by which services find them.
WORKLOAD = "workload"
_LONGEST = 63


def namespace_of(node: Node) -> str:
    """Return a node's namespace; empty for the one that it is deployed to."""
    namespace = node.data.get("namespace")
    return namespace if isinstance(namespace, str) and namespace != "default" else ""


def group_of(node: Node, catalogue: Catalogue) -> Group:
    """Return which names a node's must differ from."""
    is_workload = node.type in catalogue and catalogue.kind(node.type).is_a(WORKLOAD)
    return WORKLOAD if is_workload else node.type, namespace_of(node)


def free(wanted: str, taken: Collection[str]) -> str:
    """Return *wanted*, or with the first number behind it that makes it free; never longer than a label may be."""
    number, candidate = 1, wanted
    while candidate in taken:
        number += 1
        ending = f"-{number}"
        candidate = wanted[: _LONGEST - len(ending)].rstrip("-.") + ending
    return candidate


@define
class TakenNames:
    """Names in use, by group."""

    _by_group: dict[Group, set[str]] = field(factory=dict)

    def take(self, group: Group, wanted: str) -> str:
        """Return a free name like *wanted*, which is taken from now on."""
        taken = self._by_group.setdefault(group, set())
        name = free(wanted, taken)
        taken.add(name)
        return name
