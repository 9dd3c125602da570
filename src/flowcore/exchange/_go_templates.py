"""YAML with Go template actions in it: the text of objects is never read as a template, only what is put in as one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from itertools import count
from typing import Any, Final

from attrs import define, field, frozen

from flowcore.manifests import to_yaml

#: What begins an action; in the text of a value it is written as an action that makes it.
_OPENING: Final = "{{"
_ESCAPED: Final = '{{ "{{" }}'


@frozen
class Action:
    """A template action in the place of a value.

    Attributes:
        pipeline: what is evaluated, like ``.Values.web.replicas | int``; it must make one line of YAML.
        is_block: it makes YAML of several lines, which are indented below the key.
    """

    pipeline: str
    is_block: bool = False


@frozen
class Include:
    """A named template whose lines stand beside the keys of a mapping, as the value of a key that is not written."""

    name: str


def quoted(text: str) -> str:
    """Return a text as a Go string; JSON's escapes are Go's, too."""
    return json.dumps(text, ensure_ascii=False)


def path_of(*keys: str) -> str:
    """Return the pipeline that finds a value: by its dots where the keys are identifiers, else by index."""
    plain = list(keys)
    head = ".Values"
    while plain and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", plain[0]):
        head += f".{plain.pop(0)}"
    return f"(index {head} {' '.join(map(quoted, plain))})" if plain else head


def to_template(document: Any) -> str:
    """Return a document with actions among its values as the text of a Go template that makes its YAML."""
    marks = _Marks.beside(_texts(document))
    text = to_yaml([marks.marked(document)])
    lines = text.replace(_OPENING, _ESCAPED).splitlines()
    return "\n".join(map(marks.resolved, lines)) + "\n"


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value


@define
class _Marks:
    """Words that stand for actions while the YAML is written; they occur in no text of the document."""

    word: str
    actions: list[Action | Include] = field(factory=list)

    @classmethod
    def beside(cls, texts: Iterable[str]) -> _Marks:
        whole = "\n".join(texts)
        return cls(next(word for number in count() if (word := f"action{number}mark") not in whole))

    def marked(self, value: Any) -> Any:
        if isinstance(value, (Action, Include)):
            self.actions.append(value)
            return f"{self.word}{len(self.actions) - 1}"
        if isinstance(value, dict):
            return {key: self.marked(item) for key, item in value.items()}
        return [self.marked(item) for item in value] if isinstance(value, list) else value

    def resolved(self, line: str) -> str:
        found = re.fullmatch(rf"(?P<head>(?P<indent>[ -]*)[^\n]*?)\s?{self.word}(?P<number>\d+)", line)
        if found is None:
            return line
        action = self.actions[int(found["number"])]
        if isinstance(action, Include):
            return f"{found['indent']}{{{{- include {quoted(action.name)} . | nindent {len(found['indent'])} }}}}"
        if action.is_block:
            return f"{found['head']} {{{{- {action.pipeline} | nindent {len(found['indent']) + 2} }}}}"
        return f"{found['head'].rstrip()} {{{{ {action.pipeline} }}}}"
