"""What has to be laid over a rendered manifest to make it the wanted one, in the words of ``overrides``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flowcore.exchange._paths import MISSING, Path, same
from flowcore.manifests import ORDER, identity, list_key
from flowcore.model import Manifest

#: Labels by which flowcore finds what it applied; every object gets them, whatever it had before.
OWN_LABELS: Final = ("app.kubernetes.io/managed-by", "flowcore.dev/node")
#: What the API server assumes where a field is left out; kinds write it out.
_ASSUMED: Final[Mapping[str, Any]] = {"protocol": "TCP", "readOnly": False, "resources": {}}
_ASSUMED_IN: Final[Mapping[tuple[str, Path], Any]] = {
    ("Service", ("spec", "type")): "ClusterIP",
    ("Secret", ("type",)): "Opaque",
}


def completed(wanted: Manifest, rendered: Manifest) -> Manifest:
    """Return the wanted object with our labels, and with what the API server assumes where a kind writes it out.

    Labels of the object that flowcore adds are welcome where the object does not say otherwise; its pods' are not.
    What flowcore rendered itself says all this already and stays exactly as it is.
    """
    labels = rendered.get("metadata", {}).get("labels") or {}
    metadata = wanted.get("metadata") or {}
    stated = metadata.get("labels") or {}
    if all(key in stated and stated[key] == labels.get(key) for key in OWN_LABELS):
        return wanted
    if labels:
        ours = {key: labels[key] for key in OWN_LABELS if key in labels}
        metadata = {**metadata, "labels": {**labels, **(metadata.get("labels") or {}), **ours}}
    whole: Manifest = _completed({**wanted, "metadata": metadata}, rendered, str(wanted.get("kind", "")), ())
    return whole


def _completed(wanted: Any, rendered: Any, kind: str, path: Path) -> Any:
    if isinstance(wanted, dict) and isinstance(rendered, dict):
        found = {
            key: _completed(value, rendered[key], kind, (*path, key)) if key in rendered else value
            for key, value in wanted.items()
        }
        for key, value in rendered.items():
            if key not in wanted and _is_assumed(key, value, wanted, kind, (*path, key)):
                found[key] = value
        return found
    if isinstance(wanted, list) and isinstance(rendered, list):
        return _completed_items(wanted, rendered, kind, path)
    return wanted


def _completed_items(wanted: list[Any], rendered: list[Any], kind: str, path: Path) -> list[Any]:
    keys = list_key(str(path[-1]) if path else "", [*wanted, *rendered])
    if keys:
        others = _by_identity(rendered, keys)
        return [_completed(item, others.get(repr(identity(item, keys))), kind, (*path, 0)) for item in wanted]
    pairs = zip(wanted, [*rendered, *[None] * len(wanted)], strict=False)
    return [_completed(item, other, kind, (*path, 0)) for item, other in pairs]


def _is_assumed(key: str, value: Any, beside: Mapping[str, Any], kind: str, path: Path) -> bool:
    if key == "targetPort":
        return same(value, beside.get("port", MISSING))
    return same(_ASSUMED.get(key, MISSING), value) or same(_ASSUMED_IN.get((kind, path), MISSING), value)


def overrides_for(base: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return what ``merge(base, …)`` needs to make *wanted*; empty when they are equal.

    Lists whose items cannot be told apart may be impossible to make; the caller compares the result.
    """
    found: dict[str, Any] = {key: None for key in base if key not in wanted}
    for key, value in wanted.items():
        other = base.get(key, MISSING)
        if other is MISSING:
            found[key] = value
        elif same(other, value):
            continue
        elif isinstance(value, dict) and isinstance(other, dict):
            found[key] = overrides_for(other, value)
        elif isinstance(value, list) and isinstance(other, list):
            found.update(_list_overrides(key, other, value))
        else:
            found[key] = value
    return found


def _list_overrides(field: str, base: list[Any], wanted: list[Any]) -> dict[str, Any]:
    keys = list_key(field, [*base, *wanted])
    if not keys:
        return {field: wanted}
    before, after = _by_identity(base, keys), _by_identity(wanted, keys)
    items: list[Mapping[str, Any]] = [_delete(item, keys) for one, item in before.items() if one not in after]
    items += [_item(before.get(one), item, keys) for one, item in after.items() if not same(before.get(one), item)]
    found: dict[str, Any] = {field: items} if items else {}
    merged = [*(one for one in before if one in after), *(one for one in after if one not in before)]
    if merged != list(after):
        found[ORDER + field] = [_key(item, keys) for item in wanted]
    return found


def _by_identity(items: list[Any], keys: tuple[str, ...]) -> dict[str, Any]:
    """Return the items by what tells them apart, as a text: what stands there need not be hashable."""
    return {repr(identity(item, keys)): item for item in items}


def _item(before: Any, item: Mapping[str, Any], keys: tuple[str, ...]) -> Mapping[str, Any]:
    return item if before is None else {**_key(item, keys), **overrides_for(before, item)}


def _delete(item: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {**_key(item, keys), "$patch": "delete"}


def _key(item: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    """Return only what tells an item apart."""
    found: dict[str, Any] = {}
    for key in keys:
        outer, _, inner = key.partition(".")
        value = item.get(outer)
        if inner and isinstance(value, Mapping):
            found[outer] = {inner: value.get(inner)}
        elif value is not None:
            found[outer] = value
    return found
