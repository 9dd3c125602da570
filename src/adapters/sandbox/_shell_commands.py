"""The commands of the simulated shell."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from adapters.sandbox._shell_conditions import test
from adapters.sandbox._shell_effects import Out, Read, Run, Sleep
from adapters.sandbox._shell_files import Machine, ShellFileError
from adapters.sandbox._shell_filters import FILTERS
from adapters.sandbox._shell_texts import formatted, unescaped

if TYPE_CHECKING:
    from adapters.sandbox._shell import Shell

#: A command: the shell it runs in, and its words with its own name first.
Command: TypeAlias = "Callable[[Shell, list[str]], Run]"

_SHELLS = ("sh", "bash", "ash", "dash")
_FACTORS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def find_command(machine: Machine, name: str) -> Command | None:
    """Return the command of a name or path; None when the machine has none."""
    plain = posixpath.basename(name) if posixpath.dirname(name) in ("/bin", "/usr/bin", "/usr/local/bin") else name
    if plain in _SHELLS:
        has = machine.has_bash if plain == "bash" else machine.has_shell
        return _shell if has else None
    builtin = COMMANDS.get(plain)
    return builtin if builtin is not None and machine.has_shell else None


def _shell(shell: Shell, words: list[str]) -> Run:
    name = posixpath.basename(words[0])
    inner = shell.child(name)
    rest = words[1:]
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option.endswith("c") and not option.startswith("--"):
            inner.name = rest[1] if len(rest) > 1 else name
            inner.arguments = tuple(rest[2:])
            return (yield from inner.run_text(rest[0] if rest else ""))
    if not rest:
        return (yield from inner.converse())
    inner.arguments = tuple(rest[1:])
    try:
        text = shell.machine.read(shell.path(rest[0])).decode(errors="replace")
    except ShellFileError as error:
        yield Out(2, f"{name}: can't open '{rest[0]}': {error}\n")
        return 127
    return (yield from inner.run_text(text))


def _echo(shell: Shell, words: list[str]) -> Run:
    rest, ending, escapes = words[1:], "\n", False
    while rest and rest[0] in ("-n", "-e", "-ne", "-en"):
        ending = "" if "n" in rest[0] else ending
        escapes = escapes or "e" in rest.pop(0)
    text = " ".join(rest)
    yield Out(1, (unescaped(text) if escapes else text) + ending)
    return 0


def _printf(shell: Shell, words: list[str]) -> Run:
    if len(words) < 2:
        yield Out(2, "printf: usage: printf format [arguments]\n")
        return 2
    yield Out(1, formatted(words[1], words[2:]))
    return 0


def _env(shell: Shell, words: list[str]) -> Run:
    rest = words[1:]
    inner = shell.child()
    while rest and "=" in rest[0]:
        name, _, value = rest.pop(0).partition("=")
        inner.variables[name] = value
    if rest:
        return (yield from inner.call(rest))
    yield Out(1, "".join(f"{name}={value}\n" for name, value in inner.variables.items()))
    return 0


def _printenv(shell: Shell, words: list[str]) -> Run:
    if len(words) == 1:
        return (yield from _env(shell, words))
    found = [shell.variables[name] for name in words[1:] if name in shell.variables]
    yield Out(1, "".join(f"{value}\n" for value in found))
    return 0 if len(found) == len(words) - 1 else 1


def _export(shell: Shell, words: list[str]) -> Run:
    for word in words[1:]:
        name, equals, value = word.partition("=")
        if not name.isidentifier():
            yield Out(2, f"{shell.name}: export: {word}: bad variable name\n")
            return 2
        if equals:
            shell.variables[name] = value
    return 0


def _unset(shell: Shell, words: list[str]) -> Run:
    for name in words[1:]:
        shell.variables.pop(name, None)
    yield from ()
    return 0


def _cd(shell: Shell, words: list[str]) -> Run:
    target = words[1] if len(words) > 1 else shell.variables.get("HOME", "/root")
    path = shell.path(shell.variables.get("OLDPWD", "/") if target == "-" else target)
    if not shell.machine.is_directory(path):
        problem = "Not a directory" if shell.machine.is_file(path) else "No such file or directory"
        yield Out(2, f"{shell.name}: cd: can't cd to {target}: {problem}\n")
        return 2
    shell.variables["OLDPWD"], shell.directory = shell.directory, path
    shell.variables["PWD"] = path
    return 0


def _exit(shell: Shell, words: list[str]) -> Run:
    code = words[1] if len(words) > 1 else str(shell.code)
    if not code.isdigit():
        yield Out(2, f"{shell.name}: exit: Illegal number: {code}\n")
    shell.leave(int(code) % 256 if code.isdigit() else 2)
    return 0


def _sleep(shell: Shell, words: list[str]) -> Run:
    total: float = 0
    for word in words[1:]:
        if word in ("infinity", "inf"):
            yield Sleep(None)
            return 0
        number = word[:-1] if word[-1:] in _FACTORS else word
        try:
            total += float(number) * _FACTORS.get(word[-1:], 1)
        except ValueError:
            yield Out(2, f"sleep: invalid number '{word}'\n")
            return 1
    yield Sleep(total)
    return 0


def _code(code: int) -> Command:
    def command(shell: Shell, words: list[str]) -> Run:
        yield from ()
        return code

    return command


def _says(text: Callable[[Shell], str]) -> Command:
    def command(shell: Shell, words: list[str]) -> Run:
        yield Out(1, text(shell) + "\n")
        return 0

    return command


def _uname(shell: Shell, words: list[str]) -> Run:
    name = shell.machine.hostname
    parts = {"s": "Linux", "n": name, "r": "6.1.0-sandbox", "v": "#1 SMP", "m": "x86_64", "o": "GNU/Linux"}
    letters = "".join(word.removeprefix("-") for word in words[1:]) or "s"
    yield Out(1, " ".join(value for key, value in parts.items() if "a" in letters or key in letters) + "\n")
    return 0


def _id(shell: Shell, words: list[str]) -> Run:
    number, user = shell.machine.user_id, shell.machine.user
    short = {"-u": str(number), "-g": str(number), "-un": user}
    text = short.get(words[1] if len(words) > 1 else "", f"uid={number}({user}) gid={number}({user})")
    yield Out(1, text + "\n")
    return 0


def _ps(shell: Shell, words: list[str]) -> Run:
    yield Out(1, "PID   USER     TIME  COMMAND\n")
    rows = [(one.number, one.user, one.command) for one in shell.machine.processes]
    rows.append((42, shell.machine.user, " ".join(words)))
    for number, user, command in rows:
        yield Out(1, f"{number:5d} {user:<8} 0:00  {command}\n")
    return 0


def _date(shell: Shell, words: list[str]) -> Run:
    forms = [word[1:] for word in words[1:] if word.startswith("+")]
    now = shell.machine.now()
    form = forms[0].replace("%s", str(int(now.timestamp()))) if forms else "%a %b %e %H:%M:%S UTC %Y"
    yield Out(1, now.strftime(form) + "\n")
    return 0


def _which(shell: Shell, words: list[str]) -> Run:
    names = [word for word in words[1:] if not word.startswith("-")]
    found = [name for name in names if find_command(shell.machine, name) is not None]
    yield Out(1, "".join(name + "\n" if "/" in name else f"/bin/{name}\n" for name in found))
    return 0 if found and len(found) == len(names) else 127 if words[0] == "command" else 1


def _command(shell: Shell, words: list[str]) -> Run:
    if words[1:2] == ["-v"] or words[1:2] == ["-V"]:
        return (yield from _which(shell, words))
    return (yield from shell.call(words[1:])) if len(words) > 1 else 0


def _exec(shell: Shell, words: list[str]) -> Run:
    if len(words) == 1:
        return 0
    shell.leave((yield from shell.call(words[1:])))
    return 0


def _read(shell: Shell, words: list[str]) -> Run:
    names = [word for word in words[1:] if not word.startswith("-")] or ["REPLY"]
    line = yield Read()
    parts = (line or "").rstrip("\n").split(None, len(names) - 1)
    for position, name in enumerate(names):
        shell.variables[name] = parts[position] if position < len(parts) else ""
    return 0 if line is not None else 1


def _disk_free(shell: Shell) -> str:
    head = "Filesystem           1K-blocks      Used Available Use% Mounted on\n"
    return head + "overlay              104857600   1048576 103809024   1% /"


COMMANDS: Mapping[str, Command] = {
    **FILTERS,
    ":": _code(0),
    "[": test,
    "cd": _cd,
    "clear": _says(lambda shell: "\x1b[H\x1b[2J"),
    "command": _command,
    "date": _date,
    "df": _says(_disk_free),
    "echo": _echo,
    "env": _env,
    "exec": _exec,
    "exit": _exit,
    "export": _export,
    "false": _code(1),
    "hostname": _says(lambda shell: shell.machine.hostname),
    "id": _id,
    "nproc": _says(lambda shell: "64"),
    "printenv": _printenv,
    "printf": _printf,
    "ps": _ps,
    "pwd": _says(lambda shell: shell.directory),
    "read": _read,
    "set": _code(0),
    "sleep": _sleep,
    "sync": _code(0),
    "test": test,
    "trap": _code(0),
    "true": _code(0),
    "tty": _says(lambda shell: "/dev/pts/0" if shell.is_terminal else "not a tty"),
    "type": _which,
    "umask": _code(0),
    "uname": _uname,
    "unset": _unset,
    "uptime": _says(lambda shell: f" {shell.machine.now():%H:%M:%S} up 1 day,  load average: 0.00, 0.00, 0.00"),
    "which": _which,
    "whoami": _says(lambda shell: shell.machine.user),
}
