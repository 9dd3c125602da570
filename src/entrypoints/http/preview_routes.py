"""What is wrong with a workflow, and what a run of it would do."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Router, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from entrypoints.bootstrap import App
from entrypoints.http.access import needs
from entrypoints.http.auditing import CHANGES_NOTHING
from entrypoints.http.errors import problems_of
from entrypoints.http.ids import checked_id
from entrypoints.http.workflow_shapes import edges_in, nodes_in
from flowcore.errors import errors_of
from flowcore.model import User
from flowcore.policy import Scope
from flowcore.usecases.runs.previewing import Preview, StepPreview


class DrawingIn(msgspec.Struct):
    """A drawing that is not saved; what is missing is taken from the stored one."""

    nodes: list[dict[str, Any]] | None = None
    edges: list[dict[str, Any]] | None = None


class FindingsOut(msgspec.Struct):
    """Everything that is wrong or odd; ``valid`` when nothing of it keeps the workflow from running."""

    valid: bool
    findings: list[dict[str, Any]]


class PlanOut(msgspec.Struct):
    """What a run would do: every node in apply order, and what is no longer drawn and would be deleted."""

    cluster: str
    steps: list[dict[str, Any]]
    prune: list[dict[str, str]]
    counts: dict[str, int]
    problems: list[str]
    findings: list[dict[str, Any]]

    @classmethod
    def of(cls, preview: Preview) -> PlanOut:
        """Translate a preview."""
        actions = [step.change.action for step in preview.steps]
        counts = {action: actions.count(action) for action in ("create", "update", "unchanged")}
        return cls(
            cluster=preview.cluster,
            steps=[_step(step) for step in preview.steps],
            prune=[{"kind": ref.kind, "name": ref.name, "namespace": ref.namespace} for ref in preview.leftovers],
            counts={**counts, "prune": len(preview.leftovers)},
            problems=list(preview.problems),
            findings=problems_of(preview.findings),
        )


@post("/workflows/{workflow_id:str}/validate", status_code=200, opt=needs(Scope.READ) | CHANGES_NOTHING)
async def validate(
    workflow_id: FromPath[str],
    user: NamedDependency[User],
    app: NamedDependency[App],
    data: JSONBody[DrawingIn | None] = None,
) -> FindingsOut:
    """Look for everything that is wrong in a workflow, or in a drawing of it that is not saved."""
    drawn = data or DrawingIn()
    id_ = checked_id(workflow_id, "workflow")
    findings = await app.workflows.validate(user, id_, nodes=nodes_in(drawn.nodes), edges=edges_in(drawn.edges))
    return FindingsOut(not errors_of(findings), problems_of(findings))


@post("/workflows/{workflow_id:str}/plan", status_code=200, opt=needs(Scope.READ) | CHANGES_NOTHING)
async def plan(workflow_id: FromPath[str], user: NamedDependency[User], app: NamedDependency[App]) -> PlanOut:
    """Compare a workflow with its cluster; nothing is changed."""
    return PlanOut.of(await app.runs.preview(user, checked_id(workflow_id, "workflow")))


def _step(step: StepPreview) -> dict[str, Any]:
    return {
        "node_id": step.node_id,
        "wave": step.wave,
        "kind": step.ref.kind,
        "name": step.ref.name,
        "namespace": step.ref.namespace,
        "action": step.change.action,
        "differences": [
            {"path": difference.path, "desired": difference.desired, "live": difference.live}
            for difference in step.change.differences
        ],
        "missing_secrets": list(step.missing_secrets),
    }


router = Router("/", route_handlers=[validate, plan], tags=["runs"])
