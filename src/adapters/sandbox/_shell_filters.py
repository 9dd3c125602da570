"""The shell's commands about files and lines of text."""

from __future__ import annotations

import base64
import posixpath
import re
from collections.abc import Callable, Generator, Mapping
from typing import TYPE_CHECKING

from adapters.sandbox._shell_effects import Effect, Out, Read, Run, Sleep
from adapters.sandbox._shell_files import ShellFileError

if TYPE_CHECKING:
    from adapters.sandbox._shell import Shell


def _options(words: list[str]) -> tuple[str, list[str]]:
    """Return the letters of the options and the other words."""
    flags = "".join(word[1:] for word in words[1:] if word.startswith("-") and len(word) > 1)
    return flags, [word for word in words[1:] if not word.startswith("-") or word == "-"]


def _texts(shell: Shell, name: str, paths: list[str]) -> Generator[Effect, str | None, tuple[list[str], int]]:
    """Return the content of files, or of the input when there are none, and an exit code."""
    if not paths or paths == ["-"]:
        lines = []
        while (line := (yield Read())) is not None:
            lines.append(line)
        return ["".join(lines)], 0
    texts, code = [], 0
    for path in paths:
        if path == "/dev/null":
            continue
        try:
            texts.append(shell.machine.read(shell.path(path)).decode(errors="replace"))
        except ShellFileError as error:
            yield Out(2, f"{name}: {path}: {error}\n")
            code = 1
    return texts, code


def _cat(shell: Shell, words: list[str]) -> Run:
    _, paths = _options(words)
    if not paths:
        while (line := (yield Read())) is not None:
            yield Out(1, line)
        return 0
    texts, code = yield from _texts(shell, "cat", paths)
    for text in texts:
        yield Out(1, text)
    return code


def _ls(shell: Shell, words: list[str]) -> Run:
    flags, paths = _options(words)
    code = 0
    for path in paths or ["."]:
        target = shell.path(path)
        if shell.machine.is_file(target):
            names = [path]
        else:
            try:
                names = shell.machine.children(target)
            except ShellFileError as error:
                yield Out(2, f"ls: {path}: {error}\n")
                code = 1
                continue
            names = names if "a" in flags or "A" in flags else [name for name in names if not name.startswith(".")]
        if len(paths) > 1:
            yield Out(1, f"{path}:\n")
        yield Out(1, _listing(shell, target, names, long="l" in flags, lines="1" in flags))
    return code


def _listing(shell: Shell, directory: str, names: list[str], *, long: bool, lines: bool) -> str:
    if not names:
        return "total 0\n" if long else ""
    if not long:
        return "  ".join(names) + "\n" if shell.is_terminal and not lines else "".join(f"{name}\n" for name in names)
    stamp = shell.machine.now().strftime("%b %e %H:%M")
    rows = []
    for name in names:
        path = directory if shell.machine.is_file(directory) else posixpath.join(directory, name)
        is_directory = shell.machine.is_directory(path)
        size = 4096 if is_directory else len(shell.machine.read(path))
        mode, links = ("drwxr-xr-x", 2) if is_directory else ("-rw-r--r--", 1)
        rows.append(f"{mode} {links:4d} root     root     {size:9d} {stamp} {name}\n")
    return f"total {4 * len(rows)}\n" + "".join(rows)


def _counted(pick: Callable[[list[str], int], list[str]]) -> Callable[[Shell, list[str]], Run]:
    def command(shell: Shell, words: list[str]) -> Run:
        count, paths, follows, rest = 10, [], False, iter(words[1:])
        for word in rest:
            if word in ("-n", "-c"):
                count = _number(next(rest, ""), count)
            elif word in ("-f", "-F"):
                follows = True
            elif word.startswith("-") and len(word) > 1:
                count = _number(word.removeprefix("-n").lstrip("-"), count)
            else:
                paths.append(word)
        texts, code = yield from _texts(shell, words[0], paths)
        for text in texts:
            yield Out(1, "".join(pick(text.splitlines(keepends=True), count)))
        if follows:
            yield Sleep(None)
        return code

    return command


def _number(text: str, default: int) -> int:
    return int(text) if text.isdigit() else default


