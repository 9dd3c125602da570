"""The ingress in front of a service: its hosts and paths, its class and its certificate."""

from __future__ import annotations

import re
from typing import Any

from flowcore.compose._images import known_ports
from flowcore.compose._labels import name_label, wrong_label
from flowcore.compose._ports import Port
from flowcore.compose._scope import Scope

_EXPOSE = "kompose.service.expose"
_CLASS, _CERTIFICATE = f"{_EXPOSE}.ingress-class-name", f"{_EXPOSE}.tls-secret"
_HOST = re.compile(r"(?=.{1,253}\Z)(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\Z")
_YES = frozenset({"true", "yes", "1"})


def wants_ingress(scope: Scope) -> bool:
    """Whether a label asks for an ingress."""
    return scope.label(_EXPOSE).strip().lower() not in ("", "false", "no", "0")


def draw_ingress(scope: Scope, ports: list[Port]) -> None:
    """Draw an ingress that leads to the first of *ports* that may serve the web."""
    web = [port for port in ports if port.protocol == "tcp" and port.target not in known_ports(scope.data["image"])]
    if not web:
        scope.warn("ingress", "no published port is TCP for the web, so no ingress was made", scope.place("ports"))
        return
    paths: list[dict[str, Any]] = [
        {"id": "web" if not number else f"web-{number + 1}", "host": host, "path": path, "pathType": "Prefix"}
        for number, (host, path) in enumerate(_hosts(scope))
    ]
    for entry in paths:
        entry |= {"serviceName": scope.id, "servicePort": web[0].target}
    data: dict[str, Any] = {"name": scope.drawing.name("ingress", scope.id), "paths": paths}
    if class_name := name_label(scope, _CLASS):
        data["ingressClassName"] = class_name
    if certificate := name_label(scope, _CERTIFICATE):
        data |= {"tlsEnabled": True, "tlsSecretName": certificate}
    node_id = scope.node("ingress", scope.drawing.ids.take(f"{scope.id}-ingress"), data)
    for entry in paths:
        scope.drawing.edge(node_id, f"{scope.id}-service", handle=entry["id"])
    for port in web[1:]:
        message = f"the published port {port.target} got no ingress; only the first does"
        scope.warn("ingress", message, scope.place("ports"))


def _hosts(scope: Scope) -> list[tuple[str, str]]:
    """Return the hosts with their paths that the label names, and one made of the names where it says ``true``."""
    found: dict[tuple[str, str], None] = {}
    own = f"{scope.id}.{scope.project.name.replace('_', '-').strip('-')}.localhost"
    for wish in scope.label(_EXPOSE).split(","):
        host, slash, path = wish.strip().partition("/")
        if host.lower() in _YES or not host:
            host = own
        if _HOST.match(host.lower()):
            found[host.lower(), slash + path or "/"] = None
        else:
            wrong_label(scope, _EXPOSE, "true, or hosts like shop.example.com, with commas between them")
    return list(found) or [(own, "/")]
