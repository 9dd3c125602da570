"""What a chart lets its users choose: images, replicas, resources, hosts and secrets, with the places they fill."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from attrs import define, field

from flowcore.exchange._go_templates import Action, path_of, quoted
from flowcore.exchange._images import Image, containers, pod_path
from flowcore.exchange._paths import Path, at, mappings_at
from flowcore.model import Manifest

#: Keys that Helm, or our own templates, give a meaning.
_RESERVED: Final = frozenset({"global", "commonLabels"})
#: Numbers of an object that users change, by where they stand.
_NUMBERS: Final[Mapping[str, Path]] = {
    "replicas": ("spec", "replicas"),
    "minReplicas": ("spec", "minReplicas"),
    "maxReplicas": ("spec", "maxReplicas"),
}
_SCALED: Final = frozenset({"Deployment", "StatefulSet", "ReplicaSet", "HorizontalPodAutoscaler"})


@define
class ChartValues:
    """Collects values while objects become templates.

    Attributes:
        chart: the chart's name.
        values: default values by the key of a node.
    """

    chart: str
    values: dict[str, dict[str, Any]] = field(factory=dict)
    _keys: dict[str, str] = field(factory=dict)

    def templated(self, node_id: str, manifest: Manifest, secret_names: tuple[str, ...]) -> Manifest:
        """Return an object with actions where users may choose; its values are added to the chart's."""
        key = self._key(node_id)
        chosen: dict[str, Any] = {}
        places = {**self._numbers(key, manifest, chosen), **self._hosts(key, manifest, chosen)}
        places |= self._containers(key, manifest, chosen)
        made: Manifest = _with(manifest, (), places)
        if secret_names:
            chosen["secrets"] = dict.fromkeys(secret_names)
            actions = {name: self._secret(key, name) for name in secret_names}
            made = {**made, "stringData": {**made.get("stringData", {}), **actions}}
        if chosen:
            self.values[key] = chosen
        return made

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the values."""
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": {
                "commonLabels": {"type": "object", "additionalProperties": {"type": "string"}},
                **{key: _schema("", values) for key, values in self.values.items()},
            },
        }

    def _key(self, node_id: str) -> str:
        """Return a node's key among the values: its id as a word that needs no quotes, unique."""
        if node_id not in self._keys:
            base = identifier(node_id)
            key, number = base, 2
            while key in self._keys.values() or key in _RESERVED:
                key, number = f"{base}{number}", number + 1
            self._keys[node_id] = key
        return self._keys[node_id]

    def _numbers(self, key: str, manifest: Manifest, chosen: dict[str, Any]) -> dict[Path, Action]:
        found: dict[Path, Action] = {}
        for name, path in _NUMBERS.items():
            number = at(manifest, path)
            if type(number) is int and manifest.get("kind") in _SCALED:
                chosen[name] = number
                found[path] = Action(f"{path_of(key, name)} | int")
        return found

    def _hosts(self, key: str, manifest: Manifest, chosen: dict[str, Any]) -> dict[Path, Action]:
        places = dict(_host_places(manifest))
        hosts = list(dict.fromkeys(places.values()))
        if hosts:
            chosen["hosts"] = hosts
        return {
            path: Action(f"index {path_of(key, 'hosts')} {hosts.index(host)} | quote") for path, host in places.items()
        }

    def _containers(self, key: str, manifest: Manifest, chosen: dict[str, Any]) -> dict[Path, Action]:
        pod = pod_path(manifest)
        main = (*pod, "containers", 0) if pod else ()
        found: dict[Path, Action] = {}
        for path, container in containers(manifest):
            name = identifier(str(container.get("name", "")))
            keys = (key,) if path == main else (key, "containers", name)
            said = self._container(path, keys, container, found)
            if path == main:
                chosen |= said
            elif said:
                chosen.setdefault("containers", {})[name] = said
        return found

    def _container(
        self, path: Path, keys: tuple[str, ...], container: Mapping[str, Any], found: dict[Path, Action]
    ) -> dict[str, Any]:
        said: dict[str, Any] = {}
        if isinstance(container.get("image"), str):
            image = Image.of(container["image"])
            said["image"] = {"repository": image.name, "tag": "@".join(filter(None, (image.tag, image.digest)))}
            found[(*path, "image")] = Action(
                f"include {quoted(f'{self.chart}.image')} {path_of(*keys, 'image')} | quote"
            )
        if isinstance(container.get("resources"), dict):
            said["resources"] = container["resources"]
            found[(*path, "resources")] = Action(f"toYaml {path_of(*keys, 'resources')}", is_block=True)
        return said

    def _secret(self, key: str, name: str) -> Action:
        arguments = f"(list {quoted(f'{key}.secrets.{name}')} {path_of(key, 'secrets', name)})"
        return Action(f"include {quoted(f'{self.chart}.secret')} {arguments} | quote")


def identifier(text: str) -> str:
    """Return a text as one word of letters and digits, like ``redisLeader``."""
    first, *rest = [part for part in re.split(r"[^A-Za-z0-9]+", text) if part] or ["node"]
    word = first + "".join(part[0].upper() + part[1:] for part in rest)
    return word if word[0].isalpha() else f"n{word}"


def _host_places(manifest: Manifest) -> Iterator[tuple[Path, str]]:
    if manifest.get("kind") != "Ingress":
        return
    for position, rule in enumerate(mappings_at(manifest, "spec", "rules")):
        if isinstance(rule.get("host"), str):
            yield ("spec", "rules", position, "host"), rule["host"]
    for position, entry in enumerate(mappings_at(manifest, "spec", "tls")):
        for number, host in enumerate(entry.get("hosts") or ()):
            yield ("spec", "tls", position, "hosts", number), host


def _with(value: Any, path: Path, places: Mapping[Path, Action]) -> Any:
    """Return a value with actions at some places."""
    if path in places:
        return places[path]
    if isinstance(value, dict):
        return {key: _with(item, (*path, key), places) for key, item in value.items()}
    return [_with(item, (*path, n), places) for n, item in enumerate(value)] if isinstance(value, list) else value


def _schema(name: str, value: Any) -> dict[str, Any]:
    if name == "secrets":
        texts = {key: {"type": ["string", "null"]} for key in value}
        return {"type": "object", "properties": texts}
    if name == "resources":
        return {"type": "object"}
    if isinstance(value, dict):
        return {"type": "object", "properties": {key: _schema(key, item) for key, item in value.items()}}
    if isinstance(value, list):
        return {"type": "array", "items": {"type": "string"}, "minItems": len(value)}
    return {"type": "integer", "minimum": 0} if isinstance(value, int) else {"type": "string"}
