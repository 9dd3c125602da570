"""Compiles a drawing: reads every node, finds what every edge means, and answers what links give, when asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from attrs import define, field, frozen

from flowcore.errors import Finding, InvalidInputError
from flowcore.kinds._catalogue import Catalogue
from flowcore.kinds._collecting import Collector, nearest
from flowcore.kinds._kind import Kind, Link
from flowcore.kinds._reading import PLACEHOLDER
from flowcore.manifests import ABSENT, Template
from flowcore.model import Edge, Manifest, Node, Workflow

_NO_EXTRA: Final[Mapping[str, Any]] = {"labels": {}, "annotations": {}}


@define(eq=False)
class WiredNode:
    """A node with its values; links read it by ``get``, which computes exports when they are first asked for.

    Attributes:
        node: the drawn node.
        kind: its kind.
        values: its parameters in their right types.
        wires: the wires at this node with the end it is at, ``source`` or ``target``, in drawing order.
        is_flawed: whether the drawing has values that were wrong and left out, so that some exports have no value.
    """

    node: Node
    kind: Kind
    values: dict[str, Any]
    wires: list[tuple[Wire, str]] = field(factory=list, repr=False)
    is_flawed: bool = field(default=False, repr=False)
    scope: dict[str, Any] = field(init=False, repr=False)
    _computed: dict[str, Any] = field(factory=dict, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self.scope = {**self.values, "id": self.node.id, "links": _Slots(self), "self": self}
        self._computed = {
            "id": self.node.id,
            "kind": self.kind.object_kind,
            "apiVersion": self.kind.api_version,
        }
        for name in self.kind.exports.keys() & self._computed.keys():
            del self._computed[name]  # a kind may say of each node which object it makes

    def get(self, name: str, default: Any = ABSENT) -> Any:
        """Return an export or a parameter; an export that would need itself is absent."""
        if name in self._computed:
            return self._computed[name]
        template = self.kind.exports.get(name)
        if template is None:
            return self.values.get(name, default)
        self._computed[name] = ABSENT
        try:
            self._computed[name] = template.evaluate(self.scope)
        except InvalidInputError:
            if not self.is_flawed:
                raise
        return self._computed[name]

    def secret_names(self) -> tuple[str, ...]:
        """Return the names of the values that are given only at run time."""
        keys = self.values.get(self.kind.secret_keys, ()) if self.kind.secret_keys else ()
        names = [key.get("name", "") for key in keys]
        return tuple(name for name in names if name and not name.startswith(PLACEHOLDER))

    def render(
        self, *, namespace: str = "", run: Mapping[str, Any] | None = None, extra: Mapping[str, Any] = _NO_EXTRA
    ) -> Manifest:
        """Return the manifest, before overrides.

        Args:
            namespace: for a node that names none.
            run: ``secrets`` and ``env`` that are only known at run time.
            extra: ``labels`` and ``annotations`` that are added to the object.

        Raises:
            InvalidInputError: a value that the template needs is missing.
        """
        scope = {**self.scope, "run": run or {}, "extra": extra}
        if namespace and "namespace" not in self.values:
            scope["namespace"] = namespace
        manifest: Manifest = self.kind.template.render(scope)
        return manifest


@frozen
class _Slots:
    """What links contribute to a node, by slot."""

    _node: WiredNode
    _computed: dict[str, list[Any]] = field(factory=dict, init=False)

    def get(self, slot: str, default: Any = ABSENT) -> list[Any]:
        """Return the contributions to a slot in drawing order; none while they are being computed."""
        if slot not in self._computed:
            self._computed[slot] = []
            found: list[Any] = []
            for wire, end in self._node.wires:
                template = wire.link.gives.get(end, {}).get(slot)
                if template is not None:
                    found.extend(self._given(template, wire))
            self._computed[slot] = found
        return self._computed[slot]

    def _given(self, template: Template, wire: Wire) -> list[Any]:
        """Return what a link gives; nothing where that needs a value that was wrong."""
        try:
            given: list[Any] = template.evaluate(wire.scope)
        except InvalidInputError:
            if not self._node.is_flawed:
                raise
            return []
        return given


@frozen
class _Drawing:
    """The nodes of a drawing by kind or role, for rules that look beyond their own node."""

    _nodes: Mapping[str, WiredNode]
    _found: dict[str, list[WiredNode]] = field(factory=dict, init=False)

    def get(self, word: str, default: Any = ABSENT) -> list[WiredNode]:
        """Return the nodes that a kind's name or a role means, in drawing order."""
        if word not in self._found:
            self._found[word] = [node for node in self._nodes.values() if node.kind.is_a(word)]
        return self._found[word]


