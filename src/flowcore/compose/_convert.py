"""A loaded project to a drawing: nodes, edges, and the secret values beside them."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from flowcore.compose._commands import draw_command
from flowcore.compose._dependencies import draw_dependencies
from flowcore.compose._environment import draw_environment, gather
from flowcore.compose._hostnames import Hostnames
from flowcore.compose._mounts import Shared
from flowcore.compose._network import draw_network
from flowcore.compose._pod import draw_pod
from flowcore.compose._probes import draw_probes
from flowcore.compose._project import Project
from flowcore.compose._resources import draw_replicas, draw_resources
from flowcore.compose._scope import Drawing, Options, Scope
from flowcore.compose._security import draw_security
from flowcore.compose._storage import Claims, draw_storage
from flowcore.compose._unsupported import tell_unsupported, tell_unsupported_groups
from flowcore.compose._workloads import awaited_to_end, choose_kind, draw_kind
from flowcore.errors import Finding
from flowcore.model import Workflow

#: Longest name of a workload: room for what Kubernetes and we append to it.
_NAME_LIMIT = 48


@frozen(kw_only=True)
class Imported:
    """What an import made.

    Attributes:
        workflow: the drawing, without positions.
        findings: everything that was decided, changed or left out; none of them is an error.
        secret_values: values by node id and key; they are nowhere else.
    """

    workflow: Workflow
    findings: tuple[Finding, ...] = ()
    secret_values: Mapping[str, Mapping[str, str]] = field(factory=dict, repr=False)


def convert(project: Project, options: Options) -> Imported:
    """Return the drawing of a project.

    Raises:
        InvalidInputError: with every finding, when something cannot be converted.
    """
    drawing = Drawing()
    scopes = _scopes(project, options, drawing)
    claims = Claims(project=project, drawing=drawing)
    shared = [Shared(project=project, drawing=drawing, group=group) for group in ("secrets", "configs")]
    claims.draw()
    for group in shared:
        group.draw()
    hostnames = Hostnames(scopes=scopes)
    hostnames.find()
    for scope in scopes.values():
        hostnames.apply(scope)
        _draw(scope, claims, shared, hostnames.aliases.get(scope.name, []))
    for scope in scopes.values():
        draw_dependencies(scope, scopes)
    claims.tell_shared()
    tell_unsupported_groups(project)
    project.report.stop_on_errors()
    workflow = Workflow(name=project.name, nodes=drawing.nodes, edges=drawing.edges)
    return Imported(workflow=workflow, findings=tuple(project.report.findings), secret_values=drawing.secret_values)


def _scopes(project: Project, options: Options, drawing: Drawing) -> dict[str, Scope]:
    """Return a scope for each service; all names are given out before anything else can take them."""
    awaited = awaited_to_end(project.services.values())
    scopes: dict[str, Scope] = {}
    for name, service in project.services.items():
        node_id = drawing.ids.take(name, _NAME_LIMIT)
        drawing.name("service", node_id)
        scopes[name] = Scope(project=project, options=options, drawing=drawing, name=name, id=node_id, service=service)
    for scope in scopes.values():
        choose_kind(scope, awaited)
        gather(scope)
    return scopes


def _draw(scope: Scope, claims: Claims, shared: list[Shared], aliases: list[str]) -> None:
    scope.data["name"] = scope.id
    draw_command(scope)
    draw_replicas(scope)
    draw_environment(scope)
    draw_storage(scope, claims)
    for group in shared:
        group.mount(scope)
    draw_probes(scope)
    draw_resources(scope)
    draw_security(scope)
    draw_pod(scope)
    draw_network(scope, aliases)
    draw_kind(scope)
    tell_unsupported(scope)
    scope.drawing.node(scope.kind, scope.id, scope.data)
