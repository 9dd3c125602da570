"""Values checked against an OpenAPI v3 schema as the API server applies it to custom resources.

Types are kept; a text becomes a number or a boolean, and the other way round, only where nothing is lost. What rules
under ``allOf``, ``anyOf``, ``oneOf``, ``not`` and CEL say is left to the API server.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from flowcore.errors import Severity
from flowcore.kinds._collecting import Collector, nearest
from flowcore.kinds._crd_formats import form_problem
from flowcore.kinds._scalars import Check, as_number, shown, wrong_type
from flowcore.manifests import ABSENT, Absent, as_text, plain

#: What every Kubernetes object has, also where a schema embeds one.
_OBJECT_FIELDS: Final = ("apiVersion", "kind", "metadata")
_FREE: Final = "x-kubernetes-preserve-unknown-fields"
_INT_OR_STRING: Final = "x-kubernetes-int-or-string"


def schema_check(schema: Mapping[str, Any]) -> Check:
    """Return the check of a value by its schema."""
    check = _MAKERS.get(type_of(schema), _any)(schema)
    options = schema.get("enum")
    if isinstance(options, list) and options:
        check = _option(options, check)
    return _null(check) if schema.get("nullable") else check


def type_of(schema: Mapping[str, Any]) -> str:
    """Return the schema's type in OpenAPI's words, ``int-or-string`` for such, and empty for anything."""
    if schema.get(_INT_OR_STRING) or schema.get("format") == "int-or-string":
        return "int-or-string"
    declared = str(schema.get("type", ""))
    return declared or ("object" if "properties" in schema else "")


def _null(inner: Check) -> Check:
    def check(value: Any, path: str, collector: Collector) -> Any:
        return None if value is None else inner(value, path, collector)

    return check


def _option(options: list[Any], inner: Check) -> Check:
    def check(value: Any, path: str, collector: Collector) -> Any:
        found = inner(value, path, collector)
        if found is ABSENT or any(_equal(found, option) for option in options):
            return found
        words = [as_text(option) for option in options if isinstance(option, (str, int, float))]
        close = nearest(as_text(found), words) if isinstance(found, str) else ""
        fix = close if close.startswith("did") else f"use one of {', '.join(words)}"
        message = f"{shown(as_text(found))} is not one of {', '.join(words)}" if words else "is not an allowed value"
        return _wrong("field-option", message, path, collector, fix)

    return check


def _equal(one: Any, other: Any) -> bool:
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _wrong(rule: str, message: str, path: str, collector: Collector, fix: str = "") -> Absent:
    collector.add(rule, message, path, fix=fix)
    return ABSENT


# ------------------------------------------------------------ objects


def _object(schema: Mapping[str, Any]) -> Check:
    own = schema.get("properties") or {}
    embedded = _OBJECT_FIELDS if schema.get("x-kubernetes-embedded-resource") else ()
    fields = {name: _any({}) for name in embedded} | {name: schema_check(part) for name, part in own.items()}
    nullable = {name for name, part in own.items() if part.get("nullable")}
    needed = tuple(name for name in schema.get("required") or () if "default" not in own.get(name, {}))
    other = _other_keys(schema)
    limits = (schema.get("minProperties"), schema.get("maxProperties"))

    def check(value: Any, path: str, collector: Collector) -> Any:
        if not isinstance(value, Mapping):
            return wrong_type("an object", value, path, collector)
        values: dict[str, Any] = {}
        for key, given in value.items():
            inner = fields.get(key, other)
            if inner is None:
                _unknown(key, path, collector, fields)
            elif given is not None or key in nullable or key not in fields:
                found = inner(given, f"{path}.{key}", collector)
                if found is not ABSENT:
                    values[str(key)] = found
        for name in needed:
            if value.get(name) is None and not (name in nullable and name in value):
                _wrong("field-missing", f"{name} is missing", f"{path}.{name}", collector, f"give {name} a value")
        return _sized(values, len(value), limits, "fields", path, collector)

    return check


def _other_keys(schema: Mapping[str, Any]) -> Check | None:
    """Return the check of fields that the schema does not name, None where there may be none."""
    more = schema.get("additionalProperties")
    if isinstance(more, Mapping):
        return schema_check(more)
    return _any({}) if more is True or schema.get(_FREE) else None


def _unknown(key: str, path: str, collector: Collector, known: Mapping[str, Any]) -> None:
    collector.add(
        "field-unknown",
        f"{key} is not a known field and has no effect",
        f"{path}.{key}",
        severity=Severity.WARNING,
        fix=nearest(str(key), known),
    )


def _sized(value: Any, size: int, limits: tuple[Any, Any], unit: str, path: str, collector: Collector) -> Any:
    low, high = limits
    if (low is not None and size < low) or (high is not None and size > high):
        allowed = f"at least {low}" if high is None else f"at most {high}" if low is None else f"{low} to {high}"
        return _wrong("field-size", f"has {size} {unit}, but must have {allowed}", path, collector)
    return value


# ------------------------------------------------------------ lists


def _list(schema: Mapping[str, Any]) -> Check:
    item_check = schema_check(schema.get("items") or {})
    limits = (schema.get("minItems"), schema.get("maxItems"))
    keys = tuple(schema.get("x-kubernetes-list-map-keys") or ())
    is_set = bool(schema.get("uniqueItems")) or schema.get("x-kubernetes-list-type") == "set"

    def check(value: Any, path: str, collector: Collector) -> Any:
        if not isinstance(value, (list, tuple)):
            return wrong_type("a list", value, path, collector)
        found = [item_check(item, f"{path}[{position}]", collector) for position, item in enumerate(value)]
        items = [item for item in found if item is not ABSENT]
        if keys or is_set:
            _report_repeated(items, keys, path, collector)
        return _sized(items, len(value), limits, "items", path, collector)

    return check


def _report_repeated(items: list[Any], keys: tuple[str, ...], path: str, collector: Collector) -> None:
    seen: set[str] = set()
    for position, item in enumerate(items):
        parts = [item.get(key) for key in keys] if keys and isinstance(item, Mapping) else [item]
        name = "/".join(map(repr, parts))
        if name in seen:
            what = f"give every item its own {' and '.join(keys)}" if keys else "keep one of them"
            _wrong("field-repeated", f"{shown(name)} stands here twice", f"{path}[{position}]", collector, what)
        seen.add(name)


# ------------------------------------------------------------ scalars


def _text(schema: Mapping[str, Any]) -> Check:
    fits = _pattern(schema)
    limits = (schema.get("minLength"), schema.get("maxLength"))
    form = str(schema.get("format", ""))

    def check(value: Any, path: str, collector: Collector) -> Any:
        if not isinstance(value, (str, bool, int, float)):
            return wrong_type("a text", value, path, collector)
        text = value if isinstance(value, str) else as_text(value)
        if not fits(text):
            message = f"{shown(text)} does not match the pattern {schema['pattern']}"
            return _wrong("field-format", message, path, collector, "use a text of that form")
        problem = form_problem(form, text)
        if problem:
            message = f"{shown(text)} is not valid: it must be {problem}"
            return _wrong("field-format", message, path, collector, f"use {problem}")
        return _sized(text, len(text), limits, "characters", path, collector)

    return check


def _pattern(schema: Mapping[str, Any]) -> Callable[[str], bool]:
    """Return the test of the schema's pattern; one that Python cannot read is left to the API server."""
    pattern = schema.get("pattern", "")
    if not pattern or not is_readable(pattern):
        return lambda text: True
    compiled = re.compile(pattern)
    return lambda text: compiled.search(text) is not None


