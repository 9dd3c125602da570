"""Resolves ``$include: file.yaml#part`` in kind files, so that kinds share parts without copies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import frozen

from flowcore.errors import Finding, InvalidInputError, Place
from flowcore.manifests import TreeList, TreeMap

_MAX_DEPTH: Final = 10


@frozen
class Includes:
    """The files that may be included, by name."""

    trees: Mapping[str, Any]

    def resolve(self, tree: Any, depth: int = 0) -> Any:
        """Return a tree in which every include is replaced by the part it names.

        In a list, an included list is spliced in; in a mapping with other keys, an included mapping is merged under
        them. Every part keeps the lines of its own file.

        Raises:
            InvalidInputError: the file or part is not there, or includes go round in a circle.
        """
        if isinstance(tree, TreeMap):
            return self._mapping(tree, depth)
        if isinstance(tree, TreeList):
            return self._list(tree, depth)
        return tree

    def _mapping(self, tree: TreeMap, depth: int) -> Any:
        resolved = TreeMap(tree.file, tree.line)
        if "$include" in tree:
            part = self._part(tree, depth)
            if len(tree) == 1:
                return part
            if not isinstance(part, TreeMap):
                raise self._wrong(tree, "is no mapping, so nothing can stand beside it")
            resolved.update(part)
            resolved.lines.update(part.lines)
        for key, value in tree.items():
            if key != "$include":
                resolved[key] = self.resolve(value, depth)
                resolved.lines[key] = tree.lines.get(key, tree.line)
        return resolved

    def _list(self, tree: TreeList, depth: int) -> TreeList:
        resolved = TreeList(tree.file, tree.line)
        for position, item in enumerate(tree):
            value = self.resolve(item, depth)
            splices = isinstance(item, TreeMap) and list(item) == ["$include"] and isinstance(value, TreeList)
            resolved.extend(value if splices else [value])
            resolved.lines.extend(value.lines if splices else [tree.lines[position]])
        return resolved

    def _part(self, tree: TreeMap, depth: int) -> Any:
        file, _, path = str(tree["$include"]).partition("#")
        if depth >= _MAX_DEPTH:
            raise self._wrong(tree, "includes itself")
        if file not in self.trees:
            raise self._wrong(tree, f"names a file that is not there; there are {', '.join(sorted(self.trees))}")
        part = self.trees[file]
        for step in path.split(".") if path else ():
            if not isinstance(part, TreeMap) or step not in part:
                raise self._wrong(tree, f"names a part that {file} does not have")
            part = part[step]
        return self.resolve(part, depth + 1)

    def _wrong(self, tree: TreeMap, problem: str) -> InvalidInputError:
        place = Place(file=tree.file, line=tree.lines["$include"], path="$include")
        message = f"the include {tree['$include']!r} {problem}"
        return InvalidInputError([Finding(rule="kind-include", message=message, place=place)])
