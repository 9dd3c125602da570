"""The types of the API: OpenAPI definitions compiled to small structures that merging and checking walk quickly."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from importlib import resources as package_files
from typing import Any

from adapters.sandbox._status import Object

KUBERNETES_VERSION = "v1.37.0"
_DEFINITIONS = f"kubernetes-json-schema/{KUBERNETES_VERSION}-local/_definitions.json"
_REF = "#/$defs/"
#: Lists may be keyed by a field that has a default.
_KEY_DEFAULTS = {"protocol": "TCP"}


class Type:
    """Any value: nothing is known of its inside, and it is owned as one piece."""

    __slots__ = ("atomic",)

    def __init__(self) -> None:
        self.atomic = True

    @property
    def described(self) -> str:
        """What the type is called in an error message."""
        return "any"


class Scalar(Type):
    """A single value. `form` is string, integer, number, boolean, bytes, time, quantity or int-or-string."""

    __slots__ = ("form", "pythonic")

    def __init__(self, form: str, pythonic: tuple[type, ...]) -> None:
        super().__init__()
        self.form = form
        self.pythonic = pythonic

    @property
    def described(self) -> str:
        """What the type is called in an error message."""
        return self.form


class Mapping(Type):
    """A map from free keys to values of one type."""

    __slots__ = ("element",)

    def __init__(self, element: Type, *, atomic: bool) -> None:
        self.element = element
        self.atomic = atomic

    @property
    def described(self) -> str:
        """What the type is called in an error message."""
        return "map"


class Listing(Type):
    """A list: atomic, a set of scalars, or a map keyed by some fields of its items (`keys`).

    `merge_key` and `strategies` belong to strategic merge patches, which have rules of their own.
    """

    __slots__ = ("element", "keys", "merge_key", "relation", "strategies")

    def __init__(
        self,
        element: Type,
        relation: str,
        keys: tuple[str, ...] = (),
        merge_key: str = "",
        strategies: frozenset[str] = frozenset(),
    ) -> None:
        self.element = element
        self.relation = relation
        self.atomic = relation == "atomic"
        self.keys = keys
        self.merge_key = merge_key
        self.strategies = strategies

    @property
    def described(self) -> str:
        """What the type is called in an error message."""
        return "list"


class Struct(Type):
    """An object with declared fields. `open` ones keep fields that are not declared, without checking them."""

    __slots__ = ("fields", "name", "open", "required")

    def __init__(self, name: str, *, atomic: bool = False, is_open: bool = False) -> None:
        self.name = name
        self.atomic = atomic
        self.open = is_open
        self.fields: dict[str, Type] = {}
        self.required: tuple[str, ...] = ()

    @property
    def described(self) -> str:
        """What the type is called in an error message."""
        return self.name.rpartition(".")[2] or "map"


ANY = Type()
STRING = Scalar("string", (str,))
_INTEGER = Scalar("integer", (int,))
_NUMBER = Scalar("number", (int, float))
_BOOLEAN = Scalar("boolean", (bool,))
_BYTES = Scalar("bytes", (str,))
_TIME = Scalar("time", (str,))
_QUANTITY = Scalar("quantity", (str, int, float))
INT_OR_STRING = Scalar("int-or-string", (int, str))
_SCALARS = {"string": STRING, "integer": _INTEGER, "number": _NUMBER, "boolean": _BOOLEAN}
_NAMED = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": _QUANTITY,
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": INT_OR_STRING,
    "io.k8s.apimachinery.pkg.apis.meta.v1.Time": _TIME,
    "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": _TIME,
}


@cache
def definitions() -> dict[str, Object]:
    """The OpenAPI definitions of every built-in type, by their long names. Read once."""
    text = package_files.files("kubernetes_validate").joinpath(_DEFINITIONS).read_bytes()
    loaded: dict[str, Object] = json.loads(text)["$defs"]
    return loaded


@cache
def _names_by_kind() -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for name, definition in definitions().items():
        kinds = definition.get("x-kubernetes-group-version-kind", ())
        if len(kinds) == 1:
            group, version = kinds[0]["group"], kinds[0]["version"]
            found[(f"{group}/{version}" if group else version, kinds[0]["kind"])] = name
    return found


def definition_name(api_version: str, kind: str) -> str | None:
    """The long name of a built-in kind's definition, or None."""
    return _names_by_kind().get((api_version, kind))


@cache
def _compiled(name: str) -> Type:
    if name in _NAMED:
        return _NAMED[name]
    return _Compiler().named(name)


