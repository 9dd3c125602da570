"""Reads node data by its parameters: right types, lossless coercion, defaults, and every problem at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from attrs import frozen

from flowcore.errors import Severity
from flowcore.kinds._collecting import Collector, nearest
from flowcore.kinds._crd_values import schema_check
from flowcore.kinds._formats import FORMATS
from flowcore.kinds._parameters import Parameter
from flowcore.kinds._scalars import (
    Check,
    boolean_check,
    int_or_text_check,
    number_check,
    options_check,
    text_check,
    wrong_type,
)
from flowcore.manifests import ABSENT, Absent, plain

#: What older canvases keep in node data for themselves.
CANVAS_KEYS: Final = frozenset(
    {"id", "templateId", "hasValidationError", "parameters", "nodeId", "envKeys", "pluginId", "displayName"}
)
#: Deepest nesting of values that are handed over as they are.
_MAX_DEPTH: Final = 50
#: How canvases mark a key that nobody has named yet.
PLACEHOLDER: Final = "_new_"


@frozen
class Reader:
    """Reads the data of one kind or link."""

    _checks: Mapping[str, tuple[str, Check]]
    _required: tuple[str, ...]
    _defaults: tuple[tuple[str, Any], ...]
    _ignores_canvas: bool
    _keeps_unknown: bool = False

    @classmethod
    def of(
        cls, parameters: tuple[Parameter, ...], *, ignores_canvas: bool = False, keeps_unknown: bool = False
    ) -> Reader:
        """Compile the parameters.

        Args:
            parameters: what may be given.
            ignores_canvas: pass over keys that canvases keep for themselves instead of reporting them.
            keeps_unknown: keep unknown keys as they are instead of reporting them.
        """
        checks: dict[str, tuple[str, Check]] = {}
        for parameter in parameters:
            check = make_check(parameter)
            for key in (*parameter.aliases, parameter.name):
                checks[key] = (parameter.name, check)
        required = tuple(parameter.name for parameter in parameters if parameter.required)
        defaults = tuple((one.name, one.default) for one in parameters if not isinstance(one.default, Absent))
        return cls(checks, required, defaults, ignores_canvas, keeps_unknown)

    def read(self, data: Mapping[str, Any], path: str, collector: Collector) -> dict[str, Any]:
        """Return the values by parameter name; nothing of them is shared with *data*.

        Null and empty texts (where a format or options forbid them) count as absent. What is wrong is added to the
        collector and left out.
        """
        values: dict[str, Any] = {}
        known = self._checks
        for key, given in data.items():
            entry = known.get(key)
            if entry is None:
                if self._keeps_unknown:
                    _keep(key, given, values, f"{path}.{key}", collector)
                elif not (self._ignores_canvas and (key in CANVAS_KEYS or key.startswith("_"))):
                    self._unknown(key, path, collector)
                continue
            if given is None or (entry[0] in values and key != entry[0]):
                continue
            value = entry[1](given, f"{path}.{key}", collector)
            if value is not ABSENT:
                values[entry[0]] = value
        self._complete(data, values, path, collector)
        return values

    def _complete(self, data: Mapping[str, Any], values: dict[str, Any], path: str, collector: Collector) -> None:
        for name, default in self._defaults:
            if name not in values:
                values[name] = plain(default)
        for name in self._required:
            if name not in values and data.get(name) in (None, ""):
                collector.add("field-missing", f"{name} is missing", f"{path}.{name}", fix=f"give {name} a value")

    def _unknown(self, key: str, path: str, collector: Collector) -> None:
        collector.add(
            "field-unknown",
            f"{key} is not a known field and has no effect",
            f"{path}.{key}",
            severity=Severity.WARNING,
            fix=nearest(str(key), self._checks),
        )


def _keep(key: str, given: Any, values: dict[str, Any], path: str, collector: Collector) -> None:
    kept = _raw(given, path, collector)
    if kept is not ABSENT:
        values[key] = kept


def make_check(parameter: Parameter) -> Check:
    """Return the check of a parameter."""
    if parameter.schema is not None:
        return _by_schema(parameter.schema)
    check = _BY_TYPE[parameter.type](parameter)
    if parameter.options:
        return options_check(parameter.options, check)
    return check


def _list(parameter: Parameter) -> Check:
    item_check = make_check(parameter.items) if parameter.items else _any(parameter)

    def check(value: Any, path: str, collector: Collector) -> Any:
        if not isinstance(value, (list, tuple)):
            return wrong_type("a list", value, path, collector)
        items = []
        for position, item in enumerate(value):
            checked = ABSENT if item is None else item_check(item, f"{path}[{position}]", collector)
            if checked is not ABSENT:
                items.append(checked)
        if parameter.unique:
            _report_repeated(items, parameter.unique, path, collector)
        return items

    return check


def _report_repeated(items: list[Any], field: str, path: str, collector: Collector) -> None:
    seen: set[Any] = set()
    for position, item in enumerate(items):
        value = item.get(field) if isinstance(item, Mapping) else item
        if value is not None and value in seen:
            where = f"{path}[{position}].{field}"
            collector.add(
                "field-repeated", f"{value!r} stands here twice", where, fix=f"give every item its own {field}"
            )
        seen.add(value)


def _map(parameter: Parameter) -> Check:
    value_check = make_check(parameter.values) if parameter.values else _any(parameter)
    key_format = FORMATS.get(parameter.keys)
    null = None if parameter.keeps_null else ABSENT

    def check(value: Any, path: str, collector: Collector) -> Any:
        if not isinstance(value, Mapping):
            return wrong_type("an object", value, path, collector)
        checked: dict[str, Any] = {}
        for key, item in value.items():
            where = f"{path}.{key}"
            if str(key).startswith(PLACEHOLDER):
                _report_placeholder(where, collector)
            elif key_format is not None and not key_format.fits(str(key)):
                collector.add(
                    "key-format", f"the key {key!r} must be {key_format.meaning}", where, fix="rename the key"
                )
            else:
                found = null if item is None else value_check(item, where, collector)
                if found is not ABSENT:
                    checked[str(key)] = found
        return checked

    return check


def _report_placeholder(where: str, collector: Collector) -> None:
    collector.add(
        "key-placeholder",
        "a key that was never named is left out",
        where,
        severity=Severity.WARNING,
        why="canvases keep a row that was just added under such a key",
        fix="name the key, or remove the row",
    )


def _object(parameter: Parameter) -> Check:
    if not parameter.fields:
        return _raw_object
    reader = Reader.of(parameter.fields, ignores_canvas=True, keeps_unknown=parameter.open)

    def check(value: Any, path: str, collector: Collector) -> Any:
        if not isinstance(value, Mapping):
            return wrong_type("an object", value, path, collector)
        before = len(collector.found)
        values = reader.read(value, path, collector)
        return values if all(not finding.is_error for finding in collector.found[before:]) else ABSENT

    return check


def _raw_object(value: Any, path: str, collector: Collector) -> Any:
    if not isinstance(value, Mapping):
        return wrong_type("an object", value, path, collector)
    return _raw(value, path, collector)


def _raw(value: Any, path: str, collector: Collector) -> Any:
    odd = _not_json(value, path, 0)
    if odd:
        message = f"is nested deeper than {_MAX_DEPTH} levels, or holds something that JSON cannot say"
        collector.add("field-type", message, odd, fix="use texts, numbers, lists and objects")
        return ABSENT
    return plain(value)


def _not_json(value: Any, path: str, depth: int) -> str:
    """Return the path of the first value that JSON does not know or that lies too deep, empty when there is none."""
    if depth > _MAX_DEPTH:
        return path
    if isinstance(value, Mapping):
        return next((odd for key, one in value.items() if (odd := _not_json(one, f"{path}.{key}", depth + 1))), "")
    if isinstance(value, (list, tuple)):
        return next((odd for n, one in enumerate(value) if (odd := _not_json(one, f"{path}[{n}]", depth + 1))), "")
    if isinstance(value, float):
        return "" if math.isfinite(value) else path
    return "" if value is None or isinstance(value, (str, int)) else path


def _by_schema(schema: Mapping[str, Any]) -> Check:
    check_value = schema_check(schema)

    def check(value: Any, path: str, collector: Collector) -> Any:
        value = _raw(value, path, collector)
        return value if value is ABSENT else check_value(value, path, collector)

    return check


def _any(parameter: Parameter) -> Check:
    return _raw


def _choice(parameter: Parameter) -> Check:
    checks = [(choice.type, make_check(choice)) for choice in parameter.choices]

    def check(value: Any, path: str, collector: Collector) -> Any:
        for type_, one in checks:
            if _SHAPES[type_](value):
                return one(value, path, collector)
        expected = " or ".join(_NAMES[type_] for type_, _ in checks)
        return wrong_type(expected, value, path, collector)

    return check


def _is_scalar(value: Any) -> bool:
    return isinstance(value, (str, int, float))


_SHAPES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "list": lambda value: isinstance(value, (list, tuple)),
    "map": lambda value: isinstance(value, Mapping),
    "object": lambda value: isinstance(value, Mapping),
    "any": lambda value: True,
    "boolean": lambda value: isinstance(value, bool),
    **dict.fromkeys(("string", "integer", "number", "port", "intOrText"), _is_scalar),
}
_NAMES: Final = {"list": "a list", "map": "an object", "object": "an object", "any": "anything", "string": "a text"} | {
    "boolean": "true or false",
    **dict.fromkeys(("integer", "number", "port", "intOrText"), "a number"),
}
_BY_TYPE: Final[Mapping[str, Callable[[Parameter], Check]]] = {
    "string": text_check,
    "integer": lambda parameter: number_check(parameter, whole=True),
    "number": lambda parameter: number_check(parameter, whole=False),
    "port": lambda parameter: number_check(parameter, whole=True, low=1, high=65535),
    "intOrText": int_or_text_check,
    "boolean": boolean_check,
    "list": _list,
    "map": _map,
    "object": _object,
    "choice": _choice,
    "any": _any,
}
