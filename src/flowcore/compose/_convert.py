"""A loaded project to a drawing: nodes, edges, and the secret values beside them."""

from __future__ import annotations

from flowcore.compose._commands import draw_command
from flowcore.compose._dependencies import draw_dependencies
from flowcore.compose._environment import draw_environment, gather
from flowcore.compose._hooks import draw_hooks
from flowcore.compose._hostnames import Hostnames
from flowcore.compose._imported import Imported, Origin
from flowcore.compose._marks import Mark, mark_of
from flowcore.compose._mounts import Shared
from flowcore.compose._network import draw_network
from flowcore.compose._placement import draw_placement
from flowcore.compose._pod import draw_pod
from flowcore.compose._policies import Policies
from flowcore.compose._probes import draw_probes
from flowcore.compose._project import Project
from flowcore.compose._resources import draw_replicas, draw_resources
from flowcore.compose._rollout import draw_rollout
from flowcore.compose._scaling import draw_scaling
from flowcore.compose._scope import Drawing, Networks, Options, Scope
from flowcore.compose._security import draw_security
from flowcore.compose._sidecars import choose_hosts, fold_guests
from flowcore.compose._storage import Claims, draw_storage
from flowcore.compose._summary import summaries
from flowcore.compose._unsupported import tell_unsupported, tell_unsupported_groups
from flowcore.compose._workloads import awaited_to_end, choose_kind, draw_kind
from flowcore.model import Workflow

#: Longest name of a workload: room for what Kubernetes and we append to it.
_NAME_LIMIT = 48
#: The groups whose elements become something.
_ELEMENTS = ("services", "volumes", "networks", "secrets", "configs", "models")


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
    fold_guests(scopes, drawing)
    if options.networks is Networks.POLICIES:
        Policies(project=project, drawing=drawing, scopes=scopes).draw()
    claims.tell_shared()
    tell_unsupported_groups(project, options)
    project.report.stop_on_errors()
    workflow = Workflow(name=project.name, nodes=drawing.nodes, edges=drawing.edges)
    return Imported(
        workflow=workflow,
        findings=tuple(project.report.findings),
        secret_values=drawing.secret_values,
        unset_variables={name: tuple(places) for name, places in project.report.unset_variables.items()},
        services=summaries(scopes),
        origins=_origins(project, drawing),
    )


def _origins(project: Project, drawing: Drawing) -> tuple[Origin, ...]:
    nodes: dict[str, list[str]] = {path: list(ids) for path, ids in drawing.origins_of_guests.items()}
    for node in drawing.nodes:
        nodes.setdefault(drawing.origins[node.id], []).append(node.id)
    elements = {
        f"{group}.{name}": mark_of(project.group(group), name) for group in _ELEMENTS for name in project.group(group)
    }
    for path in nodes:
        elements.setdefault(path, project.tree.mark)
    for name in project.disabled:
        elements[f"services.{name}"] = Mark(file=project.tree.mark.file)
    return tuple(Origin(element=mark.place(path), nodes=tuple(nodes.get(path, ()))) for path, mark in elements.items())


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
    choose_hosts(scopes)
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
    draw_hooks(scope)
    draw_placement(scope)
    draw_rollout(scope)
    draw_network(scope, aliases)
    draw_kind(scope)
    tell_unsupported(scope)
    if scope.host is None:
        scope.node(scope.kind, scope.id, scope.data)
    draw_scaling(scope)
