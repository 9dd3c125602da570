"""Typed values merged, pruned and compared field by field, as server-side apply does; nothing is changed in place.

Every function returns the very object it was given where nothing differs, so that "is" tells a no-op.
"""

from __future__ import annotations

from typing import Any

from adapters.sandbox._fieldsets import SELF, FieldSet, item_key, keyed, leniently_keyed
from adapters.sandbox._schema import ANY, Listing, Mapping, Struct, Type

_MISSING: Any = object()
#: Struct fields that every object of the API has by value: they are never "added" as such.
_BY_VALUE = frozenset({"metadata", "spec", "status", "template", "strategy", "updateStrategy", "jobTemplate"})


def _child(kind: Type, name: str) -> Type:
    if isinstance(kind, Struct):
        return kind.fields.get(name, ANY)
    return kind.element if isinstance(kind, Mapping) else ANY


def merge(live: Any, config: Any, kind: Type) -> Any:
    """`live` with everything that `config` states laid over it. Raises UnkeyedItemError on bad keyed lists."""
    if not kind.atomic:
        if isinstance(kind, Listing):
            return _merge_lists(live, config, kind)
        if live.__class__ is dict and config.__class__ is dict:
            return _merge_maps(live, config, kind)
    return live if live.__class__ is config.__class__ and live == config else config


def _merge_maps(live: dict[str, Any], config: dict[str, Any], kind: Type) -> dict[str, Any]:
    out = live
    for name, part in config.items():
        old = live.get(name, _MISSING)
        if old is part:
            continue
        new = part if old is _MISSING else merge(old, part, _child(kind, name))
        if new is not old:
            if out is live:
                out = dict(live)
            out[name] = new
    return out


def _merge_lists(live: Any, config: list[Any], kind: Listing) -> list[Any]:
    wanted = keyed(config, kind)
    if not isinstance(live, list):
        return config
    present = leniently_keyed(live, kind)
    merged = {key: merge(present[key], item, kind.element) if key in present else item for key, item in wanted.items()}
    out = _interleaved(present, merged)
    same = len(out) == len(live) and all(new is old for new, old in zip(out, live, strict=True))
    return live if same else out


def _interleaved(present: dict[str, Any], merged: dict[str, Any]) -> list[Any]:
    """The merged items in their own order, with those that are only present kept where they stand."""
    out: list[Any] = []
    left, right = list(present), list(merged)
    done: set[str] = set()
    at = 0
    for key in left:
        if key not in merged:
            out.append(present[key])
            continue
        while key not in done and at < len(right):
            out.append(merged[right[at]])
            done.add(right[at])
            at += 1
    return out + [merged[key] for key in right[at:]]


def prune(value: Any, dropped: FieldSet, owned: FieldSet, kind: Type) -> Any:
    """`value` without what `dropped` names and nobody in `owned` states, neither itself nor anything inside it."""
    if isinstance(kind, Listing):
        return _prune_list(value, dropped, owned, kind)
    if not isinstance(value, dict):
        return value
    out = value
    for key, node in dropped.items():
        name = key[2:]
        if key == SELF or name not in value:
            continue
        kept = owned.get(key)
        if kept is None:
            out = dict(value) if out is value else out
            del out[name]
        elif node and kept:
            new = prune(value[name], node, kept, _child(kind, name))
            if new is not value[name]:
                out = dict(value) if out is value else out
                out[name] = new
    return out


def _prune_list(value: Any, dropped: FieldSet, owned: FieldSet, kind: Listing) -> Any:
    if not isinstance(value, list) or kind.atomic:
        return value
    out: list[Any] = []
    same = True
    for item in value:
        key = item_key(item, kind)
        node = dropped.get(key)
        if node is None:
            out.append(item)
        elif key in owned:
            new = prune(item, node, owned[key], kind.element)
            same = same and new is item
            out.append(new)
        else:
            same = False
    return value if same else out


def compare(old: Any, new: Any, kind: Type) -> tuple[FieldSet, FieldSet]:
    """The fields that `new` adds or changes, and those that it removes."""
    touched: FieldSet = {}
    removed: FieldSet = {}
    _compare_children(old, new, kind, touched, removed)
    return touched, removed


def _compare_children(old: Any, new: Any, kind: Type, touched: FieldSet, removed: FieldSet) -> None:
    for key, name, element in _elements(old, new, kind):
        before = old.get(name, _MISSING)
        after = new.get(name, _MISSING)
        if before is after:
            continue
        if before is _MISSING:
            touched[key] = _whole(after, element, by_value=isinstance(kind, Struct) and name in _BY_VALUE)
        elif after is _MISSING:
            removed[key] = _whole(before, element)
        else:
            _compare_both(key, before, after, element, touched, removed)


def _compare_both(key: str, before: Any, after: Any, kind: Type, touched: FieldSet, removed: FieldSet) -> None:
    if kind.atomic or (not before and not after) or before.__class__ is not after.__class__:
        if before != after or before.__class__ is not after.__class__:
            touched[key] = {}
        return
    inner_touched: FieldSet = {}
    inner_removed: FieldSet = {}
    if isinstance(kind, Listing):
        before, after = leniently_keyed(before, kind), leniently_keyed(after, kind)
    _compare_children(before, after, kind, inner_touched, inner_removed)
    if inner_touched:
        touched[key] = inner_touched
    if inner_removed:
        removed[key] = inner_removed


def _elements(old: Any, new: Any, kind: Type) -> list[tuple[str, str, Type]]:
    names = [*new, *(name for name in old if name not in new)]
    if isinstance(kind, Listing):
        return [(name, name, kind.element) for name in names]
    return [(f"f:{name}", name, _child(kind, name)) for name in names]


def _whole(value: Any, kind: Type, *, by_value: bool = False) -> FieldSet:
    """A value that appears or disappears: everything inside it, and itself."""
    if kind.atomic or not value:
        return {}
    children: FieldSet = {}
    if isinstance(value, list) and isinstance(kind, Listing):
        children = {key: _whole(item, kind.element) for key, item in leniently_keyed(value, kind).items()}
    elif isinstance(value, dict):
        children = {
            f"f:{name}": _whole(part, _child(kind, name), by_value=isinstance(kind, Struct) and name in _BY_VALUE)
            for name, part in value.items()
        }
    return children if by_value or not children else {SELF: {}, **children}
