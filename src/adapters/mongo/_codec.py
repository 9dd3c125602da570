"""Documents as MongoDB keeps them: ``_id`` for the id, moments as dates, and keys that no query language claims."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bson.int64 import Int64

#: Node data may have any JSON key. MongoDB gives a meaning to dots and dollars, some drivers to ``$ref``, BSON ends
#: a key at NUL, and an empty key cannot be updated: these are written as percent and two hexadecimal digits.
_ESCAPES = str.maketrans({"%": "%25", ".": "%2E", "$": "%24", "\0": "%00"})
_EMPTY = "%"
_ESCAPED = re.compile("%(25|2E|24|00)")


def to_bson(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a plain document as one that MongoDB keeps unchanged."""
    return {field_of(name): _encoded(value) for name, value in document.items()}


def from_bson(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return the plain document that ``to_bson`` was given."""
    return {"id" if name == "_id" else name: _decoded(value) for name, value in stored.items()}


def field_of(name: str) -> str:
    """Return what a top-level field is called in MongoDB."""
    return "_id" if name == "id" else name


def encoded_key(key: str) -> str:
    """Return a key that MongoDB takes for a plain name; different keys stay different."""
    return key.translate(_ESCAPES) or _EMPTY


def decoded_key(key: str) -> str:
    """Return the key that ``encoded_key`` was given."""
    if "%" not in key:
        return key
    return "" if key == _EMPTY else _ESCAPED.sub(lambda found: chr(int(found[1], 16)), key)


def _encoded(value: Any) -> Any:
    if isinstance(value, dict):
        return {encoded_key(key): _encoded(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_encoded(part) for part in value]
    return value


def _decoded(value: Any) -> Any:
    if isinstance(value, dict):
        return {decoded_key(key): _decoded(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_decoded(part) for part in value]
    return int(value) if isinstance(value, Int64) else value
