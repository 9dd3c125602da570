"""YAML text to values with positions, within limits: size, depth, and what aliases may grow to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from attrs import define, field
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from flowcore.compose._marks import Block, Mark, Rows, Value
from flowcore.compose._report import Report
from flowcore.compose._scalars import resolve, text_of
from flowcore.compose._scanning import yaml_events
from flowcore.errors import Place

#: Largest source, in characters.
MAX_SIZE = 2_000_000
#: Deepest nesting.
MAX_DEPTH = 100
#: Most values after every alias has been written out; a long text counts as one more for every so many characters.
MAX_VALUES = 300_000
_TEXT = 100
#: NUL, and half of a UTF-16 pair that stands alone: an escape can make them, but no variable or command can hold them.
NO_TEXT = re.compile("[\0\ud800-\udfff]")

RESET = "!reset"
OVERRIDE = "!override"


class Tagged:
    """A value under ``!reset`` or ``!override``; it steers the merge and is gone after it."""

    __slots__ = ("tag", "value")

    def __init__(self, tag: str, value: Value) -> None:
        self.tag = tag
        self.value = value


class _StopError(Exception):
    """The text cannot be read any further."""

    def __init__(self, message: str, line: int = 0, column: int = 0, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column
        self.fix = fix


def read_yaml(text: str, file: str, report: Report) -> list[Block]:
    """Return the documents of *text*, each a mapping; problems go to *report* and leave out what they touch."""
    try:
        return _Reading(file=file, report=report).documents(text)
    except _StopError as stop:
        place = Place(file=file, line=stop.line, column=stop.column)
        report.error("compose-yaml", stop.message, place, fix=stop.fix)
    return []


def _events(text: str) -> Iterator[Event]:
    if len(text) > MAX_SIZE:
        raise _StopError(f"the file has {len(text)} characters, more than the {MAX_SIZE} that are read")
    try:
        yield from yaml_events(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        words = " ".join(part for part in (error.context, error.problem) if part)
        message = f"this is not valid YAML: {words}"
        raise _StopError(message, line, column, "check the indentation and quotes here") from error
    except (YAMLError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError, AssertionError) as error:
        # The pure parser has a few ways to stumble over broken input besides its own errors.
        first = str(error).strip().splitlines()[:1]
        raise _StopError(f"this is not valid YAML: {first[0] if first else type(error).__name__}") from error


@define
class _Reading:
    file: str
    report: Report
    _events: Iterator[Event] = field(factory=lambda: iter(()))
    #: Value, number of values in it, and levels below it, by anchor.
    _anchors: dict[str, tuple[Value, int, int]] = field(factory=dict)
    _count: int = 0
    _deepest: int = 0

    def documents(self, text: str) -> list[Block]:
        self._events = _events(text)
        found: list[Block] = []
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                self._anchors.clear()
                value = self._value(next(self._events), 0)
                if isinstance(value, Block):
                    found.append(value)
                elif value is not None:
                    raise _StopError("a Compose file is a mapping with the key services", 1, 1)
        return found

    def _mark(self, event: Event) -> Mark:
        start = event.start_mark
        return Mark(self.file, start.line + 1, start.column + 1, start.line + 1, start.column + 1)

    def _fail(self, message: str, event: Event, fix: str = "") -> _StopError:
        return _StopError(message, event.start_mark.line + 1, event.start_mark.column + 1, fix)

    def _value(self, event: Event, depth: int) -> Value:
        before = self._count
        self._count += 1
        if self._count > MAX_VALUES:
            raise self._fail(f"the file holds more than {MAX_VALUES} values", event)
        if isinstance(event, AliasEvent):
            return self._alias(event, depth)
        self._reach(depth, event)
        anchor = event.anchor if isinstance(event, NodeEvent) else None
        if not anchor:
            return self._content(event, depth)
        deepest, self._deepest = self._deepest, depth
        value = self._content(event, depth)
        self._anchors[anchor] = (value, self._count - before, self._deepest - depth)
        self._deepest = max(deepest, self._deepest)
        return value

    def _reach(self, depth: int, event: Event) -> None:
        if depth > MAX_DEPTH:
            raise self._fail(f"nesting is deeper than {MAX_DEPTH} levels", event)
        self._deepest = max(self._deepest, depth)

    def _content(self, event: Event, depth: int) -> Value:
        value: Value
        if isinstance(event, ScalarEvent):
            self._count += len(event.value) // _TEXT
            if NO_TEXT.search(event.value):
                raise self._fail("this text holds NUL or half of a character", event, "leave it out")
            value = resolve(event.value) if self._is_plain(event) else event.value
        elif isinstance(event, MappingStartEvent):
            value = self._mapping(event, depth)
        elif isinstance(event, SequenceStartEvent):
            value = self._sequence(event, depth)
        else:
            raise self._fail("this is not valid YAML here", event)
        tag = str(event.tag or "")
        return Tagged(tag, value) if tag in (RESET, OVERRIDE) else value

    @staticmethod
    def _is_plain(event: ScalarEvent) -> bool:
        return event.style is None and str(event.tag or "") not in ("!", "tag:yaml.org,2002:str")

    def _alias(self, event: AliasEvent, depth: int) -> Value:
        if event.anchor not in self._anchors:
            raise self._fail(f"the alias *{event.anchor} has no anchor before it", event)
        value, weight, height = self._anchors[event.anchor]
        self._reach(depth + height, event)
        self._count += weight
        if self._count > MAX_VALUES:
            raise self._fail(f"written out, the aliases make more than {MAX_VALUES} values", event)
        return value

    def _sequence(self, start: Event, depth: int) -> Rows:
        rows = Rows(mark=self._mark(start))
        for event in self._events:
            if isinstance(event, SequenceEndEvent):
                break
            rows.add(self._value(event, depth + 1), self._mark(event))
        return rows

    def _mapping(self, start: Event, depth: int) -> Block:
        block = Block(mark=self._mark(start))
        merged: list[Value] = []
        for event in self._events:
            if isinstance(event, MappingEndEvent):
                break
            key = self._key(event, depth)
            follower = next(self._events)
            value = self._value(follower, depth + 1)
            if key == "<<" and self._is_merge(event):
                merged.extend(value if isinstance(value, list) else [value])
                continue
            self._put(block, key, value, event, follower)
        for source in merged:
            self._inherit(block, source, start)
        return block

    def _key(self, event: Event, depth: int) -> str:
        value = self._value(event, depth + 1)
        if isinstance(value, (Block, Rows, Tagged)) or value is None:
            raise self._fail("a key must be a single word or text", event, "put the key in quotes")
        return value if isinstance(value, str) else text_of(value)

    @staticmethod
    def _is_merge(event: Event) -> bool:
        return isinstance(event, ScalarEvent) and event.style is None

    def _put(self, block: Block, key: str, value: Value, event: Event, follower: Event) -> None:
        at, start = event.start_mark, follower.start_mark
        mark = Mark(self.file, at.line + 1, at.column + 1, start.line + 1, start.column + 1)
        if key in block:
            first = block.marks[key].line
            self.report.error(
                "compose-duplicate-key",
                f"the key {key} is given twice, in line {first} and in line {mark.line}",
                mark,
                fix="keep one of them",
            )
            return
        block.put(key, value, mark)

    def _inherit(self, block: Block, source: Value, start: Event) -> None:
        if not isinstance(source, Block):
            raise self._fail("<< takes a mapping or a list of mappings", start)
        for key, value in source.items():
            if key not in block:
                block.put(key, value, source.marks[key])
