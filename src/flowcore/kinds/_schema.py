"""JSON Schema of parameters, for editors and clients that check before they send."""

from __future__ import annotations

from typing import Any, Final

from flowcore.kinds._crd_schema import json_schema_of
from flowcore.kinds._formats import FORMATS
from flowcore.kinds._parameters import Parameter
from flowcore.manifests import Absent

_TYPES: Final[dict[str, dict[str, Any]]] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "port": {"type": "integer", "minimum": 1, "maximum": 65535},
    "intOrText": {"type": ["integer", "string"]},
    "list": {"type": "array"},
    "map": {"type": "object"},
    "object": {"type": "object"},
    "choice": {},
    "any": {},
}


def object_schema(parameters: tuple[Parameter, ...]) -> dict[str, Any]:
    """Return the schema of an object with these parameters; other keys are allowed, they only have no effect."""
    properties: dict[str, Any] = {}
    for parameter in parameters:
        for key in (parameter.name, *parameter.aliases):
            properties[key] = schema_of(parameter)
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    required = [parameter.name for parameter in parameters if parameter.required]
    return schema | ({"required": required} if required else {})


def schema_of(parameter: Parameter) -> dict[str, Any]:
    """Return the schema of one parameter's value."""
    if parameter.schema is not None:
        return json_schema_of(parameter.schema)
    schema = object_schema(parameter.fields) if parameter.fields else dict(_TYPES[parameter.type])
    texts = {"title": parameter.label, "description": parameter.help}
    schema |= {key: text for key, text in texts.items() if text}
    if not isinstance(parameter.default, Absent):
        schema["default"] = parameter.default
    if parameter.options:
        schema["enum"] = list(parameter.options)
    limits = {"minimum": parameter.minimum, "maximum": parameter.maximum}
    schema |= {key: limit for key, limit in limits.items() if limit is not None}
    return schema | _text_form(parameter) | _inner(parameter)


def _text_form(parameter: Parameter) -> dict[str, Any]:
    form = FORMATS.get(parameter.format)
    if form is None or parameter.type != "string":
        return {}
    described: dict[str, Any] = {"format": form.name}
    if form.pattern:
        described["pattern"] = form.pattern
    return described | ({"maxLength": form.limit} if form.limit else {})


def _inner(parameter: Parameter) -> dict[str, Any]:
    inner: dict[str, Any] = {}
    if parameter.items is not None:
        inner["items"] = schema_of(parameter.items)
    if parameter.type == "map" and parameter.values is not None:
        inner["additionalProperties"] = schema_of(parameter.values)
    form = FORMATS.get(parameter.keys)
    if form is not None and form.pattern:
        inner["propertyNames"] = {"pattern": form.pattern}
    if parameter.choices:
        inner["anyOf"] = [schema_of(choice) for choice in parameter.choices]
    return inner