def is_readable(pattern: str) -> bool:
    """Say whether Python can read a regular expression; the API server's dialect is another one."""
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def _number(schema: Mapping[str, Any]) -> Check:
    is_whole = schema.get("type") == "integer"
    expected = "a whole number" if is_whole else "a number"
    outside = _limits(schema)

    def check(value: Any, path: str, collector: Collector) -> Any:
        number = as_number(value)
        if number is None or (is_whole and not isinstance(number, int)):
            return wrong_type(expected, value, path, collector)
        wanted = outside(number)
        if wanted:
            message = f"{as_text(number)} is out of range: it must be {wanted}"
            return _wrong("field-range", message, path, collector, f"use {wanted}")
        return number

    return check


def _limits(schema: Mapping[str, Any]) -> Callable[[float], str]:
    """Return what tells the limit that a number breaks; empty for none."""
    low, high, step = schema.get("minimum"), schema.get("maximum"), schema.get("multipleOf")
    above, below = schema.get("exclusiveMinimum") is True, schema.get("exclusiveMaximum") is True

    def broken(number: float) -> str:
        if low is not None and (number < low or (above and number == low)):
            return f"more than {as_text(low)}" if above else f"at least {as_text(low)}"
        if high is not None and (number > high or (below and number == high)):
            return f"less than {as_text(high)}" if below else f"at most {as_text(high)}"
        return f"a multiple of {as_text(step)}" if step and number % step else ""

    return broken


def _boolean(schema: Mapping[str, Any]) -> Check:
    def check(value: Any, path: str, collector: Collector) -> Any:
        words = {"true": True, "false": False}
        if isinstance(value, str) and value.strip().lower() in words:
            return words[value.strip().lower()]
        return value if isinstance(value, bool) else wrong_type("true or false", value, path, collector)

    return check


def _int_or_string(schema: Mapping[str, Any]) -> Check:
    number = _number({**schema, "type": "integer"})
    text = _text({key: value for key, value in schema.items() if key != "format"})

    def check(value: Any, path: str, collector: Collector) -> Any:
        # Kept as given: "80" can be the name of a port, and 80 its number.
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            return wrong_type("a whole number or a text", value, path, collector)
        return (text if isinstance(value, str) else number)(value, path, collector)

    return check


def _any(schema: Mapping[str, Any]) -> Check:
    def check(value: Any, path: str, collector: Collector) -> Any:
        return plain(value)

    return check


_MAKERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Check]]] = {
    "object": _object,
    "array": _list,
    "string": _text,
    "integer": _number,
    "number": _number,
    "boolean": _boolean,
    "int-or-string": _int_or_string,
}
