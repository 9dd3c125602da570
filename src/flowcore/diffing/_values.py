"""Differences between plain JSON values, found by what things are called rather than where they stand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from enum import Enum
from typing import Any, TypeAlias

from attrs import frozen

from flowcore.diffing._paths import Named, Order, Step, render


class Absent(Enum):
    """The side of a change where there is nothing, unlike null, which is a value."""

    ABSENT = "absent"

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = Absent.ABSENT


@frozen
class Change:
    """One difference.

    Attributes:
        path: where, like ``ports[0].port`` or ``env[name=FOO].value``; empty for the value itself. Positions count in
            the new list, of removed items in the old one. A path that ends like ``[name=*]`` is about the order of a
            list whose items are matched by a key; its sides list the values of that key.
        old: the value before; ABSENT for what was added.
        new: the value after; ABSENT for what was removed.
        position: where in its list an added or removed item stands that is matched by a key; None for all others.
    """

    path: str
    old: Any
    new: Any
    position: int | None = None


#: What the items of a list may be called by, the first that fits is taken.
KEYS = ("name", "id", "key", "mountPath", "containerPort", "port")
#: Lists with more possible pairs than this are compared position by position, after equal ends are taken off.
_MOST_PAIRS = 1_000_000

#: The steps to a value, the last one first; made into a path only where something differs.
_Trail: TypeAlias = "tuple[_Trail, Step] | None"


def changes(old: Any, new: Any) -> tuple[Change, ...]:
    """Return what differs between two plain JSON values, nothing when they are equal.

    Types count: true is not 1 and 1 is not "1", but 8080 equals 8080.0. The order of a mapping's keys does not count.
    """
    return tuple(_between(old, new, None))


def same(old: Any, new: Any) -> bool:
    """Whether two plain JSON values are equal in the sense of ``changes``."""
    return next(_between(old, new, None), None) is None


def _between(old: Any, new: Any, trail: _Trail) -> Iterator[Change]:
    if old is new:
        return
    kind = type(old)
    if kind is type(new) and kind in (str, int, bool):
        if old != new:
            yield _change(trail, old, new)
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _between_mappings(old, new, trail)
    elif isinstance(old, list | tuple) and isinstance(new, list | tuple):
        yield from _between_lists(old, new, trail)
    elif fingerprint(old) != fingerprint(new):
        yield _change(trail, old, new)


def _between_mappings(old: Mapping[str, Any], new: Mapping[str, Any], trail: _Trail) -> Iterator[Change]:
    for key, value in old.items():
        if key in new:
            other = new[key]
            if value is not other:
                yield from _between(value, other, (trail, key))
        else:
            yield _change((trail, key), value, ABSENT)
    for key, value in new.items():
        if key not in old:
            yield _change((trail, key), ABSENT, value)


def _between_lists(old: Sequence[Any], new: Sequence[Any], trail: _Trail) -> Iterator[Change]:
    key = shared_key(old, new)
    if key:
        yield from _between_named(key, old, new, trail)
    elif len(old) == len(new) == 1:
        yield from _between(old[0], new[0], (trail, 0))
    else:
        yield from _between_positions(old, new, trail)


def shared_key(old: Sequence[Any], new: Sequence[Any]) -> str:
    """Return the key by which the items of both lists can be told apart, empty when there is none."""
    for key in KEYS:
        if _names(key, old) is not None and _names(key, new) is not None and (old or new):
            return key
    return ""


def _names(key: str, items: Sequence[Any]) -> dict[str | int, int] | None:
    """Return the position of every item by the value of its key; None when they cannot be told apart by it."""
    found: dict[str | int, int] = {}
    for position, item in enumerate(items):
        if not isinstance(item, Mapping):
            return None
        name = item.get(key)
        if not isinstance(name, str | int) or isinstance(name, bool) or name in found:
            return None
        found[name] = position
    return found


def _between_named(key: str, old: Sequence[Any], new: Sequence[Any], trail: _Trail) -> Iterator[Change]:
    before, after = _names(key, old) or {}, _names(key, new) or {}
    for name, position in before.items():
        step: _Trail = (trail, Named(key, name))
        if name in after:
            yield from _between(old[position], new[after[name]], step)
        else:
            yield _change(step, old[position], ABSENT, position)
    for name, position in after.items():
        if name not in before:
            yield _change((trail, Named(key, name)), ABSENT, new[position], position)
    kept, now = [name for name in before if name in after], [name for name in after if name in before]
    if kept != now:
        yield _change((trail, Order(key)), kept, now)


def _between_positions(old: Sequence[Any], new: Sequence[Any], trail: _Trail) -> Iterator[Change]:
    for gone, came in pairs(old, new):
        if gone is None:
            assert came is not None
            yield _change((trail, came), ABSENT, new[came])
        elif came is None:
            yield _change((trail, gone), old[gone], ABSENT)
        else:
            yield from _between(old[gone], new[came], (trail, came))


def pairs(old: Sequence[Any], new: Sequence[Any]) -> Iterator[tuple[int | None, int | None]]:
    """Yield which position of the one list answers to which of the other; None where an item was put in or taken out.

    Seen from the other side the pairs are the same.
    """
    before, after = [fingerprint(item) for item in old], [fingerprint(item) for item in new]
    turned = before != after and _is_turned(old, new)
    blocks = _blocks(after, before) if turned else _blocks(before, after)
    i = j = 0
    for a, b, size in blocks:
        start_old, start_new = (b, a) if turned else (a, b)
        while i < start_old or j < start_new:
            yield (i if i < start_old else None, j if j < start_new else None)
            i, j = min(i + 1, start_old), min(j + 1, start_new)
        for offset in range(size):
            yield (start_old + offset, start_new + offset)
        i, j = start_old + size, start_new + size


def _is_turned(old: Sequence[Any], new: Sequence[Any]) -> bool:
    """Whether to compare from the other side, so that both directions find the same pairs."""
    if len(old) != len(new):
        return len(old) > len(new)
    return json.dumps(old, sort_keys=True, default=dict) > json.dumps(new, sort_keys=True, default=dict)


def _blocks(before: list[Any], after: list[Any]) -> list[tuple[int, int, int]]:
    """Return runs of equal items as (position before, position after, length), closed by an empty run at the end."""
    shorter = min(len(before), len(after))
    head = 0
    while head < shorter and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < shorter - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    middle_before, middle_after = before[head : len(before) - tail], after[head : len(after) - tail]
    inner: list[tuple[int, int, int]] = []
    if len(middle_before) * len(middle_after) <= _MOST_PAIRS:
        found = SequenceMatcher(None, middle_before, middle_after, autojunk=False).get_matching_blocks()
        inner = [(head + a, head + b, size) for a, b, size in found if size]
    end_before, end_after = len(before) - tail, len(after) - tail
    return [(0, 0, head), *inner, (end_before, end_after, tail), (len(before), len(after), 0)]


def fingerprint(value: Any) -> Any:
    """Return a hashable value that is equal for equal plain JSON values and different for all others."""
    kind = type(value)
    if kind is str or value is None:
        return value
    if kind is bool:
        return (kind, value)
    if isinstance(value, Mapping):
        return ("mapping", frozenset((key, fingerprint(item)) for key, item in value.items()))
    if isinstance(value, list | tuple):
        return ("list", tuple(fingerprint(item) for item in value))
    if kind is float and value != value:  # not a number: unequal to itself
        return ("nan",)
    return value


def _change(trail: _Trail, old: Any, new: Any, position: int | None = None) -> Change:
    steps: list[Step] = []
    while trail is not None:
        trail, step = trail
        steps.append(step)
    return Change(render(reversed(steps)), old, new, position)
