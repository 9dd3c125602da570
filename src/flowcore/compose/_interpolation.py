"""Variables in texts: $NAME, ${NAME}, defaults, requirements and replacements, nested as deep as they like."""

from __future__ import annotations

import re
from collections.abc import Mapping

from attrs import define, field

from flowcore.compose._marks import Block, Mark, Rows, Value
from flowcore.compose._report import Report
from flowcore.compose._yaml import Tagged
from flowcore.errors import InvalidInputError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATORS = (":-", ":?", ":+", "-", "?", "+")
_MAX_NESTING = 50
#: Most characters that the variables of one file may put into its texts.
MAX_REPLACED = 5_000_000
_BRACE = re.compile(r"[{}]")


class TemplateError(ValueError):
    """A text that is not a template, or makes too much; the message says where it breaks."""


@define
class Outcome:
    """What one substitution met.

    Attributes:
        unset: names that nobody gave and that had no default.
        required: names with their messages that must be given and were not.
        room: how many characters variables may still put in.
    """

    unset: list[str] = field(factory=list)
    required: list[tuple[str, str]] = field(factory=list)
    room: int = MAX_REPLACED

    def put_in(self, name: str, value: str) -> str:
        """Return the value of a variable, counting it."""
        self.room -= len(value)
        if self.room < 0:
            raise TemplateError(f"with the variable {name} the texts grow by more than {MAX_REPLACED} characters")
        return value


def interpolate(text: str, env: Mapping[str, str]) -> str:
    """Return *text* with its variables replaced from *env*; an unknown variable without a default is empty.

    Raises:
        InvalidInputError: the template is broken, or a required variable (``${NAME:?message}``) is missing.
    """
    outcome = Outcome()
    try:
        result = substitute(text, env, outcome)
    except TemplateError as error:
        raise InvalidInputError.of(str(error), rule="compose-template", code="compose.template") from error
    for name, message in outcome.required:
        raise InvalidInputError.of(_required_text(name, message), rule="compose-variable-required")
    return result


def substitute(text: str, env: Mapping[str, str], outcome: Outcome) -> str:
    """Return *text* with its variables replaced, noting in *outcome* what was missing.

    Raises:
        TemplateError: the template is broken.
    """
    return _expand(text, env, outcome, 0) if "$" in text else text


def _expand(text: str, env: Mapping[str, str], outcome: Outcome, depth: int) -> str:
    if depth > _MAX_NESTING:
        raise TemplateError("Invalid template: variables are nested too deep")
    parts: list[str] = []
    at = 0
    while (dollar := text.find("$", at)) >= 0:
        parts.append(text[at:dollar])
        follower = text[dollar + 1 : dollar + 2]
        if follower == "$":
            parts.append("$")
            at = dollar + 2
        elif follower == "{":
            end = _closing(text, dollar + 2)
            parts.append(_braced(text[dollar + 2 : end], env, outcome, depth))
            at = end + 1
        elif name := _NAME.match(text, dollar + 1):
            parts.append(_lookup(name.group(), env, outcome))
            at = name.end()
        else:
            parts.append("$")
            at = dollar + 1
    parts.append(text[at:])
    return "".join(parts)


def _closing(text: str, start: int) -> int:
    """Return the position of the brace that closes the one before *start*."""
    open_braces = 1
    for brace in _BRACE.finditer(text, start):
        open_braces += 1 if brace.group() == "{" else -1
        if not open_braces:
            return brace.start()
    raise TemplateError(f"Invalid template: ${{ is not closed in {_shortened(text)}")


def _shortened(text: str) -> str:
    # Only the variable's own part: the text around it may hold a password.
    opening = text.find("${")
    name = _NAME.match(text, opening + 2)
    return f"${{{name.group()}…" if name else "${…"


