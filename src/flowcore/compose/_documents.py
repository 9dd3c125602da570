"""Documents of one project: variables replaced, what they extend laid under them, what they include put in."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping

from attrs import define, evolve, field

from flowcore.compose._dotenv import parse_dotenv
from flowcore.compose._extends import extend
from flowcore.compose._interpolation import interpolate_tree
from flowcore.compose._joining import Joining
from flowcore.compose._legacy import read_documents
from flowcore.compose._limits import Room, weight
from flowcore.compose._marks import Block, Mark, Rows, Value, mark_of
from flowcore.compose._merge import merge, untagged
from flowcore.compose._reading import read_text
from flowcore.compose._rebase import rebase_project
from flowcore.compose._report import Report
from flowcore.compose._scalars import text_of
from flowcore.compose._yaml import MAX_SIZE
from flowcore.errors import InvalidInputError, Place
from flowcore.files import EntryKind, Files

#: Largest .env file that is read, in bytes.
_MAX_ENV = 1_000_000
_REMOTE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+:|git@|github\.com/")
_KEYS = frozenset({"path", "project_directory", "env_file"})
#: An env file of an inclusion that stands for none, not even the one beside the included file.
_NO_FILE = "/dev/null"


def read_variables(files: Files, path: str, env: Mapping[str, str], report: Report, file: str = "") -> dict[str, str]:
    """Return the variables of a ``.env`` file, which may use those of *env*; none without the file.

    Findings name it *file*, or by its path.
    """
    entry, name = files.look(path), file or path
    if entry.kind is not EntryKind.FILE:
        return {}
    if entry.size > _MAX_ENV:
        report.error("compose-dotenv", f"{name} has {entry.size} bytes, more than {_MAX_ENV}", Place(file=name))
        return {}
    return _parsed(files.read(path).decode("utf-8-sig", "replace"), env, report, name)


def _parsed(text: str, env: Mapping[str, str], report: Report, name: str) -> dict[str, str]:
    try:
        return parse_dotenv(text, env, file=name)
    except InvalidInputError as error:
        for finding in error.findings:
            report.add(finding)
        return {}


@define
class Documents:
    """Prepares documents, all of whose paths start at one folder.

    Attributes:
        env: the variables.
        files: what may be read, seen from the project's folder.
        room: what the whole project may still ask for.
        base: the project's folder as findings name it.
        folder: where paths start, seen from the project's folder.
        above: files that include this one, as findings name them, the outermost first.
    """

    env: Mapping[str, str]
    files: Files
    report: Report
    room: Room
    joining: Joining
    base: str = ""
    folder: str = "."
    above: tuple[str, ...] = ()
    _known: dict[str, list[Block]] = field(factory=dict)

    def prepared(self, document: Block, file: str = "") -> Block:
        """Return a document of *file* with its variables replaced, and with what it extends and includes."""
        tree = interpolate_tree(document, self.env, self.report)
        return self._including(extend(tree, self.other, self.room), file)

    def other(self, path: str, mark: Mark) -> Block | None:
        """Return another Compose file for ``extends``; None, with a finding, when it cannot be read."""
        found: Value = None
        for document in self._read(path, "compose-extends", mark):
            tree = interpolate_tree(document, self.env, self.report)
            found = tree if found is None else merge(found, tree)
        return found if isinstance(found, Block) else None

    def _seen(self, path: str) -> str:
        """Return a path of this folder as it is seen from the project's folder."""
        return path if path.startswith(("/", "~")) else posixpath.normpath(posixpath.join(self.folder, path))

    def _name(self, path: str) -> str:
        """Return a path of this folder as findings name it."""
        return posixpath.normpath(posixpath.join(self.base, self._seen(path)))

    def _read(self, path: str, rule: str, mark: Mark) -> list[Block]:
        if _REMOTE.match(path):
            fix = "fetch the files into the project, and name them by their path"
            self.report.error(rule, f"the Compose file {path} is somewhere else; it is not fetched", mark, fix=fix)
            return []
        if not self.room.read(self.files.look(self._seen(path)).size, mark):
            return []
        documents = self._known.get(self._name(path))
        if documents is None:
            text = read_text(self.files, self._seen(path), most=4 * MAX_SIZE, tell=self._teller(rule, path, mark))
            if text is None:
                return []
            documents = self._known[self._name(path)] = read_documents(text, self._name(path), self.report)
        values = sum(weight(document, {}) for document in documents)
        return documents if self.room.copy(values, mark) else []

    def _teller(self, rule: str, path: str, mark: Mark) -> Callable[[str, str], None]:
        return lambda problem, fix: self.report.error(rule, f"the file {path} {problem}", mark, fix=fix)

    def _including(self, tree: Block, file: str) -> Block:
        if "include" not in tree:
            return tree
        wishes, at = tree["include"], mark_of(tree, "include")
        result = Block({key: value for key, value in tree.items() if key != "include"}, mark=tree.mark)
        result.marks = {key: mark for key, mark in tree.marks.items() if key != "include"}
        if wishes is not None and not isinstance(wishes, Rows):
            fix = "write include: [FILE]"
            self.report.error("compose-include", "include must be a list of paths", at, path="include", fix=fix)
            return result
        for position, wish in enumerate(wishes or ()):
            mark = mark_of(wishes, position)
            included = self._included(wish, mark, file)
            if included is not None:
                self.joining.join(result, included, mark)
        return result

    def _included(self, wish: Value, mark: Mark, file: str) -> Block | None:
        """Return the project that one entry of ``include`` stands for, with its paths seen from this one's folder."""
        wanted: Block = wish if isinstance(wish, Block) else Block({"path": wish}, mark=mark)
        self._tell_unknown(wanted)
        paths = [text_of(path) for path in _listed(wanted.get("path"))]
        if not paths or not all(paths):
            self.report.error("compose-include", "an entry of include names no path", mark, fix="write path: FILE")
            return None
        folder = text_of(wanted.get("project_directory")) or posixpath.dirname(paths[0]) or "."
        if not self._may_include(paths, mark, file):
            return None
        work = evolve(
            self,
            env=self._environment(wanted.get("env_file"), folder, mark),
            folder=self._seen(folder),
            above=(*self.above, *filter(None, (file,))),
        )
        merged: Value = Block(mark=mark)
        for path in paths:
            for document in self._read(path, "compose-include", mark):
                merged = merge(merged, work.prepared(document, self._name(path)))
        return rebase_project(untagged(merged), folder)

    def _tell_unknown(self, wanted: Block) -> None:
        for key in wanted:
            if key not in _KEYS and not key.startswith("x-"):
                message = f"include.{key} is not a key of Compose and was left out"
                self.report.warn("compose-unknown-key", message, mark_of(wanted, key), path="include", fix="remove it")

    def _may_include(self, paths: list[str], mark: Mark, file: str) -> bool:
        way = (*self.above, *filter(None, (file,)))
        circle = next((name for name in map(self._name, paths) if name in way), None)
        if circle is not None:
            message = f"files include each other in a circle: {' -> '.join((*way, circle))}"
            self.report.error("compose-include", message, mark, fix="remove one of these includes")
            return False
        return self.room.include(len(paths), mark)

    def _environment(self, wanted: Value, folder: str, mark: Mark) -> dict[str, str]:
        """Return the variables of an included project: its own files' for what is not known yet."""
        known: dict[str, str] = {}
        named = [text_of(path) for path in _listed(wanted)]
        for path in named or [posixpath.join(folder, ".env")]:
            around = {**known, **self.env}
            if path == _NO_FILE or not self.room.read(self.files.look(self._seen(path)).size, mark):
                continue
            if named:
                known |= self._variables(path, around, mark)
            else:
                known |= read_variables(self.files, self._seen(path), around, self.report, self._name(path))
        return {**known, **self.env}

    def _variables(self, path: str, around: Mapping[str, str], mark: Mark) -> dict[str, str]:
        text = read_text(self.files, self._seen(path), most=_MAX_ENV, tell=self._teller("compose-include", path, mark))
        return {} if text is None else _parsed(text, around, self.report, self._name(path))


def _listed(value: Value) -> list[Value]:
    return list(value) if isinstance(value, list) else [] if value is None else [value]
