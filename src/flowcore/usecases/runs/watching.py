"""Watch clusters: one shared watch per cluster and kind, and a view of every workflow that somebody follows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager

from attrs import define, field, frozen

from flowcore.health import Health, HealthStatus
from flowcore.model import Cluster, Manifest, NodeState, ObjectRef, Run, to_document
from flowcore.ports.cluster import Clusters
from flowcore.ports.events import Event, EventFeed
from flowcore.ports.system import Clock
from flowcore.usecases.runs._cluster_watch import ClusterWatch
from flowcore.usecases.runs._live import Kind, NodeKey
from flowcore.usecases.runs.statuses import NodeStatus, Seen, see, status_of

#: What belongs to workloads without being drawn; its state explains theirs.
BELONGING = (Kind("v1", "Pod"), Kind("apps/v1", "ReplicaSet"))


@frozen
class Target:
    """A node to watch: its kind, and the object that it is in the cluster."""

    node_id: str
    type: str
    ref: ObjectRef
    label: str

    @property
    def kind(self) -> Kind:
        """The kind of the object."""
        return Kind(self.ref.api_version, self.ref.kind)


@define(eq=False)
class WorkflowView:
    """How the nodes of one workflow stand. Whoever listens is told of every change, in the same step."""

    workflow_id: str
    watch: ClusterWatch
    publish: Callable[[NodeStatus], None]
    targets: dict[str, Target] = field(factory=dict)
    states: Mapping[str, NodeState] = field(factory=dict)
    statuses: dict[str, NodeStatus] = field(factory=dict)
    listeners: set[Callable[[NodeStatus], None]] = field(factory=set)
    followers: int = 0
    noted: tuple[str, int] = ("", 0)
    _nodes: dict[str, str] = field(factory=dict)
    _ready: asyncio.Event = field(factory=asyncio.Event)

    def aim(self, targets: Iterable[Target]) -> None:
        """Look at these nodes from now on."""
        self.targets = {target.node_id: target for target in targets}
        self._nodes = {target.label: target.node_id for target in self.targets.values()}
        self.statuses = {node_id: status for node_id, status in self.statuses.items() if node_id in self.targets}
        self.watch.want({target.kind for target in self.targets.values()} | set(BELONGING))
        self.refresh(None)

    def move(self, watch: ClusterWatch) -> None:
        """Look through another watch from now on: at another cluster, or at the same one with other credentials."""
        self.watch, self._ready = watch, asyncio.Event()
        watch.want({target.kind for target in self.targets.values()} | set(BELONGING))

    def note(self, run: Run) -> None:
        """Take over how far a run has come with every node; an older state of the same run is passed over."""
        if run.id == self.noted[0] and run.revision < self.noted[1]:
            return
        self.noted = (run.id, run.revision)
        before, self.states = self.states, run.node_states
        node_ids = before.keys() | self.states.keys()
        changed = {node_id for node_id in node_ids if before.get(node_id) != self.states.get(node_id)}
        self.refresh(target.label for node_id, target in self.targets.items() if node_id in changed)

    def observe(self, node_id: str, live: Manifest) -> NodeStatus:
        """Take an object as an apply returned it, and return how its node stands with it."""
        self.watch.observe(live)
        return status_of(node_id, self.targets[node_id].type, self._see(self.targets[node_id]), None)

    def live(self, node_id: str) -> Manifest | None:
        """Return a node's object as last seen."""
        return self.watch.live.find(self.targets[node_id].ref)

    def refresh(self, labels: Iterable[str] | None) -> None:
        """Judge again the nodes of these labels (None: all), and tell what has changed."""
        node_ids = self.targets if labels is None else (self._nodes[label] for label in labels if label in self._nodes)
        for node_id in list(node_ids):
            target = self.targets[node_id]
            status = status_of(node_id, target.type, self._see(target), self.states.get(node_id))
            if self.statuses.get(node_id) != status:
                self.statuses[node_id] = status
                self._tell(status)
        if not self._ready.is_set() and all(self._is_known(target.kind) for target in self.targets.values()):
            self._ready.set()

    async def ready(self) -> None:
        """Wait until every kind of the nodes has been seen, or is known to be out of sight."""
        await self._ready.wait()

    def _tell(self, status: NodeStatus) -> None:
        self.publish(status)
        for listener in tuple(self.listeners):
            listener(status)

    def _is_known(self, kind: Kind) -> bool:
        return kind in self.watch.live.synced or kind in self.watch.problems or None in self.watch.problems

    def _see(self, target: Target) -> Seen | None:
        problem = self.watch.problems.get(target.kind) or self.watch.problems.get(None)
        live = self.watch.live.find(target.ref)
        if problem:
            return Seen(Health(HealthStatus.UNKNOWN, problem))
        if live is None and target.kind not in self.watch.live.synced:
            return None
        return see(live, self.watch.live.of(NodeKey(self.workflow_id, target.label)))


