"""The small closures templates are built from: constants, inserted values, joined texts."""

from __future__ import annotations

from typing import Any

from flowcore.errors import Finding, InvalidInputError, Place
from flowcore.manifests._expressions import Compiled, Scope
from flowcore.manifests._values import ABSENT, SCALARS, Absent, plain


def wrong_type(message: str, place: Place) -> InvalidInputError:
    """Return the error about a value of a type that cannot stand at its place; it never shows the value."""
    return InvalidInputError([Finding(rule="template-value-type", message=message, place=place)])


def split_text(text: str) -> list[tuple[str, bool]]:
    """Return the pieces of a text, each with whether it is an expression; ``$${`` stands for ``${``.

    Raises:
        ValueError: a placeholder is not closed or empty.
    """
    pieces: list[tuple[str, bool]] = []
    position = 0
    while (start := text.find("${", position)) >= 0:
        if start > 0 and text[start - 1] == "$":
            pieces.append((text[position : start - 1] + "${", False))
            position = start + 2
            continue
        end = _end_of_expression(text, start + 2)
        pieces += [(text[position:start], False), (text[start + 2 : end], True)]
        position = end + 1
    pieces.append((text[position:], False))
    return [piece for piece in pieces if piece[0] or piece[1]] or [("", False)]


def _end_of_expression(text: str, start: int) -> int:
    quote = ""
    for position in range(start, len(text)):
        character = text[position]
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character == "}":
            if not text[start:position].strip():
                raise ValueError(f"empty placeholder in {text!r}")
            return position
    raise ValueError(f"the placeholder in {text!r} is not closed")


def constant(value: Any) -> Compiled:
    """Return a closure that always gives the value, a new copy of it when it is a list or a mapping."""
    if type(value) in SCALARS or isinstance(value, Absent):
        return lambda scope: value
    kept = plain(value)
    return lambda scope: plain(kept)


class Variable:
    """The closure of a placeholder that is only a name; mappings look such names up without calling it."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, scope: Scope) -> Any:
        item = scope.get(self.name, ABSENT)
        return item if type(item) in SCALARS or item is ABSENT else plain(item)


def inserting(value: Compiled) -> Compiled:
    """Return a closure that gives a copy of the computed value, whatever its type."""

    def insert(scope: Scope) -> Any:
        item = value(scope)
        return item if type(item) in SCALARS or item is ABSENT else plain(item)

    return insert


def joining(pieces: list[Compiled | str], place: Place) -> Compiled:
    """Return a closure that joins texts and computed scalars; absent when one of them is."""

    def join(scope: Scope) -> Any:
        texts = []
        for piece in pieces:
            if isinstance(piece, str):
                texts.append(piece)
                continue
            value = piece(scope)
            if value is ABSENT:
                return ABSENT
            try:
                texts.append(value if type(value) is str else as_text(value))
            except TypeError as error:
                raise wrong_type(str(error), place) from error
        return "".join(texts)

    return join


def as_text(value: Any) -> str:
    """Return a scalar as text, the way JSON writes it.

    Raises:
        TypeError: it is null, a list or a mapping.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(plain(value))
    raise TypeError(f"a text cannot be made from {type(value).__name__}")
