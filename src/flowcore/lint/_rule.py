"""Rules, and what they say about a manifest before it is known which node or file that came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from attrs import field, frozen

from flowcore.errors import Severity

#: Keys and list positions from the root of an object to a value.
Path: TypeAlias = tuple[str | int, ...]


@frozen(kw_only=True)
class Rule:
    """A rule with a stable id.

    Attributes:
        id: the id by which it is silenced and looked up.
        severity: how much its findings matter unless the caller says otherwise.
        meaning: what it finds, in a few words.
        why: why that matters.
        fix: what to do about it.
    """

    id: str
    severity: Severity = Severity.INFO
    meaning: str
    why: str = ""
    fix: str = ""


NO_OBJECT: Final = Rule(
    id="manifest-shape",
    severity=Severity.ERROR,
    meaning="a document is no Kubernetes object",
    why="it cannot be applied",
    fix="give it an apiVersion and a kind",
)


@frozen
class Change:
    """A change of a manifest that makes a hit go away: a new value at a path, or the value's removal."""

    path: Path
    value: Any = None
    remove: bool = False


@frozen
class Hit:
    """A rule that found something in one object.

    Attributes:
        rule: the rule.
        message: what is wrong, in one sentence.
        path: where in the object.
        change: how it can be mended; none where that takes a decision.
    """

    rule: Rule
    message: str
    path: Path = ()
    change: Change | None = field(default=None)


def at(value: Any, *path: str | int) -> Any:
    """Return what a path leads to, None where it leads nowhere."""
    for key in path:
        if isinstance(key, str) and isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(key, int) and isinstance(value, (list, tuple)) and -len(value) <= key < len(value):
            value = value[key]
        else:
            return None
    return value


def mapping(value: Any) -> Mapping[str, Any]:
    """Return a value that is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def mappings(value: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Iterate over the mappings in a list with their positions; nothing where there is no list."""
    if isinstance(value, (list, tuple)):
        for position, item in enumerate(value):
            if isinstance(item, Mapping):
                yield position, item


def path_text(path: Path) -> str:
    """Return a path as people read it: ``spec.containers[0].image``."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text
