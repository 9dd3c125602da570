"""A node kind: everything the system knows about a kind of resource, in one value made from one file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import field, frozen

from flowcore.errors import Finding, Severity
from flowcore.kinds._collecting import Collector
from flowcore.kinds._parameters import Parameter
from flowcore.kinds._reading import Reader
from flowcore.kinds._references import Rename, followed
from flowcore.kinds._schema import object_schema
from flowcore.manifests import Expression, Template, is_true

#: How a link makes the end that comes second wait for the first.
WAITS: Final = ("started", "healthy", "completed")
#: Stands in a kind's resource for whatever each of its nodes says.
ANY: Final = "*"


@frozen(kw_only=True)
class Handle:
    """A place on a node where edges start or end.

    Attributes:
        id: the word edges name it by; empty for the node itself.
        side: ``source`` where edges start, ``target`` where they end.
        each: list parameter whose items have a handle each, named by the item's ``id``; empty for a single handle.
        label: for people.
    """

    side: str
    id: str = ""
    each: str = ""
    label: str = ""


@frozen(kw_only=True, eq=False)
class Check:
    """A rule of one kind or link: a condition under which something is wrong, and what to say then.

    Attributes:
        rule: stable id, described in docs/reference/rules.md.
        severity: how much it matters.
        why: why it matters; may be empty.
    """

    rule: str
    severity: Severity
    why: str
    _each: tuple[str, Expression] | None = field(repr=False)
    _when: Expression = field(repr=False)
    _texts: Mapping[str, Template] = field(repr=False)

    def apply(self, scope: Mapping[str, Any], collector: Collector) -> None:
        """Add a finding for every case in which the condition holds."""
        if self._each is None:
            if is_true(self._when(scope)):
                self._report(scope, collector)
            return
        variable, source = self._each
        items = source(scope)
        if isinstance(items, Mapping):
            items = [{"key": key, "value": value} for key, value in items.items()]
        if not items:
            return
        inner = dict(scope)
        for position, item in enumerate(items):
            inner[variable] = item
            inner["position"] = position
            if is_true(self._when(inner)):
                self._report(inner, collector)

    def _report(self, scope: Mapping[str, Any], collector: Collector) -> None:
        texts = {key: str(text.evaluate(scope) or "") for key, text in self._texts.items()}
        collector.add(
            self.rule, texts["message"], texts["path"], severity=self.severity, why=self.why, fix=texts["fix"]
        )


@frozen(kw_only=True, eq=False)
class Link:
    """What an edge between two kinds means.

    Attributes:
        source: kind or role the edge starts at.
        target: kind or role the edge ends at.
        handle: source handle the edge must start at; empty for any.
        meaning: verb phrase that completes "source … target".
        description: one sentence for people.
        first: ``source`` or ``target``: which end must exist first; ``none`` when it does not matter.
        parameters: what the edge's data may say.
        gives: what the edge contributes, by end and slot; each template makes a list.
        checks: rules about the edge.
    """

    source: str
    target: str
    handle: str = ""
    meaning: str
    description: str = ""
    first: str = "none"
    parameters: tuple[Parameter, ...] = field(default=(), repr=False)
    gives: Mapping[str, Mapping[str, Template]] = field(factory=dict, repr=False)
    checks: tuple[Check, ...] = field(default=(), repr=False)
    _waits: Expression | None = field(default=None, repr=False)
    reader: Reader = field(repr=False)

    def waits(self, values: Mapping[str, Any]) -> str:
        """Return what the later end waits for, in the words of ``WAITS``, given the edge's values."""
        found = self._waits(values) if self._waits is not None else "started"
        return found if found in WAITS else "started"

    def describe(self) -> dict[str, Any]:
        """Return the link as plain JSON values, for canvases."""
        described = {
            "source": self.source,
            "target": self.target,
            "meaning": self.meaning,
            "description": self.description,
            "first": self.first,
            "parameters": [parameter.describe() for parameter in self.parameters],
        }
        return described | ({"sourceHandle": self.handle} if self.handle else {})


@frozen(kw_only=True, eq=False)
class Kind:
    """A kind of node.

    Attributes:
        name: what nodes name as their type.
        label: what people see.
        category: heading in a palette.
        icon: name of a Lucide icon.
        description: one sentence for people.
        api_version: ``apiVersion`` of the object it renders.
        object_kind: ``kind`` of that object.
        plural: its plural in addresses of the API, where the file says it.
        namespaced: whether that object lives in a namespace.
        apply_rank: smaller is applied earlier among nodes that do not depend on each other.
        roles: words by which links mean several kinds at once, like ``workload``.
        parameters: what a node's data may say.
        handles: where edges start and end.
        links: what edges from or to this kind mean, as far as this kind's file says it.
        receives: slots that links can contribute to.
        secret_keys: list parameter with the names of values that are only given at run time; empty for none.
        holds_data: whether deleting the object loses data; such objects are only removed when asked for.
        exports: values that links see beside the parameters.
        checks: rules beyond the parameters.
        template: makes the manifest.
    """

    name: str
    label: str
    category: str = ""
    icon: str = ""
    description: str = ""
    api_version: str
    object_kind: str
    plural: str = ""
    namespaced: bool = True
    apply_rank: int = 1000
    roles: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = field(default=(), repr=False)
    handles: tuple[Handle, ...] = field(default=(), repr=False)
    links: tuple[Link, ...] = field(default=(), repr=False)
    receives: tuple[str, ...] = ()
    secret_keys: str = ""
    holds_data: bool = False
    exports: Mapping[str, Template] = field(factory=dict, repr=False)
    checks: tuple[Check, ...] = field(default=(), repr=False)
    template: Template = field(repr=False)
    reader: Reader = field(repr=False)

    @property
    def is_fixed(self) -> bool:
        """Whether every node of the kind makes the same kind of object; a raw manifest says it by itself."""
        return self.object_kind != ANY

    def is_a(self, word: str) -> bool:
        """Say whether the kind is meant by a kind's name or a role."""
        return word == self.name or word in self.roles

    def read(self, data: Mapping[str, Any], node_id: str) -> tuple[dict[str, Any], list[Finding]]:
        """Return a node's values in their right types, and what is wrong with its data.

        A node without a name is called by its id. What is wrong is left out of the values.
        """
        collector = Collector(node=node_id)
        name = data.get("name")
        if name is None or name == "":
            data = {**data, "name": node_id}
        values = self.reader.read(data, "data", collector)
        values.setdefault("name", str(data["name"]))
        return values, collector.found

    def with_references(self, data: Mapping[str, Any], rename: Rename) -> dict[str, Any]:
        """Return a node's data with the names of other resources, as its parameters declare them, given by *rename*."""
        return followed(self.parameters, data, rename)

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema (2020-12) of a node's data."""
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": self.label,
            "description": self.description,
            **object_schema(self.parameters),
        }

    def describe(self) -> dict[str, Any]:
        """Return the kind as plain JSON values, for palettes and forms."""
        return {
            "name": self.name,
            "label": self.label,
            "category": self.category,
            "icon": self.icon,
            "description": self.description,
            "resource": {"apiVersion": self.api_version, "kind": self.object_kind, "namespaced": self.namespaced},
            "parameters": [parameter.describe() for parameter in self.parameters],
            "handles": [
                {"id": one.id, "side": one.side, "label": one.label} | ({"each": one.each} if one.each else {})
                for one in self.handles
            ],
            "links": [link.describe() for link in self.links],
        }
