"""The shell's conditions: ``test`` and ``[``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.sandbox._shell_effects import Out, Run

if TYPE_CHECKING:
    from adapters.sandbox._shell import Shell


def test(shell: Shell, words: list[str]) -> Run:
    """Answer a condition with 0 or 1."""
    rest = words[1:-1] if words[0] == "[" else words[1:]
    if words[0] == "[" and words[-1] != "]":
        yield Out(2, f"{shell.name}: [: missing ]\n")
        return 2
    negated = bool(rest) and rest[0] == "!"
    holds = _holds(shell, rest[1:] if negated else rest)
    return int(holds == negated)


def _holds(shell: Shell, rest: list[str]) -> bool:
    if len(rest) == 2:
        path = shell.path(rest[1])
        is_file, is_directory = shell.machine.is_file(path), shell.machine.is_directory(path)
        answers = {
            "-z": rest[1] == "",
            "-n": rest[1] != "",
            "-f": is_file,
            "-d": is_directory,
            "-s": is_file and bool(shell.machine.read(path)),
        }
        return answers.get(rest[0], is_file or is_directory)
    if len(rest) == 3:
        return _compares(rest[0], rest[1], rest[2])
    return bool(rest and rest[0])


def _compares(left: str, operator: str, right: str) -> bool:
    if operator in ("=", "=="):
        return left == right
    if operator == "!=":
        return left != right
    try:
        one, other = int(left), int(right)
    except ValueError:
        return False
    orders = {"-eq": one == other, "-ne": one != other, "-lt": one < other, "-le": one <= other}
    return {**orders, "-gt": one > other, "-ge": one >= other}.get(operator, False)
