"""A small simulated shell: it runs scripts as generators of effects and touches nothing real."""

from __future__ import annotations

from collections.abc import Generator, Iterable

from attrs import define, field

from adapters.sandbox._shell_commands import find_command
from adapters.sandbox._shell_effects import (
    Effect,
    InterruptedShellError,
    LeaveShell,
    Out,
    Read,
    Run,
    captured,
    routed,
    with_input,
)
from adapters.sandbox._shell_files import Machine, ShellFileError, absolute
from adapters.sandbox._shell_syntax import parse
from adapters.sandbox._shell_tree import Group, Piece, Redirect, Script, ShellSyntaxError, Simple, Step, Word

_DEEPEST = 12


@define
class Shell:
    """A shell inside a machine.

    Attributes:
        machine: where it runs.
        name: what it is called as, for its messages.
        is_terminal: whether output goes to a terminal.
        variables: shell and environment variables.
        directory: the current directory.
        code: exit code of the last command.
        arguments: what ``$1`` and so on are.
        unknown: names of commands that were asked for and do not exist.
        misread: problems with scripts that could not be understood.
        depth: how many shells it is inside of.
    """

    machine: Machine
    name: str = "sh"
    is_terminal: bool = False
    variables: dict[str, str] = field(factory=dict)
    directory: str = "/"
    code: int = 0
    arguments: tuple[str, ...] = ()
    unknown: set[str] = field(factory=set)
    misread: set[str] = field(factory=set)
    depth: int = 0

    @classmethod
    def inside(cls, machine: Machine, *, name: str = "sh", is_terminal: bool = False) -> Shell:
        """Return a fresh shell of a machine."""
        variables = {**machine.environment, "PWD": machine.working_directory}
        return cls(machine, name, is_terminal, variables, machine.working_directory)

    def child(self, name: str = "") -> Shell:
        """Return a shell that starts as this one is and changes nothing of it (but what it finds unknown)."""
        if self.depth >= _DEEPEST:
            raise ShellSyntaxError("syntax error: too many nested shells")
        return Shell(
            self.machine,
            name or self.name,
            self.is_terminal,
            dict(self.variables),
            self.directory,
            self.code,
            self.arguments,
            self.unknown,
            self.misread,
            self.depth + 1,
        )

    def path(self, text: str) -> str:
        """Return a path from the root."""
        return absolute(text, self.directory)

    # ---------------------------------------------------------------- entries

    def run_text(self, text: str) -> Run:
        """Run a script; ``exit`` ends it."""
        try:
            script = parse(text)
            self.code = yield from self._script(script)
        except ShellSyntaxError as error:
            yield from self._misread(error)
        except LeaveShell as leave:
            self.code = leave.code
        return self.code

    def run_words(self, words: list[str]) -> Run:
        """Run one command as a container runtime would: no shell syntax applies."""
        try:
            return (yield from self.call(words))
        except ShellSyntaxError as error:
            return (yield from self._misread(error))
        except LeaveShell as leave:
            return leave.code

    def _misread(self, error: ShellSyntaxError) -> Run:
        self.misread.add(str(error))
        yield Out(2, f"{self.name}: {error}\n")
        self.code = 2
        return self.code

    def converse(self) -> Run:
        """Read and run lines until the input ends or ``exit``; a terminal gets prompts."""
        while True:
            try:
                line = yield Read(self.prompt() if self.is_terminal else "")
                if line is None:
                    return self.code
                script = parse(line)
                self.code = yield from self._script(script)
            except InterruptedShellError:
                self.code = 130
                if not self.is_terminal:
                    return self.code
            except ShellSyntaxError as error:
                yield from self._misread(error)
            except LeaveShell as leave:
                return leave.code

    def prompt(self) -> str:
        """Return what a terminal shows before the cursor."""
        sign = "#" if self.machine.user_id == 0 else "$"
        if self.name == "bash":
            return f"{self.machine.user}@{self.machine.hostname}:{self.directory}{sign} "
        return f"{self.directory} {sign} "

    # ---------------------------------------------------------------- lists

    def _script(self, script: Script) -> Run:
        for step in script:
            if (step.joint == "&&" and self.code != 0) or (step.joint == "||" and self.code == 0):
                continue
            self.code = yield from self._step(step)
        return self.code

    def _step(self, step: Step) -> Run:
        given: str | None = None
        for command in step.commands[:-1]:
            output: list[str] = []
            yield from with_input(captured(self._apart(command), output), given)
            given = "".join(output)
        last = self._command(step.commands[-1]) if len(step.commands) == 1 else self._apart(step.commands[-1])
        code = yield from with_input(last, given)
        return int(code == 0) if step.negated else code

    def _apart(self, command: Simple | Group) -> Run:
        return self.child()._contained(command)  # noqa: SLF001 - its own kind

    def _contained(self, command: Simple | Group) -> Run:
        try:
            return (yield from self._command(command))
        except LeaveShell as leave:
            return leave.code

    def _command(self, command: Simple | Group) -> Run:
        if isinstance(command, Simple):
            run = self._simple(command)
        elif command.is_subshell:
            run = self.child()._grouped(command.script)  # noqa: SLF001 - its own kind
        else:
            run = self._script(command.script)
        return (yield from self._redirected(run, command.redirects))

    def _grouped(self, script: Script) -> Run:
        try:
            return (yield from self._script(script))
        except LeaveShell as leave:
            return leave.code

    def _simple(self, command: Simple) -> Run:
        words: list[str] = []
        for word in command.words:
            words += yield from self._fields(word)
        values = {}
        for name, word in command.assignments:
            values[name] = "".join((yield from self._texts(word)))
        if not words:
            self.variables.update(values)
            return 0
        before = {name: self.variables.get(name) for name in values}
        self.variables.update(values)
        code = yield from self.call(words)
        for name, old in before.items():
            if old is None:
                self.variables.pop(name, None)
            else:
                self.variables[name] = old
        return code

    def call(self, words: list[str]) -> Run:
        """Run a command by name."""
        command = find_command(self.machine, words[0])
        if command is None:
            self.unknown.add(words[0])
            is_path = "/" in words[0]
            yield Out(2, f"{self.name}: {words[0]}: {'No such file or directory' if is_path else 'not found'}\n")
            return 127
        return (yield from command(self, words))

    def leave(self, code: int) -> None:
        """End the shell with a code."""
        raise LeaveShell(code)

    # ---------------------------------------------------------------- words

    def _fields(self, word: Word) -> Generator[Effect, str | None, list[str]]:
        """Expand a word; what was not quoted is split at blanks."""
        fields: list[str] = []
        current: str | None = None
        texts = yield from self._texts(word)
        for piece, text in zip(word, texts, strict=True):
            if piece.quoted or piece.kind == "text":
                current = (current or "") + text
                continue
            parts = text.split()
            if not parts:
                continue
            if text[0].isspace() and current is not None:
                fields.append(current)
                current = None
            fields += [(current or "") + parts[0], *parts[1:]]
            current = fields.pop()
        return fields if current is None else [*fields, current]

    def _texts(self, word: Word) -> Generator[Effect, str | None, list[str]]:
        texts = []
        for piece in word:
            if piece.kind == "command":
                output: list[str] = []
                yield from captured(self.child()._grouped(piece.script), output)  # noqa: SLF001 - its own kind
                texts.append("".join(output).rstrip("\n"))
            else:
                texts.append(self._value(piece) if piece.kind == "variable" else self._home(piece, word))
        return texts

    def _home(self, piece: Piece, word: Word) -> str:
        is_tilde = piece is word[0] and not piece.quoted and (piece.text == "~" or piece.text.startswith("~/"))
        return self.variables.get("HOME", "/root") + piece.text[1:] if is_tilde else piece.text

    def _value(self, piece: Piece) -> str:
        value = self._variable(piece.text)
        if piece.operator == "#":
            return str(len(value or ""))
        if piece.operator == ":+":
            return piece.other if value else ""
        if piece.operator in (":-", ":="):
            return value or piece.other
        return piece.other if value is None and piece.operator == "-" else value or ""

    def _variable(self, name: str) -> str | None:
        special = {"?": str(self.code), "$": "42", "#": str(len(self.arguments)), "0": self.name}
        if name in special:
            return special[name]
        if name in ("@", "*"):
            return " ".join(self.arguments)
        if name.isdigit():
            return self.arguments[int(name) - 1] if int(name) <= len(self.arguments) else None
        return self.variables.get(name)

    # ---------------------------------------------------------------- redirections

    def _redirected(self, run: Run, redirects: Iterable[Redirect]) -> Run:
        targets: dict[int, str | int] = {1: 1, 2: 2}
        given: str | None = None
        for redirect in redirects:
            if redirect.target is None:
                targets[redirect.stream] = targets.get(redirect.same_as, redirect.same_as)
                continue
            path = self.path("".join((yield from self._texts(redirect.target))))
            try:
                if redirect.stream == 0:
                    given = self.machine.read(path).decode(errors="replace")
                    continue
                if path != "/dev/null":
                    self.machine.write(path, b"", append=redirect.append)
            except ShellFileError as error:
                yield Out(2, f"{self.name}: can't open {path}: {error}\n")
                return 1
            targets[redirect.stream] = path
        return (yield from routed(self.machine, with_input(run, given), targets))
