"""Strategic merge patches: lists merge by their keys, and $-directives say what to replace, delete or order."""

from __future__ import annotations

from typing import Any

from adapters.sandbox._schema import ANY, Listing, Mapping, Struct, Type
from adapters.sandbox._status import StatusError, bad_request

_DELETE_FROM = "$deleteFromPrimitiveList/"
_ORDER = "$setElementOrder/"


def strategically_patched(document: Any, patch: Any, kind: Type) -> Any:
    """The document after a strategic merge patch, nothing changed in place. Raises StatusError 400."""
    if not isinstance(patch, dict):
        raise bad_request("error decoding patch: a strategic merge patch must be an object")
    return _merged(document if isinstance(document, dict) else {}, patch, kind)


def _child(kind: Type, name: str) -> Type:
    if isinstance(kind, Struct):
        return kind.fields.get(name, ANY)
    return kind.element if isinstance(kind, Mapping) else ANY


def _merged(document: dict[str, Any], patch: dict[str, Any], kind: Type) -> dict[str, Any]:
    directive = patch.get("$patch")
    if directive == "replace":
        return {name: _clean(part) for name, part in patch.items() if name != "$patch" and part is not None}
    if directive == "delete":
        return {}
    if directive not in (None, "merge"):
        raise bad_request(f"unknown patch type found: {directive}")
    out = dict(document)
    if "$retainKeys" in patch:
        kept = set(patch["$retainKeys"])
        out = {name: part for name, part in out.items() if name in kept}
    for name, part in patch.items():
        if name.startswith("$"):
            continue
        _merge_field(out, name, part, kind)
    for name in patch:
        _special_field(out, name, patch, kind)
    return out


def _merge_field(out: dict[str, Any], name: str, part: Any, kind: Type) -> None:
    child = _child(kind, name)
    if part is None:
        out.pop(name, None)
    elif isinstance(part, dict):
        before = out.get(name)
        if part.get("$patch") == "delete":
            out.pop(name, None)
        else:
            out[name] = _merged(before if isinstance(before, dict) else {}, part, child)
    elif isinstance(part, list) and isinstance(child, Listing) and "merge" in child.strategies:
        out[name] = _merged_list(out.get(name) or [], part, child)
    else:
        out[name] = part


def _special_field(out: dict[str, Any], name: str, patch: dict[str, Any], kind: Type) -> None:
    if name.startswith(_DELETE_FROM):
        field = name.removeprefix(_DELETE_FROM)
        out[field] = [item for item in out.get(field, []) if item not in patch[name]]
    elif name.startswith(_ORDER):
        field = name.removeprefix(_ORDER)
        child = _child(kind, field)
        if isinstance(child, Listing) and isinstance(out.get(field), list):
            out[field] = _ordered(out[field], patch[name], child.merge_key)


def _merged_list(before: list[Any], patch: list[Any], kind: Listing) -> list[Any]:
    if not kind.merge_key:
        return [*before, *(item for item in patch if item not in before)]
    if any(isinstance(item, dict) and item.get("$patch") == "replace" for item in patch):
        return [_clean(item) for item in patch if item.get("$patch") != "replace"]
    out = list(before)
    for item in patch:
        if not isinstance(item, dict) or kind.merge_key not in item:
            raise _keyless(item, kind.merge_key)
        _merge_item(out, item, kind)
    return out


def _merge_item(out: list[Any], item: dict[str, Any], kind: Listing) -> None:
    key = item[kind.merge_key]
    at = next((index for index, present in enumerate(out) if present.get(kind.merge_key) == key), None)
    if item.get("$patch") == "delete":
        if at is not None:
            del out[at]
    elif at is None:
        out.append(_merged({}, item, kind.element))
    else:
        out[at] = _merged(out[at], item, kind.element)


def _ordered(items: list[Any], order: list[Any], merge_key: str) -> list[Any]:
    """The items in the order that the patch states; those it does not name stay where they stood."""

    def key(item: Any) -> Any:
        return item.get(merge_key) if merge_key and isinstance(item, dict) else item

    wanted = [key(item) for item in order]
    named = sorted((item for item in items if key(item) in wanted), key=lambda item: wanted.index(key(item)))
    queue = iter(named)
    return [next(queue) if key(item) in wanted else item for item in items]


def _clean(value: Any) -> Any:
    """A patch's value without directives and nulls, as it stands where nothing stood before."""
    if isinstance(value, dict):
        return {name: _clean(part) for name, part in value.items() if part is not None and not name.startswith("$")}
    return [_clean(item) for item in value] if isinstance(value, list) else value


def _keyless(item: Any, merge_key: str) -> StatusError:
    return bad_request(f"map: {item} does not contain declared merge key: {merge_key}")
