"""OpenAPI v3 schemas of custom resources: cut to what a form can hold, and shown as parameters and JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from flowcore.kinds._crd_values import is_readable, type_of
from flowcore.kinds._parameters import Parameter
from flowcore.manifests import ABSENT, plain

#: More fields than this are not kept: the deepest levels become free objects.
MAX_FIELDS: Final = 800
#: No form nests deeper than this.
MAX_DEPTH: Final = 12
#: Longer descriptions are cut, and those that lie deeper are left out.
_MAX_HELP, _HELP_DEPTH = 160, 4
#: Takes whatever stands there.
_FREE: Final[dict[str, Any]] = {"x-kubernetes-preserve-unknown-fields": True}
#: What is kept of a schema besides its parts, with the types that it must have to mean anything.
_KEPT: Final[Mapping[str, tuple[type, ...]]] = {
    **dict.fromkeys(("type", "format", "pattern", "x-kubernetes-list-type"), (str,)),
    **dict.fromkeys(("minimum", "maximum", "multipleOf"), (int, float)),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), (int,)),
    **dict.fromkeys(("nullable", "uniqueItems", "exclusiveMinimum", "exclusiveMaximum"), (bool,)),
    **dict.fromkeys(("x-kubernetes-int-or-string", "x-kubernetes-embedded-resource"), (bool,)),
    **dict.fromkeys(("x-kubernetes-preserve-unknown-fields",), (bool,)),
    **dict.fromkeys(("enum", "required", "x-kubernetes-list-map-keys"), (list,)),
    "default": (object,),
}
#: Fields in which a resource asks for storage of its own.
_STORAGE: Final = frozenset(
    {"storage", "storageClass", "storageClassName", "storageSize", "volumeClaimTemplate", "volumeClaimTemplates"}
    | {"persistence", "persistentVolumeClaim", "dataVolumeClaimSpec", "volumeSpec"}
)


def trimmed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of a schema without long texts and without rules that only the API server applies.

    Parts that lie too deep, go round in circles or are too many become free objects.
    """
    for depth in range(MAX_DEPTH, 2, -1):
        found = _cut(schema, 0, depth, ())
        if sum(1 for _ in fields_of(found)) <= MAX_FIELDS:
            return found
    return _cut(schema, 0, 2, ())


def _cut(schema: Mapping[str, Any], depth: int, limit: int, above: tuple[int, ...]) -> dict[str, Any]:
    kept = {key: plain(schema[key]) for key, types in _KEPT.items() if key in schema and isinstance(schema[key], types)}
    text = first_sentence(schema.get("description", "")) if depth < _HELP_DEPTH else ""
    kept |= {"description": text} if text else {}
    if "anyOf" in schema and _is_int_or_string(schema["anyOf"]):
        kept["x-kubernetes-int-or-string"] = True
    parts = [key for key in ("properties", "items", "additionalProperties") if key in schema]
    if "$ref" in schema or id(schema) in above or (depth >= limit and parts):
        return _shape(kept)
    inner = (*above, id(schema))
    if isinstance(schema.get("properties"), Mapping):
        named = {str(name): part for name, part in schema["properties"].items() if isinstance(part, Mapping)}
        # A dollar sign means something in kind files, so such fields are taken as they are.
        plain_names = {name: part for name, part in named.items() if not name.startswith("$")}
        kept |= _FREE if len(plain_names) < len(named) else {}
        kept["properties"] = {name: _cut(part, depth + 1, limit, inner) for name, part in plain_names.items()}
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), Mapping):
            kept[key] = _cut(schema[key], depth + 1, limit, inner)
        elif schema.get(key) is True:
            kept[key] = True
    return kept


