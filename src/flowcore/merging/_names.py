"""Names of resources: which are taken, and what must follow when one is renamed."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, TypeAlias

from attrs import define, field, frozen

from flowcore.errors import Finding, Place, Severity
from flowcore.model import Node

#: A group of kinds whose names must differ, with the namespace: workloads share one, for they share the label ``app``.
Group: TypeAlias = tuple[str, str]

_WORKLOADS = frozenset({"deployment", "statefulset", "daemonset", "job", "cronjob"})
_WORKLOAD = "workload"
#: Where data names another resource: the key, and inside of which key if that matters; with the kinds it names.
_REFERENCES = {
    "targetApp": _WORKLOAD,
    "scaleTargetName": _WORKLOAD,
    "serviceName": "service",
    "service": "service",
    "claimName": "persistentvolumeclaim",
    "secretName": "secret",
    "configMapName": "configmap",
}
_NAMED_INSIDE = {
    "configMapRef": "configmap",
    "configMapKeyRef": "configmap",
    "configMap": "configmap",
    "secretRef": "secret",
    "secretKeyRef": "secret",
    "scaleTargetRef": _WORKLOAD,
}
_LONGEST = 63


def group_of(node: Node) -> Group:
    """Return which names a node's must differ from."""
    namespace = node.data.get("namespace")
    kind = _WORKLOAD if node.type in _WORKLOADS else node.type
    return kind, namespace if isinstance(namespace, str) and namespace != "default" else ""


def free(wanted: str, taken: Collection[str]) -> str:
    """Return *wanted*, or with the first number behind it that makes it free; never longer than a label may be."""
    number, candidate = 1, wanted
    while candidate in taken:
        number += 1
        ending = f"-{number}"
        candidate = wanted[: _LONGEST - len(ending)].rstrip("-.") + ending
    return candidate


@frozen
class Renames:
    """New names by group and old name.

    Attributes:
        names: what was renamed.
    """

    names: Mapping[tuple[Group, str], str] = field(factory=dict)

    def applied(self, node: Node) -> dict[str, Any]:
        """Return a node's data under its new name, with what it names of others followed."""
        namespace = group_of(node)[1]
        data = {key: self._followed(value, key, "", namespace) for key, value in node.data.items()}
        renamed = self.names.get((group_of(node), node.name))
        if renamed is not None:
            data["name"] = renamed
        if node.type == "configmap" and isinstance(data.get("data"), Mapping):
            data["data"] = {key: self._hosts(value, namespace) for key, value in data["data"].items()}
        return data

    def _followed(self, value: Any, key: str, above: str, namespace: str) -> Any:
        if isinstance(value, Mapping):
            return {inner: self._followed(item, inner, key, namespace) for inner, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._followed(item, key, above, namespace) for item in value]
        kind = _NAMED_INSIDE.get(above, "") if key == "name" else _REFERENCES.get(key, "")
        return self.names.get(((kind, namespace), value), value) if kind and isinstance(value, str) else value

    def _hosts(self, value: Any, namespace: str) -> Any:
        """Return a value whose host was a renamed service: alone, with a port, or in a URL."""
        match = _HOST.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            return value
        renamed = self.names.get((("service", namespace), match["host"]))
        return f"{match['before']}{renamed}{match['after']}" if renamed else value

    def leftovers(self, node: Node) -> list[Finding]:
        """Return what still says the old name of a service where it cannot be told whether the service is meant."""
        if node.type != "configmap" or not isinstance(node.data.get("data"), Mapping):
            return []
        namespace = group_of(node)[1]
        old = {
            name: new for ((kind, space), name), new in self.names.items() if (kind, space) == ("service", namespace)
        }
        return [
            _leftover(node, key, name, new)
            for key, value in node.data["data"].items()
            for name, new in old.items()
            if isinstance(value, str) and _says(value, name) and self._hosts(value, namespace) == value
        ]


_HOST = re.compile(
    r"(?P<before>(?:[a-z][a-z0-9+.:-]*://(?:[^@/\s]*@)?)?)(?P<host>[a-z0-9][a-z0-9.-]*)(?P<after>(?::\d{1,5})?(?:[/?#]\S*)?)"
)


def _says(text: str, name: str) -> bool:
    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", text) is not None


def _leftover(node: Node, key: str, name: str, new: str) -> Finding:
    return Finding(
        rule="import-name-left",
        severity=Severity.WARNING,
        message=f"{key} still says {name}, and the service of that name is called {new} in this workflow",
        place=Place(node=node.id, path=f"data.data.{key}"),
        why="the name was taken, and the value may mean something else than the service",
        fix=f"write {new} where the service is meant",
    )


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
