"""Ids of nodes: those that flowcore gave an object before, else its name, made unique."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import count

from flowcore.exchange._objects import Found
from flowcore.exchange._overrides import OWN_LABELS

_MANAGER, _NODE = OWN_LABELS


def ids_of(found: Sequence[Found], words: Mapping[str, str]) -> list[str]:
    """Return an id for every object, in their order.

    Args:
        found: the objects.
        words: what to call kinds of objects; others are called by themselves.
    """
    before = Counter(_given(one) for one in found)
    names = Counter(one.ref.name for one in found)
    taken: set[str] = {id_ for id_, times in before.items() if id_ and times == 1}
    ids: list[str] = []
    for one in found:
        id_ = _given(one)
        if before[id_] != 1 or not id_:
            id_ = _free(one.ref.name, _word(one, words), taken, is_unique=names[one.ref.name] == 1)
            taken.add(id_)
        ids.append(id_)
    return ids


def _given(one: Found) -> str:
    labels = one.object["metadata"].get("labels") or {}
    return str(labels.get(_NODE, "")) if labels.get(_MANAGER) == "flowcore" else ""


def _word(one: Found, words: Mapping[str, str]) -> str:
    return words.get(one.ref.kind, one.ref.kind.lower())


def _free(name: str, word: str, taken: set[str], *, is_unique: bool) -> str:
    candidates = [name, f"{name}-{word}"] if is_unique else [f"{name}-{word}"]
    for candidate in candidates:
        if candidate not in taken:
            return candidate
    return next(id_ for number in count(2) if (id_ := f"{name}-{word}-{number}") not in taken)
