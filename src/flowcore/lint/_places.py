"""Leads from a place in a rendered manifest back to the field of the node that says it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from flowcore.errors import Edit
from flowcore.kinds import WiredNode
from flowcore.lint._pods import TEMPLATES
from flowcore.lint._rule import Change, Path, at, mappings, path_text
from flowcore.manifests import identity, list_key

#: Keys of the pod that workloads call otherwise.
_POD_NAMES: Final = {"securityContext": "podSecurityContext", "volumes": "volumeMounts"}
#: Keys of objects that their kinds call otherwise.
_SPEC_NAMES: Final = {
    "Service": {"type": "serviceType"},
    "Ingress": {"rules": "paths"},
    "HorizontalPodAutoscaler": {"scaleTargetRef": "scaleTargetName"},
}


def locate(node: WiredNode, manifest: Mapping[str, Any], path: Path) -> tuple[Path, bool]:
    """Return where a node's data says what stands at a path of its manifest, and whether it is exactly there.

    What lies in the overrides is found there. A place that no field leads to is the nearest field above it, at last the
    whole data.
    """
    data = node.node.data
    overridden = _in_overrides(data.get("overrides"), manifest, path)
    if overridden:
        return ("overrides", *overridden), True
    if _has(node, "manifest"):
        # A raw manifest is told as it is, or as a text that has no places.
        return ("manifest", *path), isinstance(data.get("manifest"), Mapping)
    return _field(node, manifest, path)


def edit_of(node: WiredNode, manifest: Mapping[str, Any], change: Change) -> Edit | None:
    """Return a change of a manifest as a change of the node's data; None where it cannot be made there."""
    path, is_exact = locate(node, manifest, change.path)
    data = node.node.data
    if not is_exact or (at(data, *path) is None if change.remove else not _has_room(data, path)):
        return None
    if change.remove and path[0] == "overrides" and isinstance(path[-1], str):
        # Null takes the field away also where the node's own fields say it.
        return Edit(node=node.node.id, path=path, value=None)
    return Edit(node=node.node.id, path=path, value=change.value, remove=change.remove)


def data_path(path: Path) -> str:
    """Return a path into a node's data as findings tell it."""
    return path_text(("data", *path))


def resolve(data: Mapping[str, Any], text: str) -> Path | None:
    """Return the path that a finding's text means in a node's data; keys may hold dots.

    None where the text leads nowhere.
    """
    return _resolve(data, text.removeprefix("data")) if text.startswith("data.") else None


def _resolve(value: Any, rest: str) -> Path | None:
    if not rest:
        return ()
    if isinstance(value, Mapping) and rest.startswith("."):
        for key in sorted(map(str, value), key=len, reverse=True):
            after = rest[1 + len(key) :]
            if rest.startswith(key, 1) and after[:1] in ("", ".", "["):
                found = _resolve(value.get(key), after)
                if found is not None:
                    return (key, *found)
    elif isinstance(value, (list, tuple)) and rest.startswith("["):
        number, _, after = rest[1:].partition("]")
        if number.isdigit() and int(number) < len(value):
            found = _resolve(value[int(number)], after)
            return None if found is None else (int(number), *found)
    return None


def _has_room(data: Any, path: Path) -> bool:
    """Say whether a value can be set at a path: everything on the way is missing or of the right shape."""
    for key in path:
        if data is None:
            return isinstance(key, str)
        if isinstance(key, int):
            if not isinstance(data, list) or key >= len(data):
                return False
            data = data[key]
        else:
            if not isinstance(data, Mapping):
                return False
            data = data.get(key)
    return True


def _in_overrides(overrides: Any, manifest: Any, path: Path) -> Path | None:
    """Return the path in the overrides that wrote what stands at a path of the manifest."""
    found: list[str | int] = []
    field = ""
    for key in path:
        if isinstance(key, str) and isinstance(overrides, Mapping) and key in overrides:
            field, overrides, manifest = key, overrides[key], at(manifest, key)
            found.append(key)
        elif isinstance(key, int) and isinstance(overrides, list):
            position = _counterpart(field, overrides, at(manifest, key), key)
            if position is None:
                return None
            overrides, manifest = overrides[position], at(manifest, key)
            found.append(position)
        else:
            return None
    return tuple(found)


def _counterpart(field: str, items: list[Any], item: Any, position: int) -> int | None:
    keys = list_key(field, items)
    if not keys:
        return position if position < len(items) else None
    if not isinstance(item, Mapping):
        return None
    wanted = identity(item, keys)
    return next((number for number, one in mappings(items) if identity(one, keys) == wanted), None)