@frozen(kw_only=True, eq=False)
class Wire:
    """An edge with its meaning.

    Attributes:
        edge: the drawn edge.
        link: what it means.
        source, target: its ends.
        values: its data in the right types.
        scope: what the link's templates and checks see.
    """

    edge: Edge
    link: Link
    source: WiredNode
    target: WiredNode
    values: Mapping[str, Any]
    scope: Mapping[str, Any] = field(init=False, repr=False)

    @scope.default
    def _make_scope(self) -> Mapping[str, Any]:
        edge = {"id": self.edge.id, **_given("sourceHandle", self.edge.source_handle)}
        edge |= _given("targetHandle", self.edge.target_handle)
        return {**self.values, "source": self.source, "target": self.target, "edge": edge}

    @property
    def order(self) -> tuple[str, str] | None:
        """Ids of the node that must exist first and of the one that comes after it; None when it does not matter."""
        if self.link.first == "none":
            return None
        ends = (self.source.node.id, self.target.node.id)
        return ends if self.link.first == "source" else (ends[1], ends[0])

    @property
    def waits(self) -> str:
        """What the later end waits for: started, healthy or completed."""
        return self.link.waits(self.values)


def _given(key: str, value: str) -> dict[str, str]:
    return {key: value} if value else {}


@frozen
class Wiring:
    """A compiled drawing.

    Attributes:
        nodes: the nodes whose kind is known, by id, in drawing order.
        wires: the edges that mean something, in drawing order.
        findings: what is wrong with kinds, node data, edge data and connections.
    """

    nodes: Mapping[str, WiredNode]
    wires: tuple[Wire, ...]
    findings: tuple[Finding, ...]

    def orders(self) -> Iterator[tuple[str, str]]:
        """Yield (earlier, later) for every wire that says so."""
        return (wire.order for wire in self.wires if wire.order is not None)

    def release(self) -> None:
        """Forget all; call it when done.

        Nodes and wires know each other. Parted, they are freed at once; otherwise a garbage collection has to find
        them, which costs a large drawing half as much again as planning it.
        """
        for node in self.nodes.values():
            node.scope.clear()
            node.wires.clear()


def wire_up(workflow: Workflow, catalogue: Catalogue) -> Wiring:
    """Compile a drawing; dangling and impossible edges are left out, as are nodes of unknown kinds.

    Ids that occur twice are another package's to report; here the first one counts.
    """
    findings: list[Finding] = []
    nodes: dict[str, WiredNode] = {}
    for node in workflow.nodes:
        if node.type not in catalogue:
            _report_kind(node, catalogue, findings)
        elif node.id not in nodes:
            kind = catalogue.kind(node.type)
            values, found = kind.read(node.data, node.id)
            findings.extend(found)
            nodes[node.id] = WiredNode(node, kind, values)
    drawing = _Drawing(nodes)
    wires = tuple(_wires(workflow, catalogue, nodes, findings))
    is_flawed = any(finding.is_error for finding in findings)
    for wired in nodes.values():
        wired.scope["drawing"] = drawing
        wired.is_flawed = is_flawed
    return Wiring(nodes, wires, tuple(findings))


def _wires(
    workflow: Workflow, catalogue: Catalogue, nodes: Mapping[str, WiredNode], findings: list[Finding]
) -> Iterator[Wire]:
    seen: set[tuple[str, str, str, str, str]] = set()
    for edge in workflow.edges:
        source, target = nodes.get(edge.source), nodes.get(edge.target)
        if source is None or target is None or source is target:
            continue
        link = _meaning(edge, catalogue.links_between(source.kind.name, target.kind.name))
        if link is None:
            _report_link(edge, source, target, catalogue, findings)
            continue
        values = link.reader.read(edge.data, "data", Collector(edge=edge.id, found=findings))
        key = (edge.source, edge.target, edge.source_handle, edge.target_handle, repr(values))
        if key in seen:
            continue
        seen.add(key)
        wire = Wire(edge=edge, link=link, source=source, target=target, values=values)
        source.wires.append((wire, "source"))
        target.wires.append((wire, "target"))
        yield wire


def _meaning(edge: Edge, links: tuple[Link, ...]) -> Link | None:
    """Return the link that names the edge's handle, else the first that names none; without a handle, the first."""
    if not edge.source_handle:
        return links[0] if links else None
    named = [link for link in links if link.handle == edge.source_handle]
    return next(iter([*named, *(link for link in links if not link.handle)]), None)


def _report_kind(node: Node, catalogue: Catalogue, findings: list[Finding]) -> None:
    message = f"there is no kind {node.type!r}"
    known = nearest(node.type, [kind.name for kind in catalogue.kinds])
    Collector(node=node.id, found=findings).add("kind-unknown", message, "type", fix=known)


def _report_link(
    edge: Edge, source: WiredNode, target: WiredNode, catalogue: Catalogue, findings: list[Finding]
) -> None:
    start, end = source.kind, target.kind
    allowed = [kind.label for kind in catalogue.kinds if catalogue.links_between(start.name, kind.name)]
    taken = [kind.label for kind in catalogue.kinds if catalogue.links_between(kind.name, end.name)]
    turned = catalogue.links_between(end.name, start.name)
    possible = f"{start.label} can be linked to {', '.join(allowed) or 'nothing'}"
    possible += f", and {end.label} from {', '.join(taken) or 'nothing'}"
    fix = f"draw it the other way, from {end.label} to {start.label}" if turned else possible
    Collector(edge=edge.id, found=findings).add(
        "link-not-allowed",
        f"{start.label} {source.node.name} cannot be linked to {end.label} {target.node.name}",
        why="such an edge has no meaning, so nothing would come of it",
        fix=fix,
    )
