"""The Compose language: load, interpolate, merge, normalise, convert to a drawing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from flowcore.compose._account import Account, account
from flowcore.compose._account import Entry as AccountEntry
from flowcore.compose._convert import convert
from flowcore.compose._dotenv import parse_dotenv
from flowcore.compose._imported import Imported, Origin
from flowcore.compose._interpolation import interpolate
from flowcore.compose._loader import load_project
from flowcore.compose._marks import plain
from flowcore.compose._merge import merge
from flowcore.compose._report import Report
from flowcore.compose._scope import Binds, Expose, Networks, Options
from flowcore.compose._sources import open_sources
from flowcore.compose._volumes import parse_volume
from flowcore.errors import InvalidInputError, errors_of
from flowcore.files import Entry, EntryKind, Files, FolderFiles, MemoryFiles

__all__ = [
    "Account",
    "AccountEntry",
    "Binds",
    "Entry",
    "EntryKind",
    "Expose",
    "Files",
    "FolderFiles",
    "Imported",
    "MemoryFiles",
    "Networks",
    "Origin",
    "account",
    "import_compose",
    "interpolate",
    "load",
    "merge",
    "parse_dotenv",
    "parse_volume",
]

#: A path of a Compose file (or of the folder with it), or the text itself.
Source: TypeAlias = str | Path

#: Looks at a file with missing variables: loading and converting may each tell of further ones, twice.
_MOST_LOOKS = 8

Choice = TypeVar("Choice", Expose, Binds, Networks)


def import_compose(
    source: Source | Sequence[Source],
    *,
    env: Mapping[str, str] | None = None,
    profiles: Iterable[str] = (),
    name: str | None = None,
    expose: str = Expose.LOADBALANCER,
    binds: str = Binds.EMPTYDIR,
    networks: str = Networks.IGNORE,
    files: Files | None = None,
    root: Path | None = None,
) -> Imported:
    """Return the drawing of a Compose application, with a finding for everything that is not carried over as it was.

    Args:
        source: a path, the text, or several of either, merged in order. A text has a line break or ``services:`` in it.
        env: variables; those of ``.env`` beside the first file are added. The process' own are never read.
        profiles: the active ones; ``*`` activates all.
        name: the project's name, else that of the file, else that of the folder.
        expose: how published ports are reached: ``loadbalancer``, ``nodeport``, ``ingress`` or ``clusterip``.
        binds: what replaces folders of the host: ``emptydir``, ``pvc``, ``hostpath``; ``refuse`` makes them an error.
        networks: ``policies`` draws network policies, so that only services on one network may talk; or ``ignore``.
        files: where paths are looked up and what texts may read; by default nothing for texts, and this machine's
            disk for paths, below the first file's folder.
        root: a folder of this machine above the first file's, to allow reading in all of it.

    Raises:
        InvalidInputError: the file cannot be read or imported; it holds every finding, errors first.
    """
    options = Options(
        expose=_choice(Expose, "expose", expose),
        binds=_choice(Binds, "binds", binds),
        networks=_choice(Networks, "networks", networks),
    )
    sources = open_sources(_listed(source), files, root)
    report, looks = Report(is_lenient=True), 0
    while True:
        try:
            project = load_project(sources, env=env, profiles=profiles, name=name, report=report)
            return convert(project, options)
        except InvalidInputError as error:
            # Most files use variables that nobody gave yet: what they break is done without, and told.
            without, looks = report.blamed(errors_of(error.findings)), looks + 1
            if without == report.without or looks == _MOST_LOOKS:
                raise
            report = Report(is_lenient=True, without=without)


def load(
    sources: Source | Sequence[Source],
    *,
    env: Mapping[str, str] | None = None,
    profiles: Iterable[str] = (),
    strict: bool = True,
    files: Files | None = None,
    root: Path | None = None,
) -> dict[str, Any]:
    """Return the one document that *sources* make: variables replaced, files merged, short forms written out.

    Args:
        sources: as for ``import_compose``.
        env: variables beside those of ``.env``.
        profiles: the active ones; services of others are left out.
        strict: make keys that Compose does not know an error; else they stay as they are.
        files: as for ``import_compose``.
        root: as for ``import_compose``.

    Raises:
        InvalidInputError: the document cannot be read or is wrong; it holds every finding.
    """
    project = load_project(open_sources(_listed(sources), files, root), env=env, profiles=profiles, strict=strict)
    document: dict[str, Any] = plain(project.tree)
    return {"name": project.name, **{key: value for key, value in document.items() if key != "name"}}


def _listed(source: Source | Sequence[Source]) -> list[Source]:
    return [source] if isinstance(source, (str, Path)) else list(source)


def _choice(options: type[Choice], path: str, word: str) -> Choice:
    try:
        return options(word)
    except ValueError:
        known = ", ".join(options)
        raise InvalidInputError.of(
            f"{path} is {word!r}; it is one of {known}", rule="compose-option", path=path
        ) from None