def _shape(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return what remains of a part that lies too deep: its type, and for an object that anything may stand in it."""
    shape: dict[str, Any] = {key: kept[key] for key in ("type", "nullable", "description") if key in kept}
    return shape | (_FREE if shape.get("type", "object") == "object" else {})


def _is_int_or_string(alternatives: Any) -> bool:
    types = [one.get("type") for one in alternatives if isinstance(one, Mapping)] if alternatives else []
    return sorted(map(str, types)) == ["integer", "string"]


def first_sentence(text: Any) -> str:
    """Return the first sentence of a description in one line, cut where it is long."""
    words = " ".join(str(text or "").split())
    sentence = words.partition(". ")[0]
    sentence = sentence if len(sentence) == len(words) or sentence.endswith(".") else f"{sentence}."
    return sentence if len(sentence) <= _MAX_HELP else f"{sentence[: _MAX_HELP - 1].rstrip()}…"


def fields_of(schema: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    """Yield every named field of a trimmed schema with its depth, from 1."""
    for name, part in (schema.get("properties") or {}).items():
        yield 1, name
        yield from ((depth + 1, inner) for depth, inner in fields_of(part))
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), Mapping):
            yield from fields_of(schema[key])


def asks_for_storage(schema: Mapping[str, Any]) -> bool:
    """Say whether a resource asks for storage of its own, as databases do: deleting it may lose data."""
    return any(depth <= 5 and name in _STORAGE for depth, name in fields_of(schema))


# ------------------------------------------------------------ parameters


def schema_parameter(name: str, schema: Mapping[str, Any], *, required: bool = False, **more: Any) -> Parameter:
    """Return the parameter whose values a schema describes, with everything inside it that a form can show."""
    made = _described(name, schema, required=required)
    type_ = type_of(schema)
    parts: dict[str, Any] = {}
    if type_ == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        parts = {"type": "map", "values": _inner(schema["additionalProperties"])}
    elif type_ == "object":
        needed = schema.get("required") or ()
        fields = (schema.get("properties") or {}).items()
        parts = {"fields": tuple(schema_parameter(key, part, required=key in needed) for key, part in fields)}
    elif type_ == "array":
        parts = {"items": _inner(schema.get("items") or {})}
        keys = list(schema.get("x-kubernetes-list-map-keys") or ())
        parts |= {"unique": str(keys[0])} if len(keys) == 1 else {}
    values: dict[str, Any] = {**made, **parts, **more, "schema": schema}
    return Parameter(**values)


def _inner(schema: Mapping[str, Any]) -> Parameter:
    return schema_parameter("item", schema)


_TYPES: Final[Mapping[str, str]] = {
    **{word: word for word in ("object", "string", "integer", "number", "boolean")},
    "array": "list",
}
#: Our words for formats of OpenAPI, where a form knows both.
_FORMATS: Final[Mapping[str, str]] = {"cidr": "cidr", "byte": "base64"}


def _described(name: str, schema: Mapping[str, Any], *, required: bool) -> dict[str, Any]:
    type_ = type_of(schema)
    has_default = "default" in schema
    options = schema.get("enum") if isinstance(schema.get("enum"), list) else []
    words = tuple(str(option) for option in options or () if isinstance(option, str))
    limits = {key: schema.get(key) for key in ("minimum", "maximum") if type(schema.get(key)) in (int, float)}
    return {
        "name": name,
        "label": title(name),
        "type": _TYPES.get(type_, "any"),
        "format": _FORMATS.get(str(schema.get("format")), "") if type_ == "string" else "",
        "help": str(schema.get("description", "")),
        "required": required and not has_default,
        "default": plain(schema["default"]) if has_default else ABSENT,
        "options": words if len(words) == len(options or ()) else (),
        **limits,
    }


def title(name: str) -> str:
    """Return a field's name as a heading: ``secretName`` becomes Secret name."""
    words = "".join(f" {letter}" if letter.isupper() else letter for letter in name).split()
    joined = ""
    for word in words:  # letters of an abbreviation stay together
        joined += word if len(word) == 1 and joined and joined[-1].isupper() else f" {word}"
    heads = [one if one.isupper() else one.lower() for one in joined.split()] or [name]
    return " ".join([heads[0][:1].upper() + heads[0][1:], *heads[1:]])


# ------------------------------------------------------------ JSON Schema

_INTERNAL: Final = "x-kubernetes-"


def json_schema_of(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema in the words of JSON Schema 2020-12."""
    made = {key: plain(value) for key, value in schema.items() if not key.startswith(_INTERNAL) and key != "nullable"}
    if "pattern" in made and not is_readable(made["pattern"]):
        del made["pattern"]
    if type_of(schema) == "int-or-string":
        made.pop("format", None)
        made["type"] = ["integer", "string"]
    if schema.get("nullable") and "type" in made:
        made["type"] = [*([made["type"]] if isinstance(made["type"], str) else made["type"]), "null"]
        made |= {"enum": [*made["enum"], None]} if "enum" in made and None not in made["enum"] else {}
    for limit, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if made.pop(exclusive, None) is True and limit in made:
            made[exclusive] = made.pop(limit)
    if "properties" in schema:
        made["properties"] = {name: json_schema_of(part) for name, part in schema["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), Mapping):
            made[key] = json_schema_of(schema[key])
    return made
