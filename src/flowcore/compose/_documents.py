"""Documents of one project: variables replaced, what they extend laid under them, what they include put in."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from attrs import define, evolve, field

from flowcore.compose._dotenv import parse_dotenv
from flowcore.compose._extends import extend
from flowcore.compose._interpolation import interpolate_tree
from flowcore.compose._marks import NOWHERE, Block, Mark, Rows, Value, mark_of, plain
from flowcore.compose._merge import merge, untagged
from flowcore.compose._normalise import normalise
from flowcore.compose._rebase import rebase_project
from flowcore.compose._report import Report
from flowcore.compose._scalars import text_of
from flowcore.compose._yaml import read_yaml
from flowcore.errors import InvalidInputError, Place
from flowcore.files import EntryKind, Files, inside

#: Largest .env file that is read, in bytes.
_MAX_ENV = 1_000_000
#: Most files that one project includes, those of the included ones counted.
_MOST_INCLUDES = 200
_REMOTE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+:|git@")
_GROUPS = ("services", "networks", "volumes", "configs", "secrets", "models")


def read_variables(files: Files, path: str, env: Mapping[str, str], report: Report) -> dict[str, str]:
    """Return the variables of a ``.env`` file, which may use those of *env*; none without the file."""
    entry = files.look(path)
    if entry.kind is not EntryKind.FILE:
        return {}
    if entry.size > _MAX_ENV:
        report.error("compose-dotenv", f"{path} has {entry.size} bytes, more than {_MAX_ENV}", Place(file=path))
        return {}
    try:
        return parse_dotenv(files.read(path).decode("utf-8-sig", "replace"), env, file=path)
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
        folder: where paths start, seen from the project's folder.
        above: files that include this one, the outermost first.
        included: every file that was included so far, in the whole project.
    """

    env: Mapping[str, str]
    files: Files
    report: Report
    folder: str = "."
    above: tuple[str, ...] = ()
    included: list[str] = field(factory=list)

    def prepared(self, document: Block, file: str = "") -> Block:
        """Return a document of *file* with its variables replaced, and with what it extends and includes."""
        tree = interpolate_tree(document, self.env, self.report)
        return self._including(extend(tree, self.other, self.report), file)

    def other(self, path: str, mark: Mark) -> Block | None:
        """Return another Compose file for ``extends``; None, with a finding, when it cannot be read."""
        documents = self._read(path, "compose-extends", mark)
        return interpolate_tree(documents[0], self.env, self.report) if documents else None

    def _read(self, path: str, rule: str, mark: Mark) -> list[Block]:
        if _REMOTE.match(path):
            fix = "fetch the files into the project, and name them by their path"
            self.report.error(rule, f"the Compose file {path} is somewhere else; it is not fetched", mark, fix=fix)
            return []
        where = posixpath.join(self.folder, path)
        reasons = {EntryKind.OUTSIDE: "is outside the folder that may be read", EntryKind.FOLDER: "is a folder"}
        kind = self.files.look(where).kind
        if kind is not EntryKind.FILE:
            told = reasons.get(kind, "is not there")
            fix = "import from a folder that holds both" if kind is EntryKind.OUTSIDE else "check the path"
            self.report.error(rule, f"the Compose file {path} {told}", mark, fix=fix)
            return []
        name = inside(where) or where
        text = self.files.read(where).decode("utf-8-sig", "replace")
        return read_yaml(text, name, self.report)

    def _including(self, tree: Block, file: str) -> Block:
        wishes = tree.pop("include", None)
        if wishes is None:
            return tree
        if not isinstance(wishes, Rows):
            self.report.error("compose-include", "include must be a list of paths", mark_of(tree, "include"))
            return tree
        for position, wish in enumerate(wishes):
            mark = mark_of(wishes, position)
            included = self._included(wish, mark, file)
            if included is not None:
                self._put_in(tree, included, mark)
        return tree

    def _included(self, wish: Value, mark: Mark, file: str) -> Block | None:
        """Return the project that one entry of ``include`` stands for, with its paths seen from this one's folder."""
        wanted = wish if isinstance(wish, dict) else {"path": wish}
        paths = [text_of(path) for path in _listed(wanted.get("path"))]
        if not paths or not all(paths):
            self.report.error("compose-include", "an entry of include names no path", mark, fix="write path: FILE")
            return None
        folder = text_of(wanted.get("project_directory")) or posixpath.dirname(paths[0]) or "."
        own = [inside(posixpath.join(self.folder, path)) or path for path in paths]
        if not self._may_include(own, mark, file):
            return None
        there = posixpath.normpath(posixpath.join(self.folder, folder))
        work = evolve(
            self,
            env=self._environment(wanted.get("env_file"), folder, mark),
            folder=there,
            above=(*self.above, *filter(None, (file,)), *own),
        )
        merged: Value = Block(mark=mark)
        for path, name in zip(paths, own, strict=True):
            for document in self._read(path, "compose-include", mark):
                merged = merge(merged, work.prepared(document, name))
        return rebase_project(merged, folder) if isinstance(merged, Block) else None

    def _may_include(self, names: list[str], mark: Mark, file: str) -> bool:
        circle = next((name for name in names if name in (*self.above, file)), None)
        if circle is not None:
            way = " -> ".join((*self.above, *filter(None, (file,)), circle))
            self.report.error("compose-include", f"files include each other in a circle: {way}", mark)
            return False
        self.included.extend(names)
        if len(self.included) == _MOST_INCLUDES + len(names) or len(self.included) <= _MOST_INCLUDES:
            return len(self.included) <= _MOST_INCLUDES
        message = f"more than {_MOST_INCLUDES} files are included"
        self.report.error("compose-limit", message, mark, fix="include fewer files")
        return False

    def _environment(self, wanted: Value, folder: str, mark: Mark) -> dict[str, str]:
        """Return the variables of an included project: its own files' for what is not known yet."""
        env, known = dict(self.env), dict[str, str]()
        for path in [posixpath.join(folder, ".env")] if wanted is None else map(text_of, _listed(wanted)):
            where = posixpath.join(self.folder, path)
            if wanted is not None and self.files.look(where).kind is not EntryKind.FILE:
                self.report.error("compose-include", f"the env file {path} is not there", mark, fix="check the path")
            known |= read_variables(self.files, where, {**known, **env}, self.report)
        return {**known, **env}

    def _put_in(self, tree: Block, included: Block, mark: Mark) -> None:
        for key in _GROUPS:
            group = included.get(key)
            if not isinstance(group, Block):
                continue
            own = tree.get(key)
            if own is None:
                tree.put(key, group, mark)
                continue
            if not isinstance(own, Block):
                continue  # its shape is told where shapes are checked
            joined = Block(own, mark=own.mark)
            for name, value in group.items():
                if name not in own:
                    joined.put(name, value, mark_of(group, name))
                elif _in_full(key, name, own[name]) != _in_full(key, name, value):
                    self._tell_conflict(f"{key}.{name}", mark_of(own, name), mark_of(group, name))
            tree[key] = joined

    def _tell_conflict(self, path: str, own: Mark, other: Mark) -> None:
        self.report.error(
            "compose-include",
            f"{path} is in {other.file}, line {other.line}, which is included, and here with another content",
            own,
            path=path,
            fix="rename one of them, or override it in a further file beside the one that includes",
        )


def _listed(value: Value) -> list[Value]:
    return list(value) if isinstance(value, list) else [] if value is None else [value]


def _in_full(key: str, name: str, value: Value) -> Value:
    """Return a resource in the form in which equal things are written alike; what is wrong is told elsewhere."""
    tree, group = Block(), Block()
    group.put(name, value, NOWHERE)
    tree.put(key, group, NOWHERE)
    return plain(normalise(untagged(tree), Report()))
