"""Applies the fixes that findings carry to a drawing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from attrs import evolve

from flowcore.errors import Edit, Finding
from flowcore.lint._rule import Path, at
from flowcore.model import Workflow


def apply_fixes(workflow: Workflow, findings: Iterable[Finding]) -> Workflow:
    """Return the drawing with the edits of the findings made; findings without an edit change nothing.

    Values are set first, then others are removed, the last ones of a list first, so that every edit means what it meant
    when it was found. Of two edits of one value the first counts. An edit that fits nothing in the drawing is left out.
    """
    by_node: dict[str, dict[Path, Edit]] = {}
    for finding in findings:
        if finding.edit is not None:
            by_node.setdefault(finding.edit.node, {}).setdefault(finding.edit.path, finding.edit)
    if not by_node:
        return workflow
    nodes = tuple(
        evolve(node, data=_edited(node.data, by_node[node.id].values())) if node.id in by_node else node
        for node in workflow.nodes
    )
    return evolve(workflow, nodes=nodes)


def _edited(data: Mapping[str, Any], edits: Iterable[Edit]) -> dict[str, Any]:
    changed: dict[str, Any] = deepcopy(dict(data))
    removals = []
    for edit in edits:
        if edit.remove:
            removals.append(edit.path)
        else:
            _set(changed, edit.path, deepcopy(edit.value))
    for path in sorted(removals, key=_backwards, reverse=True):
        _remove(changed, path)
    return changed


def _backwards(path: Path) -> tuple[tuple[int, int | str], ...]:
    """Return a key by which later positions of a list are greater, and what lies deeper too."""
    return tuple((0, key) if isinstance(key, int) else (1, key) for key in path)


def _set(data: dict[str, Any], path: Path, value: Any) -> None:
    target: Any = data
    for key in path[:-1]:
        if isinstance(target, dict) and isinstance(key, str):
            if target.get(key) is None:
                target[key] = {}
            target = target[key]
        else:
            target = at(target, key)
    _put(target, path[-1], value)


def _put(target: Any, key: str | int, value: Any) -> None:
    if isinstance(target, list):
        if isinstance(key, int) and 0 <= key < len(target):
            target[key] = value
    elif isinstance(target, dict):
        target[key] = value


def _remove(data: dict[str, Any], path: Path) -> None:
    target, key = at(data, *path[:-1]), path[-1]
    if isinstance(target, dict):
        target.pop(key, None)
    elif isinstance(target, list) and isinstance(key, int) and 0 <= key < len(target):
        del target[key]
