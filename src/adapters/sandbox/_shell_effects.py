"""What a running shell command wants of the world, and ways to redirect it."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeAlias

from attrs import frozen

from adapters.sandbox._shell_files import Machine, ShellFileError


@frozen
class Out:
    """Text for a stream: 1 is output, 2 is errors."""

    stream: int
    text: str


@frozen
class Sleep:
    """Wait that many seconds; None for ever."""

    seconds: float | None


@frozen
class Read:
    """Wants a line of input with its line end; the answer is None at the end of input."""

    prompt: str = ""


Effect: TypeAlias = Out | Sleep | Read
#: A running command: yields effects, is sent the answers, returns the exit code.
Run: TypeAlias = Generator[Effect, str | None, int]


class InterruptedShellError(Exception):
    """Thrown into a run when the user pressed Ctrl-C."""


class LeaveShell(Exception):  # noqa: N818 - it is no error
    """Carries an exit code out of nested lists."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def captured(run: Run, output: list[str]) -> Run:
    """Run and keep the output instead of showing it."""
    answer: str | None = None
    while True:
        try:
            effect = run.send(answer)
        except StopIteration as stop:
            return int(stop.value)
        answer = None
        if isinstance(effect, Out) and effect.stream == 1:
            output.append(effect.text)
        else:
            answer = yield effect


def with_input(run: Run, given: str | None) -> Run:
    """Run with a text as input; with None the input is the shell's own."""
    if given is None:
        return (yield from run)
    lines = iter(given.splitlines(keepends=True))
    answer: str | None = None
    while True:
        try:
            effect = run.send(answer)
        except StopIteration as stop:
            return int(stop.value)
        answer = next(lines, None) if isinstance(effect, Read) else (yield effect)


def routed(machine: Machine, run: Run, targets: dict[int, str | int]) -> Run:
    """Run with streams that go into files (a path) or where other streams go (their number)."""
    answer: str | None = None
    while True:
        try:
            effect = run.send(answer)
        except StopIteration as stop:
            return int(stop.value)
        answer = None
        target = targets.get(effect.stream) if isinstance(effect, Out) else None
        if isinstance(effect, Out) and isinstance(target, str):
            if target == "/dev/null":
                continue
            try:
                machine.write(target, effect.text.encode(), append=True)
            except ShellFileError as error:
                yield Out(2, f"write error: {error}\n")
                return 1
        elif isinstance(effect, Out) and isinstance(target, int):
            yield Out(target, effect.text)
        else:
            answer = yield effect