def _grep(shell: Shell, words: list[str]) -> Run:
    flags, rest = _options(words)
    if not rest:
        yield Out(2, "grep: missing pattern\n")
        return 2
    try:
        pattern = re.compile(re.escape(rest[0]) if "F" in flags else rest[0], re.IGNORECASE if "i" in flags else 0)
    except re.error:
        yield Out(2, f"grep: bad regex '{rest[0]}'\n")
        return 2
    texts, code = yield from _texts(shell, "grep", rest[1:])
    lines = [line for text in texts for line in text.splitlines()]
    found = [line for line in lines if bool(pattern.search(line)) != ("v" in flags)]
    if "c" in flags:
        yield Out(1, f"{len(found)}\n")
    elif "q" not in flags:
        yield Out(1, "".join(f"{line}\n" for line in found))
    return code * 2 or int(not found)


def _wc(shell: Shell, words: list[str]) -> Run:
    flags, paths = _options(words)
    texts, code = yield from _texts(shell, "wc", paths)
    for position, text in enumerate(texts):
        numbers = {"l": text.count("\n"), "w": len(text.split()), "c": len(text.encode())}
        shown = [str(value) for letter, value in numbers.items() if not flags or letter in flags]
        yield Out(1, " ".join([*shown, *paths[position : position + 1]]) + "\n")
    return code


def _sort(shell: Shell, words: list[str]) -> Run:
    flags, paths = _options(words)
    texts, code = yield from _texts(shell, "sort", paths)
    lines = sorted((line for text in texts for line in text.splitlines()), reverse="r" in flags)
    yield Out(1, "".join(f"{line}\n" for line in (dict.fromkeys(lines) if "u" in flags else lines)))
    return code


def _base64(shell: Shell, words: list[str]) -> Run:
    flags, paths = _options(words)
    texts, code = yield from _texts(shell, "base64", paths)
    for text in texts:
        if "d" not in flags:
            yield Out(1, base64.b64encode(text.encode()).decode() + "\n")
            continue
        try:
            yield Out(1, base64.b64decode(text).decode(errors="replace"))
        except ValueError:
            yield Out(2, "base64: invalid input\n")
            return 1
    return code


def _changes(name: str, action: Callable[[Shell, str, str], None]) -> Callable[[Shell, list[str]], Run]:
    def command(shell: Shell, words: list[str]) -> Run:
        flags, paths = _options(words)
        for path in paths:
            try:
                action(shell, shell.path(path), flags)
            except ShellFileError as error:
                yield Out(2, f"{name}: {path}: {error}\n")
                return 1
        return 0

    return command


def _touch(shell: Shell, path: str, flags: str) -> None:
    if not shell.machine.is_directory(path):
        shell.machine.write(path, b"", append=True)


def _mkdir(shell: Shell, path: str, flags: str) -> None:
    if "p" not in flags and shell.machine.is_directory(path):
        raise ShellFileError("File exists")
    shell.machine.make_directory(path)


def _rm(shell: Shell, path: str, flags: str) -> None:
    if "r" not in flags and "R" not in flags and shell.machine.is_directory(path):
        raise ShellFileError("is a directory")
    try:
        shell.machine.remove(path)
    except ShellFileError as error:
        if "f" not in flags or str(error) != "No such file or directory":
            raise


def _name_part(pick: Callable[[str], str]) -> Callable[[Shell, list[str]], Run]:
    def command(shell: Shell, words: list[str]) -> Run:
        yield Out(1, (pick(words[1]) if len(words) > 1 else "") + "\n")
        return 0

    return command


FILTERS: Mapping[str, Callable[[Shell, list[str]], Run]] = {
    "base64": _base64,
    "basename": _name_part(posixpath.basename),
    "cat": _cat,
    "dirname": _name_part(posixpath.dirname),
    "grep": _grep,
    "head": _counted(lambda lines, count: lines[:count]),
    "ls": _ls,
    "mkdir": _changes("mkdir", _mkdir),
    "rm": _changes("rm", _rm),
    "sort": _sort,
    "tail": _counted(lambda lines, count: lines[-count:] if count else []),
    "touch": _changes("touch", _touch),
    "wc": _wc,
}
