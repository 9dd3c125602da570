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
#: Begin of a key that holds the order of a list's items, as in Kubernetes' strategic merge patch.
ORDER: Final = "$setElementOrder/"
#: What a key counts as where an item leaves it out.
_KEY_DEFAULTS: Final = {"protocol": "TCP"}


def merge(base: Any, overrides: Any) -> Any:
    """Return *base* with *overrides* laid over it; neither is changed, nothing is shared with them.

    Mappings merge key by key, null deletes a key, lists with a merge key merge item by item (an item that holds
    """
    if isinstance(base, Mapping) and isinstance(overrides, Mapping):
        return _merge_mappings(base, overrides)
    return _without_nulls(overrides)


def _merge_mappings(base: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    merged = plain(base)
    orders = {key.removeprefix(ORDER): order for key, order in overrides.items() if key.startswith(ORDER)}
    for key, value in overrides.items():
        if key.startswith(ORDER):
            continue
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, (list, tuple)) and isinstance(merged.get(key), list):
            merged[key] = _merge_lists(key, merged[key], list(value))
        else:
            merged[key] = merge(merged.get(key), value)
    for key, order in orders.items():
        merged[key] = _ordered(key, merged.get(key), order)
    return {key: value for key, value in merged.items() if value is not None or key not in orders}


def _ordered(field: str, items: Any, order: Any) -> Any:
    """Return a list's items in an order of identities; items that it does not name stay behind those they followed."""
    if not isinstance(items, list) or not isinstance(order, (list, tuple)):
        return items
    keys = list_key(field, [*items, *order])
    if not keys:
        return items
    places = {identity(one, keys): place for place, one in enumerate(order)}
    last = -1
    ranks = [last := places.get(identity(item, keys), last) for item in items]
    return [item for _, item in sorted(zip(ranks, items, strict=True), key=lambda pair: pair[0])]


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
    """Return a copy without nulls and without orders, which say nothing where there is nothing to order."""
    if isinstance(value, Mapping):
        kept = ((key, item) for key, item in value.items() if item is not None and not key.startswith(ORDER))
        return {key: _without_nulls(item) for key, item in kept}
    if isinstance(value, (list, tuple)):
        return [_without_nulls(item) for item in value]
    return plain(value)
