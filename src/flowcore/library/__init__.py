"""What the library offers without ports: files to drawings, and each pure step with the core catalogue."""

from flowcore.library._files import dump_workflow, load_workflow, read_source
from flowcore.library._kinds import load_kinds
from flowcore.library._manifests import import_manifests
from flowcore.library._steps import import_compose, render, validate, waves

__all__ = [
    "dump_workflow",
    "import_compose",
    "import_manifests",
    "load_kinds",
    "load_workflow",
    "read_source",
    "render",
    "validate",
    "waves",
]
