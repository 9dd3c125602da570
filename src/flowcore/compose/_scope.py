"""What one conversion shares: the drawing that grows, the caller's choices, and one service at a time."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from attrs import define, field, frozen

from flowcore.compose._marks import NOWHERE, Block, Mark, Value, mark_of
from flowcore.compose._names import Names
from flowcore.compose._project import Project
from flowcore.errors import Place
from flowcore.model import Edge, Node


class Expose(StrEnum):
    """How published ports become reachable from outside the cluster."""

    CLUSTERIP = "clusterip"
    NODEPORT = "nodeport"
    LOADBALANCER = "loadbalancer"
    INGRESS = "ingress"


class Binds(StrEnum):
    """What stands in for a folder of the host that cannot be brought along."""

    EMPTYDIR = "emptydir"
    PVC = "pvc"
    HOSTPATH = "hostpath"
    REFUSE = "refuse"


@frozen
class Options:
    """The caller's choices."""

    expose: Expose = Expose.LOADBALANCER
    binds: Binds = Binds.EMPTYDIR


@define
class Drawing:
    """Nodes, edges and secret values, in the order they were drawn.

    Attributes:
        ids: gives out node ids.
        bundles: id of the node that holds the files of a source.
    """

    nodes: list[Node] = field(factory=list)
    edges: list[Edge] = field(factory=list)
    secret_values: dict[str, dict[str, str]] = field(factory=dict, repr=False)
    ids: Names = field(factory=Names)
    bundles: dict[str, str] = field(factory=dict)
    _edge_ids: Names = field(factory=Names)
    _names: dict[str, Names] = field(factory=dict)

    def name(self, kind: str, wish: str, limit: int = 63) -> str:
        """Return a resource name that is free among the nodes of a kind."""
        return self._names.setdefault(kind, Names()).take(wish, limit)

    def node(self, kind: str, node_id: str, data: Mapping[str, Any]) -> str:
        """Add a node and return its id; *node_id* must come from ``ids``."""
        self.nodes.append(Node(id=node_id, type=kind, data=dict(data)))
        return node_id

    def edge(self, source: str, target: str, data: Mapping[str, Any] | None = None, *, handle: str = "") -> None:
        """Add an edge with a name made of its ends; *handle* is the port on its source."""
        edge_id = self._edge_ids.take(f"{source}-to-{target}", limit=150)
        self.edges.append(Edge(id=edge_id, source=source, target=target, source_handle=handle, data=dict(data or {})))

    def secret(self, node_id: str, values: Mapping[str, str]) -> None:
        """Keep secret values for a node, outside the drawing."""
        if values:
            self.secret_values.setdefault(node_id, {}).update(values)


@define
class Scope:
    """One service while it is converted.

    Attributes:
        name: its name in the Compose file.
        id: id of its workload node, and its name in the cluster.
        service: its normalised keys.
        kind: deployment, statefulset or job.
        data: the workload's parameters, filled step by step.
        variables: its environment, after env files; sensitive or not is decided later.
        env_marks: where each variable was given.
        arguments: names of the variables that were made of secrets in its command.
        reached: ports at which services reach it, each with the name of one that does.
        has_claim: it mounts a claim, so two of its pods cannot run at once.
    """

    project: Project
    options: Options
    drawing: Drawing
    name: str
    id: str
    service: Block
    kind: str = "deployment"
    data: dict[str, Any] = field(factory=dict)
    variables: dict[str, str] = field(factory=dict, repr=False)
    env_marks: dict[str, Mark] = field(factory=dict)
    arguments: set[str] = field(factory=set)
    reached: dict[int, str] = field(factory=dict)
    has_claim: bool = False
    _volumes: Names = field(factory=Names)
    _paths: set[str] = field(factory=set)

    def get(self, key: str) -> Value:
        """Return the value of a key, None when it is absent."""
        return self.service.get(key)

    def label(self, key: str) -> str:
        """Return a label of the service, empty when it is absent."""
        labels: Mapping[str, str] = self.get("labels") or {}
        return labels.get(key, "")

    def place(self, key: str = "", inner: str | int = "", container: Value = None) -> Place:
        """Return the place of a key, or of the entry *inner* of its *container*."""
        mark = mark_of(self.service, key) if key else self._own_mark()
        path = f"services.{self.name}" + (f".{key}" if key else "")
        if container is not None:
            found = mark_of(container, inner)
            mark = found if found is not NOWHERE else mark
        if inner != "":
            path += f"[{inner}]" if isinstance(inner, int) else f".{inner}"
        return mark.place(path)

    def _own_mark(self) -> Mark:
        return self.project.services.marks.get(self.name) or self.service.mark

    def info(self, rule: str, message: str, place: Place, *, why: str = "", fix: str = "") -> None:
        """Explain a decision about this service."""
        self.project.report.info(f"compose-{rule}", f"{self.name}: {message}", place, why=why, fix=fix)

    def warn(self, rule: str, message: str, place: Place, *, why: str = "", fix: str = "") -> None:
        """Report what will behave otherwise."""
        self.project.report.warn(f"compose-{rule}", f"{self.name}: {message}", place, why=why, fix=fix)

    def error(self, rule: str, message: str, place: Place, *, why: str = "", fix: str = "") -> None:
        """Report what cannot be converted."""
        self.project.report.error(f"compose-{rule}", f"{self.name}: {message}", place, why=why, fix=fix)

    def takes_path(self, path: str, place: Place) -> bool:
        """Whether something can be mounted at *path*: it is absolute, and nothing is mounted there yet."""
        if not path.startswith("/") or path == "/" or ":" in path:
            self.error("mount-path", f"{path} is not a path to mount at", place, fix="write an absolute path below /")
            return False
        if path in self._paths:
            message = f"{path} is mounted twice; the second mount was left out"
            self.warn("mount-path", message, place, why="the cluster refuses it", fix="keep one of them")
            return False
        self._paths.add(path)
        return True

    def mount(self, entry: Mapping[str, Any]) -> None:
        """Add a volume mount to the workload."""
        self.data.setdefault("volumeMounts", []).append(dict(entry))

    def volume_name(self, wish: str) -> str:
        """Return a name for a pod's volume that no other one of this workload has."""
        return self._volumes.take(wish, 60)

    def container_security(self) -> dict[str, Any]:
        """Return the container's security context, to be filled."""
        found: dict[str, Any] = self.data.setdefault("securityContext", {})
        return found
