"""Structural templates: a tree with placeholders, compiled once to closures; see docs/reference/templates.md."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from attrs import define, field, frozen

from flowcore.errors import Finding, InvalidInputError, Place
from flowcore.manifests._closures import (
    Entry,
    absent_when_empty,
    computed_entries,
    looping,
    merging,
    missing,
    plain_entries,
)
from flowcore.manifests._expressions import (
    CONSTANTS,
    Compiled,
    ExpressionError,
    Function,
    Scope,
    compile_expression,
    is_true,
)
from flowcore.manifests._pieces import Variable, constant, inserting, joining, split_text
from flowcore.manifests._trees import TreeList, TreeMap
from flowcore.manifests._values import ABSENT

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
#: Which keys stand beside each directive: those it needs, those it may have.
_DIRECTIVES: Final[dict[str, tuple[frozenset[str], frozenset[str]]]] = {
    "$if": (frozenset({"then"}), frozenset({"else"})),
    "$for": (frozenset({"in", "do"}), frozenset({"if"})),
    "$let": (frozenset({"in"}), frozenset()),
    "$splice": (frozenset(), frozenset()),
    "$literal": (frozenset(), frozenset()),
}
#: What makes a structure that may come out empty, and then counts as absent behind an optional key.
_STRUCTURES: Final = frozenset({"$for", "$merge"})


@frozen
class Template:
    """A compiled template; the same for every render, safe to share."""

    _compiled: Compiled = field(repr=False)
    _place: Place

    @classmethod
    def compile(
        cls,
        tree: Any,
        *,
        names: Collection[str] | None = None,
        functions: Mapping[str, Function] | None = None,
        file: str = "",
        path: str = "",
        shares: bool = False,
    ) -> Template:
        """Compile a tree.

        Args:
            tree: nested mappings, lists and scalars; lines are known when it was read by ``read_trees``.
            names: the names that placeholders may use; None allows any.
            functions: pure functions that expressions may call.
            file: name of its source, for errors.
            path: where it stands in that source, for errors.
            shares: leave out copies, for results that are only read; they share parts with the values.

        Raises:
            InvalidInputError: with every bad directive, expression, unknown name and unknown function.
        """
        place = Place(file=getattr(tree, "file", "") or file, line=getattr(tree, "line", 0), path=path)
        compiler = _Compiler(functions=functions or {}, shares=shares)
        compiled = compiler.tree(tree, place, frozenset(names) if names is not None else None)
        if compiler.findings:
            raise InvalidInputError(compiler.findings, code="template.invalid")
        return cls(compiled, place)

    def render(self, values: Mapping[str, Any]) -> Any:
        """Return the tree with its placeholders replaced; nothing of it is shared with *values*, unless asked for.

        Raises:
            InvalidInputError: a value that must be there is absent, or a list stands where a text is needed.
        """
        rendered = self._compiled(values)
        if rendered is ABSENT:
            raise missing(self._place)
        return rendered

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """Return what ``render`` returns, or ``ABSENT`` where the whole tree came out absent."""
        return self._compiled(values)


def _below(place: Place, tree: Any, key: str | int) -> Place:
    """Return the place of a child of *tree*."""
    line = place.line
    if isinstance(tree, TreeMap):
        line = tree.lines.get(str(key), tree.line)
    elif isinstance(tree, TreeList) and isinstance(key, int) and key < len(tree.lines):
        line = tree.lines[key]
    step = f"[{key}]" if isinstance(key, int) else f".{key}" if place.path else key
    return Place(file=getattr(tree, "file", "") or place.file, line=line, path=f"{place.path}{step}")


@define
class _Compiler:
    """Compiles trees and collects what is wrong with them."""

    functions: Mapping[str, Function]
    shares: bool
    findings: list[Finding] = field(factory=list)

    def tree(self, tree: Any, place: Place, names: frozenset[str] | None) -> Compiled:
        if isinstance(tree, str):
            return self._text(tree, place, names)
        if isinstance(tree, list):
            return self._list(tree, place, names)
        if isinstance(tree, dict):
            return self._mapping(tree, place, names)
        return constant(tree)

    def _wrong(self, message: str, place: Place, rule: str = "template-directive", fix: str = "") -> Compiled:
        self.findings.append(Finding(rule=rule, message=message, place=place, fix=fix))
        return constant(None)

    def expression(self, text: Any, place: Place, names: frozenset[str] | None) -> Compiled:
        if isinstance(text, str):
            try:
                return compile_expression(text, names=names, functions=self.functions)
            except ExpressionError as error:
                return self._wrong(str(error), place, rule="template-expression")
        return constant(text)

    # ------------------------------------------------------------ texts

    def _text(self, text: str, place: Place, names: frozenset[str] | None) -> Compiled:
        try:
            pieces = split_text(text)
        except ValueError as error:
            return self._wrong(str(error), place, rule="template-expression")
        if all(not is_expression for _, is_expression in pieces):
            return constant("".join(piece for piece, _ in pieces))
        compiled = [self.expression(piece, place, names) if is_expression else piece for piece, is_expression in pieces]
        only = compiled[0]
        if len(compiled) == 1 and not isinstance(only, str):
            if self.shares:
                return only
            name = pieces[0][0].strip()
            return Variable(name) if _NAME.fullmatch(name) and name not in CONSTANTS else inserting(only)
        return joining(compiled, place)

    # ------------------------------------------------------------ lists

    def _list(self, tree: list[Any], place: Place, names: frozenset[str] | None) -> Compiled:
        items: list[tuple[Compiled, bool]] = []
        for position, item in enumerate(tree):
            splices = isinstance(item, dict) and ("$for" in item or "$splice" in item)
            items.append((self.tree(item, _below(place, tree, position), names), splices))

        def render(scope: Scope) -> Any:
            rendered: list[Any] = []
            for value, splices in items:
                item = value(scope)
                if item is ABSENT:
                    continue
                if splices and isinstance(item, list):
                    rendered.extend(item)
                else:
                    rendered.append(item)
            return rendered

        return render

    # ------------------------------------------------------------ mappings

    def _mapping(self, tree: dict[str, Any], place: Place, names: frozenset[str] | None) -> Compiled:
        directive = next((key for key in tree if isinstance(key, str) and key in _DIRECTIVES), "")
        if directive:
            return self._directive(directive, tree, place, names)
        unknown = [key for key in tree if str(key).startswith("$") and not str(key).startswith(("$merge", "$$", "${"))]
        for key in unknown:
            known = ", ".join([*_DIRECTIVES, "$merge"])
            self._wrong(
                f"unknown directive {key!r}", _below(place, tree, key), fix=f"known are {known}; $$ escapes a $"
            )
        entries = [
            self._entry(key, value, _below(place, tree, key), names) for key, value in tree.items() if key != "$merge"
        ]
        if all(isinstance(key, str) for key, _, _, _ in entries):
            own = plain_entries([(str(key), value, optional, at) for key, value, optional, at in entries])
        else:
            own = computed_entries(entries)
        if "$merge" not in tree:
            return own
        return merging(self.tree(tree["$merge"], _below(place, tree, "$merge"), names), own)

    def _entry(self, key: str, value: Any, place: Place, names: frozenset[str] | None) -> Entry:
        optional = key.endswith("?")
        bare = key.removesuffix("?")
        compiled = self.tree(value, place, names)
        if optional and _is_structure(value):
            compiled = absent_when_empty(compiled)
        if "$" not in bare:
            return bare, compiled, optional, place
        if bare.startswith("$$"):
            return bare[1:], compiled, optional, place
        return self._text(bare, place, names), compiled, optional, place

    def _directive(self, directive: str, tree: dict[str, Any], place: Place, names: frozenset[str] | None) -> Compiled:
        needed, allowed = _DIRECTIVES[directive]
        others = {str(key) for key in tree if key != directive}
        if needed - others or others - needed - allowed:
            beside = " and ".join(sorted(needed)) or "nothing"
            return self._wrong(f"{directive} stands with {beside}, here with {sorted(others)}", place)
        compile_one: dict[str, Callable[..., Compiled]] = {
            "$if": self._if,
            "$for": self._for,
            "$let": self._let,
            "$splice": lambda tree, place, names: self.tree(tree["$splice"], place, names),
            "$literal": lambda tree, place, names: constant(tree["$literal"]),
        }
        return compile_one[directive](tree, place, names)

    def _if(self, tree: dict[str, Any], place: Place, names: frozenset[str] | None) -> Compiled:
        condition = self.expression(tree["$if"], _below(place, tree, "$if"), names)
        then = self.tree(tree["then"], _below(place, tree, "then"), names)
        otherwise = self.tree(tree["else"], _below(place, tree, "else"), names) if "else" in tree else constant(ABSENT)
        return lambda scope: then(scope) if is_true(condition(scope)) else otherwise(scope)

    def _for(self, tree: dict[str, Any], place: Place, names: frozenset[str] | None) -> Compiled:
        variables = tree["$for"] if isinstance(tree["$for"], list) else [tree["$for"]]
        if not 1 <= len(variables) <= 2 or not all(isinstance(v, str) and _NAME.fullmatch(v) for v in variables):
            return self._wrong("$for needs a name, or a list of two names for key and value", place)
        inside = names | set(variables) if names is not None else None
        source = self.expression(tree["in"], _below(place, tree, "in"), names)
        body = self.tree(tree["do"], _below(place, tree, "do"), inside)
        condition = self.expression(tree["if"], _below(place, tree, "if"), inside) if "if" in tree else None
        return looping(list(variables), source, condition, body, place)

    def _let(self, tree: dict[str, Any], place: Place, names: frozenset[str] | None) -> Compiled:
        bindings: list[tuple[str, Compiled]] = []
        if not isinstance(tree["$let"], dict):
            return self._wrong("$let needs a mapping of names to trees", place)
        for name, value in tree["$let"].items():
            bindings.append((name, self.tree(value, _below(place, tree["$let"], name), names)))
            names = names | {name} if names is not None else None
        body = self.tree(tree["in"], _below(place, tree, "in"), names)

        def render(scope: Scope) -> Any:
            inner = dict(scope)
            for name, value in bindings:
                inner[name] = value(inner)
            return body(inner)

        return render


def _is_structure(tree: Any) -> bool:
    if isinstance(tree, dict):
        directives = [key for key in tree if key in _DIRECTIVES]
        return not directives or directives[0] in _STRUCTURES
    return isinstance(tree, list)
