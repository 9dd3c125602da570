"""What a container gets from outside: environment variables and files from ConfigMaps, Secrets and the pod itself."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from attrs import frozen

from adapters.sandbox._controllers._objects import (
    API_VERSIONS,
    annotations_of,
    labels_of,
    metadata,
    namespace_of,
    spec,
    status,
)
from adapters.sandbox._controllers._seams import Store
from adapters.sandbox._quantities import amount
from flowcore.model import Manifest

#: Reads an object by kind, namespace and name.
Lookup: TypeAlias = Callable[[str, str, str], Manifest | None]

_REFERENCE = re.compile(r"\$(\$|\(([^()]+)\))")
_SUBSCRIPT = re.compile(r"metadata\.(labels|annotations)\['([^']+)'\]")
#: Word for messages by kind.
_WORDS = {"ConfigMap": "configmap", "Secret": "secret"}


class UnresolvedError(Exception):
    """Something a container needs is not there; the text is the kubelet's."""


@frozen
class Source:
    """A ConfigMap or Secret that is referred to, with the entries that are wanted."""

    kind: str
    name: str
    optional: bool = False
    items: tuple[Manifest, ...] = ()

    def contents(self, lookup: Lookup, namespace: str) -> dict[str, bytes]:
        """Return the entries by key, empty when an optional object is missing.

        Raises:
            UnresolvedError: the object is missing and not optional.
        """
        found = lookup(self.kind, namespace, self.name)
        if found is None:
            if self.optional:
                return {}
            raise UnresolvedError(f'{_WORDS[self.kind]} "{self.name}" not found')
        binary = found.get("data") if self.kind == "Secret" else found.get("binaryData")
        text = {} if self.kind == "Secret" else found.get("data") or {}
        decoded = {key: _decoded(value) for key, value in (binary or {}).items()}
        return {**{key: str(value).encode() for key, value in text.items()}, **decoded}

    def files(self, lookup: Lookup, namespace: str) -> dict[str, bytes]:
        """Return the files a volume of this source has, by relative path.

        Raises:
            UnresolvedError: the object or a wanted key is missing and not optional.
        """
        contents = self.contents(lookup, namespace)
        if not self.items:
            return contents
        for item in self.items:
            if item.get("key") not in contents and not self.optional:
                word = "secret" if self.kind == "Secret" else "config"
                raise UnresolvedError(f"references non-existent {word} key: {item.get('key')}")
        return {str(item.get("path")): contents[item["key"]] for item in self.items if item.get("key") in contents}


def _decoded(value: object) -> bytes:
    try:
        return base64.b64decode(str(value))
    except (binascii.Error, ValueError):
        return b""


def lookup_in(store: Store) -> Lookup:
    """Return a lookup in a store."""
    return lambda kind, namespace, name: store.get(API_VERSIONS[kind], kind, namespace, name)


def environment(lookup: Lookup, pod: Manifest, container: Manifest) -> dict[str, str]:
    """Return a container's variables in their order, references expanded.

    Raises:
        UnresolvedError: an object or a key that is not optional is missing.
    """
    result: dict[str, str] = {}
    for entry in container.get("envFrom") or ():
        prefix = entry.get("prefix") or ""
        for key, content in _referred(entry, "Ref").contents(lookup, namespace_of(pod)).items():
            result[prefix + key] = content.decode(errors="replace")
    for variable in container.get("env") or ():
        value_from = variable.get("valueFrom")
        value = _value_from(lookup, pod, container, value_from) if value_from else str(variable.get("value") or "")
        if value is not None:
            result[str(variable.get("name"))] = value if value_from else expanded(value, result)
    return result


def expanded(text: str, variables: dict[str, str]) -> str:
    """Return a text with ``$(NAME)`` replaced as the kubelet does: unknown names stay, ``$$`` is one dollar."""
    return _REFERENCE.sub(lambda match: "$" if match[1] == "$" else variables.get(match[2], match[0]), text)


def _referred(entry: Manifest, suffix: str) -> Source:
    for kind, key in (("ConfigMap", "configMap" + suffix), ("Secret", "secret" + suffix)):
        reference = entry.get(key)
        if reference is not None:
            return Source(kind, str(reference.get("name", "")), bool(reference.get("optional")))
    return Source("ConfigMap", "", optional=True)


