"""How the tests of the Compose import look at its result."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from flowcore.compose import Files, Imported, MemoryFiles, import_compose, load
from flowcore.errors import Finding, InvalidInputError


def imported(text: str, files: Mapping[str, str | bytes] | Files | None = None, **options: Any) -> Imported:
    """Return the import of a text with the files around it."""
    around = MemoryFiles(files) if isinstance(files, Mapping) else files
    return import_compose(dedent(text), files=around, **options)


def refused(text: str, files: Mapping[str, str | bytes] | None = None, **options: Any) -> InvalidInputError:
    """Return the error that a text is refused with."""
    with pytest.raises(InvalidInputError) as caught:
        imported(text, files, **options)
    return caught.value


def service(body: str, files: Mapping[str, str | bytes] | None = None, *, more: str = "", **options: Any) -> Imported:
    """Return the import of one service ``web`` of nginx with the keys of *body*; *more* are further top-level keys."""
    return imported(service_text(body, more), files, **options)


def service_text(body: str, more: str = "") -> str:
    """Return a Compose text with one service ``web``."""
    lines = ["services:", "  web:", "    image: nginx"]
    lines += [f"    {line}" for line in dedent(body).strip("\n").splitlines()]
    return "\n".join([*lines, dedent(more)]) + "\n"


def data(result: Imported, node_id: str) -> Mapping[str, Any]:
    """Return the data of a node."""
    return result.workflow.node(node_id).data


def kinds(result: Imported) -> dict[str, str]:
    """Return the kind of each node by id."""
    return {node.id: node.type for node in result.workflow.nodes}


def edges(result: Imported, source: str, target: str) -> list[dict[str, Any]]:
    """Return the data of the edges between two nodes."""
    return [dict(e.data) for e in result.workflow.edges if (e.source, e.target) == (source, target)]


def found(result: Imported | InvalidInputError, rule: str) -> list[Finding]:
    """Return the findings of a rule, with or without ``compose-`` before it."""
    return [finding for finding in result.findings if finding.rule in (rule, f"compose-{rule}")]


def only(result: Imported | InvalidInputError, rule: str) -> Finding:
    """Return the one finding of a rule."""
    matches = found(result, rule)
    assert len(matches) == 1, [str(finding) for finding in result.findings]
    return matches[0]


def loaded(files: Mapping[str, str | bytes], path: str = "compose.yaml", **options: Any) -> dict[str, Any]:
    """Return the document of a Compose file in a tree of files."""
    return load(Path(path), files=MemoryFiles(files), **options)


def problems(files: Mapping[str, str | bytes], path: str = "compose.yaml") -> list[Finding]:
    """Return the findings that a Compose file in a tree of files is refused with."""
    with pytest.raises(InvalidInputError) as caught:
        loaded(files, path)
    return list(caught.value.findings)
