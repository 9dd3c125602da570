"""The shapes a Compose value may have, each with the one form it is normalised to."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from attrs import evolve, frozen

from flowcore.compose._marks import Block, Mark, Rows, Value, mark_of
from flowcore.compose._report import Report
from flowcore.compose._scalars import text_of
from flowcore.compose._units import bytes_of, cpus_of, seconds_of, whole_number, yes_or_no
from flowcore.compose._words import split_words


@frozen
class At:
    """Where a value stands, and who hears about it."""

    report: Report
    mark: Mark
    path: str

    def key(self, container: Value, key: str) -> At:
        """Return the place of an entry of *container*."""
        return evolve(self, mark=mark_of(container, key), path=f"{self.path}.{key}" if self.path else key)

    def item(self, container: Value, position: int) -> At:
        """Return the place of a list item of *container*."""
        return evolve(self, mark=mark_of(container, position), path=f"{self.path}[{position}]")

    def wrong(self, expected: str, value: Value, fix: str = "") -> None:
        """Report that *value* has the wrong shape; its content is not shown."""
        message = f"{self.path} must be {expected}, not {_kind(value)}"
        self.report.error("compose-type", message, self.mark.value_place(self.path), fix=fix)

    def unknown(self, key: str) -> None:
        """Report a key that means nothing here, unless it is an extension."""
        if not key.startswith("x-"):
            message = f"{self.path} is not a key of Compose and was left out"
            self.report.warn("compose-unknown-key", message, self.mark, path=self.path, fix="remove it")

    def refuse(self, rule: str, message: str, fix: str = "") -> None:
        """Report an error at this place."""
        self.report.error(rule, message, self.mark.value_place(self.path), fix=fix)


#: Most replicas that a cluster can be asked for.
_MOST_REPLICAS = 2**31 - 1
#: Returns the normal form of a value; None leaves the key out.
Shape: TypeAlias = Callable[[Value, At], Value]


def _kind(value: Value) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "empty"
    name, sign, _ = text_of(value)[:40].partition("=")  # what follows may be a secret
    return f"the {'text' if isinstance(value, str) else 'value'} {f'{name}=…' if sign else name!r}"


_RESTART = re.compile(r"no|always|unless-stopped|on-failure(?::\d{1,9})?")


def is_scalar(value: Value) -> bool:
    """Whether *value* is neither a mapping nor a list."""
    return not isinstance(value, (dict, list))


def anything(value: Value, _: At) -> Value:
    """Accept every value as it is."""
    return value


def text(value: Value, at: At) -> Value:
    """A text; numbers and yes/no become one."""
    if is_scalar(value):
        return text_of(value)
    at.wrong("a text", value)
    return None


def number(value: Value, at: At) -> Value:
    """A whole number, also quoted."""
    found = whole_number(value) if is_scalar(value) else None
    if found is None:
        at.wrong("a whole number", value)
    return found


def replicas(value: Value, at: At) -> Value:
    """A number of containers."""
    found = number(value, at)
    if found is not None and not 0 <= found <= _MOST_REPLICAS:
        message = f"{at.path} is {found}, which is not between 0 and {_MOST_REPLICAS}"
        at.refuse("compose-limit", message, "write how many containers shall run")
        return None
    return found


def flag(value: Value, at: At) -> Value:
    """A yes/no value, also quoted."""
    found = yes_or_no(value) if is_scalar(value) else None
    if found is None:
        at.wrong("true or false", value)
    return found


def duration(value: Value, at: At) -> Value:
    """A duration, which stays as it is written."""
    found = _checked(value, at, seconds_of, "a duration like 1m30s")
    return None if found is None else text_of(found)


def size(value: Value, at: At) -> Value:
    """A size in bytes, which stays as it is written."""
    return _checked(value, at, bytes_of, "a size like 64m")


def processors(value: Value, at: At) -> Value:
    """A number of processors, which stays as it is written."""
    return _checked(value, at, cpus_of, "a number of processors like 0.5")


def _checked(value: Value, at: At, read: Callable[[Value], object], what: str) -> Value:
    if value is not None and (not is_scalar(value) or read(value) is None):
        at.wrong(what, value)
        return None
    return value


def choice(*known: str) -> Shape:
    """One of some words; empty means none is chosen."""

    def shape(value: Value, at: At) -> Value:
        word = text(value, at)
        if word and word not in known:
            at.wrong(f"one of {', '.join(known)}", value)
            return None
        return word

    return shape


def restart(value: Value, at: At) -> Value:
    """When a container is started again."""
    word = text(value, at)
    if word and not _RESTART.fullmatch(word):
        at.wrong("one of no, always, unless-stopped, on-failure or on-failure:TIMES", value)
        return None
    return word


def texts(value: Value, at: At) -> Value:
    """A list of texts; a single one stands for a list of one."""
    if is_scalar(value):
        return Rows([text_of(value)], mark=at.mark, marks=[at.mark])
    if not isinstance(value, list):
        at.wrong("a text or a list of texts", value)
        return None
    result = Rows(mark=mark_of(value))
    for position, item in enumerate(value):
        if is_scalar(item):
            result.add(text_of(item), mark_of(value, position))
        else:
            at.item(value, position).wrong("a text", item)
    return result


def words(value: Value, at: At) -> Value:
    """A command: a list, or a text that is split as a POSIX shell would."""
    if not isinstance(value, str):
        return texts(value, at)
    try:
        parts = split_words(value)
    except ValueError as error:
        at.refuse(
            "compose-command", f"{at.path} cannot be split into words: {error}", "close the quotes, or write a list"
        )
        return None
    return Rows(parts, mark=at.mark, marks=[at.mark] * len(parts))


def pairs(value: Value, at: At) -> Value:
    """A mapping from names to texts, or a list of ``NAME=value``; a name alone has no value."""
    result = Block(mark=mark_of(value))
    if isinstance(value, dict):
        for key, item in value.items():
            if is_scalar(item):
                result.put(key, None if item is None else text_of(item), mark_of(value, key))
            else:
                at.key(value, key).wrong("a text", item)
        return result
    if not isinstance(value, list):
        at.wrong("a mapping or a list of NAME=value", value)
        return None
    for position, item in enumerate(value):
        if not is_scalar(item):
            at.item(value, position).wrong(
                "NAME=value", item, "write the item as one text, in quotes when it holds ': '"
            )
            continue
        name, sign, rest = text_of(item).partition("=")
        if name:
            result.put(name, rest if sign else None, mark_of(value, position))
    return result


def named(value: Value, at: At) -> Value:
    """A mapping by name; a list of names stands for names without options."""
    result = Block(mark=mark_of(value))
    if isinstance(value, dict):
        for key, item in value.items():
            if item is None or isinstance(item, dict):
                result.put(key, item, mark_of(value, key))
            else:
                at.key(value, key).wrong("a mapping", item)
        return result
    if not isinstance(value, list):
        at.wrong("a mapping or a list of names", value)
        return None
    for position, item in enumerate(value):
        if is_scalar(item):
            result.put(text_of(item), None, mark_of(value, position))
        else:
            at.item(value, position).wrong("a name", item)
    return result


def mapping(value: Value, at: At) -> Value:
    """A mapping."""
    if isinstance(value, dict):
        return value
    at.wrong("a mapping", value)
    return None


def rows_of(entry: Shape) -> Shape:
    """Return the shape of a list whose items have the shape *entry*; what that makes a list is spread out."""

    def shape(value: Value, at: At) -> Value:
        if not isinstance(value, list):
            at.wrong("a list", value)
            return None
        result = Rows(mark=mark_of(value))
        for position, item in enumerate(value):
            normal = entry(item, at.item(value, position))
            for one in normal if isinstance(normal, list) else [normal]:
                if one is not None:
                    result.add(one, mark_of(value, position))
        return result

    return shape


def block_of(shapes: dict[str, Shape], *, short: str = "", closed: bool = False) -> Shape:
    """Return the shape of a mapping with these keys; a text stands for *short*; see ``shaped`` for *closed*."""

    def shape(value: Value, at: At) -> Value:
        if short and is_scalar(value):
            result = Block(mark=at.mark)
            result.put(short, text_of(value), at.mark)
            return result
        if not isinstance(value, dict):
            at.wrong("a text or a mapping" if short else "a mapping", value)
            return None
        return shaped(value, shapes, at, closed=closed)

    return shape


def shaped(value: Value, shapes: dict[str, Shape], at: At, *, closed: bool = False) -> Block:
    """Return a mapping with each known key in its shape; empty values of known keys are left out.

    Other keys stay as they are; when *closed*, they are reported and left out.
    """
    result = Block(mark=mark_of(value))
    for key, item in value.items():
        known = shapes.get(key)
        if closed and known is None:
            at.key(value, key).unknown(key)
            continue
        if known and item is None:
            continue
        normal = known(item, at.key(value, key)) if known else item
        if normal is not None or not known:
            result.put(key, normal, mark_of(value, key))
    return result