def named_type(name: str) -> Type:
    """The compiled type of a definition, by its long name. Raises KeyError when there is none."""
    return _compiled(name)


def builtin_type(api_version: str, kind: str) -> Struct | None:
    """The compiled type of a built-in kind, or None when the definitions do not know it."""
    name = definition_name(api_version, kind)
    compiled = _compiled(name) if name else None
    return compiled if isinstance(compiled, Struct) else None


class _Compiler:
    """Turns definitions into types; each definition once, so that recursive ones end."""

    def named(self, name: str) -> Type:
        if name in _NAMED:
            return _NAMED[name]
        found = _STRUCTS.get(name)
        if found is not None:
            return found
        definition = definitions()[name]
        if "properties" not in definition:
            return ANY
        struct = Struct(name, atomic=definition.get("x-kubernetes-map-type") == "atomic")
        _STRUCTS[name] = struct
        self._fill(struct, definition)
        return struct

    def _fill(self, struct: Struct, definition: Object) -> None:
        properties: dict[str, Object] = definition["properties"]
        struct.fields = {name: self.typed(schema) for name, schema in properties.items()}
        struct.required = tuple(name for name in definition.get("required", ()) if name in properties)

    def typed(self, schema: Object) -> Type:
        if "$ref" in schema:
            named = self.named(schema["$ref"].removeprefix(_REF))
            if schema.get("x-kubernetes-map-type") == "atomic" and isinstance(named, Struct) and not named.atomic:
                return _as_atomic(named)
            return named
        form = _form(schema)
        if form == "array":
            return self._listing(schema)
        if form == "object":
            element = schema.get("additionalProperties")
            atomic = schema.get("x-kubernetes-map-type") == "atomic"
            return Mapping(self.typed(element), atomic=atomic) if isinstance(element, dict) else ANY
        if schema.get("format") == "byte":
            return _BYTES
        return _SCALARS.get(form, ANY)

    def _listing(self, schema: Object) -> Listing:
        return Listing(
            self.typed(schema.get("items", {})),
            schema.get("x-kubernetes-list-type", "atomic"),
            tuple(schema.get("x-kubernetes-list-map-keys", ())),
            schema.get("x-kubernetes-patch-merge-key", ""),
            frozenset(schema.get("x-kubernetes-patch-strategy", "").split(",")) - {""},
        )


_STRUCTS: dict[str, Struct] = {}


def _form(schema: Object) -> str:
    declared: Any = schema.get("type", "")
    if isinstance(declared, str):
        return declared
    return next((form for form in declared if form != "null"), "")


def _as_atomic(struct: Struct) -> Struct:
    copy = Struct(struct.name, atomic=True, is_open=struct.open)
    copy.fields, copy.required = struct.fields, struct.required
    return copy


def key_default(name: str) -> str | None:
    """What stands for a list key that an item leaves out."""
    return _KEY_DEFAULTS.get(name)


def object_meta() -> Type:
    """The type of every object's metadata."""
    return _compiled("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta")


def structural_type(name: str, schema: Object) -> Type:
    """The type of a CustomResourceDefinition's structural schema (openAPIV3Schema or a part of it)."""
    if schema.get("x-kubernetes-int-or-string"):
        return INT_OR_STRING
    form = _form(schema)
    if form == "array":
        relation, keys = schema.get("x-kubernetes-list-type", "atomic"), schema.get("x-kubernetes-list-map-keys", ())
        return Listing(structural_type(name, schema.get("items", {})), relation, tuple(keys))
    if form == "object" or "properties" in schema:
        return _structural_object(name, schema)
    return _SCALARS.get(form, ANY)


def _structural_object(name: str, schema: Object) -> Type:
    atomic = schema.get("x-kubernetes-map-type") == "atomic"
    element = schema.get("additionalProperties")
    if isinstance(element, dict):
        return Mapping(structural_type(name, element), atomic=atomic)
    properties: dict[str, Object] = schema.get("properties", {})
    keeps = bool(schema.get("x-kubernetes-preserve-unknown-fields")) or element is True
    if not properties and keeps:
        return Mapping(ANY, atomic=atomic)
    struct = Struct(name, atomic=atomic, is_open=keeps)
    struct.fields = {field: structural_type(f"{name}.{field}", part) for field, part in properties.items()}
    struct.required = tuple(_names(schema.get("required", ())))
    return struct


def _names(values: Iterable[Any]) -> list[str]:
    return [str(value) for value in values]
