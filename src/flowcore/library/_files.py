"""Workflow files: ``{name, nodes, edges}`` in JSON or YAML."""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

from attrs import evolve

from flowcore.errors import Finding, InvalidInputError, LimitExceededError, Place
from flowcore.manifests import from_yaml
from flowcore.model import Edge, Node, Workflow, drawing_from_json, edge_to_json, node_to_json

#: Larger files are refused before they are parsed; a drawing of 1,000 nodes takes about 1 MB.
MAX_BYTES = 10 * 1024 * 1024


def load_workflow(source: str | Path | Mapping[str, Any]) -> Workflow:
    """Return the workflow of a file, a text or a mapping of the form ``{name, description?, nodes, edges}``.

    Args:
        source: a path; a JSON or YAML text (a ``str`` with a line break or a brace); or the parsed mapping.

    Raises:
        InvalidInputError: the source cannot be read or is no workflow; every problem is listed.
    """
    if isinstance(source, Mapping):
        return _workflow(source, "")
    name, text = read_source(source)
    return _workflow(_parsed(text, name), name)


def dump_workflow(workflow: Workflow) -> dict[str, Any]:
    """Return a workflow as the plain values that ``load_workflow`` reads."""
    drawing = {
        "nodes": [node_to_json(node) for node in workflow.nodes],
        "edges": [edge_to_json(edge) for edge in workflow.edges],
    }
    described = {"description": workflow.description} if workflow.description else {}
    return {"name": workflow.name, **described, **drawing}


def read_source(source: str | Path) -> tuple[str, str]:
    """Return the name and the text of a source that is a path or already a text; a text has no name.

    Raises:
        InvalidInputError: the file is missing, too large, or not UTF-8.
    """
    if isinstance(source, str) and ("\n" in source or "{" in source):
        return "", source
    path = Path(source)
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)  # a pipe tells no size, and a device has no end
        if len(content) > MAX_BYTES:
            raise _unreadable(path, f"is larger than {MAX_BYTES // 1024 // 1024} MB")
        with TextIOWrapper(BytesIO(content), encoding="utf-8") as text:
            return str(source), text.read()
    except OSError as error:
        raise _unreadable(path, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _unreadable(path, f"is not a UTF-8 text (byte {error.start})") from error


def _unreadable(path: Path, problem: str) -> InvalidInputError:
    return InvalidInputError(
        [Finding(rule="source-unreadable", message=f"{path} {problem}", place=Place(file=str(path)))]
    )


def _parsed(text: str, name: str) -> Mapping[str, Any]:
    try:
        documents = [json.loads(text)] if text.lstrip().startswith("{") else from_yaml(text)
    except json.JSONDecodeError as error:
        place = Place(file=name, line=error.lineno, column=error.colno)
        raise InvalidInputError(
            [Finding(rule="json-syntax", message=f"This is not JSON: {error.msg}", place=place)]
        ) from error
    except (RecursionError, LimitExceededError) as error:
        problem = "This is nested too deep, or expands to too much, to be a workflow"
        raise InvalidInputError(
            [
                Finding(
                    rule="workflow-limit", message=problem, place=Place(file=name), fix="write it without such depths"
                )
            ]
        ) from error
    if len(documents) == 1 and isinstance(documents[0], Mapping):
        return documents[0]
    message = "A workflow is one mapping with the keys name, nodes and edges"
    raise InvalidInputError([Finding(rule="workflow-shape", message=message, place=Place(file=name))])


def _workflow(raw: Mapping[str, Any], name: str) -> Workflow:
    findings = [_misshapen("nodes", "is missing")] if "nodes" not in raw else []
    texts = {key: raw.get(key) or "" for key in ("name", "description")}
    findings += [_misshapen(key, "must be a text") for key, value in texts.items() if not isinstance(value, str)]
    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    try:
        nodes, edges = drawing_from_json(raw)
    except InvalidInputError as error:
        findings += error.findings
    if findings:
        raise InvalidInputError(evolve(finding, place=evolve(finding.place, file=name)) for finding in findings)
    title = texts["name"] or Path(name).stem or "workflow"
    return Workflow(name=title, description=texts["description"], nodes=nodes, edges=edges)


def _misshapen(path: str, problem: str) -> Finding:
    return Finding(rule="workflow-shape", message=f"{path} {problem}", place=Place(path=path))
