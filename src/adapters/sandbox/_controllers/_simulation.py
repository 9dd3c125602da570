"""All controllers over one store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from adapters.sandbox._controllers._budgets import Budgets
from adapters.sandbox._controllers._chance import Chance
from adapters.sandbox._controllers._clock import Clock, LoopClock
from adapters.sandbox._controllers._cluster import Cluster
from adapters.sandbox._controllers._cronjob import CronJobs
from adapters.sandbox._controllers._daemonset import DaemonSets
from adapters.sandbox._controllers._deployment import Deployments
from adapters.sandbox._controllers._endpoints import ServiceEndpoints
from adapters.sandbox._controllers._events import Recorder
from adapters.sandbox._controllers._hpa import Autoscalers
from adapters.sandbox._controllers._ingress import Ingresses
from adapters.sandbox._controllers._job import Jobs
from adapters.sandbox._controllers._kubelet import Kubelet
from adapters.sandbox._controllers._objects import API_VERSIONS, status
from adapters.sandbox._controllers._queue import Key, WorkQueue
from adapters.sandbox._controllers._replicaset import ReplicaSets
from adapters.sandbox._controllers._scheduler import Scheduler
from adapters.sandbox._controllers._seams import Controller, Store
from adapters.sandbox._controllers._service import Services
from adapters.sandbox._controllers._statefulset import StatefulSets
from adapters.sandbox._controllers._volumes import Claims, Volumes
from flowcore.model import Manifest

_EVERY: tuple[Callable[[Cluster], Controller], ...] = (
    Deployments,
    ReplicaSets,
    StatefulSets,
    DaemonSets,
    CronJobs,
    Jobs,
    Scheduler,
    Kubelet,
    Services,
    ServiceEndpoints,
    Claims,
    Volumes,
    Ingresses,
    Autoscalers,
    Budgets,
)


class Controllers:
    """The simulated controllers, scheduler and node agent of a sandbox cluster.

    They work on the caller's event loop, only when something changed or became due, and never block it.
    """

    def __init__(self, store: Store, *, seed: int = 0, speed: float = 1.0, clock: Clock | None = None) -> None:
        """Prepare the controllers; nothing happens before ``run`` or ``start``.

        Args:
            store: the cluster's objects.
            seed: what every delay and generated name depends on; the same seed gives the same run.
            speed: seconds of cluster time per real second.
            clock: the cluster's time; the event loop's when absent (then *speed* applies).
        """
        self.seed = seed
        self.clock: Clock = clock or LoopClock(speed)
        chance = Chance(seed)
        workers: dict[str, Callable[[str, str], None]] = {}
        self._queue = WorkQueue(self.clock, workers)
        recorder = Recorder(store, self.clock)
        self.cluster = Cluster(store, self.clock, chance, self._queue, recorder)
        self._by_kind: dict[str, list[Controller]] = {}
        for make in _EVERY:
            controller = make(self.cluster)
            workers[controller.name] = controller.reconcile
            for kind in controller.kinds:
                self._by_kind.setdefault(kind, []).append(controller)
        self._unsubscribe: Callable[[], None] | None = None
        self._disks: dict[str, dict[str, bytes | None]] = {}

    @property
    def failures(self) -> Mapping[Key, int]:
        """Objects whose last look ended in an error, with the number of tries."""
        return self._queue.failures

    def disk(self, container_id: str) -> dict[str, bytes | None]:
        """Return what was written inside a container since it started; it is forgotten with its pod."""
        return self._disks.setdefault(container_id, {})

    def start(self) -> None:
        """Look at everything that is there, and at every change from now on."""
        if self._unsubscribe is not None:
            return
        self._queue.open()
        self._unsubscribe = self.cluster.store.subscribe(self._changed)
        for obj in list(self.cluster.fill()):
            self._notify("ADDED", obj)

    def stop(self) -> None:
        """Look at nothing any more; no timer is left behind."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        self._queue.close()

    async def run(self) -> None:
        """Work until cancelled."""
        self.start()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.stop()

    def _changed(self, change: str, obj: Manifest) -> None:
        if API_VERSIONS.get(obj["kind"]) != obj["apiVersion"] or obj["kind"] == "Event":
            return
        if change == "DELETED":
            self.cluster.forget(obj)
            for run in status(obj).get("containerStatuses") or () if obj["kind"] == "Pod" else ():
                self._disks.pop(str(run.get("containerID")), None)
        else:
            self.cluster.keep(obj)
        self._notify(change, obj)

    def _notify(self, change: str, obj: Manifest) -> None:
        for controller in self._by_kind.get(obj["kind"], ()):
            for namespace, name in controller.concerned(change, obj):
                self._queue.add(Key(controller.name, namespace, name))
