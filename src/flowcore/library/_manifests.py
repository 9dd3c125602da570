"""Kubernetes YAML and JSON to a drawing, from paths, folders, texts or values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

from flowcore.compose import Imported
from flowcore.errors import Finding, InvalidInputError, Place
from flowcore.exchange import import_manifests as import_objects
from flowcore.kinds import Catalogue
from flowcore.library._files import read_source
from flowcore.manifests import read_trees

#: A path of a file or a folder, a YAML or JSON text (with a line break or a brace), or an object.
Source: TypeAlias = str | Path | Mapping[str, Any]

_SUFFIXES: Final = frozenset({".yaml", ".yml", ".json"})


def import_manifests(
    source: Source | Iterable[Source], *, name: str | None = None, catalogue: Catalogue | None = None
) -> Imported:
    """Turn Kubernetes objects into a workflow, with positions; rendered, it makes the same objects again.

    Args:
        source: a path of a file or folder, a YAML or JSON text, an object, or several of them. What ``helm template``,
            ``kustomize build`` and ``kubectl get -o yaml`` print is such a text.
        name: name of the workflow; otherwise what the objects' labels say they belong to.
        catalogue: the kinds that may model the objects; the core catalogue if not given.

    Returns:
        The workflow, what was left out or kept as it is, and the values of secrets by node id and key.

    Raises:
        InvalidInputError: a source cannot be read, or there is no object in it.
    """
    several = [source] if isinstance(source, (str, Path, Mapping)) else source
    return import_objects((one for part in several for one in _documents(part)), name=name, catalogue=catalogue)


def _documents(source: Source) -> Iterator[Any]:
    if isinstance(source, Mapping):
        yield source
        return
    for part in _files(source):
        file, text = read_source(part)
        yield from (tree for tree in _parsed(text, file) if tree is not None)


def _files(source: str | Path) -> Iterator[str | Path]:
    """Yield the files of a folder, in the order of their names; anything else as it is."""
    is_text = isinstance(source, str) and ("\n" in source or "{" in source)
    if is_text or not Path(source).is_dir():
        yield source
        return
    yield from sorted(path for path in Path(source).rglob("*") if path.suffix in _SUFFIXES and path.is_file())


def _parsed(text: str, file: str) -> list[Any]:
    if not text.lstrip().startswith("{"):
        return read_trees(text, file=file)
    try:
        return [json.loads(text)]
    except json.JSONDecodeError as error:
        if error.msg != "Extra data" and file.endswith(".json"):
            place = Place(file=file, line=error.lineno, column=error.colno)
            raise InvalidInputError(
                [Finding(rule="json-syntax", message=f"not JSON: {error.msg}", place=place)]
            ) from error
        return read_trees(text, file=file)
