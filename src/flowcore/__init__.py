"""flowcore: draw a Kubernetes application as a graph, render it, compare it, keep it.

The names below are the library's promise; everything else may change in any release.
"""

from flowcore.compose import Imported
from flowcore.diffing import Diff, diff
from flowcore.errors import Finding, FlowcoreError, InvalidInputError, Place, Severity
from flowcore.health import Health, HealthStatus, assess
from flowcore.kinds import Catalogue, core_catalogue
from flowcore.library import dump_workflow, import_compose, load_workflow, render, validate, waves
from flowcore.model import Edge, Node, Position, Workflow

__all__ = [
    "Catalogue",
    "Diff",
    "Edge",
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
    "assess",
    "core_catalogue",
    "diff",
    "dump_workflow",
    "import_compose",
    "load_workflow",
    "render",
    "validate",
    "waves",
]
