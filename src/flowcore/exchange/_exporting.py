"""A drawing to plain manifests, a file per object."""

from __future__ import annotations

from collections.abc import Mapping

from flowcore.exchange._files import file_names
from flowcore.kinds import Catalogue, core_catalogue
from flowcore.manifests import to_yaml
from flowcore.model import Workflow
from flowcore.planning import plan


def to_manifests(
    workflow: Workflow,
    *,
    namespace: str = "",
    secret_values: Mapping[str, Mapping[str, str]] | None = None,
    catalogue: Catalogue | None = None,
) -> dict[str, str]:
    """Return the rendered objects as texts by file name; the names sort in apply order.

    Args:
        workflow: the drawing.
        namespace: for nodes that name none.
        secret_values: values of secret nodes by id and key; without them the secrets have no data.
        catalogue: the kinds; the core's if None.

    Raises:
        InvalidInputError: the drawing has errors; every one is listed.
    """
    planned = plan(workflow, catalogue or core_catalogue(), namespace=namespace, secret_values=secret_values)
    manifests = [step.manifest for step in planned.steps]
    width = len(str(len(manifests)))
    return {
        f"{number:0{width}}-{name}.yaml": to_yaml([manifest])
        for number, (name, manifest) in enumerate(zip(file_names(manifests), manifests, strict=True), start=1)
    }