def _braced(inner: str, env: Mapping[str, str], outcome: Outcome, depth: int) -> str:
    name = _NAME.match(inner)
    if not name:
        raise TemplateError("Invalid template: ${ must be followed by a variable's name")
    rest = inner[name.end() :]
    if not rest:
        return _lookup(name.group(), env, outcome)
    operator = next((known for known in _OPERATORS if rest.startswith(known)), "")
    if not operator:
        raise TemplateError(f"Invalid template: ${{{name.group()} must be followed by }} or one of :- - :? ? :+ +")
    return _operate(name.group(), operator, rest[len(operator) :], env, outcome, depth + 1)


def _operate(name: str, operator: str, word: str, env: Mapping[str, str], outcome: Outcome, depth: int) -> str:
    value = env.get(name)
    is_there = bool(value) if operator[0] == ":" else value is not None
    if operator[-1] == "+":
        return _expand(word, env, outcome, depth) if is_there else ""
    if is_there and value is not None:
        return outcome.put_in(name, value)
    expanded = _expand(word, env, outcome, depth)
    if operator[-1] == "-":
        return expanded
    outcome.required.append((name, expanded))
    return ""


def _lookup(name: str, env: Mapping[str, str], outcome: Outcome) -> str:
    value = env.get(name)
    if value is None:
        outcome.unset.append(name)
        return ""
    return outcome.put_in(name, value)


def _required_text(name: str, message: str) -> str:
    text = f"required variable {name} is missing a value"
    return f"{text}: {message}" if message else text


# ---------------------------------------------------------------- whole documents


@define
class _Pass:
    env: Mapping[str, str]
    report: Report
    unset: dict[str, list[Mark]] = field(factory=dict)
    room: int = MAX_REPLACED

    def value(self, value: Value, mark: Mark, path: str) -> Value:
        if isinstance(value, str):
            return self._text(value, mark, path) if "$" in value else value
        if isinstance(value, Block):
            return self.block(value, path)
        if isinstance(value, Rows):
            return self._rows(value, path)
        if isinstance(value, Tagged):
            return Tagged(value.tag, self.value(value.value, mark, path))
        return value

    def block(self, block: Block, path: str) -> Block:
        result = Block(mark=block.mark)
        for key, item in block.items():
            mark = block.marks[key]
            result.put(key, self.value(item, mark, f"{path}.{key}" if path else key), mark)
        return result

    def _rows(self, rows: Rows, path: str) -> Rows:
        items = [self.value(item, rows.marks[at], f"{path}[{at}]") for at, item in enumerate(rows)]
        return Rows(items, mark=rows.mark, marks=rows.marks)

    def _text(self, text: str, mark: Mark, path: str) -> str:
        if self.room < 0:
            return text  # this was told already
        outcome = Outcome(room=self.room)
        try:
            result = substitute(text, self.env, outcome)
        except TemplateError as error:
            self.room = outcome.room
            fix = "give shorter values" if self.room < 0 else "write $$ for a dollar sign that is meant as one"
            self.report.error("compose-template", str(error), mark.value_place(path), fix=fix)
            return text
        self.room = outcome.room
        for name, message in outcome.required:
            self.report.error(
                "compose-variable-required",
                _required_text(name, message),
                mark.value_place(path),
                fix=f"give {name} in .env beside the file or with the import",
            )
        for name in outcome.unset:
            self.unset.setdefault(name, []).append(mark)
            self.report.unset.add(mark)
            self.report.miss(name, mark.value_place(path))
        return result

    def tell_unset(self) -> None:
        for name, marks in self.unset.items():
            others = sorted({mark.value_line for mark in marks[1:]} - {marks[0].value_line})
            more = f"; also in line {', '.join(str(line) for line in others)}" if others else ""
            self.report.warn(
                "compose-variable-unset",
                f"the variable {name} is not set, so it is replaced by an empty text{more}",
                marks[0].value_place(),
                fix=f"give {name} in .env beside the file or with the import, or write a default: ${{{name}:-value}}",
            )


def interpolate_tree(tree: Block, env: Mapping[str, str], report: Report) -> Block:
    """Return *tree* with the variables of all its texts replaced; keys are left alone, as Compose does."""
    work = _Pass(env=env, report=report)
    result = work.block(tree, "")
    work.tell_unset()
    return result
