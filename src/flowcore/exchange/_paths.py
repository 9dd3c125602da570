"""Places in plain objects: find a value by its path, and walk every place of an object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

#: Keys of mappings and positions in lists, from the outside in.
Path: TypeAlias = tuple[str | int, ...]

#: What stands at a place that an object does not have.
MISSING: Final = object()


def at(value: Any, path: Path) -> Any:
    """Return what stands at a path, ``MISSING`` where there is nothing."""
    for step in path:
        is_there = step in value if isinstance(value, Mapping) else isinstance(value, list) and _fits(step, value)
        if not is_there:
            return MISSING
        value = value[step]
    return value


def _fits(step: str | int, items: list[Any]) -> bool:
    return isinstance(step, int) and step < len(items)


def mapping_at(value: Any, *path: str | int) -> dict[str, Any]:
    """Return the mapping at a path, an empty one where there is none."""
    found = at(value, path)
    return found if isinstance(found, dict) else {}


def mappings_at(value: Any, *path: str | int) -> list[dict[str, Any]]:
    """Return the mappings in the list at a path, none where there is no list."""
    found = at(value, path)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def text_at(value: Any, *path: str | int) -> str:
    """Return the text at a path, an empty one where there is none."""
    found = at(value, path)
    return found if isinstance(found, str) else ""


def places(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every place of an object with what stands there, outer places first."""
    yield path, value
    items: Any = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def same(one: Any, other: Any) -> bool:
    """Say whether two values are the same JSON: true is not 1, but 80 is 80.0."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(item, other[key]) for key, item in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)
