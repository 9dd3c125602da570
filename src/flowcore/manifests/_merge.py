"""Deep merge of Kubernetes objects: lists of things with a name are merged by that name, as the API server does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flowcore.manifests._values import plain

#: Merge keys by field name, from the API's ``x-kubernetes-patch-merge-key`` and ``list-map-keys``; the first group of
#: keys that every item has decides. Other lists are replaced.
LIST_KEYS: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "containers": (("name",),),
    "initContainers": (("name",),),
    "ephemeralContainers": (("name",),),
    "env": (("name",),),
    "volumes": (("name",),),
    "volumeMounts": (("mountPath",),),
    "volumeDevices": (("devicePath",),),
    "volumeClaimTemplates": (("metadata.name",),),
    "imagePullSecrets": (("name",),),
    "hostAliases": (("ip",),),
    "ports": (("containerPort", "protocol"), ("port", "protocol")),
    "topologySpreadConstraints": (("topologyKey", "whenUnsatisfiable"),),
    "resourceClaims": (("name",),),
    "ownerReferences": (("uid",),),
    "conditions": (("type",),),
    "secrets": (("name",),),
}
#: What a key counts as where an item leaves it out.
_KEY_DEFAULTS: Final = {"protocol": "TCP"}


def merge(base: Any, overrides: Any) -> Any:
    """Return *base* with *overrides* laid over it; neither is changed, nothing is shared with them.

    Mappings merge key by key, null deletes a key, lists with a merge key merge item by item (an item that holds
    ``$patch: delete`` removes its counterpart), everything else is replaced.
    """
    if isinstance(base, Mapping) and isinstance(overrides, Mapping):
        return _merge_mappings(base, overrides)
    return _without_nulls(overrides)


def _merge_mappings(base: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    merged = plain(base)
    for key, value in overrides.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, (list, tuple)) and isinstance(merged.get(key), list):
            merged[key] = _merge_lists(key, merged[key], list(value))
        else:
            merged[key] = merge(merged.get(key), value)
    return dict(merged)


def list_key(field: str, items: list[Any]) -> tuple[str, ...]:
    """Return the keys that tell the items of a list apart; empty when the list has no identity per item."""
    for keys in LIST_KEYS.get(field, ()):
        if all(isinstance(item, Mapping) and _at(item, keys[0]) is not None for item in items):
            return keys
    return ()


def identity(item: Mapping[str, Any], keys: tuple[str, ...]) -> tuple[Any, ...]:
    """Return what tells this item apart, with the API's defaults for what it leaves out."""
    found = [_at(item, key) for key in keys]
    return tuple(_KEY_DEFAULTS.get(key) if value is None else value for key, value in zip(keys, found, strict=True))


def _at(item: Mapping[str, Any], key: str) -> Any:
    for step in key.split("."):
        item = item.get(step) if isinstance(item, Mapping) else None  # type: ignore[assignment]
    return item


def _merge_lists(field: str, base: list[Any], overrides: list[Any]) -> list[Any]:
    keys = list_key(field, base + overrides)
    if not keys:
        return [_without_nulls(item) for item in overrides]
    merged = list(base)
    for item in overrides:
        key = identity(item, keys)
        position = next((n for n, one in enumerate(merged) if identity(one, keys) == key), len(merged))
        if item.get("$patch") == "delete":
            del merged[position : position + 1]
        else:
            merged[position : position + 1] = [merge(merged[position] if position < len(merged) else None, item)]
    return merged


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [_without_nulls(item) for item in value]
    return plain(value)
