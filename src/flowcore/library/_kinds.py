"""Folders of kind files: more kinds without code."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from attrs import evolve

from flowcore.errors import Finding, InvalidInputError, Place
from flowcore.kinds import Catalogue, core_catalogue
from flowcore.library._files import read_source

_ENDINGS = frozenset({".yaml", ".yml", ".json"})


def load_kinds(folder: str | Path, *, catalogue: Catalogue | None = None) -> Catalogue:
    """Return a catalogue with the kinds of a folder beside those that are there already.

    Every file that ends in .yaml, .yml or .json holds kinds or CustomResourceDefinitions; files whose names start with
    ``_`` hold parts that the others include. Folders inside it are not looked at.

    Args:
        folder: the folder.
        catalogue: what there is already; the core's kinds if not given.

    Raises:
        InvalidInputError: with every problem of every file, each with file and line: a file that cannot be read, a
            mistake in it, a kind that is there already and not said to be replaced.
    """
    folder = Path(folder)
    texts: dict[str, str] = {}
    findings: list[Finding] = []
    for path in _files(folder):
        try:
            texts[path.name] = read_source(path)[1]
        except InvalidInputError as error:
            findings += error.findings
    try:
        made = (catalogue or core_catalogue()).parsed(texts)
    except InvalidInputError as error:
        findings += [_in_folder(finding, folder, texts) for finding in error.findings]
        raise InvalidInputError(findings, code="kind.invalid") from error
    if findings:
        raise InvalidInputError(findings, code="kind.invalid")
    return made


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix in _ENDINGS and path.is_file())
    except OSError as error:
        message = f"the folder of kinds {folder} cannot be read: {error.strerror}"
        finding = Finding(rule="source-unreadable", message=message, place=Place(file=str(folder)))
        raise InvalidInputError([finding]) from error


def _in_folder(finding: Finding, folder: Path, names: Iterable[str]) -> Finding:
    """Return a finding whose file is named as the user can open it; files of the core keep their names."""
    file = finding.place.file
    return evolve(finding, place=evolve(finding.place, file=str(folder / file))) if file in names else finding
