"""Reads declarations out of trees: typed parts, parameters, and every mistake at its line."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from attrs import define, field

from flowcore.errors import Finding, Place
from flowcore.kinds._collecting import nearest
from flowcore.kinds._crd_schema import schema_parameter, trimmed
from flowcore.kinds._formats import FORMATS
from flowcore.kinds._parameters import TYPES, Parameter
from flowcore.manifests import ABSENT, TreeList, TreeMap, plain

_PARAMETER_KEYS: Final = frozenset(
    {"name", "label", "type", "format", "required", "default", "minimum", "maximum", "options", "help", "group"}
    | {"aliases", "items", "values", "keys", "fields", "choices", "unique", "refers", "keeps_null", "open"}
    | {"schema"}
)


@define
class TreeReader:
    """Takes typed parts out of trees and collects what is wrong with them.

    Attributes:
        file: name of the file, for trees that do not know it.
        findings: what is wrong so far.
    """

    file: str
    findings: list[Finding] = field(factory=list)

    def items(self, tree: dict[str, Any], key: str) -> list[Any]:
        """Return a list that a mapping holds under a key, empty when there is none."""
        found = tree.get(key)
        if found is not None and not isinstance(found, list):
            self.wrong(f"{key} must be a list", tree, key)
        return found if isinstance(found, list) else []

    def words(self, tree: dict[str, Any], key: str) -> tuple[str, ...]:
        """Return a list of words."""
        found = self.items(tree, key)
        if not all(isinstance(word, (str, int)) for word in found):
            self.wrong(f"{key} must be a list of words", tree, key)
        return tuple(str(word) for word in found)

    def whole(self, tree: dict[str, Any], key: str, default: int) -> int:
        """Return a whole number, else the default."""
        found = tree.get(key, default)
        if type(found) is not int:
            self.wrong(f"{key} must be a whole number", tree, key)
        return found if type(found) is int else default

    def limit(self, tree: dict[str, Any], key: str) -> float | None:
        """Return a number, None when there is none."""
        found = tree.get(key)
        if found is not None and type(found) not in (int, float):
            self.wrong(f"{key} must be a number", tree, key)
        return found if type(found) in (int, float) else None

    def map(self, tree: dict[str, Any], key: str) -> dict[str, Any]:
        """Return a mapping, empty when there is none."""
        found = tree.get(key)
        if found is not None and not isinstance(found, dict):
            self.wrong(f"{key} must be a mapping", tree, key)
        return found if isinstance(found, dict) else {}

    def is_mapping(self, tree: Any, what: str) -> bool:
        """Say whether a tree is a mapping; note a mistake when it is not."""
        if isinstance(tree, dict):
            return True
        self.wrong(f"{what} is a mapping", tree)
        return False

    def keys(self, tree: dict[str, Any], known: Collection[str], what: str, required: tuple[str, ...]) -> None:
        """Note keys that are unknown or missing."""
        for key in tree:
            if key not in known:
                self.wrong(f"{what} has no {key!r}", tree, key, fix=nearest(str(key), known))
        for key in required:
            if key not in tree:
                self.wrong(f"{what} needs {key!r}", tree)

    def wrong(self, message: str, tree: Any, key: str = "", fix: str = "") -> None:
        """Note a mistake at a tree's line, or at the line of one of its keys."""
        place = Place(file=getattr(tree, "file", "") or self.file, line=line(tree, key), path=key)
        self.findings.append(Finding(rule="kind-file", message=message, place=place, fix=fix))


@define
class ParameterReader(TreeReader):
    """Reads the parameters of kinds and links."""

    def parameters(self, tree: Any) -> tuple[Parameter, ...]:
        """Return the parameters that a list declares."""
        found = [self._parameter(item) for item in tree or () if self.is_mapping(item, "a parameter")]
        names = [parameter.name for parameter in found]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.wrong(f"the parameter {name!r} is declared twice", tree)
        return tuple(found)

    def _parameter(self, tree: dict[str, Any], name: str = "") -> Parameter:
        self.keys(tree, _PARAMETER_KEYS, "a parameter", () if name else ("name",))
        if "schema" in tree:
            return self._of_schema(tree, name)
        type_ = str(tree.get("type", "string"))
        if type_ not in TYPES:
            self.wrong(f"unknown type {type_!r}", tree, "type", fix=nearest(type_, TYPES))
        for key in ("format", "keys"):
            word = str(tree.get(key, ""))
            if word and word not in FORMATS:
                self.wrong(f"unknown format {word!r}", tree, key, fix=nearest(word, FORMATS))
        inner = {key: self._inner(tree[key]) for key in ("items", "values") if key in tree}
        return Parameter(
            name=str(tree.get("name", name)),
            label=str(tree.get("label", "")),
            type=type_ if type_ in TYPES else "any",
            format=str(tree.get("format", "")),
            required=bool(tree.get("required", False)),
            default=plain(tree["default"]) if "default" in tree else ABSENT,
            minimum=self.limit(tree, "minimum"),
            maximum=self.limit(tree, "maximum"),
            options=self.words(tree, "options"),
            help=str(tree.get("help", "")),
            group=str(tree.get("group", "")),
            aliases=self.words(tree, "aliases"),
            items=inner.get("items"),
            values=inner.get("values"),
            keys=str(tree.get("keys", "")),
            fields=self.parameters(self.items(tree, "fields")),
            choices=tuple(self._inner(choice) for choice in self.items(tree, "choices")),
            unique=str(tree.get("unique", "")),
            refers=str(tree.get("refers", "")),
            keeps_null=bool(tree.get("keeps_null", False)),
            open=bool(tree.get("open", False)),
        )

    def _of_schema(self, tree: dict[str, Any], name: str) -> Parameter:
        schema = tree.get("schema")
        if not isinstance(schema, dict):
            self.wrong("schema must be a mapping, an OpenAPI v3 schema", tree, "schema")
            schema = {}
        said = {key: str(tree[key]) for key in ("label", "help", "group") if key in tree}
        required = bool(tree.get("required", False))
        return schema_parameter(str(tree.get("name", name)), trimmed(schema), required=required, **said)

    def _inner(self, tree: Any) -> Parameter:
        """Return a nameless parameter; a bare word is its type."""
        if isinstance(tree, str):
            tree = {"type": tree}
        return self._parameter(tree if self.is_mapping(tree, "a parameter") else {}, name="item")


def line(tree: Any, key: str) -> int:
    """Return the line of a key of a tree, or of the tree; 0 when it is not known."""
    if isinstance(tree, TreeMap):
        return tree.lines.get(key, tree.line)
    return tree.line if isinstance(tree, TreeList) else 0
