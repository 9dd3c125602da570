"""Small drawings for tests: valid by default, every kind with the least it needs."""

from __future__ import annotations

from typing import Any

from flowcore.model import Edge, Node, Workflow

LEAST: dict[str, dict[str, Any]] = {
    "deployment": {"image": "ghcr.io/shop/web"},
    "statefulset": {"image": "ghcr.io/shop/db:17", "serviceName": "db"},
    "job": {"image": "ghcr.io/shop/init"},
    "cronjob": {"image": "ghcr.io/shop/report", "schedule": "0 3 * * *"},
    "daemonset": {"image": "fluent/fluent-bit:3"},
    "hpa": {"scaleTargetName": "web", "maxReplicas": 5},
    "manifest": {"manifest": {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "web"}}},
    "service": {"port": 80, "targetApp": "web"},
    "ingress": {"serviceName": "web", "servicePort": 80},
}


def node(id_: str, type_: str, **data: Any) -> Node:
    """Make a node called like its id, with the least its kind needs."""
    return Node(id=id_, type=type_, data={"name": id_, **LEAST.get(type_, {}), **data})


def edge(source: str, target: str, *, handle: str = "", id_: str = "", **data: Any) -> Edge:
    """Make an edge called after its ends."""
    return Edge(id=id_ or f"{source}-{target}", source=source, target=target, source_handle=handle, data=data)


def drawing(*parts: Node | Edge) -> Workflow:
    """Make a workflow of nodes and edges."""
    nodes = [part for part in parts if isinstance(part, Node)]
    return Workflow(name="test", nodes=tuple(nodes), edges=tuple(part for part in parts if isinstance(part, Edge)))
