"""flowcore: draw a Kubernetes application as a graph, render it, compare it, keep it.

The names below are the library's promise; everything else may change in any release.
"""

from flowcore.compose import Imported
from flowcore.diffing import Diff, diff
from flowcore.errors import Edit, Finding, FlowcoreError, InvalidInputError, Place, Severity
from flowcore.exchange import to_helm, to_kustomize, to_manifests
from flowcore.health import Health, HealthStatus, assess
from flowcore.kinds import Catalogue, core_catalogue, kind_from_crd
from flowcore.library import (
    dump_workflow,
    import_compose,
    import_manifests,
    load_kinds,
    load_workflow,
    render,
    validate,
    waves,
)
from flowcore.lint import apply_fixes, lint_manifest
from flowcore.model import Edge, Node, Position, Workflow

__all__ = [
    "Catalogue",
    "Diff",
    "Edge",
    "Edit",
    "Finding",
    "FlowcoreError",
    "Health",
    "HealthStatus",
    "Imported",
    "InvalidInputError",
    "Node",
    "Place",
    "Position",
    "Severity",
    "Workflow",
    "apply_fixes",
    "assess",
    "core_catalogue",
    "diff",
    "dump_workflow",
    "import_compose",
    "import_manifests",
    "kind_from_crd",
    "lint_manifest",
    "load_kinds",
    "load_workflow",
    "render",
    "to_helm",
    "to_kustomize",
    "to_manifests",
    "validate",
    "waves",
]
