"""Where a request comes from."""

from __future__ import annotations

from typing import Any

from litestar.connection import ASGIConnection

from flowcore.usecases.sessions import Device


def client_address(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """Return the address of the client; empty when nobody knows."""
    return connection.client.host if connection.client is not None else ""


def device_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Device:
    """Return what is known of the place that a request comes from."""
    return Device(client_address(connection), connection.headers.get("user-agent", ""))
