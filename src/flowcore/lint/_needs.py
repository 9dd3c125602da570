"""What pods need: config maps, secrets, claims and accounts, with the keys that they name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from attrs import frozen

from flowcore.lint._pods import Pod
from flowcore.lint._rule import Path, at, mapping, mappings


@frozen
class Reference:
    """An object that a pod names.

    Attributes:
        kind, name: the object; it is in the pod's namespace.
        path: where it is named.
        key: the key of it that is named; empty for the object itself.
        is_optional: whether the pod starts without it.
    """

    kind: str
    name: str
    path: Path
    key: str = ""
    is_optional: bool = False


#: Where volumes name objects: the volume's field, the object's kind, the field with its name.
_SOURCES: Final = (
    ("configMap", "ConfigMap", "name"),
    ("secret", "Secret", "secretName"),
    ("persistentVolumeClaim", "PersistentVolumeClaim", "claimName"),
)


_KINDS: Final = (("configMap", "ConfigMap"), ("secret", "Secret"))


def references(pod: Pod) -> Iterator[Reference]:
    """Iterate over the objects that a pod names."""
    for position, volume in mappings(pod.spec.get("volumes")):
        path = pod.place("spec", "volumes", position)
        yield from _sources(volume, path)
        for number, part in mappings(at(volume, "projected", "sources")):
            place = (*path, "projected", "sources", number)
            yield from _sources({**part, "secret": _renamed(part.get("secret"))}, place)
    for container in pod.containers:
        yield from _variables(container.spec, container.path)
    account = pod.spec.get("serviceAccountName")
    if account and account != "default":
        yield Reference("ServiceAccount", str(account), pod.place("spec", "serviceAccountName"))


def _renamed(secret: Any) -> Any:
    return {**secret, "secretName": secret.get("name")} if isinstance(secret, Mapping) else secret


def _sources(volume: Mapping[str, Any], path: Path) -> Iterator[Reference]:
    for field, kind, naming in _SOURCES:
        source = volume.get(field)
        if not isinstance(source, Mapping) or not source.get(naming):
            continue
        name, optional = str(source[naming]), bool(source.get("optional"))
        yield Reference(kind, name, (*path, field, naming), is_optional=optional)
        for position, item in mappings(source.get("items")):
            place = (*path, field, "items", position, "key")
            yield Reference(kind, name, place, str(item.get("key", "")), is_optional=optional)


def _variables(container: Mapping[str, Any], path: Path) -> Iterator[Reference]:
    for position, source in mappings(container.get("envFrom")):
        for field, kind in _KINDS:
            yield from _named(kind, source.get(f"{field}Ref"), (*path, "envFrom", position, f"{field}Ref"))
    for position, variable in mappings(container.get("env")):
        for field, kind in _KINDS:
            found = at(variable, "valueFrom", f"{field}KeyRef")
            yield from _named(kind, found, (*path, "env", position, "valueFrom", f"{field}KeyRef"))


def _named(kind: str, found: Any, path: Path) -> Iterator[Reference]:
    source = mapping(found)
    if source.get("name"):
        name, optional = str(source["name"]), bool(source.get("optional"))
        yield Reference(kind, name, (*path, "name"), is_optional=optional)
        if "key" in source:
            yield Reference(kind, name, (*path, "key"), str(source["key"]), is_optional=optional)
