"""CustomResourceDefinitions from files and clusters, written as kind files."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from entrypoints.cli._files import make_folder, write_file
from flowcore.errors import Finding, InvalidInputError, LimitExceededError, Place
from flowcore.kinds import Kind, core_catalogue, is_definition, kind_file
from flowcore.library import read_source
from flowcore.manifests import read_trees, to_yaml

Definition = Mapping[str, Any]
#: The beginning of a document; the line break stays with the document before it.
_SEPARATOR = re.compile(r"^---(?=\s|$)", re.MULTILINE)
_WORD = "CustomResourceDefinition"


def from_files(sources: Sequence[str]) -> list[Definition]:
    """Return the definitions that files hold; other objects are passed over.

    Raises:
        InvalidInputError: a file cannot be read, is no YAML, or holds no definition; every problem is listed.
    """
    findings: list[Finding] = []
    found: list[Definition] = []
    for source in sources:
        name = "standard input" if source == "-" else source
        try:
            text = sys.stdin.read() if source == "-" else read_source(Path(source))[1]
            definitions = [one for tree in _documents(text, name) for one in _items(tree) if is_definition(one)]
        except InvalidInputError as error:
            findings += error.findings
            continue
        except LimitExceededError as error:
            findings.append(Finding(rule="yaml-limit", message=error.message, place=Place(file=name)))
            continue
        if not definitions:
            message = f"{name} holds no CustomResourceDefinition"
            findings.append(Finding(rule="kind-definition", message=message, place=Place(file=name)))
        found += definitions
    if findings:
        raise InvalidInputError(findings)
    return found


def _documents(text: str, name: str) -> Iterator[Any]:
    """Yield the documents that can hold definitions; bundles are large, so others are not even read."""
    if text.lstrip().startswith("{"):
        try:
            yield json.loads(text)
        except json.JSONDecodeError as error:
            message = f"{name} is not JSON: {error.msg}"
            place = Place(file=name, line=error.lineno, column=error.colno)
            raise InvalidInputError([Finding(rule="json-syntax", message=message, place=place)]) from error
        return
    line = 0
    for part in _SEPARATOR.split(text):
        if _WORD in part:
            yield from read_trees("\n" * line + part, file=name)
        line += part.count("\n")


def _items(tree: Any) -> list[Any]:
    """Return the objects of a list as kubectl writes them, else the object itself."""
    is_list = isinstance(tree, Mapping) and str(tree.get("kind", "")).endswith("List")
    items = tree.get("items") if is_list else None
    return items if isinstance(items, list) else [tree]


def from_cluster(names: Sequence[str], context: str) -> list[Definition]:
    """Return the definitions of a cluster that are called like *names*, or whose kind or plural is.

    Raises:
        InvalidInputError: there is none of a name, or several; every problem is listed.
        UnavailableError: the cluster does not answer.
    """
    definitions = asyncio.run(_defined(context))
    findings: list[Finding] = []
    found: list[Definition] = []
    for name in names:
        matching = [one for one in definitions if name.lower() in _names(one)]
        exact = [one for one in matching if one["metadata"]["name"] == name]
        if len(exact or matching) == 1:
            found += exact or matching
            continue
        known = sorted(one["metadata"]["name"] for one in matching or definitions)
        problem = "several definitions are" if matching else "no definition in the cluster is"
        fix = f"{'use one of' if matching else 'there are'}: {', '.join(known)}" if known else "there are none"
        findings.append(Finding(rule="kind-definition", message=f"{problem} called {name}", fix=fix))
    if findings:
        raise InvalidInputError(findings)
    return found


def _names(definition: Definition) -> set[str]:
    names = definition["spec"]["names"]
    called = [definition["metadata"]["name"], names.get("kind"), names.get("plural"), names.get("singular")]
    return {str(name).lower() for name in called if name}


async def _defined(context: str) -> list[Definition]:
    # Imported here because the service's libraries take their time, and the other commands do without them.
    from entrypoints.bootstrap import open_local_app
    from entrypoints.cli.deploying import default_data_dir
    from entrypoints.settings import Settings

    settings = Settings(data_dir=default_data_dir(), watch_lingers=False)
    async with open_local_app(settings, context) as app:
        user = await app.accounts.act_locally()
        return list[Definition](await app.clusters.list_definitions(user))


def written(
    definitions: Iterable[Definition], folder: Path, *, version: str | None, replace: bool
) -> list[tuple[Kind, Path]]:
    """Write a kind file for every definition, all or none; return the kinds with their files.

    Raises:
        InvalidInputError: no kind can be made of a definition, or its file is there and not to be replaced; every
            problem is listed, and nothing is written.
        FlowcoreError: a file cannot be written.
    """
    findings: list[Finding] = []
    texts: dict[Path, str] = {}
    for definition in definitions:
        try:
            made = kind_file(definition, version=version)
        except InvalidInputError as error:
            findings += error.findings
            continue
        path = folder / f"{made['name']}.yaml"
        if path.exists() and not replace:
            message = f"{path} is there already"
            findings.append(Finding(rule="kind-exists", message=message, fix="use --replace to write over it"))
        texts[path] = f"# Made by flowcore from {definition['metadata']['name']}.\n{to_yaml(made)}"
    if findings:
        raise InvalidInputError(findings)
    made_kinds = [_read(path, text) for path, text in texts.items()]
    make_folder(folder)
    for path, text in texts.items():
        write_file(path, text)
    return list(zip(made_kinds, texts, strict=True))


def _read(path: Path, text: str) -> Kind:
    return core_catalogue().parsed({path.name: text}).kinds[-1]
