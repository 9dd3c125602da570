"""What one conversion shares: the drawing that grows, the caller's choices, and one service at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from attrs import define, evolve, field, frozen

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


#: Kompose's words for kinds of volumes; those for claims and scratch space are about named volumes, too.
_VOLUME_TYPES = {
    "persistentvolumeclaim": Binds.PVC,
    "emptydir": Binds.EMPTYDIR,
    "hostpath": Binds.HOSTPATH,
}


class Networks(StrEnum):
    """What the networks of the file become."""

    IGNORE = "ignore"
    POLICIES = "policies"


@frozen
class Options:
    """The caller's choices."""

    expose: Expose = Expose.LOADBALANCER
    binds: Binds = Binds.EMPTYDIR
    networks: Networks = Networks.IGNORE


@define
class Drawing:
    """Nodes, edges and secret values, in the order they were drawn.

    Attributes:
        ids: gives out node ids.
        bundles: id of the node that holds the files of a source.
        contents: the files at a source that was read.
        env_files: the variables of an env file that was read, by path and format.
        origins: the path of the element that a node was drawn for, like ``services.web``, by its id.
        origins_of_guests: ids of the nodes whose pod an element is a part of, by the element's path.
    """

    nodes: list[Node] = field(factory=list)
    edges: list[Edge] = field(factory=list)
    secret_values: dict[str, dict[str, str]] = field(factory=dict, repr=False)
    ids: Names = field(factory=Names)
    bundles: dict[str, str] = field(factory=dict)
    contents: dict[str, Any] = field(factory=dict, repr=False)
    env_files: dict[tuple[str, str], dict[str, str]] = field(factory=dict, repr=False)
    origins: dict[str, str] = field(factory=dict)
    origins_of_guests: dict[str, list[str]] = field(factory=dict)
    _edge_ids: Names = field(factory=Names)
    _names: dict[str, Names] = field(factory=dict)

    def name(self, kind: str, wish: str, limit: int = 63) -> str:
        """Return a resource name that is free among the nodes of a kind."""
        return self._names.setdefault(kind, Names()).take(wish, limit)

    def node(self, kind: str, node_id: str, data: Mapping[str, Any], *, origin: str) -> str:
        """Add a node for the element *origin* and return its id; *node_id* must come from ``ids``."""
        self.origins[node_id] = origin
        self.nodes.append(Node(id=node_id, type=kind, data=dict(data)))
        return node_id

    def edge(self, source: str, target: str, data: Mapping[str, Any] | None = None, *, handle: str = "") -> None:
        """Add an edge with a name made of its ends; *handle* is the port on its source."""
        edge_id = self._edge_ids.take(f"{source}-to-{target}", limit=150)
        self.edges.append(Edge(id=edge_id, source=source, target=target, source_handle=handle, data=dict(data or {})))

    def change(self, node_id: str, data: Mapping[str, Any]) -> None:
        """Give a node that was drawn other data."""
        self.nodes = [evolve(node, data=dict(data)) if node.id == node_id else node for node in self.nodes]

    def drop(self, edges: Iterable[Edge]) -> None:
        """Take edges away."""
        ids = {edge.id for edge in edges}
        self.edges = [edge for edge in self.edges if edge.id not in ids]

    def lead(self, moved: Mapping[str, str]) -> None:
        """Lead the edges of nodes that became a part of others to those; none leads from a node to itself."""
        if not moved:
            return
        led, self.edges = self.edges, []
        for edge in led:
            source, target = moved.get(edge.source, edge.source), moved.get(edge.target, edge.target)
            if source != target:
                self.edges.append(evolve(edge, source=source, target=target))

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
        host: the service whose pod it shares as a further container; None when it has a pod of its own.
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
    host: Scope | None = None
    has_claim: bool = False
    _volumes: Names = field(factory=Names)
    _paths: set[str] = field(factory=set)

    @property
    def pod(self) -> Scope:
        """The service whose pod its container is in: its host, or itself."""
        return self if self.host is None else self.host.pod

    def get(self, key: str) -> Value:
        """Return the value of a key, None when it is absent."""
        return self.service.get(key)

    def label(self, key: str) -> str:
        """Return a label of the service, empty when it is absent."""
        labels: Mapping[str, str] = self.get("labels") or {}
        return labels.get(key, "")

    def label_place(self, key: str) -> Place:
        """Return the place of a label."""
        return self.place("labels", key, self.get("labels"))

    @property
    def binds(self) -> Binds:
        """What stands in for this service's folders of the host: its label's choice, else the caller's."""
        return _VOLUME_TYPES.get(self.label("kompose.volume.type").lower(), self.options.binds)

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

    def node(self, kind: str, node_id: str, data: Mapping[str, Any]) -> str:
        """Add a node that this service needs, and return its id."""
        return self.drawing.node(kind, node_id, data, origin=f"services.{self.name}")

    def container_security(self) -> dict[str, Any]:
        """Return the container's security context, to be filled."""
        found: dict[str, Any] = self.data.setdefault("securityContext", {})
        return found
