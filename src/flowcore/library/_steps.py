"""The pure steps with the core catalogue: Compose to a drawing, checks, order, manifests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from attrs import evolve

from flowcore.compose import Binds, Expose, Files, Imported, Networks
from flowcore.compose import import_compose as convert_compose
from flowcore.errors import Finding
from flowcore.kinds import Catalogue, core_catalogue
from flowcore.layout import arrange
from flowcore.lint import review
from flowcore.model import Manifest, Workflow
from flowcore.planning import plan
from flowcore.planning import waves as plan_waves

#: Values of secret nodes, by node id and key; never part of a workflow.
SecretValues = Mapping[str, Mapping[str, str]]


def import_compose(
    source: str | Path | Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    profiles: Sequence[str] = (),
    name: str | None = None,
    expose: str = Expose.LOADBALANCER,
    binds: str = Binds.EMPTYDIR,
    networks: str = Networks.IGNORE,
    files: Files | None = None,
    root: Path | None = None,
) -> Imported:
    """Turn Compose files into a workflow, with positions.

    Args:
        source: a path, a YAML text, or a list of them; later ones override earlier ones.
        env: values for ``${VARIABLES}``; they win over the ``.env`` file beside the first path. The process's own
            environment is not read.
        profiles: active profiles; services that belong to others are left out.
        name: name of the project; otherwise the file's ``name``, else its folder's.
        expose: how published ports are reached: ``loadbalancer``, ``nodeport``, ``ingress`` or ``clusterip``.
        binds: what replaces folders of the host: ``emptydir``, ``pvc``, ``hostpath``; ``refuse`` makes them an error.
        networks: ``policies`` draws network policies, so that only services on one network may talk; or ``ignore``.
        files: where paths are looked up and what the files beside the source are read through; by default this
            machine's disk below the first path's folder for paths, and nothing for texts.
        root: a folder above the first path's, to allow reading in all of it.

    Returns:
        The workflow, what a reader should know about the conversion, and the values of secrets by node id and key.

    Raises:
        InvalidInputError: the source cannot be converted; every problem is listed with file and line.
    """
    imported = convert_compose(
        source,
        env=env,
        profiles=profiles,
        name=name,
        expose=expose,
        binds=binds,
        networks=networks,
        files=files,
        root=root,
    )
    workflow = imported.workflow
    placed = arrange(workflow.nodes, workflow.edges)
    return evolve(imported, workflow=evolve(workflow, nodes=placed))


def validate(
    workflow: Workflow,
    *,
    ignore: Iterable[str] = (),
    pod_security: str | None = None,
    namespace: str = "",
    catalogue: Catalogue | None = None,
) -> list[Finding]:
    """Return everything that is wrong or unwise about a workflow, errors first, then in drawing order.

    Args:
        workflow: the drawing.
        ignore: ids of rules to leave out, ``pss-*`` for all that start so; errors that stop planning stay.
        pod_security: the Pod Security level that the cluster enforces (privileged, baseline or restricted); what it
            would refuse is an error then. Without it, what baseline forbids is a warning.
        namespace: where nodes live that name no namespace, if that is known.
        catalogue: the kinds to judge with; the core catalogue if not given.

    Raises:
        InvalidInputError: there is no such level.
    """
    return review(
        workflow, catalogue or core_catalogue(), namespace=namespace, pod_security=pod_security, ignore=ignore
    )


def waves(workflow: Workflow, *, catalogue: Catalogue | None = None) -> list[list[str]]:
    """Return the ids of the nodes in the order they are applied: each inner list at once, after the one before it.

    Raises:
        InvalidInputError: the edges run in a circle, or the workflow cannot be compiled for another reason.
    """
    return plan_waves(workflow, catalogue or core_catalogue())


def render(
    workflow: Workflow,
    *,
    namespace: str = "",
    secret_values: SecretValues | None = None,
    catalogue: Catalogue | None = None,
) -> list[Manifest]:
    """Return the Kubernetes manifests of a workflow as plain dicts, in apply order.

    Args:
        workflow: the drawing.
        namespace: set on objects whose node names none; empty leaves it to whoever applies them.
        secret_values: values for secret nodes by node id and key; without them Secrets have no data.
        catalogue: the kinds to render with; the core catalogue if not given.

    Raises:
        InvalidInputError: the workflow has errors; every one is listed.
    """
    made = plan(workflow, catalogue or core_catalogue(), namespace=namespace, secret_values=secret_values)
    return [step.manifest for step in made.steps]
