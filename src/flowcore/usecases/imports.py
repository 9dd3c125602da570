"""Import applications from Compose files: look first, then make a workflow of it or add it to one."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from typing import Any

from attrs import evolve, field, frozen

from flowcore.compose import import_compose, load
from flowcore.errors import Finding, InvalidInputError, LimitExceededError
from flowcore.layout import arrange
from flowcore.model import Edge, Node, Position, User, Workflow
from flowcore.ports.storage import Repository
from flowcore.usecases.access import own_workflow
from flowcore.usecases.workflows import CreateWorkflow, SaveWorkflow, WorkflowChanges, WorkflowDraft

#: Largest Compose text, in bytes.
LARGEST = 1024 * 1024

_UNSET_RULE = "compose-variable-unset"
_VARIABLE = re.compile(r"variable (\w+)")


@frozen(kw_only=True)
class Source:
    """A Compose file as it was sent.

    Attributes:
        variables: values for the variables that the file uses.
        namespace: put on every node; empty leaves nodes without one.
    """

    text: str = field(repr=False)
    name: str = ""
    variables: Mapping[str, str] = field(factory=dict, repr=False)
    profiles: tuple[str, ...] = ()
    namespace: str = ""


@frozen(kw_only=True)
class Analysis:
    """What a Compose file would become.

    Attributes:
        services: the services as written, short forms written out, by name.
        findings: everything that was decided, changed or left out.
        secret_values: values by node id and key; they go to the caller and are kept nowhere.
        unset_variables: variables that nobody gave a value.
        missing_secrets: keys that the drawing declares and that have no value, by node id.
    """

    name: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    services: Mapping[str, Mapping[str, Any]] = field(factory=dict, repr=False)
    findings: tuple[Finding, ...] = ()
    secret_values: Mapping[str, Mapping[str, str]] = field(factory=dict, repr=False)
    unset_variables: tuple[str, ...] = ()
    missing_secrets: Mapping[str, tuple[str, ...]] = field(factory=dict)


@frozen
class AnalyzeCompose:
    """Turn a Compose file into a drawing with positions, and store nothing."""

    async def __call__(self, source: Source) -> Analysis:
        """Return what the file would become.

        Raises:
            InvalidInputError: the file cannot be imported; it holds every finding.
            LimitExceededError: the file is too large.
        """
        if len(source.text.encode()) > LARGEST:
            raise LimitExceededError("File too large. Maximum size is 1MB", code="import.too_large")
        return await asyncio.to_thread(_analyze, source)


@frozen(kw_only=True)
class CreateFromImport:
    """Make a new workflow of an analysed file."""

    create: CreateWorkflow

    async def __call__(self, user: User, draft: WorkflowDraft, *, detected_type: str) -> Workflow:
        """Return the stored workflow.

        Raises:
            InvalidInputError: the name will not do, or ids of the drawing occur twice.
        """
        return await self.create(user, evolve(draft, tags=("imported", detected_type)))


@frozen(kw_only=True)
class ApplyImport:
    """Add an analysed file's drawing to a workflow that exists; ids that are taken there are changed."""

    workflows: Repository[Workflow]
    save: SaveWorkflow

    async def __call__(
        self, user: User, workflow_id: str, nodes: Iterable[Node], edges: Iterable[Edge], *, edition: int | None = None
    ) -> Workflow:
        """Return the stored workflow.

        Raises:
            NotFoundError: the user has no such workflow.
            StaleWorkflowError: the workflow has changed since the caller read it.
        """
        current = await own_workflow(self.workflows, user, workflow_id)
        added, wires = remapped(current, nodes, edges)
        # Based on the edition just read, so that nothing saved in between is overwritten.
        changes = WorkflowChanges(
            nodes=(*current.nodes, *added),
            edges=(*current.edges, *wires),
            edition=current.edition if edition is None else edition,
        )
        return (await self.save(user, workflow_id, changes)).workflow


def remapped(
    workflow: Workflow, nodes: Iterable[Node], edges: Iterable[Edge]
) -> tuple[tuple[Node, ...], tuple[Edge, ...]]:
    """Return nodes and edges under ids that the workflow does not use yet, still wired to each other."""
    node_ids = {node.id for node in workflow.nodes}
    fresh: dict[str, str] = {}
    added = []
    for node in nodes:
        fresh[node.id] = _free(node.id, node_ids)
        added.append(evolve(node, id=fresh[node.id]))
    edge_ids = {edge.id for edge in workflow.edges}
    wires = tuple(
        evolve(
            edge,
            id=_free(edge.id, edge_ids),
            source=fresh.get(edge.source, edge.source),
            target=fresh.get(edge.target, edge.target),
        )
        for edge in edges
    )
    return tuple(added), wires


def placed(nodes: Iterable[Node], positions: Mapping[str, Position]) -> tuple[Node, ...]:
    """Return the nodes where *positions* puts them; the others stay."""
    return tuple(evolve(node, position=positions.get(node.id, node.position)) for node in nodes)


def _free(wanted: str, taken: set[str]) -> str:
    number, candidate = 1, wanted
    while candidate in taken:
        number += 1
        candidate = f"{wanted}-{number}"
    taken.add(candidate)
    return candidate


def _analyze(source: Source) -> Analysis:
    # The line break makes sure that the library takes the source for a text and never for a path.
    text = f"{source.text}\n"
    imported = import_compose(text, env=source.variables, profiles=source.profiles, name=source.name or None)
    workflow = imported.workflow
    nodes = arrange(_in_namespace(workflow.nodes, source.namespace), workflow.edges)
    unset = {match[1] for f in imported.findings if f.rule == _UNSET_RULE and (match := _VARIABLE.search(f.message))}
    return Analysis(
        name=workflow.name,
        nodes=nodes,
        edges=workflow.edges,
        services=_services(text, source),
        findings=imported.findings,
        secret_values=imported.secret_values,
        unset_variables=tuple(sorted(unset)),
        missing_secrets=_missing_secrets(nodes, imported.secret_values),
    )


def _services(text: str, source: Source) -> Mapping[str, Mapping[str, Any]]:
    try:
        document = load(text, env=source.variables, profiles=source.profiles)
    except InvalidInputError:
        return {}
    services: Mapping[str, Mapping[str, Any]] = document.get("services") or {}
    return services


def _in_namespace(nodes: Iterable[Node], namespace: str) -> tuple[Node, ...]:
    if not namespace or namespace == "default":
        return tuple(nodes)
    return tuple(evolve(node, data={**node.data, "namespace": namespace}) for node in nodes)


def _missing_secrets(nodes: Iterable[Node], values: Mapping[str, Mapping[str, str]]) -> dict[str, tuple[str, ...]]:
    missing = {}
    for node in nodes:
        keys = node.data.get("keys") if node.type == "secret" else None
        names = tuple(key["name"] for key in keys or () if key["name"] not in values.get(node.id, {}))
        if names:
            missing[node.id] = names
    return missing