@define(eq=False)
class Watching:
    """All watches of this process. Open it as an async context; leaving it stops them.

    Attributes:
        lingers: keep following a workflow after the last follower left, so that later failures are known too.
    """

    access: Clusters
    feed: EventFeed
    clock: Clock
    lingers: bool = True
    _watches: dict[str, ClusterWatch] = field(factory=dict)
    _views: dict[str, WorkflowView] = field(factory=dict)

    async def __aenter__(self) -> Watching:
        return self

    async def __aexit__(self, *_: object) -> None:
        for watch in self._watches.values():
            await watch.close()

    def view(self, workflow_id: str) -> WorkflowView | None:
        """Return the view of a workflow that somebody follows."""
        return self._views.get(workflow_id)

    @asynccontextmanager
    async def follow(
        self, workflow_id: str, cluster: Cluster, targets: Iterable[Target]
    ) -> AsyncIterator[WorkflowView]:
        """Keep a view of a workflow's nodes in a cluster; all followers of a workflow share one."""
        view = await self._open(workflow_id, cluster)
        view.followers += 1
        try:
            view.aim(targets)
            yield view
        finally:
            view.followers -= 1
            if not view.followers and not self.lingers:
                await self.forget(workflow_id)

    async def forget(self, workflow_id: str) -> None:
        """Stop following a workflow."""
        view = self._views.pop(workflow_id, None)
        if view is not None:
            await self._close_unused(view.watch)

    async def _open(self, workflow_id: str, cluster: Cluster) -> WorkflowView:
        watch = await self._watch(cluster)
        view = self._views.get(workflow_id)
        if view is None:
            view = WorkflowView(workflow_id, watch, lambda status: self._publish(workflow_id, status))
            self._views[workflow_id] = view
        elif view.watch is not watch:
            left = view.watch
            view.move(watch)
            await self._close_unused(left)
        return view

    async def _watch(self, cluster: Cluster) -> ClusterWatch:
        known = self._watches.get(cluster.id)
        if known is not None and _is_same(known.cluster, cluster):
            return known
        watch = ClusterWatch(cluster, self.access, self.clock, lambda keys: self._refresh(watch, keys))
        self._watches[cluster.id] = watch
        if known is not None:
            for view in self._views.values():
                if view.watch is known:
                    view.move(watch)
            await known.close()
        return watch

    def _refresh(self, watch: ClusterWatch, keys: set[NodeKey] | None) -> None:
        if keys is None:
            for view in tuple(self._views.values()):
                if view.watch is watch:
                    view.refresh(None)
            return
        labels: dict[str, list[str]] = {}
        for key in keys:
            labels.setdefault(key.workflow, []).append(key.label)
        for workflow_id, touched in labels.items():
            found = self._views.get(workflow_id)
            if found is not None and found.watch is watch:
                found.refresh(touched)

    async def _close_unused(self, watch: ClusterWatch) -> None:
        if not any(view.watch is watch for view in self._views.values()):
            self._watches.pop(watch.cluster.id, None)
            await watch.close()

    def _publish(self, workflow_id: str, status: NodeStatus) -> None:
        self.feed.publish(f"workflow:{workflow_id}", Event(type="node_update", data=to_document(status)))
        view = self._views.get(workflow_id)
        live = view.live(status.node_id) if view is not None else None
        if live is not None:
            update = Event(type="status_update", data=to_document(status))
            self.feed.publish(f"resource:{live['metadata']['uid']}", update)


def _is_same(known: Cluster, cluster: Cluster) -> bool:
    """Say whether a connection to one is a connection to the other."""
    return (known.id, known.server, known.credentials) == (cluster.id, cluster.server, cluster.credentials)
