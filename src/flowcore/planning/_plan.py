"""From a drawing to waves of manifests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from attrs import field, frozen

from flowcore.errors import Finding, InvalidInputError, errors_of
from flowcore.kinds import PLACEHOLDER, Catalogue, WiredNode
from flowcore.lint import Inspection, inspect
from flowcore.manifests import merge
from flowcore.model import Manifest, Workflow

_CONDITIONS: Final[Mapping[str, Literal["healthy", "completed"]]] = {"healthy": "healthy", "completed": "completed"}


@frozen
class Gate:
    """Something that must be so before a step may be applied.

    Attributes:
        node_id: the node it is about.
        condition: ``healthy``, or ``completed`` for what ends by itself.
    """

    node_id: str
    condition: Literal["healthy", "completed"]


@frozen(kw_only=True)
class Step:
    """One object to apply.

    Attributes:
        node_id: the node it comes from.
        manifest: the object.
        missing_secrets: names of secret values that the node declares and nobody has given.
        waits_for: what must be so first.
    """

    node_id: str
    manifest: Manifest = field(repr=False)
    missing_secrets: tuple[str, ...] = ()
    waits_for: tuple[Gate, ...] = ()


@frozen
class Wave:
    """Steps that do not depend on each other, in the order in which they are listed for people."""

    steps: tuple[Step, ...]


@frozen
class Plan:
    """What is to be applied.

    Attributes:
        waves: every wave depends on the ones before it.
        findings: warnings and remarks about the drawing; no errors.
    """

    waves: tuple[Wave, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def steps(self) -> Iterator[Step]:
        """Iterate over all steps in apply order."""
        return (step for wave in self.waves for step in wave.steps)


def plan(
    workflow: Workflow,
    catalogue: Catalogue,
    *,
    namespace: str = "",
    secret_values: Mapping[str, Mapping[str, str]] | None = None,
    env_values: Mapping[str, Mapping[str, str]] | None = None,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> Plan:
    """Render a drawing into waves.

    Args:
        workflow: the drawing.
        catalogue: its kinds.
        namespace: for nodes that name none; without it their manifests name none either.
        secret_values: values by key by node id; they are only in the manifests of the plan.
        env_values: values by variable by node id; they win over the drawing's.
        labels: added to every object (not to pods).
        annotations: added to every object (not to pods).

    Raises:
        InvalidInputError: the drawing has errors; it holds every one of them.
    """
    inspection = _sound(workflow, catalogue, namespace)
    extra = {"labels": labels or {}, "annotations": annotations or {}}
    gates = _gates(inspection)
    steps: dict[str, Step] = {}
    for id_, node in inspection.wiring.nodes.items():
        secrets = _named(secret_values, id_)
        run = {"secrets": secrets, "env": _named(env_values, id_)}
        steps[id_] = Step(
            node_id=id_,
            manifest=_manifest(node, namespace, {key: value for key, value in run.items() if value}, extra),
            missing_secrets=tuple(name for name in node.secret_names() if name not in secrets),
            waits_for=gates.get(id_, ()),
        )
    inspection.wiring.release()
    return Plan(tuple(Wave(tuple(steps[id_] for id_ in wave)) for wave in inspection.waves), inspection.findings)


def waves(workflow: Workflow, catalogue: Catalogue) -> list[list[str]]:
    """Return the ids of a drawing's nodes in waves.

    Raises:
        InvalidInputError: the drawing has errors; it holds every one of them.
    """
    inspection = _sound(workflow, catalogue, "")
    inspection.wiring.release()
    return inspection.waves


def _sound(workflow: Workflow, catalogue: Catalogue, namespace: str) -> Inspection:
    inspection = inspect(workflow, catalogue, namespace=namespace)
    errors = errors_of(inspection.findings)
    if errors:
        raise InvalidInputError(errors, code="workflow.invalid")
    return inspection


def _named(values: Mapping[str, Mapping[str, str]] | None, node_id: str) -> dict[str, str]:
    """Return a node's values without those under a key that was never named."""
    given = (values or {}).get(node_id) or {}
    return {key: value for key, value in given.items() if not key.startswith(PLACEHOLDER)}


def _manifest(node: WiredNode, namespace: str, run: Mapping[str, Any], extra: Mapping[str, Any]) -> Manifest:
    manifest = node.render(namespace=namespace if node.kind.namespaced else "", run=run, extra=extra)
    overrides = node.values.get("overrides")
    if overrides:
        manifest = merge(manifest, overrides)
    return manifest


def _gates(inspection: Inspection) -> dict[str, tuple[Gate, ...]]:
    gates: dict[str, dict[Gate, None]] = {}
    for before, after, waits in inspection.implied:
        if waits in _CONDITIONS:
            gates.setdefault(after, {})[Gate(before, _CONDITIONS[waits])] = None
    for wire in inspection.wiring.wires:
        condition = _CONDITIONS.get(wire.waits)
        if wire.order is not None and condition is not None:
            before, after = wire.order
            gates.setdefault(after, {})[Gate(before, condition)] = None
    return {id_: tuple(found) for id_, found in gates.items()}
