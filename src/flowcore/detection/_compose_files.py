"""The Compose files of a tree."""

from __future__ import annotations

import re

from flowcore.detection._values import ComposeCandidate
from flowcore.detection._walk import Folder, is_aside, join, names_in, start_of, walk
from flowcore.errors import FlowcoreError
from flowcore.files import COMPOSE_NAMES, OVERRIDE_NAMES, EntryKind, Files

_VARIANT = re.compile(r"(?:docker-)?compose[._-].+\.ya?ml")
_NAMED = re.compile(r".+\.compose\.ya?ml")
#: The environment file that Compose reads by itself, then files that show what it may hold.
ENV_NAMES = (".env", ".env.example", ".env.sample", ".env.template", ".env.dist", "env.example", "example.env")

_LARGEST = 1_000_000  # bytes of a Compose file that is looked into
_MARK = re.compile(r"^(?:['\"]?(?:services|include)['\"]?[ \t]*:|\{[ \t\r\n]*\"(?:services|include)\")", re.MULTILINE)
_INLINE = re.compile(r"\A\s*\{.*[\"'{,\s](?:services|include)[\"']?\s*:", re.DOTALL)
_FIRST_FORM = re.compile(
    r"^[A-Za-z0-9._-]+[ \t]*:[ \t]*(?:#.*)?\r?\n(?:[ \t]*(?:#.*)?\r?\n)*[ \t]+(?:image|build)[ \t]*:", re.MULTILINE
)


def find_compose(files: Files, path: str = "") -> tuple[ComposeCandidate, ...]:
    """Return the Compose files at and below *path*, best first: nearest, Compose's own names, tests and examples last.

    A file counts when it has ``services:`` or ``include:`` at its top level, or, as in the first form of the
    language, a top-level key with ``image:`` or ``build:`` right below it. That is told from the text without
    parsing YAML: a broken file is still the file that somebody meant, and its errors are the loader's to report.
    Files over 1 MB are left out. When *path* is a file, any name will do.

    The walk goes 6 folders deep and through 2,000 folders; it leaves out hidden folders, ``node_modules``, ``vendor``
    and virtual environments.

    Raises:
        NotFoundError: nothing stands at *path*.
        ForbiddenError: *path* leaves the tree.
    """
    start, kind = start_of(files, path)
    if kind is EntryKind.FILE:
        folder, _, name = start.rpartition("/")
        around = Folder(folder, names_in(files, folder))
        return (_candidate(files, around, name, ()),) if _is_compose(files, start) else ()
    found = [candidate for folder in walk(files, start) for candidate in _in_folder(files, folder)]
    return tuple(sorted(found, key=_rank))


def _rank(candidate: ComposeCandidate) -> tuple[bool, int, bool, int, str]:
    name = candidate.path.rpartition("/")[2]
    order = COMPOSE_NAMES.index(name) if name in COMPOSE_NAMES else len(COMPOSE_NAMES) + bool(_NAMED.fullmatch(name))
    return is_aside(candidate.path), candidate.depth, not candidate.is_default, order, candidate.path


def _in_folder(files: Files, folder: Folder) -> list[ComposeCandidate]:
    """Return the candidates of one folder: the file Compose would take, with the others as its variants."""
    named = [name for name in folder.names if _is_name(name) and _is_compose(files, join(folder.path, name))]
    main = next((name for name in COMPOSE_NAMES if name in named), "")
    if not main:
        return [_candidate(files, folder, name, ()) for name in named]
    alone = [name for name in named if _NAMED.fullmatch(name)]
    variants = [name for name in named if name not in (main, *alone)]
    return [
        _candidate(files, folder, main, variants),
        *(_candidate(files, folder, name, ()) for name in alone),
    ]


def _is_name(name: str) -> bool:
    return bool(name in COMPOSE_NAMES or _VARIANT.fullmatch(name) or _NAMED.fullmatch(name))


def _candidate(files: Files, folder: Folder, name: str, others: tuple[str, ...] | list[str]) -> ComposeCandidate:
    is_default = name in COMPOSE_NAMES
    # An override may hold nothing that makes it a Compose file of its own, so its name is enough.
    override = next(iter(_present(files, folder, OVERRIDE_NAMES)), "") if is_default else ""
    env = _present(files, folder, ENV_NAMES)
    return ComposeCandidate(
        path=join(folder.path, name),
        overrides=(join(folder.path, override),) if override else (),
        variants=tuple(join(folder.path, other) for other in others if other != override),
        env_files=tuple(join(folder.path, known) for known in env),
        depth=folder.path.count("/") + 1 if folder.path else 0,
        is_default=is_default,
    )


def _present(files: Files, folder: Folder, names: tuple[str, ...]) -> list[str]:
    there = [name for name in names if name in folder.names]
    return [name for name in there if files.look(join(folder.path, name)).kind is EntryKind.FILE]


def _is_compose(files: Files, path: str) -> bool:
    entry = files.look(path)
    if entry.kind is not EntryKind.FILE or entry.size > _LARGEST:
        return False
    try:
        text = files.read(path).decode("utf-8-sig", errors="replace")
    except FlowcoreError:
        return False  # gone, or not readable: as if it were not there
    return bool(_MARK.search(text) or _INLINE.match(text) or _FIRST_FORM.search(text))
