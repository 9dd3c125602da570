"""The expressions inside ``${…}`` and behind ``$if``: compiled once to closures, values are never parsed."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, TypeAlias

from attrs import define

from flowcore.manifests._values import ABSENT

Scope: TypeAlias = Mapping[str, Any]
Compiled: TypeAlias = Callable[[Scope], Any]
#: A pure function of values; ``ABSENT`` is handed over and may be returned.
Function: TypeAlias = Callable[..., Any]

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<text>\"[^\"]*\"|'[^']*')|(?P<number>-?\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<sign>==|!=|<=|>=|[<>()\[\],.|]))"
)
#: Words that are values.
CONSTANTS: Final = {"true": True, "false": False, "null": None}
_WORDS: Final = frozenset({"and", "or", "not", "in", "is", *CONSTANTS})


class ExpressionError(ValueError):
    """An expression that has no meaning; the text says why."""


def is_true(value: Any) -> bool:
    """Say whether a condition holds: absent, null and false do not; zero and empty values do."""
    return value is not ABSENT and value is not None and value is not False


def compile_expression(text: str, *, names: Collection[str] | None, functions: Mapping[str, Function]) -> Compiled:
    """Return the closure that computes an expression in a scope.

    Args:
        text: the expression.
        names: names it may use; None allows any.
        functions: functions it may call.

    Raises:
        ExpressionError: wrong syntax, an unknown name or an unknown function.
    """
    parser = _Parser(text=text, tokens=_tokens(text), names=names, functions=functions)
    compiled = parser.alternatives()
    if parser.position < len(parser.tokens):
        raise ExpressionError(f"unexpected {parser.tokens[parser.position][1]!r} in {text!r}")
    return compiled


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    position = 0
    end = len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise ExpressionError(f"cannot read {text[position:]!r} in {text!r}")
        kind = match.lastgroup or ""
        word = match.group(kind)
        tokens.append(("word" if word in _WORDS else kind, word))
        position = match.end()
    return tokens


@define
class _Parser:
    """A recursive descent over the tokens; every method returns the closure of what it has read."""

    text: str
    tokens: list[tuple[str, str]]
    names: Collection[str] | None
    functions: Mapping[str, Function]
    position: int = 0

    def alternatives(self) -> Compiled:
        choices = [self._or()]
        while self._take("|"):
            choices.append(self._or())
        return choices[0] if len(choices) == 1 else _first_present(choices)

    def _or(self) -> Compiled:
        left = self._and()
        while self._take("or"):
            left = _either(left, self._and())
        return left

    def _and(self) -> Compiled:
        left = self._not()
        while self._take("and"):
            left = _both(left, self._not())
        return left

    def _not(self) -> Compiled:
        if self._take("not"):
            inner = self._not()
            return lambda scope: not is_true(inner(scope))
        return self._comparison()

    def _comparison(self) -> Compiled:
        left = self._value()
        for sign, combine in _COMPARISONS.items():
            if self._take(sign):
                return combine(left, self._value())
        return left

    def _value(self) -> Compiled:
        if self.position >= len(self.tokens):
            raise ExpressionError(f"{self.text!r} ends too early")
        kind, word = self.tokens[self.position]
        self.position += 1
        if kind == "text":
            return _constant(word[1:-1])
        if kind == "number":
            return _constant(float(word) if "." in word else int(word))
        if word in CONSTANTS:
            return _constant(CONSTANTS[word])
        if word == "(":
            inner = self.alternatives()
            self._expect(")")
            return inner
        if word == "[":
            return _list_of(self._arguments("]"))
        if kind == "name":
            return self._call(word) if self._take("(") else self._path(word)
        raise ExpressionError(f"unexpected {word!r} in {self.text!r}")

    def _call(self, name: str) -> Compiled:
        if name not in self.functions:
            raise ExpressionError(f"unknown function {name!r} in {self.text!r}; known: {', '.join(self.functions)}")
        return _calling(self.functions[name], self._arguments(")"))

    def _arguments(self, closing: str) -> list[Compiled]:
        arguments: list[Compiled] = []
        while not self._take(closing):
            if arguments:
                self._expect(",")
            arguments.append(self.alternatives())
        return arguments

    def _path(self, name: str) -> Compiled:
        if self.names is not None and name not in self.names:
            raise ExpressionError(f"unknown name {name!r} in {self.text!r}")
        steps: list[str] = []
        while self._take("."):
            steps.append(self._name())
        value = _walking(name, steps)
        while True:
            if self._take("."):
                value = _member(value, self._name())
            elif self._take("["):
                value = _item(value, self.alternatives())
                self._expect("]")
            else:
                return value

    def _name(self) -> str:
        if self.position < len(self.tokens) and self.tokens[self.position][0] in ("name", "word"):
            self.position += 1
            return self.tokens[self.position - 1][1]
        raise ExpressionError(f"a name is missing behind '.' in {self.text!r}")

    def _take(self, word: str) -> bool:
        if self.position < len(self.tokens):
            kind, found = self.tokens[self.position]
            if found == word and kind in ("sign", "word"):
                self.position += 1
                return True
        return False

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise ExpressionError(f"{word!r} is missing in {self.text!r}")


def _constant(value: Any) -> Compiled:
    return lambda scope: value


def _list_of(items: list[Compiled]) -> Compiled:
    return lambda scope: [item(scope) for item in items]


def _first_present(choices: list[Compiled]) -> Compiled:
    def first(scope: Scope) -> Any:
        for choice in choices:
            value = choice(scope)
            if value is not ABSENT and value is not None:
                return value
        return ABSENT

    return first


def _either(left: Compiled, right: Compiled) -> Compiled:
    return lambda scope: is_true(left(scope)) or is_true(right(scope))


def _both(left: Compiled, right: Compiled) -> Compiled:
    return lambda scope: is_true(left(scope)) and is_true(right(scope))


def _calling(function: Function, arguments: list[Compiled]) -> Compiled:
    if len(arguments) == 1:
        only = arguments[0]
        return lambda scope: function(only(scope))
    return lambda scope: function(*[argument(scope) for argument in arguments])


def _walking(name: str, steps: list[str]) -> Compiled:
    """Return the closure of a dotted path; most paths have one or two steps, so these are spelled out."""
    if not steps:
        return lambda scope: scope.get(name, ABSENT)
    if len(steps) > 1:
        return _member(_walking(name, steps[:-1]), steps[-1])
    step = steps[0]

    def walk(scope: Scope) -> Any:
        value = scope.get(name, ABSENT)
        if value is ABSENT:
            return ABSENT
        return value.get(step, ABSENT) if type(value) is dict or hasattr(value, "get") else ABSENT

    return walk


def _member(inner: Compiled, name: str) -> Compiled:
    def member(scope: Scope) -> Any:
        value = inner(scope)
        if value is ABSENT:
            return ABSENT
        return value.get(name, ABSENT) if type(value) is dict or hasattr(value, "get") else ABSENT

    return member


def _item(inner: Compiled, position: Compiled) -> Compiled:
    def item(scope: Scope) -> Any:
        value, key = inner(scope), position(scope)
        if isinstance(value, (list, tuple)):
            return value[key] if type(key) is int and -len(value) <= key < len(value) else ABSENT
        return value.get(key, ABSENT) if hasattr(value, "get") else ABSENT

    return item


def _same(left: Any, right: Any) -> bool:
    """Compare as JSON does: true is not one."""
    return bool(left == right) and isinstance(left, bool) == isinstance(right, bool)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Compiled, Compiled], Compiled]:
    def combine(left: Compiled, right: Compiled) -> Compiled:
        def decide(scope: Scope) -> bool:
            first, second = left(scope), right(scope)
            numbers = isinstance(first, (int, float)) and isinstance(second, (int, float))
            return numbers and compare(first, second)

        return decide

    return combine


_COMPARISONS: Final[dict[str, Callable[[Compiled, Compiled], Compiled]]] = {
    "==": lambda left, right: lambda scope: _same(left(scope), right(scope)),
    "!=": lambda left, right: lambda scope: not _same(left(scope), right(scope)),
    "<=": _ordered(lambda first, second: first <= second),
    ">=": _ordered(lambda first, second: first >= second),
    "<": _ordered(lambda first, second: first < second),
    ">": _ordered(lambda first, second: first > second),
    "in": lambda left, right: lambda scope: _contains(right(scope), left(scope)),
}


def _contains(container: Any, value: Any) -> bool:
    if isinstance(container, str):
        return isinstance(value, str) and value in container
    return isinstance(container, (list, tuple, dict)) and value in container
