"""What a reader wants to see of each service: without the values of its environment, and without its secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowcore.compose._marks import plain
from flowcore.compose._scope import Scope

_AS_WRITTEN = ("image", "ports", "volumes")
_NAMES = ("depends_on", "networks", "environment")
#: Keys of the workload that say what runs; secrets in it are references there.
_DRAWN = {"entrypoint": "command", "command": "args"}


def summaries(scopes: Mapping[str, Scope]) -> dict[str, Mapping[str, Any]]:
    """Return the services by name."""
    return {name: _summary(scope) for name, scope in scopes.items()}


def _summary(scope: Scope) -> dict[str, Any]:
    told: dict[str, Any] = {key: plain(scope.get(key)) for key in _AS_WRITTEN if scope.get(key) is not None}
    told |= {key: list(scope.get(key)) for key in _NAMES if scope.get(key)}
    told |= {key: list(scope.data[drawn]) for key, drawn in _DRAWN.items() if scope.data.get(drawn)}
    build = scope.get("build")
    if build is not None:
        written = {key: plain(build[key]) for key in ("context", "dockerfile", "target") if build.get(key)}
        told["build"] = {**written, **({"args": list(build["args"])} if build.get("args") else {})}
    return told
