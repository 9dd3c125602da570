"""Paths into plain JSON values: ``ports[0].port``, ``env[name=FOO].value``, ``labels["app.kubernetes.io/name"]``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import TypeAlias

from attrs import frozen


@frozen
class Named:
    """The item of a list whose *key* has this value."""

    key: str
    value: str | int


@frozen
class Order:
    """The order of a list whose items are told apart by *key*; written ``[name=*]``."""

    key: str


#: One step into a value: a key of a mapping, a position in a list, a named item, or a list's order.
Step: TypeAlias = str | int | Named | Order

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_WORD = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*")
_TOKEN = re.compile(
    r"""(?:\.|^)(?P<key>[A-Za-z_][A-Za-z0-9_-]*)
      | \[(?P<order>[A-Za-z_][A-Za-z0-9_-]*)=\*\]
      | \[(?P<position>[0-9]+)\]
      | \[(?P<quoted>"(?:[^"\\]|\\.)*")\]
      | \[(?P<named>[A-Za-z_][A-Za-z0-9_-]*)=(?P<value>-?[0-9]+|[A-Za-z_/][A-Za-z0-9_./-]*|"(?:[^"\\]|\\.)*")\]""",
    re.VERBOSE,
)


def render(steps: Iterable[Step]) -> str:
    """Return the path that these steps make; the empty path is the value itself."""
    text = ""
    for step in steps:
        if isinstance(step, str):
            plain = _PLAIN.fullmatch(step)
            text += (f".{step}" if text else step) if plain else f"[{json.dumps(step, ensure_ascii=False)}]"
        elif isinstance(step, Named):
            text += f"[{step.key}={_value(step.value)}]"
        else:
            text += f"[{step.key}=*]" if isinstance(step, Order) else f"[{step}]"
    return text


def _value(value: str | int) -> str:
    if isinstance(value, int) or _WORD.fullmatch(value):
        return str(value)
    return json.dumps(value, ensure_ascii=False)


def parse(path: str) -> tuple[Step, ...]:
    """Return the steps of a path.

    Raises:
        ValueError: *path* is no path.
    """
    steps: list[Step] = []
    position = 0
    while position < len(path):
        found = _TOKEN.match(path, position)
        if not found or found.end() == position:
            raise ValueError(f"no path: {path!r}, at {position}")
        steps.append(_step(found))
        position = found.end()
    return tuple(steps)


def _step(found: re.Match[str]) -> Step:
    if found["key"] is not None:
        return found["key"]
    if found["position"] is not None:
        return int(found["position"])
    if found["quoted"] is not None:
        return str(json.loads(found["quoted"]))
    if found["order"] is not None:
        return Order(found["order"])
    written = found["value"]
    if written.startswith('"'):
        return Named(found["named"], str(json.loads(written)))
    return Named(found["named"], int(written) if written.lstrip("-").isdecimal() else written)
