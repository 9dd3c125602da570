"""YAML read into trees that know their lines: one safe constructor with limits, for templates, kinds and manifests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from attrs import define
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from flowcore.errors import Finding, InvalidInputError, LimitExceededError, Place

#: Limits against documents made to exhaust memory or stack.
MAX_CHARACTERS: Final = 2_000_000
MAX_VALUES: Final = 200_000
MAX_DEPTH: Final = 100

_TAG: Final = "tag:yaml.org,2002:"
_WORDS: Final = {"true": True, "false": False}
_FLOATS: Final = {".inf": float("inf"), "+.inf": float("inf"), "-.inf": float("-inf"), ".nan": float("nan")}


class TreeMap(dict[str, Any]):
    """A mapping read from a file.

    Attributes:
        file: name of the file.
        line: line it starts at, from 1.
        lines: line of each key.
    """

    __slots__ = ("file", "line", "lines")

    def __init__(self, file: str = "", line: int = 0) -> None:
        super().__init__()
        self.file = file
        self.line = line
        self.lines: dict[str, int] = {}


class TreeList(list[Any]):
    """A list read from a file.

    Attributes:
        file: name of the file.
        line: line it starts at, from 1.
        lines: line of each item.
    """

    __slots__ = ("file", "line", "lines")

    def __init__(self, file: str = "", line: int = 0) -> None:
        super().__init__()
        self.file = file
        self.line = line
        self.lines: list[int] = []


def read_trees(text: str, *, file: str = "") -> list[Any]:
    """Return every document of a YAML text; mappings are ``TreeMap``, lists ``TreeList``, moments stay texts.

    YAML 1.2 rules hold: ``yes`` is a text. Aliases are copied, merge keys are resolved.

    Raises:
        InvalidInputError: it is not YAML, has a duplicate key, an unknown tag or a key that is not a text.
        LimitExceededError: it is larger, deeper or expands to more values than allowed.
    """
    if len(text) > MAX_CHARACTERS:
        raise LimitExceededError(f"the YAML text has more than {MAX_CHARACTERS} characters", code="yaml.too_large")
    builder = _Builder(file=file)
    return [builder.build(node, "", 0) for node in _nodes(text, file)]


def _nodes(text: str, file: str) -> Iterator[Node]:
    try:
        yield from YAML(typ="safe", pure=True).compose_all(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file=file, line=mark.line + 1 if mark else 0, column=mark.column + 1 if mark else 0)
        raise _invalid(error.problem or error.context or "not YAML", place) from error
    except (YAMLError, ValueError, OverflowError) as error:
        raise _invalid(str(error).splitlines()[0], Place(file=file)) from error
    except RecursionError as error:
        raise LimitExceededError(f"the YAML text is deeper than {MAX_DEPTH} levels", code="yaml.too_deep") from error


def _invalid(problem: str, place: Place) -> InvalidInputError:
    finding = Finding(rule="yaml-syntax", message=f"not valid YAML: {problem}", place=place)
    return InvalidInputError([finding], code="yaml.invalid")


@define
class _Builder:
    """Builds values from ruamel's nodes and counts them."""

    file: str
    count: int = 0

    def build(self, node: Node | None, path: str, depth: int) -> Any:
        self.count += 1
        if self.count > MAX_VALUES or depth > MAX_DEPTH:
            raise LimitExceededError("the YAML text is too deep or expands to too many values", code="yaml.too_large")
        if node is None:
            return None
        if isinstance(node, ScalarNode):
            return self._scalar(node, path)
        if node.tag not in (_TAG + "map", _TAG + "seq"):
            raise self._error(f"the tag {node.tag} has no meaning here", node, path)
        if isinstance(node, MappingNode):
            return self._mapping(node, path, depth)
        assert isinstance(node, SequenceNode)
        return self._list(node, path, depth)

    def _list(self, node: SequenceNode, path: str, depth: int) -> TreeList:
        tree = TreeList(self.file, _line(node))
        for position, item in enumerate(node.value):
            tree.append(self.build(item, f"{path}[{position}]", depth + 1))
            tree.lines.append(_line(item))
        return tree

    def _mapping(self, node: MappingNode, path: str, depth: int) -> TreeMap:
        tree = TreeMap(self.file, _line(node))
        merged: list[TreeMap] = []
        for key_node, value_node in node.value:
            if key_node.tag == _TAG + "merge":
                merged.extend(self._merged(value_node, path, depth))
                continue
            key = self._key(key_node, path)
            if key in tree:
                raise self._error(f"the key {key!r} stands here twice", key_node, path)
            tree[key] = self.build(value_node, f"{path}.{key}" if path else key, depth + 1)
            tree.lines[key] = _line(key_node)
        for other in merged:
            for key, value in other.items():
                if key not in tree:
                    tree[key] = value
                    tree.lines[key] = other.lines[key]
        return tree

    def _merged(self, node: Node, path: str, depth: int) -> list[TreeMap]:
        value = self.build(node, path, depth + 1)
        maps = list(value) if isinstance(value, TreeList) else [value]
        if not all(isinstance(item, TreeMap) for item in maps):
            raise self._error("a merge key needs a mapping", node, path)
        return maps

    def _key(self, node: Node, path: str) -> str:
        if not isinstance(node, ScalarNode) or node.tag == _TAG + "null":
            raise self._error("keys must be texts", node, path)
        return str(node.value)

    def _scalar(self, node: ScalarNode, path: str) -> Any:
        text = str(node.value)
        tag = str(node.tag).removeprefix(_TAG)
        if tag in ("str", "timestamp"):
            return text
        if tag == "null":
            return None
        try:
            if tag == "bool":
                return _WORDS[text.lower()]
            if tag == "int":
                return _integer(text)
            if tag == "float":
                return _FLOATS[text.lower()] if text.lower() in _FLOATS else float(text.replace("_", ""))
        except (KeyError, ValueError):
            raise self._error(f"{text!r} is not a {tag}", node, path) from None
        raise self._error(f"the tag {node.tag} has no meaning here", node, path)

    def _error(self, problem: str, node: Node, path: str) -> InvalidInputError:
        mark = node.start_mark
        return _invalid(problem, Place(file=self.file, line=mark.line + 1, column=mark.column + 1, path=path))


def _integer(text: str) -> int:
    digits = text.replace("_", "").lower()
    return int(digits, 0) if digits.lstrip("+-")[:2] in ("0x", "0o", "0b") else int(digits)


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1