def _field(node: WiredNode, manifest: Mapping[str, Any], path: Path) -> tuple[Path, bool]:
    pod = TEMPLATES.get(node.kind.object_kind)
    if pod is not None and node.kind.is_a("workload") and path[: len(pod)] == pod:
        return _pod_field(node, manifest, path, path[len(pod) :])
    if path[:1] == ("spec",) and len(path) > 1:
        if _has(node, "spec"):
            return _named(node, "spec", path[1:], is_exact=True)
        names = _SPEC_NAMES.get(node.kind.object_kind, {})
        return _named(node, names.get(str(path[1]), str(path[1])), path[2:], is_exact=path[1] not in names)
    return _named(node, str(path[0]), path[1:], is_exact=True) if path else ((), False)


def _named(node: WiredNode, name: str, rest: Path, *, is_exact: bool) -> tuple[Path, bool]:
    """Return a path into a field, if the kind has it; a field that is no list or object ends the path."""
    if not _has(node, name):
        return (), False
    if not rest:
        return (name,), is_exact
    value = node.node.data.get(name)
    fits = isinstance(value, (list, tuple)) if isinstance(rest[0], int) else value is None or isinstance(value, Mapping)
    return ((name, *rest), is_exact) if fits else ((name,), False)


def _has(node: WiredNode, name: str) -> bool:
    return any(parameter.name == name for parameter in node.kind.parameters)


def _pod_field(node: WiredNode, manifest: Mapping[str, Any], full: Path, path: Path) -> tuple[Path, bool]:
    if path[:2] == ("metadata", "annotations"):
        return _named(node, "podAnnotations", path[2:], is_exact=True)
    if path[:1] != ("spec",) or len(path) < 2:
        return (), False
    name, rest = str(path[1]), path[2:]
    if name == "containers" and rest:
        return _container_field(node, manifest, full, rest)
    if name == "volumes":
        return _volume_field(node, manifest, full, rest)
    return _named(node, _POD_NAMES.get(name, name), rest, is_exact=True)


def _container_field(node: WiredNode, manifest: Mapping[str, Any], full: Path, rest: Path) -> tuple[Path, bool]:
    position = rest[0]
    if position != 0:
        assert isinstance(position, int)
        return _named(node, "sidecars", (position - 1, *rest[1:]), is_exact=True)
    if len(rest) < 2:
        return (), False
    name, inner = str(rest[1]), rest[2:]
    special = _SPECIAL.get(name)
    if special is not None and inner:
        return special(node, at(manifest, *full[: len(full) - len(inner) + 1]), inner)
    return _named(node, name, inner, is_exact=True)


def _port_field(node: WiredNode, port: Any, inner: Path) -> tuple[Path, bool]:
    number = at(port, "containerPort")
    for position, own in mappings(node.node.data.get("ports")):
        if own.get("containerPort") == number and own.get("protocol", "TCP") == at(port, "protocol"):
            return ("ports", position, *inner[1:]), True
    return ("port",) if node.node.data.get("port") == number else ("ports",), False


def _variable_field(node: WiredNode, variable: Any, inner: Path) -> tuple[Path, bool]:
    name, given = at(variable, "name"), node.node.data.get("env")
    if isinstance(given, Mapping) and name in given:
        return ("env", str(name)), False
    for position, own in mappings(given):
        if own.get("name") == name:
            return ("env", position, *inner[1:]), True
    return ("env",), False


def _mount_field(node: WiredNode, mount: Any, inner: Path) -> tuple[Path, bool]:
    for position, own in mappings(node.node.data.get("volumeMounts")):
        if own.get("mountPath") == at(mount, "mountPath"):
            return ("volumeMounts", position), False
    return ("volumeMounts",), False


def _volume_field(node: WiredNode, manifest: Mapping[str, Any], full: Path, rest: Path) -> tuple[Path, bool]:
    host = at(manifest, *full[:-1], "hostPath", "path") if full[-1] == "hostPath" else None
    for position, own in mappings(node.node.data.get("volumeMounts")):
        if host is not None and own.get("hostPath") == host:
            return ("volumeMounts", position, "hostPath"), False
    return ("volumeMounts",), False


#: Lists of the container that links add to, so that positions in the manifest are not those in the data.
_SPECIAL: Final[Mapping[str, Callable[[WiredNode, Any, Path], tuple[Path, bool]]]] = {
    "ports": _port_field,
    "env": _variable_field,
    "volumeMounts": _mount_field,
    "envFrom": lambda node, source, inner: (("envFrom",), False),
}
