"""From a drawing to what a run applies: stamped manifests in waves, with what each waits for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import field, frozen

from flowcore.errors import Finding
from flowcore.kinds import Catalogue
from flowcore.model import Manifest, NodeState, ObjectRef, Workflow
from flowcore.planning import Step, plan
from flowcore.usecases.runs._live import MANAGER, MANAGER_LABEL, NODE_LABEL, WORKFLOW_LABEL
from flowcore.usecases.runs.watching import Target

#: Where objects go whose node names no namespace.
DEFAULT_NAMESPACE = "default"
VERSION_ANNOTATION = "flowcore.dev/version"
RUN_ANNOTATION = "flowcore.dev/run"


@frozen(kw_only=True)
class GivenValues:
    """Values that come with a request to run; they live in memory only and are never shown.

    Attributes:
        secrets: value by key, by id of the secret node.
        env: value by variable, by id of the workload node.
    """

    secrets: Mapping[str, Mapping[str, str]] = field(factory=dict, repr=False)
    env: Mapping[str, Mapping[str, str]] = field(factory=dict, repr=False)


@frozen
class Prepared:
    """What a run applies.

    Attributes:
        waves: steps that may be applied at the same time, wave after wave.
        targets: what to watch, one per node.
        findings: what is worth knowing about the drawing.
    """

    waves: tuple[tuple[Step, ...], ...]
    targets: tuple[Target, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every step, in apply order."""
        return tuple(step for wave in self.waves for step in wave)

    def states(self) -> dict[str, NodeState]:
        """Return how the nodes stand before anything is applied."""
        return {
            step.node_id: NodeState(wave=wave, gates={gate.node_id: gate.condition for gate in step.waits_for})
            for wave, steps in enumerate(self.waves)
            for step in steps
        }


def prepare(workflow: Workflow, catalogue: Catalogue, given: GivenValues) -> Prepared:
    """Compile a drawing for the cluster.

    Raises:
        InvalidInputError: with everything that is wrong with the drawing.
    """
    compiled = plan(workflow, catalogue, namespace=DEFAULT_NAMESPACE, secret_values=given.secrets, env_values=given.env)
    waves = tuple(tuple(wave.steps) for wave in compiled.waves)
    types = {node.id: node.type for node in workflow.nodes}
    targets = tuple(_target(step, types[step.node_id]) for wave in waves for step in wave)
    return Prepared(waves, targets, tuple(compiled.findings))


def stamped(manifest: Manifest, *, workflow_id: str, node_label: str, version: int, run_id: str) -> Manifest:
    """Return the manifest with what tells whose it is.

    Labels go on the object and on the pods that it makes, so that one watch sees them all; what changes with every run
    goes on the object alone, so that running again without a change restarts nothing.
    """
    labels = {MANAGER_LABEL: MANAGER, WORKFLOW_LABEL: workflow_id, NODE_LABEL: node_label}
    annotations = {VERSION_ANNOTATION: str(version), RUN_ANNOTATION: run_id}
    made = {**manifest, "metadata": _with(manifest.get("metadata") or {}, labels, annotations)}
    if "spec" in made:
        made["spec"] = _label_pods(made["spec"], labels)
    return made


def _label_pods(spec: Any, labels: Mapping[str, str]) -> Any:
    """Label the pod template of a workload's spec; of a cron job's, the job template and its pod template."""
    if not isinstance(spec, Mapping):
        return spec
    for name in ("template", "jobTemplate"):
        template = spec.get(name)
        if isinstance(template, Mapping):
            inner = {"spec": _label_pods(template["spec"], labels)} if "spec" in template else {}
            metadata = _with(template.get("metadata") or {}, labels, {})
            return {**spec, name: {**template, "metadata": metadata, **inner}}
    return dict(spec)


def _with(metadata: Mapping[str, Any], labels: Mapping[str, str], annotations: Mapping[str, str]) -> dict[str, Any]:
    made = {**metadata, "labels": {**(metadata.get("labels") or {}), **labels}}
    if annotations:
        made["annotations"] = {**(metadata.get("annotations") or {}), **annotations}
    return made


def _target(step: Step, type_: str) -> Target:
    return Target(step.node_id, type_, ObjectRef.of(step.manifest), label_of(step))


def label_of(step: Step) -> str:
    """Return the node's id as its objects carry it in their labels."""
    labels = step.manifest.get("metadata", {}).get("labels") or {}
    return str(labels.get(NODE_LABEL, step.node_id))


def refs_of(steps: Iterable[Step]) -> tuple[ObjectRef, ...]:
    """Return the objects that the steps make."""
    return tuple(ObjectRef.of(step.manifest) for step in steps)
