"""Kubernetes objects to a drawing that renders them again.

Every object is read into the data of a node of its kind, references become wires, and what then still differs goes
into the node's overrides. Where even that does not make the same object, less of the reading is used, until at last
the object is kept as it is in a node for raw manifests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from attrs import define, evolve, field

from flowcore.compose import Imported
from flowcore.errors import Finding, InvalidInputError, Severity
from flowcore.exchange._drafts import RAW_KIND, Board, Draft, Trust, Wish
from flowcore.exchange._naming import ids_of
from flowcore.exchange._networks import custom_wishes
from flowcore.exchange._objects import Found, Gathering, is_secret
from flowcore.exchange._overrides import completed, overrides_for
from flowcore.exchange._paths import same, text_at
from flowcore.exchange._reading import read_node
from flowcore.kinds import Catalogue, core_catalogue, wire_up
from flowcore.layout import arrange
from flowcore.lint import inspect
from flowcore.manifests import merge
from flowcore.model import Edge, Manifest, Node, Workflow

#: What reading an object ends in whose fields are of other types than the API's.
_ODD: Final = (AttributeError, LookupError, TypeError, ValueError)
_ODD_SHAPE: Final = "some of its fields have another type than in the API"
#: Every round lowers some object's trust, so the loop ends; this is a belt beside the braces.
_MOST_ROUNDS: Final = 12


def import_manifests(
    documents: Iterable[Any], *, name: str | None = None, catalogue: Catalogue | None = None
) -> Imported:
    """Return the drawing of Kubernetes objects; rendered, it makes the same objects again.

    Args:
        documents: objects as plain values, also lists of objects; those from ``read_trees`` know their file and line.
        name: name of the workflow.
        catalogue: the kinds that may model the objects; the core's if None.

    Returns:
        The workflow, what was left out or changed, and the values of secrets by node id and key.

    Raises:
        InvalidInputError: there is no object in the documents.
    """
    gathering = Gathering()
    found = gathering.gather(documents)
    if not found:
        problem = Finding(rule="import-empty", message="there is no Kubernetes object to import")
        raise InvalidInputError([problem, *gathering.findings], code="import.empty")
    importer = Importer.of(found, catalogue or core_catalogue())
    workflow = importer.run(name or _name(found))
    secrets = {draft.id: draft.found.secrets for draft in importer.board.drafts.values() if draft.found.secrets}
    return Imported(
        workflow=workflow, findings=(*gathering.findings, *importer.findings), secret_values=importer.kept(secrets)
    )


def _name(found: list[Found]) -> str:
    """Return what most objects are part of, else the namespace they share."""
    for label in ("app.kubernetes.io/part-of", "app.kubernetes.io/instance"):
        names = {text_at(one.object, "metadata", "labels", label) for one in found} - {""}
        if len(names) == 1:
            return names.pop()
    namespaces = {one.ref.namespace for one in found if one.ref.namespace}
    return namespaces.pop() if len(namespaces) == 1 else "imported"


@define
class Importer:
    """Turns objects into nodes and edges, and checks what comes of them.

    Attributes:
        board: the drafts.
        findings: what was not possible.
    """

    board: Board
    findings: list[Finding] = field(factory=list)

    @classmethod
    def of(cls, found: list[Found], catalogue: Catalogue) -> Importer:
        """Make the drafts."""
        kinds = {
            (kind.api_version, kind.object_kind): kind for kind in reversed(catalogue.kinds) if kind.name != RAW_KIND
        }
        words = {kind.object_kind: kind.name for kind in kinds.values()}
        drafts = {
            id_: Draft(found=one, id=id_, kind=kinds.get((one.ref.api_version, one.ref.kind)))
            for id_, one in zip(ids_of(found, words), found, strict=True)
        }
        return cls(Board(catalogue, drafts))

    def run(self, name: str) -> Workflow:
        """Return the drawing."""
        workflow = self._drawn(name)
        for _ in range(_MOST_ROUNDS):
            if not self._doubted(workflow):
                break
            workflow = self._drawn(name)
        self._tell()
        return evolve(workflow, nodes=arrange(workflow.nodes, workflow.edges))

    def kept(self, secrets: Mapping[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        """Return the values of those secrets that have become nodes that know their keys."""
        return {id_: values for id_, values in secrets.items() if self.board.drafts[id_].is_modelled}

    def _drawn(self, name: str) -> Workflow:
        wishes = [wish for draft in self.board.drafts.values() for wish in self._wishes(draft)]
        edges = tuple(_edges(wishes))
        workflow = Workflow(name=name, nodes=self._nodes(), edges=edges)
        return evolve(workflow, nodes=self._overridden(workflow))

    def _wishes(self, draft: Draft) -> list[Wish]:
        read: list[Wish] = []
        if draft.is_modelled:
            try:
                read = read_node(draft, self.board)
            except _ODD:
                draft.distrust(_ODD_SHAPE)
        return [*read, *custom_wishes(draft, self.board)]

    def _nodes(self) -> Iterator[Node]:
        for draft in self.board.drafts.values():
            if draft.is_modelled and draft.kind is not None:
                yield Node(id=draft.id, type=draft.kind.name, data=draft.data)
            elif RAW_KIND in self.board.catalogue:
                yield Node(id=draft.id, type=RAW_KIND, data=self._raw(draft))

    def _raw(self, draft: Draft) -> dict[str, Any]:
        definition = self.board.definition(draft.found.ref)
        scope = text_at(definition.object, "spec", "scope") if definition is not None else ""
        is_wide = scope == "Cluster" or (not scope and draft.found.ref.kind.startswith("Cluster"))
        data: dict[str, Any] = {"name": draft.name, "manifest": draft.object}
        return {**data, "namespaced": False} if is_wide and not draft.namespace else data

    def _overridden(self, workflow: Workflow) -> list[Node]:
        """Return the nodes with the overrides that make the wanted objects; lower the trust where there are none."""
        wiring = wire_up(workflow, self.board.catalogue)
        nodes: list[Node] = []
        for node in workflow.nodes:
            draft = self.board.drafts[node.id]
            run = {"secrets": draft.found.secrets} if draft.found.secrets else {}
            try:
                nodes.append(_with_overrides(node, draft, wiring.nodes[node.id].render(run=run)))
            except (InvalidInputError, *_ODD) as error:
                draft.reasons.append(error.message if isinstance(error, InvalidInputError) else _ODD_SHAPE)
                nodes.append(node)
        wiring.release()
        return nodes

    def _doubted(self, workflow: Workflow) -> bool:
        """Lower the trust in what does not hold and say whether there was anything."""
        inspection = inspect(workflow, self.board.catalogue)
        inspection.wiring.release()
        ends = {edge.id: (edge.source, edge.target) for edge in workflow.edges}
        banned = {ends[one.place.edge] for one in inspection.findings if one.is_error and one.place.edge in ends}
        self.board.banned |= banned
        for one in inspection.findings:
            if one.is_error and one.place.node in self.board.drafts:
                self.board.drafts[one.place.node].reasons.append(one.message)
        doubted = [one for one in self.board.drafts.values() if one.reasons and one.is_modelled]
        for draft in doubted:
            draft.trust = Trust(draft.trust - 1)
            if draft.trust > Trust.RAW:
                draft.reasons.clear()
        return bool(doubted or banned)

    def _tell(self) -> None:
        """Note what was not read into a node of its kind, and what that cost."""
        for draft in self.board.drafts.values():
            if not draft.is_modelled:
                rule, severity, message = self._verdict(draft)
                self._note(draft, rule, severity, message)
                if draft.found.secrets:
                    message = f"the values of {draft.found.ref} were left out: a raw manifest holds no secrets"
                    self._note(draft, "import-secret-raw", Severity.WARNING, message)

    def _verdict(self, draft: Draft) -> tuple[str, Severity, str]:
        ref = draft.found.ref
        if RAW_KIND not in self.board.catalogue:
            return "import-unknown-kind", Severity.WARNING, f"no kind models {ref.api_version} {ref}; it was left out"
        if draft.kind is None:
            message = f"no kind models {ref.api_version} {ref}; it is kept as a raw manifest"
            return "import-raw", Severity.INFO, message
        return "import-raw", Severity.WARNING, f"{ref} is kept as a raw manifest: {draft.reasons[0]}"

    def _note(self, draft: Draft, rule: str, severity: Severity, message: str) -> None:
        place = evolve(draft.found.place, node=draft.id)
        self.findings.append(Finding(rule=rule, severity=severity, message=message, place=place))


def _with_overrides(node: Node, draft: Draft, rendered: Manifest) -> Node:
    """Return the node with the overrides that make its object, or note that there are none."""
    secret = draft.found.secrets
    object_ = {**draft.object, "stringData": secret} if secret and draft.is_modelled else draft.object
    wanted = completed(object_, rendered)
    overrides = overrides_for(rendered, wanted)
    if is_secret(draft.object):
        # Whatever the kind makes of them, the values of secrets do not go into the drawing.
        overrides = {key: value for key, value in overrides.items() if key not in ("data", "stringData")}
    if not same(merge(rendered, overrides) if overrides else rendered, wanted):
        draft.reasons.append("no node of its kind renders it as it is")
    return evolve(node, data={**node.data, "overrides": overrides}) if overrides else node


def _edges(wishes: Iterable[Wish]) -> Iterator[Edge]:
    counts: dict[str, int] = {}
    for wish in wishes:
        base = f"{wish.source}-{wish.target}"
        counts[base] = counts.get(base, 0) + 1
        id_ = base if counts[base] == 1 else f"{base}-{counts[base]}"
        yield Edge(id=id_, source=wish.source, target=wish.target, source_handle=wish.handle, data=wish.data)
