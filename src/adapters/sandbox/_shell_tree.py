"""What a shell script is made of."""

from __future__ import annotations

from typing import TypeAlias

from attrs import frozen


class ShellSyntaxError(Exception):
    """The text is not a script that this shell understands."""


@frozen
class Piece:
    """A part of a word.

    Attributes:
        text: plain text, or the name of a variable.
        quoted: whether it stands in quotes, so that it is not split.
        kind: ``text``, ``variable`` or ``command``.
        operator: what follows a variable's name in braces: ``:-``, ``-`` or ``#`` before it; empty for nothing.
        other: the words behind the operator.
        script: what is run and replaced by its output.
    """

    text: str
    quoted: bool
    kind: str = "text"
    operator: str = ""
    other: str = ""
    script: Script = ()


Word: TypeAlias = tuple[Piece, ...]


@frozen
class Redirect:
    """Where a stream goes: into a file, or where another stream goes (``target`` None)."""

    stream: int
    target: Word | None
    append: bool = False
    same_as: int = 1


@frozen
class Simple:
    """A command with its arguments, variables and redirections."""

    assignments: tuple[tuple[str, Word], ...]
    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...] = ()


@frozen
class Group:
    """A list in parentheses or braces."""

    script: Script
    redirects: tuple[Redirect, ...] = ()
    is_subshell: bool = True


@frozen
class Step:
    """A pipeline and what must have gone before: ``;`` anything, ``&&`` success, ``||`` failure."""

    joint: str
    commands: tuple[Simple | Group, ...]
    negated: bool = False


Script: TypeAlias = tuple[Step, ...]
