"""A Kubernetes API simulator on loopback; it runs no containers and says so."""

from adapters.sandbox._server import Sandbox, create_sandbox, open_sandbox

__all__ = ["Sandbox", "create_sandbox", "open_sandbox"]
