"""The part of Go templates and Helm's functions that our charts use, so that charts are tested where Helm is not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flowcore.manifests import from_yaml, to_yaml

_ACTION = re.compile(r"(?P<trim>\s*)\{\{(?P<minus>-)? (?P<body>(?:\"(?:\\.|[^\"\\])*\"|[^\"])*?) \}\}")
_WORD = re.compile(r"\s*(?P<word>\"(?:\\.|[^\"\\])*\"|[()|]|[^\s()|]+)")


class ChartError(Exception):
    """The chart asks for something that was not given, or uses what is not known here."""


def render_chart(files: Mapping[str, str], given: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """Return the objects that a chart makes with values laid over its own."""
    values = _laid(from_yaml(files["values.yaml"])[0], given or {})
    made: list[dict[str, Any]] = []
    for name, text in files.items():
        if name.startswith("crds/"):
            made += from_yaml(text)
        elif name.startswith("templates/") and name.endswith(".yaml"):
            made += from_yaml(_rendered(text, values))
    return made


def _laid(base: Any, given: Any) -> Any:
    if isinstance(base, dict) and isinstance(given, Mapping):
        return {**base, **{key: _laid(base.get(key), value) for key, value in given.items()}}
    return given


def _rendered(text: str, values: Mapping[str, Any]) -> str:
    def replaced(match: re.Match[str]) -> str:
        kept = "" if match["minus"] else match["trim"]
        return kept + str(_Pipeline(match["body"], values).value())

    return _ACTION.sub(replaced, text)


class _Pipeline:
    """One action, read word by word."""

    def __init__(self, body: str, values: Mapping[str, Any]) -> None:
        self.words: Iterator[str] = iter([match["word"] for match in _WORD.finditer(body)])
        self.values = values

    def value(self) -> Any:
        """Return the value of the pipeline up to its end or a closing bracket."""
        piped: list[Any] = []
        while True:
            command: list[Any] = []
            end = ""
            for word in self.words:
                if word in "|)":
                    end = word
                    break
                command.append(self.value() if word == "(" else self._word(word))
            piped = [self._called([*command, *piped])]
            if end != "|":
                return piped[0]

    def _word(self, word: str) -> Any:
        if word.startswith('"'):
            return json.loads(word)
        if word == ".":
            return self.values
        if word.startswith(".Values"):
            value: Any = self.values
            for key in word.split(".")[2:]:
                value = value.get(key) if isinstance(value, Mapping) else None
            return value
        return int(word) if word.isdigit() else _FUNCTIONS.get(word) or _unknown(word)

    def _called(self, command: list[Any]) -> Any:
        return command[0](*command[1:]) if callable(command[0]) else command[0]


def _unknown(word: str) -> Any:
    raise ChartError(f"{word} is not known")


def _index(value: Any, *keys: Any) -> Any:
    for key in keys:
        value = value[key] if isinstance(value, list) else (value or {}).get(key)
    return value


def _include(name: str, argument: Any) -> str:
    part = name.rpartition(".")[2]
    if part == "labels":
        return _to_yaml(argument["commonLabels"]) if argument["commonLabels"] else ""
    if part == "image":
        tag = argument["tag"]
        return argument["repository"] + ("" if not tag else f"@{tag}" if tag.startswith("sha256:") else f":{tag}")
    if argument[1] is None:
        raise ChartError(f"the value {argument[0]} is needed")
    return str(argument[1])


def _to_yaml(value: Any) -> str:
    return to_yaml([value]).removesuffix("\n")


def _nindent(spaces: int, text: str) -> str:
    return "\n" + "\n".join(" " * spaces + line for line in text.split("\n"))


def _quote(text: str) -> str:
    """Return a text in quotes; what Go does not print is escaped as in YAML."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in quoted)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "index": _index,
    "include": _include,
    "int": int,
    "list": lambda *items: list(items),
    "nindent": _nindent,
    "quote": lambda value: _quote(str(value)),
    "toYaml": _to_yaml,
}
