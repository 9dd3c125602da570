"""What must follow when a resource is renamed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from flowcore.errors import Finding, Place, Severity
from flowcore.kinds import Catalogue
from flowcore.merging._names import Group, group_of, namespace_of
from flowcore.model import Node

#: Where a part of a node is written in Kubernetes' own words, which no kind describes.
_IN_KUBERNETES_WORDS = ("overrides", "sidecars", "initContainers")
#: Kubernetes' own words for a reference inside a pod: the object with a ``name``, or the key of the name itself.
_OBJECTS = {
    "configMap": "configmap",
    "configMapKeyRef": "configmap",
    "configMapRef": "configmap",
    "secretKeyRef": "secret",
    "secretRef": "secret",
}
_KEYS = {"claimName": "persistentvolumeclaim", "secretName": "secret"}
_HOST = re.compile(
    r"(?P<before>(?:[a-z][a-z0-9+.:-]*://(?:[^@/\s]*@)?)?)(?P<host>[a-z0-9][a-z0-9.-]*)(?P<after>(?::\d{1,5})?(?:[/?#]\S*)?)"
)


@frozen
class Renames:
    """New names.

    Attributes:
        catalogue: knows which parameters of a node name other resources.
        names: new name by group and old name.
    """

    catalogue: Catalogue
    names: Mapping[tuple[Group, str], str] = field(factory=dict)

    def applied(self, node: Node) -> dict[str, Any]:
        """Return a node's data under its new name, with what it names of others followed."""
        if not self.names:
            return dict(node.data)
        namespace = namespace_of(node)

        def rename(word: str, name: str) -> str:
            return self.names.get(((word, namespace), name), name)

        data = dict(node.data)
        if node.type in self.catalogue:
            data = self.catalogue.kind(node.type).with_references(data, rename)
        for key in _IN_KUBERNETES_WORDS:
            if key in data:
                data[key] = self._written(data[key], "", "", namespace)
        if isinstance(data.get("data"), Mapping) and node.type == "configmap":
            data["data"] = {key: self._hosts(value, namespace) for key, value in data["data"].items()}
        renamed = self.names.get((group_of(node, self.catalogue), node.name))
        return {**data, "name": renamed} if renamed is not None else data

    def _written(self, value: Any, key: str, above: str, namespace: str) -> Any:
        """Return a part in Kubernetes' own words with the names in it followed."""
        if isinstance(value, Mapping):
            return {inner: self._written(item, inner, key, namespace) for inner, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._written(item, key, above, namespace) for item in value]
        kind = _OBJECTS.get(above, "") if key == "name" else _KEYS.get(key, "")
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
        namespace = namespace_of(node)
        old = {name: new for (group, name), new in self.names.items() if group == ("service", namespace)}
        return [
            _leftover(node, key, name, new)
            for key, value in node.data["data"].items()
            for name, new in old.items()
            if isinstance(value, str) and _says(value, name) and self._hosts(value, namespace) == value
        ]


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
