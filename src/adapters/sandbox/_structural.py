"""Custom objects checked against the value rules of their structural schema; and its defaults."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from adapters.sandbox._problems import Problems
from adapters.sandbox._status import Cause, Object


def schema_problems(obj: Object, schema: Object) -> list[Cause]:
    """What an object's values break of its schema: enum, pattern, limits, lengths, sizes and formats."""
    problems = Problems()
    _check(obj, {**schema, "properties": _own_properties(schema)}, "", problems)
    return problems.causes


def fill_schema_defaults(obj: Any, schema: Object) -> None:
    """Fill the schema's defaults in, in place."""
    if isinstance(obj, dict):
        for name, part in schema.get("properties", {}).items():
            if name not in obj and "default" in part:
                obj[name] = _copy(part["default"])
            if name in obj:
                fill_schema_defaults(obj[name], part)
        extra = schema.get("additionalProperties")
        if isinstance(extra, dict):
            for name in obj.keys() - schema.get("properties", {}).keys():
                fill_schema_defaults(obj[name], extra)
    elif isinstance(obj, list) and isinstance(schema.get("items"), dict):
        for item in obj:
            fill_schema_defaults(item, schema["items"])


def _own_properties(schema: Object) -> Object:
    return {
        name: part
        for name, part in schema.get("properties", {}).items()
        if name not in ("apiVersion", "kind", "metadata")
    }


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copy(part) for name, part in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _check(value: Any, schema: Object, path: str, problems: Problems) -> None:
    if "enum" in schema and value not in schema["enum"]:
        problems.unsupported(path, value, [str(option) for option in schema["enum"]])
    if isinstance(value, str):
        _check_text(value, schema, path, problems)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        _check_number(value, schema, path, problems)
    elif isinstance(value, list):
        _check_size(len(value), schema, path, problems, "items", "Items")
        for index, item in enumerate(value):
            _check(item, schema.get("items", {}), f"{path}[{index}]", problems)
    elif isinstance(value, dict):
        _check_size(len(value), schema, path, problems, "properties", "Properties")
        extra = schema.get("additionalProperties")
        for name, part in value.items():
            inner = schema.get("properties", {}).get(name, extra if isinstance(extra, dict) else {})
            _check(part, inner, f"{path}.{name}" if path else name, problems)


def _check_text(value: str, schema: Object, path: str, problems: Problems) -> None:
    if "pattern" in schema and not re.search(schema["pattern"], value):
        problems.invalid(path, value, f"{path} in body should match '{schema['pattern']}'")
    _check_size(len(value), schema, path, problems, "chars long", "Length")


def _check_size(size: int, schema: Object, path: str, problems: Problems, unit: str, suffix: str) -> None:
    lowest, highest = schema.get(f"min{suffix}"), schema.get(f"max{suffix}")
    if lowest is not None and size < lowest:
        problems.invalid(path, size, f"{path} in body should be at least {lowest} {unit}")
    if highest is not None and size > highest:
        problems.invalid(path, size, f"{path} in body should be at most {highest} {unit}")


def _check_number(value: float, schema: Object, path: str, problems: Problems) -> None:
    tests: list[tuple[str, Callable[[Any], bool], str]] = [
        ("minimum", lambda limit: value < limit, "greater than or equal to"),
        ("maximum", lambda limit: value > limit, "less than or equal to"),
    ]
    for name, breaks, words in tests:
        if name in schema and breaks(schema[name]):
            problems.invalid(path, value, f"{path} in body should be {words} {schema[name]}")
    if schema.get("multipleOf") and value % schema["multipleOf"]:
        problems.invalid(path, value, f"{path} in body should be a multiple of {schema['multipleOf']}")
