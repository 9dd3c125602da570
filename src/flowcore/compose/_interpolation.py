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
#: Most characters that variables may put into the texts of one project.
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
        raise InvalidInputError.of(required_text(name, message), rule="compose-variable-required")
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
    last = text.rfind("}", start)
    if last >= 0:
        return last  # an open brace is part of a default, as in ${NAME:-{}
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


def required_text(name: str, message: str) -> str:
    """Return what to say of a variable that must be given, with the text its author wrote for that."""
    text = f"required variable {name} is missing a value"
    return f"{text}: {message}" if message else text


# ---------------------------------------------------------------- whole documents


_IMAGE = re.compile(r"services\.(?P<service>.+)\.image")
_NOT_IN_IMAGE = re.compile(r"[^a-z0-9]+")


@define
class _Pass:
    env: Mapping[str, str]
    report: Report
    unset: dict[str, list[Mark]] = field(factory=dict)
    mended: set[str] = field(factory=set)
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
            inner = f"{path}.{key}" if path else key
            value = self.value(item, mark, inner)
            if not self.report.without or not self._leaves_out(value, mark, inner):
                result.put(key, value, mark)
        return result

    def _rows(self, rows: Rows, path: str) -> Rows:
        result = Rows(mark=rows.mark)
        for at, item in enumerate(rows):
            inner, mark = f"{path}[{at}]", rows.marks[at]
            value = self.value(item, mark, inner)
            if not self.report.without or not self._leaves_out(value, mark, inner):
                result.add(value, mark)
        return result

    def _leaves_out(self, value: Value, mark: Mark, path: str) -> bool:
        """Whether to do without a value that cannot be used, because it needs a variable that nobody gave."""
        times = self.report.without.get((mark.file, path), 0)
        if not times or (times == 1 and path in self.mended):
            return False
        why = "it uses a variable without a value, and means nothing without it"
        self.report.warn("compose-variable-left-out", f"{path} was left out", mark.value_place(path), why=why)
        return True

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
            self._tell_required(name, message, mark, path)
        for name in outcome.unset:
            self.unset.setdefault(name, []).append(mark)
            self.report.unset.add(mark)
            self.report.miss(name, mark.value_place(path))
        is_gappy = self.report.is_lenient and bool(outcome.unset or outcome.required)
        mends = is_gappy and (_IMAGE.fullmatch(path) or self.report.without.get((mark.file, path)) == 1)
        mended = without_gaps(result, path) if mends else result
        if mended != result:
            self.mended.add(path)
            why = "a variable in it has no value"
            self.report.warn("compose-variable-mended", f"{path} is read as {mended}", mark.value_place(path), why=why)
        return mended

    def _tell_required(self, name: str, message: str, mark: Mark, path: str) -> None:
        tell = self.report.warn if self.report.is_lenient else self.report.error
        fix = f"give {name} in .env beside the file or with the import"
        tell("compose-variable-required", required_text(name, message), mark.value_place(path), fix=fix)
        if self.report.is_lenient:
            self.report.unset.add(mark)
            self.report.miss(name, mark.value_place(path))

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


def without_gaps(value: Value, path: str) -> Value:
    """Return a value in which a variable left a gap, as it can still be used: an address without the host's part, an
    image without registry or tag. What has nothing left is returned as it is, but for an image: it gets a name that
    says so.
    """
    if not isinstance(value, str):
        return value
    image = _IMAGE.fullmatch(path)
    if image is None:
        return value.lstrip(":") if value.startswith(":") and value.strip(":") else value
    mended = value.replace("//", "/").strip("/:")
    return mended or f"{_NOT_IN_IMAGE.sub('-', image['service'].lower()).strip('-') or 'image'}:variable-not-set"


def interpolate_tree(tree: Block, env: Mapping[str, str], report: Report) -> Block:
    """Return *tree* with the variables of all its texts replaced; keys are left alone, as Compose does."""
    work = _Pass(env=env, report=report, room=MAX_REPLACED - report.replaced)
    result = work.block(tree, "")
    report.replaced = MAX_REPLACED - work.room
    work.tell_unset()
    return result
