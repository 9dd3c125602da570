"""Reading the files of one project: bounded, and never failing on what somebody wrote into them."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

from attrs import define, field

from flowcore.detection._walk import join, names_in
from flowcore.errors import FlowcoreError
from flowcore.files import EntryKind, Files

_LARGEST = 512_000  # bytes of one file that is read
_LONGEST = 500  # characters of one value taken from a file


@define
class ProjectFiles:
    """The files of the project in the folder *path*.

    Attributes:
        files: the tree.
        path: the folder; empty for the root.
        names: what is in the folder, sorted.
        broken: sentences about files that could not be understood.
    """

    files: Files
    path: str
    names: tuple[str, ...]
    broken: list[str] = field(factory=list)
    _texts: dict[str, str] = field(factory=dict, repr=False)
    _parsed: dict[str, dict[str, Any]] = field(factory=dict, repr=False)

    def matching(self, *patterns: str) -> tuple[str, ...]:
        """Return the names in the folder that one of the patterns (``*.csproj``) matches, in the patterns' order."""
        return tuple(dict.fromkeys(name for pattern in patterns for name in self.names if fnmatchcase(name, pattern)))

    def has(self, path: str) -> bool:
        """Whether there is a file at *path*, relative to the folder."""
        if "/" not in path and path not in self.names:
            return False
        return self.files.look(join(self.path, path)).kind is EntryKind.FILE

    def folders(self, path: str) -> tuple[str, ...]:
        """Return the names of the folders in *path*, relative to the folder."""
        start = join(self.path, path)
        names = names_in(self.files, start)[:100]
        return tuple(name for name in names if self.files.look(join(start, name)).kind is EntryKind.FOLDER)

    def text(self, path: str) -> str:
        """Return a file's text; empty when there is none, and with a note when it is too large."""
        if path not in self._texts:
            self._texts[path] = self._read(path)
        return self._texts[path]

    def _read(self, path: str) -> str:
        if not self.has(path):
            return ""
        full = join(self.path, path)
        if self.files.look(full).size > _LARGEST:
            self._note(f"{full} is larger than {_LARGEST} bytes and was not read")
            return ""
        try:
            return self.files.read(full).decode("utf-8-sig", errors="replace")
        except FlowcoreError:
            self._note(f"{full} cannot be read")
            return ""

    def json(self, path: str) -> dict[str, Any]:
        """Return the object in a JSON file; empty, with a note, when it holds none."""
        return self._parse(path, "JSON", json.loads)

    def toml(self, path: str) -> dict[str, Any]:
        """Return the table in a TOML file; empty, with a note, when it holds none."""
        return self._parse(path, "TOML", tomllib.loads)

    def _parse(self, path: str, language: str, parse: Callable[[str], Any]) -> dict[str, Any]:
        if path not in self._parsed:
            text = self.text(path)
            found = _object(text, parse) if text.strip() else {}
            if found is None:
                self._note(f"{join(self.path, path)} is no valid {language}, so nothing was taken from it")
            self._parsed[path] = found or {}
        return self._parsed[path]

    def _note(self, sentence: str) -> None:
        if sentence not in self.broken:
            self.broken.append(sentence)


def _object(text: str, parse: Callable[[str], Any]) -> dict[str, Any] | None:
    try:
        found = parse(text)
    except (ValueError, RecursionError):  # too deep, or a number of too many digits
        return None
    return found if isinstance(found, dict) else None


def inner(value: Any, *keys: str) -> Any:
    """Return the value under *keys*; None when the way there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def line(value: Any) -> str:
    """Return a text from a file as one line without control characters, cut to 500 characters; empty for no text."""
    if not isinstance(value, str):
        return ""
    return " ".join("".join(c if c.isprintable() else " " for c in value[: 4 * _LONGEST]).split())[:_LONGEST]


def first(pattern: str, text: str) -> str:
    """Return what the first group of *pattern* matches in *text*, as one line; lines are told apart."""
    match = re.search(pattern, text, re.MULTILINE)
    return line(match[1]) if match else ""


def port(value: Any) -> int:
    """Return a TCP port, or 0 when the value is none."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not re.fullmatch(r"[0-9]{1,5}", text):
        return 0
    return int(text) if int(text) < 65536 else 0
