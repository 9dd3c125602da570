"""Sets of fields in the shape of managedFields (FieldsV1), and their algebra.

A set is a tree of path elements: `f:name` for a field, `k:{…}` for the item of a keyed list, `v:…` for one of a set.
A node without children is a member; a node with children is a member only when it also holds ".".
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from adapters.sandbox._schema import Listing, Mapping, Struct, Type, key_default

FieldSet = dict[str, Any]
SELF = "."


class UnkeyedItemError(ValueError):
    """An item of a keyed list has no key, or the same key as another."""


def item_key(item: Any, kind: Listing) -> str:
    """The path element of a list's item. Raises UnkeyedItemError when a key field misses."""
    if kind.relation == "set":
        return f"v:{json.dumps(item, separators=(',', ':'))}"
    values = tuple(item.get(name, key_default(name)) for name in kind.keys)
    if all(value is None for value in values):
        raise UnkeyedItemError(
            f'associative list with keys has an element that omits key field "{kind.keys[0]}"'
            " (and doesn't have default value)"
        )
    return _keys_text(kind.keys, values)


@lru_cache(maxsize=8192)
def _keys_text(names: tuple[str, ...], values: tuple[Any, ...]) -> str:
    keys = {name: value for name, value in sorted(zip(names, values, strict=True)) if value is not None}
    return f"k:{json.dumps(keys, separators=(',', ':'))}"


def keyed(items: list[Any], kind: Listing) -> dict[str, Any]:
    """A list's items by their path elements. Raises UnkeyedItemError on a missing or repeated key."""
    found: dict[str, Any] = {}
    for index, item in enumerate(items):
        try:
            key = item_key(item, kind)
        except UnkeyedItemError as error:
            raise UnkeyedItemError(f": element {index}: {error}") from None
        if key in found:
            raise UnkeyedItemError(f": duplicate entries for key {readable([key])}")
        found[key] = item
    return found


def leniently_keyed(items: list[Any], kind: Listing) -> dict[str, Any]:
    """Like `keyed` for what is already stored: the first of equals stands, items without a key are skipped."""
    found: dict[str, Any] = {}
    for item in items:
        try:
            found.setdefault(item_key(item, kind), item)
        except UnkeyedItemError:
            continue
    return found


def fields_of(value: Any, kind: Type) -> FieldSet:
    """The fields that a configuration states: its leaves, the keys of its maps and the items of its lists."""
    if isinstance(kind, Struct):
        return _fields_of_struct(value, kind)
    if isinstance(kind, Mapping):
        return {f"f:{name}": _with_self(part, kind.element) for name, part in value.items()}
    if isinstance(kind, Listing):
        return {key: _with_self(item, kind.element) for key, item in keyed(value, kind).items()}
    return {}


def _fields_of_struct(value: dict[str, Any], kind: Struct) -> FieldSet:
    fields: FieldSet = {}
    known = kind.fields
    for name, part in value.items():
        declared = known.get(name)
        if declared is None or declared.atomic or part is None or part == {}:
            fields["f:" + name] = {}
            continue
        children = fields_of(part, declared)
        if children:
            fields["f:" + name] = children
    return fields


def _with_self(value: Any, kind: Type) -> FieldSet:
    if kind.atomic or value is None:
        return {}
    children = fields_of(value, kind)
    return {SELF: {}, **children} if children else {}


def is_member(node: FieldSet) -> bool:
    """Whether the path that ends in this node is in the set itself."""
    return not node or SELF in node


def union(left: FieldSet, right: FieldSet) -> FieldSet:
    """Every member of either set."""
    if left is right or not right:
        return left
    if not left:
        return right
    out = dict(left)
    for key, node in right.items():
        present = out.get(key)
        if present is None:
            out[key] = node
        elif present != node:
            out[key] = _union_node(present, node)
    return out


def _union_node(left: FieldSet, right: FieldSet) -> FieldSet:
    merged = union(left, right)
    return {SELF: {}, **merged} if is_member(left) or is_member(right) else merged


def difference(left: FieldSet, right: FieldSet) -> FieldSet:
    """The members of `left` that are not members of `right`."""
    out: FieldSet = {}
    for key, node in left.items():
        other = right.get(key)
        if other is None:
            out[key] = node
            continue
        kept = _difference_node(node, other)
        if kept is not None:
            out[key] = kept
    return out


def _difference_node(node: FieldSet, other: FieldSet) -> FieldSet | None:
    member = is_member(node) and not is_member(other)
    children = difference({key: child for key, child in node.items() if key != SELF}, other)
    if not children:
        return {} if member else None
    return {SELF: {}, **children} if member else children


def intersection(left: FieldSet, right: FieldSet) -> FieldSet:
    """The members of both sets."""
    out: FieldSet = {}
    for key, node in left.items():
        other = right.get(key)
        if other is None or key == SELF:
            continue
        children = intersection(node, other)
        if is_member(node) and is_member(other):
            out[key] = {SELF: {}, **children} if children else {}
        elif children:
            out[key] = children
    return out


def members(fields: FieldSet, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The paths of a set's members, each a tuple of path elements, in a stable order."""
    found: list[tuple[str, ...]] = []
    for key in sorted(fields):
        if key == SELF:
            continue
        node, here = fields[key], (*path, key)
        if is_member(node):
            found.append(here)
        found += members(node, here)
    return found


def readable(path: tuple[str, ...] | list[str]) -> str:
    """A path as people read it: `.spec.containers[name="web"].image`."""
    return "".join(_readable_element(element) for element in path)


def _readable_element(element: str) -> str:
    sort, _, text = element.partition(":")
    if sort == "f":
        return f".{text}"
    if sort == "v":
        return f"[={text}]"
    keys = json.loads(text)
    return f"[{','.join(f'{name}={json.dumps(value)}' for name, value in keys.items())}]"
