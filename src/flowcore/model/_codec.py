"""Entities to plain documents and back; what every store keeps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar

from cattrs import Converter

E = TypeVar("E")


def _moment(value: Any, _: object) -> datetime:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime.fromisoformat(value)


@cache
def _converter() -> Converter:
    converter = Converter(unstruct_collection_overrides={tuple: list})
    converter.register_structure_hook(datetime, _moment)
    return converter


def to_document(entity: Any) -> dict[str, Any]:
    """Return *entity* as nested dicts, lists and scalars; moments stay ``datetime``, enums become their words."""
    document = _converter().unstructure(entity)
    return dict(document)


def from_document(document: Mapping[str, Any], type_: type[E]) -> E:
    """Return the entity that ``to_document`` made *document* from; moments may also be ISO 8601 texts."""
    return _converter().structure(document, type_)
