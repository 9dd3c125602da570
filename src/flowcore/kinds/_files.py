"""Reads kind files: includes, then parameters, links, checks and templates, with every mistake at its line."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from attrs import define

from flowcore.errors import InvalidInputError, Severity
from flowcore.kinds._collecting import nearest
from flowcore.kinds._declared import ParameterReader
from flowcore.kinds._functions import FUNCTIONS
from flowcore.kinds._kind import Check, Handle, Kind, Link
from flowcore.kinds._reading import Reader
from flowcore.manifests import (
    Expression,
    ExpressionError,
    Template,
    compile_expression,
)

_KIND_KEYS: Final = frozenset(
    {"name", "label", "category", "icon", "description", "resource", "apply_rank", "roles", "receives", "handles"}
    | {"parameters", "exports", "links", "checks", "secret_keys", "holds_data", "template"}
)
_LINK_KEYS: Final = frozenset(
    {"to", "from", "handle", "meaning", "description", "first", "waits", "parameters", "gives", "checks"}
)
_CHECK_KEYS: Final = frozenset({"rule", "severity", "each", "in", "when", "path", "message", "why", "fix"})
_HANDLE_KEYS: Final = frozenset({"side", "id", "each", "label"})
#: Names that every template of a kind sees beside its parameters.
_KIND_NAMES: Final = frozenset({"id", "links", "self"})
_CHECK_NAMES: Final = _KIND_NAMES | {"drawing"}
_RENDER_NAMES: Final = _KIND_NAMES | {"run", "extra"}
_LINK_NAMES: Final = frozenset({"source", "target", "edge"})


@define
class KindReader(ParameterReader):
    """Turns one kind's tree into a ``Kind`` and collects what is wrong with it."""

    def kind(self, tree: Any) -> Kind | None:
        """Return the kind, None when something is wrong (then ``findings`` says what)."""
        if not isinstance(tree, dict):
            self.wrong("a kind file holds one mapping", tree)
            return None
        self.keys(tree, _KIND_KEYS, "a kind", ("name", "label", "resource", "template"))
        parameters = self.parameters(self.items(tree, "parameters"))
        resource = self._resource(tree)
        names = frozenset(parameter.name for parameter in parameters) | _KIND_NAMES
        links = [self._link(link, str(tree.get("name"))) for link in self.items(tree, "links")]
        checks = [self._check(check, names | _CHECK_NAMES) for check in self.items(tree, "checks")]
        exports = {
            key: self._template(value, names, f"exports.{key}") for key, value in self.map(tree, "exports").items()
        }
        template = self._template(tree.get("template"), names | _RENDER_NAMES, "template")
        handles = tuple(self._handle(handle) for handle in self.items(tree, "handles"))
        if self.findings or template is None:
            return None
        return Kind(
            name=str(tree["name"]),
            label=str(tree["label"]),
            category=str(tree.get("category", "")),
            icon=str(tree.get("icon", "")),
            description=str(tree.get("description", "")),
            api_version=str(resource.get("apiVersion", "")),
            object_kind=str(resource.get("kind", "")),
            plural=str(resource.get("plural", "")),
            namespaced=bool(resource.get("namespaced", True)),
            apply_rank=self.whole(tree, "apply_rank", 1000),
            roles=self.words(tree, "roles"),
            receives=self.words(tree, "receives"),
            secret_keys=str(tree.get("secret_keys", "")),
            holds_data=bool(tree.get("holds_data", False)),
            parameters=parameters,
            handles=handles,
            links=tuple(link for link in links if link is not None),
            exports={key: value for key, value in exports.items() if value is not None},
            checks=tuple(check for check in checks if check is not None),
            template=template,
            reader=Reader.of(parameters, ignores_canvas=True),
        )

    # ------------------------------------------------------------ parts

    def _link(self, tree: Any, name: str) -> Link | None:
        if not self.is_mapping(tree, "a link"):
            return None
        self.keys(tree, _LINK_KEYS, "a link", ("meaning",))
        if ("to" in tree) == ("from" in tree):
            self.wrong("a link says either to or from", tree)
        first = str(tree.get("first", "none"))
        if first not in ("source", "target", "none"):
            self.wrong("first must be source, target or none", tree, "first")
        parameters = self.parameters(self.items(tree, "parameters"))
        own = frozenset(parameter.name for parameter in parameters)
        names = own | _LINK_NAMES
        gives: dict[str, dict[str, Template]] = {}
        for end, slots in self.map(tree, "gives").items():
            if end not in ("source", "target") or not isinstance(slots, dict):
                self.wrong("gives has the mappings source and target", tree, "gives")
                continue
            made = {slot: self._template(value, names, f"gives.{end}.{slot}") for slot, value in slots.items()}
            gives[end] = {slot: template for slot, template in made.items() if template is not None}
        checks = [self._check(check, names) for check in self.items(tree, "checks")]
        return Link(
            source=str(tree.get("from", name)),
            target=str(tree.get("to", name)),
            handle=str(tree.get("handle", "")),
            meaning=str(tree.get("meaning", "")),
            description=str(tree.get("description", "")),
            first=first,
            parameters=parameters,
            gives=gives,
            checks=tuple(check for check in checks if check is not None),
            waits=self._expression(tree, "waits", own) if "waits" in tree else None,
            reader=Reader.of(parameters),
        )

    def _check(self, tree: Any, names: frozenset[str]) -> Check | None:
        if not self.is_mapping(tree, "a check"):
            return None
        self.keys(tree, _CHECK_KEYS, "a check", ("rule", "when", "message"))
        each: tuple[str, Expression] | None = None
        if "each" in tree:
            source = self._expression(tree, "in", names)
            each = (str(tree["each"]), source) if source is not None else None
            names = names | {str(tree["each"]), "position"}
        when = self._expression(tree, "when", names)
        texts = {key: self._template(tree.get(key, ""), names, key) for key in ("message", "path", "fix")}
        severity = str(tree.get("severity", "error"))
        if severity not in list(Severity):
            self.wrong(f"unknown severity {severity!r}", tree, "severity", fix=nearest(severity, list(Severity)))
            return None
        if when is None:
            return None
        made = {key: text for key, text in texts.items() if text is not None}
        return Check(
            rule=str(tree.get("rule")),
            severity=Severity(severity),
            why=str(tree.get("why", "")),
            each=each,
            when=when,
            texts=made,
        )

    def _handle(self, tree: Any) -> Handle:
        if not self.is_mapping(tree, "a handle"):
            return Handle(side="source")
        self.keys(tree, _HANDLE_KEYS, "a handle", ("side",))
        return Handle(**{key: str(tree[key]) for key in _HANDLE_KEYS if key in tree} | {"side": str(tree.get("side"))})

    # ------------------------------------------------------------ trees

    def _expression(self, tree: dict[str, Any], key: str, names: Collection[str]) -> Expression | None:
        text = tree.get(key)
        if not isinstance(text, str):
            self.wrong(f"{key} must be an expression", tree, key)
            return None
        try:
            return compile_expression(text, names=names, functions=FUNCTIONS)
        except ExpressionError as error:
            self.wrong(str(error), tree, key)
            return None

    def _template(self, tree: Any, names: Collection[str], path: str) -> Template | None:
        shares = path != "template"  # only manifests leave the house; everything else is only read
        try:
            return Template.compile(tree, names=names, functions=FUNCTIONS, file=self.file, path=path, shares=shares)
        except InvalidInputError as error:
            self.findings.extend(error.findings)
            return None

    def _resource(self, tree: dict[str, Any]) -> Mapping[str, Any]:
        resource = self.map(tree, "resource")
        for key in ("apiVersion", "kind"):
            if not resource.get(key):
                self.wrong(f"resource needs {key}", tree, "resource")
        return resource
