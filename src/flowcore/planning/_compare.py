"""A desired object against the live one: what applying it would change, without noise from the server's defaults."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from attrs import frozen

from flowcore.manifests import identity, list_key, quantity
from flowcore.model import Manifest

#: Mappings whose values are amounts; ``0.5`` and ``500m`` are the same there, and only there.
_AMOUNTS: Final = frozenset({"requests", "limits", "capacity", "hard"})
#: Single fields that are amounts.
_AMOUNT_FIELDS: Final = frozenset({"sizeLimit", "divisor"})
#: What stands in a difference instead of a secret value.
HIDDEN: Final = "(hidden)"
_MISSING: Final = object()
#: One environment variable behind ``env`` in a path, and its value.
_VARIABLE: Final = re.compile(r"\[[^\]]*\]")
_VALUE: Final = re.compile(r"\[[^\]]*\]\.value")


@frozen(kw_only=True)
class Difference:
    """One field that would change.

    Attributes:
        path: dotted path in the object; items of keyed lists by their key, like ``spec.containers[web].image``.
        desired: value in the desired object, None when the field would go.
        live: value in the live object, None when it has none.
    """

    path: str
    desired: Any
    live: Any


@frozen(kw_only=True)
class Change:
    """What applying an object would do; ``differences`` are empty unless the action is ``update``."""

    action: Literal["create", "update", "unchanged"]
    differences: tuple[Difference, ...] = ()


def compare(desired: Manifest, live: Manifest | None, *, manager: str = "flowcore") -> Change:
    """Return what server-side apply of *desired* would change.

    Only fields that *desired* states count, and fields that *manager* owns in the live object (by its managed fields)
    and *desired* no longer states. Values of secrets are compared, but never shown; nor are those that environment
    variables have in the live object, since they may have been given for one run.
    """
    if live is None:
        return Change(action="create")
    found = [*_stated(_normal(desired), _normal(live)), *_dropped(desired, live, manager)]
    is_secret = "stringData" in desired or desired.get("kind") == "Secret"
    differences = tuple(_hidden(found) if is_secret else map(_without_given, found))
    return Change(action="update" if differences else "unchanged", differences=differences)


def _stated(desired: Manifest, live: Manifest) -> Iterator[Difference]:
    for key, value in desired.items():
        if key not in ("apiVersion", "kind", "metadata", "status"):
            yield from _differences(value, live.get(key, _MISSING), key, key)
    wanted, has = desired.get("metadata") or {}, live.get("metadata") or {}
    for key in ("labels", "annotations"):
        yield from _differences(wanted.get(key, {}), has.get(key, {}), f"metadata.{key}", key)


def _normal(manifest: Manifest) -> Manifest:
    """Return the object with its text data in the form that the server keeps."""
    texts = manifest.get("stringData")
    if not texts:
        return manifest
    encoded = {key: b64encode(str(value).encode()).decode() for key, value in texts.items()}
    kept = {key: value for key, value in manifest.items() if key != "stringData"}
    return {**kept, "data": {**(manifest.get("data") or {}), **encoded}}


def _hidden(differences: list[Difference]) -> Iterator[Difference]:
    for one in differences:
        if one.path.startswith(("data", "stringData")):
            desired = None if one.desired is None else HIDDEN
            yield Difference(path=one.path, desired=desired, live=None if one.live is None else HIDDEN)
        else:
            yield one


def _without_given(one: Difference) -> Difference:
    """Return the difference without the live value of a variable, which may have been given for one run."""
    _, _, inner = one.path.rpartition(".env")
    live = one.live
    if _VALUE.fullmatch(inner):
        live = HIDDEN if live is not None else None
    elif _VARIABLE.fullmatch(inner):
        live = _masked_env([live])[0]
    else:
        live = _masked_env(live) if one.path.endswith(".env") else _masked(live)
    return Difference(path=one.path, desired=one.desired, live=live)


def _masked(live: Any) -> Any:
    """Return a part of a live object without the values of environment variables in it."""
    if isinstance(live, Mapping):
        return {key: _masked_env(value) if key == "env" else _masked(value) for key, value in live.items()}
    return [_masked(item) for item in live] if isinstance(live, list) else live


def _masked_env(env: Any) -> Any:
    if not isinstance(env, list):
        return _masked(env)
    return [{**item, "value": HIDDEN} if isinstance(item, Mapping) and "value" in item else item for item in env]


def _differences(desired: Any, live: Any, path: str, field: str) -> Iterator[Difference]:
    if live is _MISSING or live is None:
        # The server leaves out empty texts, zeros and false where they mean the same as nothing.
        if desired not in (None, "", 0, False) and desired != {} and desired != []:
            yield Difference(path=path, desired=desired, live=None)
    elif isinstance(desired, Mapping) and isinstance(live, Mapping):
        for key, value in desired.items():
            inner = f"{field}:amount" if field in _AMOUNTS else key
            yield from _differences(value, live.get(key, _MISSING), f"{path}.{key}", inner)
    elif isinstance(desired, list) and isinstance(live, list):
        yield from _list_differences(desired, live, path, field)
    elif not _same(desired, live, field):
        yield Difference(path=path, desired=desired, live=live)


def _list_differences(desired: list[Any], live: list[Any], path: str, field: str) -> Iterator[Difference]:
    wanted, there = _by_key(desired, field), _by_key(live, field)
    if wanted is not None and there is not None:
        for key, item in wanted.items():
            label = "/".join(str(part) for part in key)
            yield from _differences(item, there.get(key, _MISSING), f"{path}[{label}]", field)
    elif len(desired) != len(live):
        yield Difference(path=path, desired=desired, live=live)
    else:
        for position, (item, other) in enumerate(zip(desired, live, strict=True)):
            yield from _differences(item, other, f"{path}[{position}]", field)


def _by_key(items: list[Any], field: str) -> dict[tuple[Any, ...], Any] | None:
    """Return the items by what tells them apart, None where nothing does."""
    keys = list_key(field, items)
    found = {identity(item, keys): item for item in items} if keys or not items else {}
    return found if len(found) == len(items) else None


def _same(desired: Any, live: Any, field: str) -> bool:
    if field.endswith(":amount") or field in _AMOUNT_FIELDS:
        try:
            return quantity(desired) == quantity(live)
        except ValueError:
            return bool(desired == live)
    return bool(desired == live) and isinstance(desired, bool) == isinstance(live, bool)


def _dropped(desired: Manifest, live: Manifest, manager: str) -> Iterator[Difference]:
    """Yield the fields that only the manager owns in the live object and the desired object no longer states."""
    entries = (live.get("metadata") or {}).get("managedFields") or ()
    ours = [one for one in entries if one.get("manager") == manager and one.get("operation") == "Apply"]
    others = {path for one in entries if one not in ours for path in _owned_paths(one.get("fieldsV1") or {}, "")}
    for entry in ours:
        for one in _gone(entry.get("fieldsV1") or {}, _normal(desired), _normal(live), ""):
            if one.path not in others:
                yield one


def _owned_paths(fields: Mapping[str, Any], path: str) -> Iterator[str]:
    for step, inner in fields.items():
        where = _step(path, step)
        if where:
            yield where
            yield from _owned_paths(inner, where)


def _step(path: str, step: str) -> str:
    """Return the path one managed-fields step further, empty for steps that name no field or keyed item."""
    kind, _, name = step.partition(":")
    if kind == "f":
        return f"{path}.{name}" if path else name
    return f"{path}[{'/'.join(map(str, json.loads(name).values()))}]" if kind == "k" else ""


def _gone(fields: Mapping[str, Any], desired: Any, live: Any, path: str) -> Iterator[Difference]:
    for step, inner in fields.items():
        where = _step(path, step)
        name = step.partition(":")[2]
        if not where or where == "stringData":
            continue
        find = _get if step.startswith("f:") else _keyed
        wanted, has = find(desired, name), find(live, name)
        if has is not _MISSING and wanted is _MISSING:
            yield Difference(path=where, desired=None, live=has)
        elif has is not _MISSING and inner:
            yield from _gone(inner, wanted, has, where)


def _get(value: Any, name: str) -> Any:
    return value.get(name, _MISSING) if isinstance(value, Mapping) else _MISSING


def _keyed(items: Any, name: str) -> Any:
    key = json.loads(name)
    for item in items if isinstance(items, list) else ():
        # The API's only default among list keys.
        if isinstance(item, Mapping) and all({"protocol": "TCP", **item}.get(k) == v for k, v in key.items()):
            return item
    return _MISSING