def _value_from(lookup: Lookup, pod: Manifest, container: Manifest, value_from: Manifest) -> str | None:
    if "fieldRef" in value_from:
        return _field(pod, str(value_from["fieldRef"].get("fieldPath", "")))
    if "resourceFieldRef" in value_from:
        return _resource(container, value_from["resourceFieldRef"])
    source = _referred(value_from, "KeyRef")
    reference = value_from.get("configMapKeyRef") or value_from.get("secretKeyRef") or {}
    key = str(reference.get("key", ""))
    contents = source.contents(lookup, namespace_of(pod))
    if key in contents:
        return contents[key].decode(errors="replace")
    if source.optional:
        return None
    raise UnresolvedError(f"couldn't find key {key} in {source.kind} {namespace_of(pod)}/{source.name}")


def _field(pod: Manifest, path: str) -> str:
    subscript = _SUBSCRIPT.fullmatch(path)
    if subscript is not None:
        holder = labels_of(pod) if subscript[1] == "labels" else annotations_of(pod)
        return str(holder.get(subscript[2], ""))
    head, _, tail = path.partition(".")
    part = {"metadata": metadata(pod), "spec": spec(pod), "status": status(pod)}.get(head, {})
    value = part.get(tail)
    if tail == "serviceAccountName":
        value = value or "default"
    if tail in ("podIPs", "hostIPs"):
        return ",".join(str(entry.get("ip", "")) for entry in value or ())
    return "" if value is None else str(value)


def _resource(container: Manifest, reference: Manifest) -> str:
    group, _, name = str(reference.get("resource", "")).partition(".")
    quantity = ((container.get("resources") or {}).get(group) or {}).get(name, 0)
    divisor = amount(reference.get("divisor") or "1") or amount("1")
    return str(math.ceil(amount(quantity) / divisor))


def sources_of(volume: Manifest) -> tuple[Source, ...]:
    """Return the ConfigMaps and Secrets whose entries a volume shows."""
    if "configMap" in volume:
        return (_volume_source("ConfigMap", volume["configMap"], "name"),)
    if "secret" in volume:
        return (_volume_source("Secret", volume["secret"], "secretName"),)
    if "projected" in volume:
        return tuple(_projected(volume["projected"]))
    return ()


def _projected(projected: Manifest) -> Iterator[Source]:
    for part in projected.get("sources") or ():
        if "configMap" in part:
            yield _volume_source("ConfigMap", part["configMap"], "name")
        if "secret" in part:
            yield _volume_source("Secret", part["secret"], "name")


def _volume_source(kind: str, settings: Manifest, key: str) -> Source:
    return Source(kind, str(settings.get(key, "")), bool(settings.get("optional")), tuple(settings.get("items") or ()))


def volume_files(lookup: Lookup, pod: Manifest, volume: Manifest) -> dict[str, bytes]:
    """Return the files a volume of the pod shows, by path inside the volume.

    Raises:
        UnresolvedError: an object or a key that is not optional is missing.
    """
    files: dict[str, bytes] = {}
    for source in sources_of(volume):
        files.update(source.files(lookup, namespace_of(pod)))
    for item in (volume.get("downwardAPI") or {}).get("items") or ():
        files[str(item.get("path"))] = _field(pod, str((item.get("fieldRef") or {}).get("fieldPath", ""))).encode()
    return files


def mount_problem(lookup: Lookup, pod: Manifest) -> str:
    """Return why the pod's volumes cannot be mounted, in the kubelet's words; empty when they can."""
    for volume in spec(pod).get("volumes") or ():
        try:
            volume_files(lookup, pod, volume)
        except UnresolvedError as error:
            return f'MountVolume.SetUp failed for volume "{volume.get("name")}" : {error}'
    return ""


def needs(pod: Manifest) -> Iterator[tuple[str, str]]:
    """Yield kind and name of everything the pod refers to: ConfigMaps, Secrets and claims."""
    for volume in spec(pod).get("volumes") or ():
        for source in sources_of(volume):
            yield source.kind, source.name
        if "persistentVolumeClaim" in volume:
            yield "PersistentVolumeClaim", str(volume["persistentVolumeClaim"].get("claimName", ""))
    for container in (*(spec(pod).get("initContainers") or ()), *(spec(pod).get("containers") or ())):
        for entry in container.get("envFrom") or ():
            source = _referred(entry, "Ref")
            yield source.kind, source.name
        for variable in container.get("env") or ():
            source = _referred(variable.get("valueFrom") or {}, "KeyRef")
            if source.name:
                yield source.kind, source.name
