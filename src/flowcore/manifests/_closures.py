"""The closures that rendering runs: mappings, merges, loops, and how they fail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from flowcore.errors import Finding, InvalidInputError, Place
from flowcore.manifests._expressions import Compiled, Scope, is_true
from flowcore.manifests._pieces import Variable, wrong_type
from flowcore.manifests._values import ABSENT, SCALARS, plain

#: Key (or what computes it), value, whether it may be absent, and its place.
Entry: TypeAlias = tuple[str | Compiled, Compiled, bool, Place]


def missing(place: Place) -> InvalidInputError:
    """Return the error about a value that must be there and is absent."""
    message = f"the template needs a value at {place.path or 'its root'}, and there is none"
    fix = "give the value, or mark the key as optional with a question mark"
    return InvalidInputError([Finding(rule="template-value-missing", message=message, place=place, fix=fix)])


def absent_when_empty(compiled: Compiled) -> Compiled:
    """Return a closure that gives absent where a structure came out empty."""
    return lambda scope: compiled(scope) or ABSENT


def plain_entries(entries: list[tuple[str, Compiled, bool, Place]]) -> Compiled:
    """Return the closure of a mapping whose keys are known."""
    prepared = [
        (key, value.name if isinstance(value, Variable) else "", value, optional, place)
        for key, value, optional, place in entries
    ]

    def render(scope: Scope) -> Any:
        rendered = {}
        look_up = scope.get
        for key, name, value, optional, place in prepared:
            if name:
                item = look_up(name, ABSENT)
                if type(item) not in SCALARS and item is not ABSENT:
                    item = plain(item)
            else:
                item = value(scope)
            if item is not ABSENT:
                rendered[key] = item
            elif not optional:
                raise missing(place)
        return rendered

    return render


def computed_entries(entries: list[Entry]) -> Compiled:
    """Return the closure of a mapping with computed keys."""

    def render(scope: Scope) -> Any:
        rendered = {}
        for key, value, optional, place in entries:
            name = key if isinstance(key, str) else key(scope)
            item = value(scope)
            if name is not ABSENT and item is not ABSENT:
                rendered[_key(name, place)] = item
            elif not optional:
                raise missing(place)
        return rendered

    return render


def _key(name: Any, place: Place) -> str:
    if isinstance(name, (str, int)) and not isinstance(name, bool):
        return str(name)
    raise wrong_type(f"a key must be a text, not {type(name).__name__}", place)


def merging(others: Compiled, own: Compiled) -> Compiled:
    """Return the closure of a mapping that is laid over others."""

    def render(scope: Scope) -> Any:
        merged: dict[str, Any] = {}
        found = others(scope)
        for other in found if isinstance(found, list) else [found]:
            if isinstance(other, dict):
                merged.update(other)
        merged.update(own(scope))
        return merged

    return render


def looping(
    variables: list[str], source: Compiled, condition: Compiled | None, body: Compiled, place: Place
) -> Compiled:
    """Return the closure of a loop; it gives a list."""
    binds_two = len(variables) == 2
    first, last = variables[0], variables[-1]

    def render(scope: Scope) -> Any:
        values = source(scope)
        if not values:
            return []
        inner = dict(scope)
        rendered = []
        for value in _turns(values, binds_two, place):
            if binds_two:
                inner[first], inner[last] = value
            else:
                inner[first] = value
            if condition is None or is_true(condition(inner)):
                item = body(inner)
                if item is not ABSENT:
                    rendered.append(item)
        return rendered

    return render


def _turns(values: Any, binds_two: bool, place: Place) -> Iterable[Any]:
    """Return what a loop binds in each turn: item, position and item, or key and value."""
    if isinstance(values, Mapping):
        return values.items() if binds_two else values
    if isinstance(values, (list, tuple)):
        return enumerate(values) if binds_two else values
    raise wrong_type(f"a loop needs a list or a mapping, not {type(values).__name__}", place)
