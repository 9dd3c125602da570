"""Changes applied: the old value becomes the new one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from flowcore.diffing._paths import Named, Order, Step, parse
from flowcore.diffing._values import ABSENT, Change, same
from flowcore.errors import ConflictError

_Work: TypeAlias = list[tuple[tuple[Step, ...], Change]]


def patched(old: Any, changes: Iterable[Change]) -> Any:
    """Return *old* with the changes applied; *old* itself stays as it is.

    Raises:
        ConflictError: the changes were not made from this value.
    """
    return _patch(old, [(parse(change.path), change) for change in changes])


def _patch(value: Any, work: _Work) -> Any:
    if not work:
        return value
    steps, change = work[0]
    if not steps:
        _expect(same(value, change.old), change)
        return change.new
    if isinstance(steps[0], str):
        _expect(isinstance(value, Mapping), change)
        return _patch_mapping(value, work)
    _expect(isinstance(value, list | tuple), change)
    if isinstance(steps[0], int):
        return _patch_positions(value, work)
    return _patch_named(value, work)


def _expect(fits: bool, change: Change) -> None:
    if not fits:
        raise ConflictError(
            f"the change at {change.path or 'the top'} was made from another value", code="diff.mismatch"
        )


def _split(work: _Work) -> dict[Step, _Work]:
    """Return the work by its first step, in order, without that step."""
    found: dict[Step, _Work] = {}
    for steps, change in work:
        found.setdefault(steps[0], []).append((steps[1:], change))
    return found


def _patch_mapping(value: Mapping[str, Any], work: _Work) -> dict[str, Any]:
    result = dict(value)
    for key, inner in _split(work).items():
        assert isinstance(key, str)
        item = _patch(value.get(key, ABSENT), inner)
        if item is ABSENT:
            result.pop(key, None)
        else:
            result[key] = item
    return result


def _patch_positions(value: Sequence[Any], work: _Work) -> list[Any]:
    gone: dict[int, Change] = {}
    came: dict[int, Any] = {}
    inside: _Work = []
    for steps, change in work:
        position = steps[0]
        assert isinstance(position, int)
        if len(steps) == 1 and change.new is ABSENT:
            gone[position] = change
        elif len(steps) == 1 and change.old is ABSENT:
            came[position] = change.new
        else:
            inside.append((steps, change))
    for position, change in gone.items():
        _expect(position < len(value) and same(value[position], change.old), change)
    result = _placed([item for position, item in enumerate(value) if position not in gone], came)
    for step, inner in _split(inside).items():
        assert isinstance(step, int)
        _expect(step < len(result), inner[0][1])
        result[step] = _patch(result[step], inner)
    return result


def _placed(kept: Sequence[Any], came: Mapping[int, Any]) -> list[Any]:
    """Return the kept items with the new ones put in at their positions."""
    result = list(kept)
    for position in sorted(came):
        result.insert(position, came[position])
    return result


def _patch_named(value: Sequence[Any], work: _Work) -> list[Any]:
    steps = work[0][0]
    assert isinstance(steps[0], Named | Order)
    key = steps[0].key
    items: dict[Any, Any] = {item.get(key): item for item in value if isinstance(item, Mapping)}
    _expect(len(items) == len(value), work[0][1])
    came: dict[int, Any] = {}
    order: Sequence[Any] | None = None
    for step, inner in _split(work).items():
        change = inner[0][1]
        if isinstance(step, Order):
            order = change.new
        elif isinstance(step, Named) and step.value not in items:
            _expect(change.old is ABSENT and change.position is not None, change)
            came[change.position or 0] = change.new
        elif isinstance(step, Named):
            items[step.value] = _patch(items[step.value], inner)
    kept = {name: item for name, item in items.items() if item is not ABSENT}
    _expect(order is None or set(order) == set(kept), work[0][1])
    return _placed([kept[name] for name in (kept if order is None else order)], came)
