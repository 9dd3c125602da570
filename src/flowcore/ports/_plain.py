"""Which values a store can keep: checked against the types of their fields, every problem at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence, Set
from datetime import UTC, datetime
from functools import cache, partial
from types import NoneType, UnionType
from typing import Any, TypeAlias, Union, get_args, get_origin, get_type_hints

from attrs import define, fields, has

from flowcore.errors import Finding, InvalidInputError, Place

#: How deep a document may be nested; MongoDB ends at 100, and its own envelope takes some.
MAX_DEPTH = 80

_INT_LIMIT = 2**63


@define
class _Spot:
    """A place in the document, linked to the place it is in, so that the path is only written when it is needed."""

    parent: _Spot | None
    key: str | int
    problems: list[Finding]
    depth: int

    def inside(self, key: str | int) -> _Spot:
        return _Spot(self, key, self.problems, self.depth + 1)

    def refuse(self, message: str, fix: str) -> None:
        place = Place(path=self.path().encode("utf-8", "backslashreplace").decode())
        self.problems.append(Finding(rule="store-value", message=message, place=place, fix=fix))

    def path(self) -> str:
        before = self.parent.path() if self.parent else ""
        if isinstance(self.key, int):
            return f"{before}[{self.key}]"
        return f"{before}.{self.key}" if before else self.key


Keep: TypeAlias = Callable[[Any, _Spot], Any]


def plain(document: Mapping[str, Any], type_: type) -> dict[str, Any]:
    """Return a copy of *document* that every store can keep, moments in UTC and cut to milliseconds.

    Raises:
        InvalidInputError: a value cannot be kept: text that is not Unicode, a number that is not finite or beyond
            64 bits, a moment without time zone, something that is not JSON where any value may stand, too deep.
    """
    problems: list[Finding] = []
    kept = _keep_fields(type_)(document, _Spot(None, "", problems, 0))
    if problems:
        raise InvalidInputError(problems)
    return dict(kept)


def plain_scalar(value: Any, path: str) -> Any:
    """Return a single value as ``plain`` would keep it.

    Raises:
        InvalidInputError: it cannot be kept.
    """
    problems: list[Finding] = []
    spot = _Spot(None, path, problems, 0)
    kept = _keep_moment(value, spot) if isinstance(value, datetime) else _keep_scalar(value, spot)
    if problems:
        raise InvalidInputError(problems)
    return kept


def is_text(value: str) -> bool:
    """Whether *value* is Unicode text; a lone half of a surrogate pair is not."""
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def without_none(annotation: Any) -> Any:
    """Return ``X`` for ``X | None``, else *annotation*."""
    if get_origin(annotation) not in (Union, UnionType):
        return annotation
    rest = [argument for argument in get_args(annotation) if argument is not NoneType]
    return rest[0] if len(rest) == 1 else annotation


@cache
def _keep_fields(type_: type) -> Keep:
    hints = get_type_hints(type_)
    keeps = {attribute.name: _keep(hints[attribute.name]) for attribute in fields(type_)}

    def keep(value: Any, spot: _Spot) -> Any:
        if not isinstance(value, Mapping):
            return _keep_free(value, spot)
        return {name: _keep_part(keeps[name], part, spot, name) for name, part in value.items()}

    return keep


def _keep(annotation: Any) -> Keep:
    annotation = without_none(annotation)
    origin = get_origin(annotation)
    arguments = get_args(annotation)
    if annotation is datetime:
        return _keep_moment
    if annotation is float:
        return _keep_float
    if isinstance(annotation, type) and has(annotation):
        return _keep_fields(annotation)
    if isinstance(origin, type) and issubclass(origin, Mapping) and len(arguments) == 2:
        return partial(_keep_map, _keep(arguments[1]))
    if isinstance(origin, type) and issubclass(origin, Sequence | Set) and arguments:
        return partial(_keep_list, [_keep(argument) for argument in arguments if argument is not ...])
    return _keep_free


def _keep_part(keep: Keep, value: Any, spot: _Spot, key: str | int) -> Any:
    # Nearly every value is a leaf that needs no change: it is worth not to make a spot for it.
    if keep is not _keep_float and _is_plain_leaf(value):
        return value
    return keep(value, spot.inside(key))


def _is_plain_leaf(value: Any) -> bool:
    kind = type(value)
    if kind is str:
        return is_text(value)
    if kind is int:
        return bool(-_INT_LIMIT <= value < _INT_LIMIT)
    return value is None or kind is bool or (kind is float and math.isfinite(value))


def _keep_map(keep: Keep, value: Any, spot: _Spot) -> Any:
    if not isinstance(value, Mapping):
        return _keep_free(value, spot)
    if spot.depth > MAX_DEPTH:
        spot.refuse(f"it is nested more than {MAX_DEPTH} levels deep", "flatten it")
        return None
    kept = {}
    for key, part in value.items():
        if not isinstance(key, str) or not is_text(key):
            spot.refuse(f"the key {key!a} is not text", "use Unicode text for every key")
            continue
        kept[str(key)] = _keep_part(keep, part, spot, key)
    return kept


def _keep_list(keeps: list[Keep], value: Any, spot: _Spot) -> Any:
    if not isinstance(value, list | tuple | Set):
        return _keep_free(value, spot)
    if spot.depth > MAX_DEPTH:
        spot.refuse(f"it is nested more than {MAX_DEPTH} levels deep", "flatten it")
        return None
    last = len(keeps) - 1
    return [_keep_part(keeps[min(index, last)], part, spot, index) for index, part in enumerate(value)]


def _keep_free(value: Any, spot: _Spot) -> Any:
    if isinstance(value, Mapping):
        return _keep_map(_keep_free, value, spot)
    if isinstance(value, list | tuple):
        return _keep_list([_keep_free], value, spot)
    return _keep_scalar(value, spot)


def _keep_float(value: Any, spot: _Spot) -> Any:
    kept = _keep_scalar(value, spot)
    return float(kept) if isinstance(kept, int) else kept


def _keep_scalar(value: Any, spot: _Spot) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _keep_text(str(value), spot)
    if isinstance(value, int):
        return _keep_int(int(value), spot)
    if isinstance(value, float):
        return _keep_finite(float(value), spot)
    spot.refuse(f"a value of type {type(value).__name__} is not JSON", "use text, a number, a boolean, a list or a map")
    return None


def _keep_text(value: str, spot: _Spot) -> str:
    if not is_text(value):
        spot.refuse("the text holds half of a surrogate pair, which is not Unicode", "remove or replace the character")
    return value


def _keep_int(value: int, spot: _Spot) -> int:
    if not -_INT_LIMIT <= value < _INT_LIMIT:
        spot.refuse("the number does not fit into 64 bits", "write it as text")
    return value


def _keep_finite(value: float, spot: _Spot) -> float:
    if not math.isfinite(value):
        spot.refuse(f"{value} is not a JSON number", "use a finite number or null")
    return value


def _keep_moment(value: Any, spot: _Spot) -> Any:
    if not isinstance(value, datetime):
        return _keep_scalar(value, spot)
    if value.tzinfo is None:
        spot.refuse("the moment has no time zone", "use an aware datetime in UTC")
        return value
    in_utc = value.astimezone(UTC)
    return in_utc.replace(microsecond=in_utc.microsecond // 1000 * 1000, fold=0)
