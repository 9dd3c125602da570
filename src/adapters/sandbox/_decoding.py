"""Reading a body as a kind: unknown fields, wrong types and missing fields, each with its path."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from attrs import define, field, frozen

from adapters.sandbox._quantities import PATTERN_TEXT, canonical, parsed
from adapters.sandbox._schema import STRING, Listing, Mapping, Scalar, Struct, Type
from adapters.sandbox._status import Cause, Object

_GO_TYPES = {"integer": "int64", "number": "float64", "boolean": "bool", "string": "string", "bytes": "[]uint8"}


@frozen
class Mismatch:
    """A value of a wrong type: the decoder's words for it, and those of server-side apply."""

    decoding: str
    applying: str


@define
class Reading:
    """What was found while a body was read: unknown fields, values of a wrong type, required fields that miss."""

    unknown: list[str] = field(factory=list)
    mistyped: list[Mismatch] = field(factory=list)
    missing: list[Cause] = field(factory=list)


def read(body: Object, kind: Struct, *, prune: bool = True) -> Reading:
    """Check a freshly parsed body against its type and clean it in place.

    As the Go decoder does, null and empty lists and maps of declared fields are dropped, and (with `prune`)
    so are unknown fields.
    """
    reading = Reading()
    _read_struct(body, kind, "", reading, prune)
    return reading


def is_missing(obj: Object, path: str) -> bool:
    """Whether a required field still has no value after the defaults were filled in."""
    value: Any = obj
    for part in re.findall(r"[^.\[\]]+", path):
        if isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            value = value.get(part) if isinstance(value, dict) else None
    return value is None


def _read(value: Any, kind: Type, path: str, reading: Reading, prune: bool) -> None:
    if isinstance(kind, Scalar):
        if not isinstance(value, kind.pythonic) or (value.__class__ is bool and kind.form != "boolean"):
            _mistyped(value, kind, path, reading)
        elif kind.form == "bytes":
            _check_bytes(str(value), path, reading)
        elif kind.form == "quantity" and parsed(str(value)) is None:
            _mistyped(value, kind, path, reading)
    elif isinstance(kind, Struct | Mapping):
        if not isinstance(value, dict):
            _mistyped(value, kind, path, reading)
        elif isinstance(kind, Struct):
            _read_struct(value, kind, path, reading, prune)
        else:
            _read_mapping(value, kind, path, reading, prune)
    elif isinstance(kind, Listing):
        if not isinstance(value, list):
            _mistyped(value, kind, path, reading)
        else:
            _read_listing(value, kind, path, reading, prune)


def _read_struct(value: Object, kind: Struct, path: str, reading: Reading, prune: bool) -> None:
    prefix = f"{path}." if path else ""
    dropped: list[str] = []
    for name, part in value.items():
        declared = kind.fields.get(name)
        if declared is None:
            if not kind.open:
                reading.unknown.append(prefix + name)
                dropped += [name] if prune else []
        elif part is None or ((part == [] or part == {}) and isinstance(declared, Listing | Mapping)):
            dropped.append(name)
        elif part.__class__ is not str or declared is not STRING:
            _read_field(value, name, declared, prefix + name, reading, prune)
    for name in dropped:
        del value[name]
    for name in kind.required:
        if name not in value:
            reading.missing.append(Cause("FieldValueRequired", "Required value", prefix + name))


def _read_field(owner: Object, name: str, kind: Type, path: str, reading: Reading, prune: bool) -> None:
    _read(owner[name], kind, path, reading, prune)
    if isinstance(kind, Scalar) and kind.form == "quantity":
        owner[name] = canonical(str(owner[name]))


def _read_mapping(value: Object, kind: Mapping, path: str, reading: Reading, prune: bool) -> None:
    for name, part in value.items():
        if part is None:
            if isinstance(kind.element, Scalar):
                value[name] = ""
            continue
        _read_field(value, name, kind.element, f"{path}.{name}", reading, prune)


def _read_listing(value: list[Any], kind: Listing, path: str, reading: Reading, prune: bool) -> None:
    for index, part in enumerate(value):
        if part is None and isinstance(kind.element, Struct):
            value[index] = part = {}
        _read(part, kind.element, f"{path}[{index}]", reading, prune)


def _check_bytes(value: str, path: str, reading: Reading) -> None:
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        text = f"illegal base64 data at input byte {_bad_byte(value)}"
        reading.mistyped.append(Mismatch(f"{text} (field {path})", f".{path}: {text}"))


def _bad_byte(value: str) -> int:
    good = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
    return next((index for index, letter in enumerate(value) if letter not in good), len(value))


def _mistyped(value: Any, kind: Type, path: str, reading: Reading) -> None:
    named = _JSON_NAMES.get(value.__class__, "value")
    if isinstance(kind, Scalar) and kind.form == "quantity":
        text = f"quantities must match the regular expression '{PATTERN_TEXT}'"
        reading.mistyped.append(Mismatch(f"{text} (field {path})", f".{path}: {text}"))
        return
    wanted = _GO_TYPES.get(kind.form, kind.form) if isinstance(kind, Scalar) else _composite(kind)
    decoding = f"json: cannot unmarshal {named} into Go struct field {path} of type {wanted}"
    reading.mistyped.append(Mismatch(decoding, f".{path}: expected {_expected(kind)}, got {named}"))


def _expected(kind: Type) -> str:
    if isinstance(kind, Scalar):
        return {"integer": "numeric (int or float)", "number": "numeric (int or float)"}.get(kind.form, kind.form)
    return "list" if isinstance(kind, Listing) else "map"


def _composite(kind: Type) -> str:
    if isinstance(kind, Listing):
        return f"[]{kind.element.described}"
    return f"map[string]{kind.element.described}" if isinstance(kind, Mapping) else kind.described


_JSON_NAMES = {str: "string", int: "number", float: "number", bool: "bool", list: "array", dict: "object"}
