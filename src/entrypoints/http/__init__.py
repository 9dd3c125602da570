"""The service over HTTP."""

from entrypoints.http.app import OpenApp, create_app
from entrypoints.http.serving import configure_logs, listen, serve, serve_app

__all__ = ["OpenApp", "configure_logs", "create_app", "listen", "serve", "serve_app"]
