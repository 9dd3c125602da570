"""References by name: where a node's data names other resources, as the kind files say with ``refers``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from flowcore.kinds._parameters import Parameter

#: Takes a kind or role and a name in the cluster, and returns the name to write in its place.
Rename: TypeAlias = Callable[[str, str], str]

_SHAPES: Mapping[type, tuple[str, ...]] = {str: ("string",), list: ("list",), tuple: ("list",), dict: ("object", "map")}


def followed(parameters: Iterable[Parameter], data: Mapping[str, Any], rename: Rename) -> dict[str, Any]:
    """Return *data* with every name of another resource that its *parameters* declare replaced by *rename*'s."""
    result = dict(data)
    for parameter in parameters:
        for key in (parameter.name, *parameter.aliases):
            if key in data:
                result[key] = _value(parameter, data[key], data, rename)
    return result


def _value(parameter: Parameter, value: Any, around: Mapping[str, Any], rename: Rename) -> Any:
    for choice in parameter.choices:
        if choice.type in _SHAPES.get(type(value), ()):
            return _value(choice, value, around, rename)
    if isinstance(value, str):
        word = _referred(parameter, around)
        return rename(word, value) if word else value
    if isinstance(value, Mapping):
        return _object(parameter, value, around, rename)
    if isinstance(value, (list, tuple)) and parameter.items is not None:
        return [_value(parameter.items, item, around, rename) for item in value]
    return value


def _object(
    parameter: Parameter, value: Mapping[str, Any], around: Mapping[str, Any], rename: Rename
) -> dict[str, Any]:
    word, name = _referred(parameter, around), value.get("name")
    if word and isinstance(name, str):
        return {**value, "name": rename(word, name)}
    if parameter.values is not None:
        return {key: _value(parameter.values, item, value, rename) for key, item in value.items()}
    return followed(parameter.fields, value, rename)


def _referred(parameter: Parameter, around: Mapping[str, Any]) -> str:
    """Return the kind or role that a value names; with a leading dot, the field beside it says which."""
    if not parameter.refers.startswith("."):
        return parameter.refers
    return str(around.get(parameter.refers[1:], "")).lower()
