"""The composition root: the one place that knows which adapter stands behind which port."""

from entrypoints.bootstrap._app import App, Overrides, Ports
from entrypoints.bootstrap._opening import SANDBOX, open_app, open_local_app, open_repositories, serve_sandbox
from entrypoints.bootstrap._wiring import wire

__all__ = [
    "SANDBOX",
    "App",
    "Overrides",
    "Ports",
    "open_app",
    "open_local_app",
    "open_repositories",
    "serve_sandbox",
    "wire",
]
