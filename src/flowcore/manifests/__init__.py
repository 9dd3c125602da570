"""Plain Kubernetes objects: structural templates, YAML in and out, deep merge, quantities."""

from __future__ import annotations

from typing import Any

from flowcore.manifests._emit import to_yaml
from flowcore.manifests._expressions import Compiled as Expression
from flowcore.manifests._expressions import (
    ExpressionError,
    Function,
    compile_expression,
    is_true,
)
from flowcore.manifests._merge import LIST_KEYS, ORDER, identity, list_key, merge
from flowcore.manifests._pieces import as_text
from flowcore.manifests._quantities import quantity
from flowcore.manifests._template import Template
from flowcore.manifests._trees import TreeList, TreeMap, read_trees
from flowcore.manifests._values import ABSENT, SCALARS, Absent, plain

__all__ = [
    "ABSENT",
    "LIST_KEYS",
    "ORDER",
    "SCALARS",
    "Absent",
    "Expression",
    "ExpressionError",
    "Function",
    "Template",
    "TreeList",
    "TreeMap",
    "as_text",
    "compile_expression",
    "from_yaml",
    "identity",
    "is_true",
    "list_key",
    "merge",
    "plain",
    "quantity",
    "read_trees",
    "to_yaml",
]


def from_yaml(text: str, *, file: str = "") -> list[Any]:
    """Return every document of a YAML text in plain dicts, lists and scalars; empty documents are left out.

    Raises:
        InvalidInputError: it is not YAML, or has a duplicate key, an unknown tag or a key that is not a text.
        LimitExceededError: it is larger, deeper or expands to more values than allowed.
    """
    return [_as_plain(tree) for tree in read_trees(text, file=file) if tree is not None]


def _as_plain(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _as_plain(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_as_plain(value) for value in tree]
    return tree
