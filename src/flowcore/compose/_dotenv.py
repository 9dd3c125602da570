"""The .env format: quotes, escapes, comments, export, and variables that use earlier ones."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Mapping

from attrs import define, field

from flowcore.compose._interpolation import MAX_REPLACED, Outcome, TemplateError, required_text, substitute
from flowcore.errors import Finding, InvalidInputError, Place

_KEY = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z0-9_.\-\[\]]+)[ \t]*")
_COMMENT = re.compile(r"\s#.*\Z|\A#.*\Z")
_ESCAPE = re.compile(r"\\(0[0-7]{1,3}|.)", re.DOTALL)
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"'}
#: Stands for an escaped dollar sign until the variables have been replaced.
_DOLLAR = "\0"


class _LineError(ValueError):
    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def parse_dotenv(text: str, env: Mapping[str, str] | None = None, *, file: str = ".env") -> dict[str, str]:
    """Return the variables of a .env text, in its order.

    A value may use ``$NAME`` and ``${NAME:-default}`` of *env* (which wins) and of the lines before it.
    A name without ``=`` takes its value from *env* and is left out when it is not there.

    Raises:
        InvalidInputError: a line cannot be read, or requires a variable that is missing; the finding has *file* and
            line, never the value.
    """
    try:
        return _Reading(text=text.replace("\r\n", "\n").removeprefix("\ufeff"), env=dict(env or {})).variables()
    except _LineError as error:
        place = Place(file=file, line=error.line)
        raise InvalidInputError([Finding(rule="compose-dotenv", message=str(error), place=place)]) from error


@define
class _Reading:
    text: str
    env: dict[str, str]
    at: int = 0
    found: dict[str, str] = field(factory=dict)
    room: int = MAX_REPLACED

    def variables(self) -> dict[str, str]:
        while self._skip_blank():
            self._variable()
        return self.found

    def _line(self, at: int) -> int:
        return self.text.count("\n", 0, at) + 1

    def _skip_blank(self) -> bool:
        while self.at < len(self.text):
            end = self._line_end()
            line = self.text[self.at : end].strip()
            if line and not line.startswith("#"):
                return True
            self.at = end + 1
        return False

    def _line_end(self) -> int:
        end = self.text.find("\n", self.at)
        return len(self.text) if end < 0 else end

    def _variable(self) -> None:
        key = _KEY.match(self.text, self.at)
        if not key:
            raise _LineError("a line must begin with a variable's name", self._line(self.at))
        name = key.group(1)
        sign = self.text[key.end() : key.end() + 1]
        if sign in ("=", ":"):
            self.at = key.end() + 1
            self.found[name] = self._value()
        elif sign in ("", "\n", "#"):
            if name in self.env:
                self.found[name] = self.env[name]
            self.at = self._line_end() + 1
        else:
            raise _LineError(f"after the name {name} an equals sign is expected", self._line(self.at))

    def _value(self) -> str:
        while self.text[self.at : self.at + 1] in (" ", "\t"):
            self.at += 1
        quote = self.text[self.at : self.at + 1]
        return self._quoted(quote) if quote in ("'", '"') else self._bare()

    def _bare(self) -> str:
        start, end = self.at, self._line_end()
        value = _COMMENT.sub("", self.text[self.at : end]).strip()
        self.at = end + 1
        return self._substituted(value, start)

    def _quoted(self, quote: str) -> str:
        start, end = self.at, self._closing(quote)
        if end < 0:
            raise _LineError(f"the quote {quote} is not closed", self._line(start))
        value = self.text[self.at + 1 : end]
        self.at = end + 1
        self.at = self._line_end() + 1
        return value if quote == "'" else self._substituted(_unescaped(value), start).replace(_DOLLAR, "$")

    def _closing(self, quote: str) -> int:
        position = self.at + 1
        while position < len(self.text):
            if self.text[position] == "\\":
                position += 1
            elif self.text[position] == quote:
                return position
            position += 1
        return -1

    def _substituted(self, value: str, start: int) -> str:
        outcome = Outcome(room=self.room)
        try:
            replaced = substitute(value, ChainMap(self.env, self.found), outcome)
        except TemplateError as error:
            raise _LineError(str(error), self._line(start)) from error
        for name, message in outcome.required:
            raise _LineError(required_text(name, message), self._line(start))
        self.room = outcome.room
        return replaced


def _unescaped(value: str) -> str:
    return _ESCAPE.sub(_escape, value)


def _escape(match: re.Match[str]) -> str:
    word = match.group(1)
    if word == "$":
        return _DOLLAR
    if word[0] == "0" and len(word) > 1:
        return chr(int(word, 8))
    return _ESCAPES.get(word, match.group())
