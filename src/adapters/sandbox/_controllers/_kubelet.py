"""The node's agent: carries pods that are on the node from created to ready, and out again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from ipaddress import IPv4Network
from typing import ClassVar

from attrs import define, field

from adapters.sandbox._controllers._addresses import Pool
from adapters.sandbox._controllers._behaviour import ANNOTATION, behaviour
from adapters.sandbox._controllers._cluster import Cluster
from adapters.sandbox._controllers._containers import ContainerRun, Stage
from adapters.sandbox._controllers._objects import (
    is_leaving,
    metadata,
    moment_of,
    name_of,
    namespace_of,
    spec,
    status,
    uid_of,
)
from adapters.sandbox._controllers._pod_status import new_runs, pod_status
from adapters.sandbox._controllers._runtime import Runtime
from adapters.sandbox._controllers._seams import Place
from adapters.sandbox._controllers._sources import mount_problem, needs
from flowcore.model import Manifest

_SANDBOX, _STOP = (0.1, 0.3), (0.1, 0.4)


@define
class PodRun:
    """A pod on the node.

    Attributes:
        uid: the pod's uid; another pod of the same name is another run.
        containers: its containers.
        network_at: when its network is there.
        gone_at: when its containers have stopped, once it leaves.
        problem: why its volumes cannot be mounted, empty when they can.
        ip: its address, empty before it has one.
    """

    uid: str
    containers: list[ContainerRun]
    network_at: datetime | None = None
    gone_at: datetime | None = None
    problem: str = ""
    ip: str = ""


@define
class Kubelet:
    """Runs the pods that are bound to the node."""

    name: ClassVar[str] = "kubelet"
    kinds: ClassVar[frozenset[str]] = frozenset({"Pod", "ConfigMap", "Secret"})

    cluster: Cluster
    runtime: Runtime = field(init=False)
    addresses: Pool = field(init=False, factory=lambda: Pool(IPv4Network("10.244.0.0/16")))
    _runs: dict[Place, PodRun] = field(init=False, factory=dict)
    _waiting: dict[tuple[str, str, str], dict[Place, None]] = field(init=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        self.runtime = Runtime(self.cluster)

    def concerned(self, change: str, obj: Manifest) -> Iterable[Place]:
        """A pod's change concerns the pod; a ConfigMap's or Secret's the pods that wait for it."""
        place = namespace_of(obj), name_of(obj)
        if obj["kind"] == "Pod":
            return (place,)
        return tuple(self._waiting.get((obj["kind"], *place), ()))

    def reconcile(self, namespace: str, name: str) -> None:
        """Take a pod a step further."""
        place = namespace, name
        pod = self.cluster.get("Pod", namespace, name)
        run = self._runs.get(place)
        if run is not None and (pod is None or uid_of(pod) != run.uid):
            self._drop(place, run)
            run = None
        if pod is None or not spec(pod).get("nodeName"):
            return
        if run is None:
            run = self._runs[place] = PodRun(uid_of(pod), new_runs(pod))
            self._report_unknown_words(pod)
        if is_leaving(pod):
            self._leave(pod, run, place)
        elif status(pod).get("phase") not in ("Succeeded", "Failed"):
            self._live(pod, run, place)

    def _drop(self, place: Place, run: PodRun) -> None:
        del self._runs[place]
        self.addresses.release(run.uid)
        self._wait_for((), place)

    def _report_unknown_words(self, pod: Manifest) -> None:
        for container in (*(spec(pod).get("initContainers") or ()), *(spec(pod).get("containers") or ())):
            for word in behaviour(pod, str(container.get("name", ""))).unknown:
                text = f'the sandbox does not know "{word}" in the annotation {ANNOTATION}'
                self.cluster.events.warning(pod, "UnknownBehaviour", text, "flowcore-sandbox")

    # ---------------------------------------------------------------- living

    def _live(self, pod: Manifest, run: PodRun, place: Place) -> None:
        now = self.cluster.now()
        if self._is_overdue(pod, now):
            self._overdue(pod, run, now)
            return
        self._take_up_images(pod, run, now)
        if self._mounted(pod, run) and self._connected(run, place, now):
            self.runtime.advance(pod, run.containers, run.ip)
            waits = any(container.stage is Stage.CONFIG_ERROR for container in run.containers)
            self._wait_for(needs(pod) if waits else (), place)
        self.cluster.set_status(pod, pod_status(pod, run.containers, pod_ip=run.ip, now=self.cluster.stamp()))
        self._sleep(place, run, pod)

    def _take_up_images(self, pod: Manifest, run: PodRun, now: datetime) -> None:
        """Restart the containers whose image was changed in place."""
        wanted = {str(one.get("name")): one for one in spec(pod).get("containers") or ()}
        for container in run.containers:
            new = wanted.get(container.name, container.spec)
            if new.get("image") == container.spec.get("image"):
                continue
            container.spec = new
            if container.is_running:
                text = f"Container {container.name} definition changed, will be restarted"
                self.cluster.events.normal(pod, "Killing", text, "kubelet", container.path)
                container.end(now, 0)
                container.enter(Stage.RESTARTING, now)

    def _mounted(self, pod: Manifest, run: PodRun) -> bool:
        if run.ip:
            return True
        problem = mount_problem(self.cluster.get, pod)
        if problem and problem != run.problem:
            self.cluster.events.warning(pod, "FailedMount", problem, "kubelet")
        run.problem = problem
        self._wait_for(needs(pod) if problem else (), (namespace_of(pod), name_of(pod)))
        return not problem

    def _connected(self, run: PodRun, place: Place, now: datetime) -> bool:
        if run.ip:
            return True
        if run.network_at is None:
            run.network_at = now + timedelta(seconds=self.cluster.chance.between(*_SANDBOX, "network", *place))
        if run.network_at > now:
            return False
        run.ip = self.addresses.take(run.uid)
        return True

    def _wait_for(self, wanted: Iterable[tuple[str, str]], place: Place) -> None:
        """Have the pod looked at when one of the wanted objects of its namespace changes, and for nothing else."""
        keys = {(kind, place[0], name) for kind, name in wanted}
        for key in [key for key, places in self._waiting.items() if place in places and key not in keys]:
            self._waiting[key].pop(place)
            if not self._waiting[key]:
                del self._waiting[key]
        for key in sorted(keys):
            self._waiting.setdefault(key, {})[place] = None

    def _sleep(self, place: Place, run: PodRun, pod: Manifest) -> None:
        moments = [moment for container in run.containers if (moment := container.next_moment())]
        if run.network_at is not None and not run.ip:
            moments.append(run.network_at)
        deadline = self._deadline(pod)
        if deadline is not None:
            moments.append(deadline)
        if moments:
            delay = (min(moments) - self.cluster.now()).total_seconds()
            self.cluster.wake(self.name, place, max(delay, 0.001))

    def _deadline(self, pod: Manifest) -> datetime | None:
        seconds, started = spec(pod).get("activeDeadlineSeconds"), moment_of(status(pod).get("startTime"))
        return None if seconds is None or started is None else started + timedelta(seconds=float(seconds))

    def _is_overdue(self, pod: Manifest, now: datetime) -> bool:
        deadline = self._deadline(pod)
        return deadline is not None and deadline <= now

    def _overdue(self, pod: Manifest, run: PodRun, now: datetime) -> None:
        for container in run.containers:
            if container.is_running:
                container.end(now, 137)
        text = "Pod was active on the node longer than the specified deadline"
        last = pod_status(pod, run.containers, pod_ip=run.ip, now=self.cluster.stamp())
        self.cluster.events.normal(pod, "DeadlineExceeded", text, "kubelet")
        self.cluster.set_status(pod, {**last, "phase": "Failed", "reason": "DeadlineExceeded", "message": text})

    # ---------------------------------------------------------------- leaving

    def _leave(self, pod: Manifest, run: PodRun, place: Place) -> None:
        now = self.cluster.now()
        if run.gone_at is None:
            self._begin_to_stop(pod, run.containers)
            grace = float(metadata(pod).get("deletionGracePeriodSeconds") or 0)
            wait = min(self.cluster.chance.between(*_STOP, "stop", *place), grace)
            run.gone_at = now + timedelta(seconds=wait)
        if run.gone_at > now:
            self.cluster.wake(self.name, place, (run.gone_at - now).total_seconds())
            return
        self.cluster.remove_pod(pod)

    def _begin_to_stop(self, pod: Manifest, containers: Sequence[ContainerRun]) -> None:
        for container in containers:
            if container.is_running:
                text = f"Stopping container {container.name}"
                self.cluster.events.normal(pod, "Killing", text, "kubelet", container.path)
