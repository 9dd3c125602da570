"""Bodies in Kubernetes' protobuf encoding, which kubectl sends for the kinds it has compiled in, read as objects."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from importlib import resources as package_files
from typing import Any

from attrs import frozen

from adapters.sandbox._schema import Listing, Mapping, Scalar, Struct, Type, builtin_type, named_type
from adapters.sandbox._status import Object, bad_request

MEDIA_TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_DELETE_OPTIONS = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions"


class MalformedError(ValueError):
    """The bytes are no message of the expected sort."""


@frozen
class Field:
    """One field of a message: its JSON name, whether zero counts as a value, and the message it spreads, if any."""

    name: str
    optional: bool
    spread: str = ""


@cache
def _messages() -> dict[str, dict[int, Field]]:
    found: dict[str, dict[int, Field]] = {}
    text = package_files.files("adapters.sandbox").joinpath("protobuf_fields.txt").read_text("utf-8")
    for line in text.splitlines():
        if not line.startswith("#"):
            name, *fields = line.split()
            found[name] = dict(map(_field, fields))
    return found


def _field(text: str) -> tuple[int, Field]:
    name, _, number = text.partition("=")
    spread = name[1:] if name.startswith("*") else ""
    return int(number.rstrip("?")), Field(name, number.endswith("?"), spread)


def read_protobuf(body: bytes) -> Object:
    """The object of a body: its envelope names the kind, its content is the message. Raises StatusError 400."""
    if not body.startswith(_MAGIC):
        raise bad_request("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")
    try:
        envelope = _grouped(body[len(_MAGIC) :])
        meta = _grouped(_one(envelope, 1))
        api_version, kind = _one(meta, 1).decode(), _one(meta, 2).decode()
        found = named_type(_DELETE_OPTIONS) if kind == "DeleteOptions" else builtin_type(api_version, kind)
        if not isinstance(found, Struct):
            raise bad_request(f'no kind "{kind}" is registered for version "{api_version}" in protobuf')
        return {"apiVersion": api_version, "kind": kind} | _message(_one(envelope, 2), found, found.name)
    except (ValueError, IndexError, struct.error, TypeError, AttributeError) as error:
        raise bad_request(f"unable to decode the protobuf message: {error}") from None


def _grouped(data: bytes) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for number, value in _parts(data):
        found.setdefault(number, []).append(value)
    return found


def _one(fields: dict[int, list[Any]], number: int) -> bytes:
    value = fields.get(number, [b""])[-1]
    if not isinstance(value, bytes):
        raise MalformedError(f"field {number} is no text")
    return value


def _parts(data: bytes) -> Iterator[tuple[int, Any]]:
    """The fields of a message as they stand: number, and an int or the raw bytes."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        wire = tag & 7
        if wire == _VARINT:
            value, at = _varint(data, at)
            yield tag >> 3, value
            continue
        size = {_FIXED64: 8, _FIXED32: 4}.get(wire, 0)
        if wire == _BYTES:
            size, at = _varint(data, at)
        elif not size:
            raise MalformedError(f"wire type {wire} is unknown")
        if at + size > len(data):
            raise MalformedError("the message ends too early")
        yield tag >> 3, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        byte = data[at]
        result |= (byte & 0x7F) << shift
        at += 1
        shift += 7
        if byte < 0x80:
            return result, at
        if shift > 63:
            raise MalformedError("a number is too long")


def _message(data: bytes, kind: Struct, name: str) -> Object:
    layout = _messages().get(name, {})
    out: Object = {}
    for number, values in _grouped(data).items():
        described = layout.get(number)
        if described is None:
            continue
        if described.spread:
            out |= _message(b"".join(values), kind, described.spread)
            continue
        declared = kind.fields.get(described.name)
        if declared is None:
            continue
        value = _field_value(values, declared)
        if value is not None and (described.optional or value not in ("", 0, False, {}, [])):
            out[described.name] = value
    return out


def _field_value(values: list[Any], kind: Type) -> Any:
    if isinstance(kind, Listing):
        return [_value(value, kind.element) for value in values]
    if isinstance(kind, Mapping):
        entries = [_grouped(value) for value in values]
        return {_one(entry, 1).decode(): _value(entry.get(2, [b""])[-1], kind.element) for entry in entries}
    return _value(values[-1], kind)


def _value(value: Any, kind: Type) -> Any:
    if isinstance(kind, Struct):
        return _message(value, kind, kind.name)
    if isinstance(kind, Scalar):
        return _scalar(value, kind.form)
    raw = _grouped(value).get(1)
    return json.loads(raw[-1]) if raw and raw[-1] else None


def _scalar(value: Any, form: str) -> Any:
    if form == "boolean":
        return bool(value)
    if form == "integer":
        return value - (1 << 64) if value >= 1 << 63 else value
    if form == "number":
        return struct.unpack("<d", value)[0]
    if form == "bytes":
        return base64.b64encode(value).decode()
    if form == "string":
        return value.decode()
    return _composite(_grouped(value), form)


def _composite(fields: dict[int, list[Any]], form: str) -> Any:
    if form == "quantity":
        return _one(fields, 1).decode()
    if form == "int-or-string":
        return _one(fields, 3).decode() if fields.get(1, [0])[-1] else _scalar(fields.get(2, [0])[-1], "integer")
    seconds = _scalar(fields.get(1, [0])[-1], "integer")
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if fields and seconds > 0 else None
