"""What a container's command does, where the sandbox can tell by rehearsing it in its simulated shell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from attrs import frozen

from adapters.sandbox._controllers._machine import machine_of
from adapters.sandbox._controllers._sources import Lookup, UnresolvedError, environment, expanded
from adapters.sandbox._shell import Shell
from adapters.sandbox._shell_commands import find_command
from adapters.sandbox._shell_effects import Out, Run, Sleep
from flowcore.model import Manifest

#: Steps after which a rehearsal is given up.
_LONGEST = 2000


@frozen
class Program:
    """A command's course.

    Attributes:
        seconds: how long it runs; None for ever.
        exit_code: the code it ends with.
        lines: what it prints, each with the seconds from its start.
    """

    seconds: float | None
    exit_code: int = 0
    lines: tuple[tuple[float, str], ...] = ()


def program_of(lookup: Lookup, pod: Manifest, container: Manifest, now: Callable[[], datetime]) -> Program | None:
    """Return what a container's command does; None when the sandbox cannot tell, as with any real program."""
    given = [str(word) for word in (*(container.get("command") or ()), *(container.get("args") or ()))]
    if not given or not container.get("command"):
        return None
    machine = machine_of(lookup, pod, container, now)
    if find_command(machine, given[0]) is None:
        return None
    try:
        variables = environment(lookup, pod, container)
    except UnresolvedError:
        return None
    shell = Shell.inside(machine)
    return _rehearsed(shell, shell.run_words([expanded(word, variables) for word in given]))


def _rehearsed(shell: Shell, run: Run) -> Program | None:
    texts: list[tuple[float, str]] = []
    seconds = 0.0
    for _ in range(_LONGEST):
        try:
            effect = run.send(None)
        except StopIteration as stop:
            is_known = not shell.unknown and not shell.misread
            return Program(seconds, int(stop.value), _lines(texts)) if is_known else None
        if isinstance(effect, Out):
            texts.append((seconds, effect.text))
        elif isinstance(effect, Sleep):
            if effect.seconds is None:
                return None if shell.unknown else Program(None, 0, _lines(texts))
            seconds += effect.seconds
    return None


def _lines(texts: list[tuple[float, str]]) -> tuple[tuple[float, str], ...]:
    """Return whole lines, each with the moment of its end."""
    lines, current = [], ""
    for moment, text in texts:
        *whole, current = (current + text).split("\n")
        lines += [(moment, line) for line in whole]
    if current:
        lines.append((texts[-1][0], current))
    return tuple(lines)
