"""Images of the containers in an object, and their parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from attrs import frozen

from flowcore.exchange._paths import Path, at, mappings_at
from flowcore.model import Manifest

_POD_PATHS: Final[tuple[Path, ...]] = (
    ("spec", "template", "spec"),
    ("spec", "jobTemplate", "spec", "template", "spec"),
)
_TAG: Final = re.compile(r"(?P<name>.+?)(?::(?P<tag>[\w][\w.-]*))?(?:@(?P<digest>[a-z0-9+._-]+:[0-9a-fA-F]+))?")


@frozen
class Image:
    """An image reference in its parts; ``tag`` and ``digest`` are empty where there is none."""

    name: str
    tag: str = ""
    digest: str = ""

    @classmethod
    def of(cls, reference: str) -> Image:
        """Return the parts of a reference."""
        found = _TAG.fullmatch(reference)
        if found is None:
            return cls(reference)
        return cls(found["name"], found["tag"] or "", found["digest"] or "")


def pod_path(manifest: Manifest) -> Path | None:
    """Return where an object has a pod's spec, None when it has none."""
    paths = (("spec",),) if manifest.get("kind") == "Pod" else _POD_PATHS
    return next((path for path in paths if mappings_at(manifest, *path, "containers")), None)


def containers(manifest: Manifest) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the containers of an object with their places, the main one first."""
    pod = pod_path(manifest)
    for key in ("containers", "initContainers") if pod else ():
        items = at(manifest, (*pod, key)) if pod else None
        for position, container in enumerate(items if isinstance(items, list) else ()):
            if pod and isinstance(container, dict):
                yield (*pod, key, position), container
