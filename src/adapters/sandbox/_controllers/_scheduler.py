"""The scheduler: finds pods a node, which is the only one, unless something speaks against it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar

from attrs import define, field

from adapters.sandbox._controllers._behaviour import behaviour
from adapters.sandbox._controllers._cluster import Cluster
from adapters.sandbox._controllers._events import NODE
from adapters.sandbox._controllers._objects import (
    is_leaving,
    labels_of,
    merged,
    name_of,
    namespace_of,
    selects,
    spec,
    status,
    uid_of,
)
from adapters.sandbox._controllers._pod_status import quality_of_service
from adapters.sandbox._controllers._seams import Place
from adapters.sandbox._quantities import amount
from flowcore.model import Manifest

_DELAY = (0.05, 0.15)
_NONE = "0/1 nodes are available: "
_NO_HELP = " preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."


@define
class Scheduler:
    """Binds pods to the node."""

    name: ClassVar[str] = "scheduler"
    kinds: ClassVar[frozenset[str]] = frozenset({"Pod", "PersistentVolumeClaim", "Node"})

    cluster: Cluster
    _due: dict[str, datetime] = field(init=False, factory=dict)

    def concerned(self, change: str, obj: Manifest) -> Iterable[Place]:
        """A pod's change concerns the pod; a claim's or the node's the pods that have no node."""
        if obj["kind"] == "Pod":
            return () if spec(obj).get("nodeName") else ((namespace_of(obj), name_of(obj)),)
        namespace = namespace_of(obj) if obj["kind"] == "PersistentVolumeClaim" else None
        waiting = self.cluster.all("Pod", namespace)
        return [(namespace_of(pod), name_of(pod)) for pod in waiting if not spec(pod).get("nodeName")]

    def reconcile(self, namespace: str, name: str) -> None:
        """Bind a pod, or say why it cannot be."""
        pod = self.cluster.get("Pod", namespace, name)
        if pod is None or spec(pod).get("nodeName") or is_leaving(pod):
            return
        now = self.cluster.now()
        due = self._due.get(uid_of(pod))
        if due is None:
            delay = self.cluster.chance.between(*_DELAY, "schedule", namespace, name)
            self._due[uid_of(pod)] = now + timedelta(seconds=delay)
            self.cluster.wake(self.name, (namespace, name), delay)
        elif due <= now:
            self._place(pod)

    def _place(self, pod: Manifest) -> None:
        problem = self._problem(pod)
        if problem:
            self._refuse(pod, problem)
            return
        self._due.pop(uid_of(pod), None)
        text = f"Successfully assigned {namespace_of(pod)}/{name_of(pod)} to {NODE}"
        self.cluster.events.normal(pod, "Scheduled", text, "default-scheduler")
        self.cluster.update({**pod, "spec": {**spec(pod), "nodeName": NODE}})

    def _refuse(self, pod: Manifest, problem: str) -> None:
        refusal = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": problem}
        known = status(pod).get("conditions") or ()
        if not any(entry.get("message") == problem for entry in known):
            self.cluster.events.warning(pod, "FailedScheduling", problem, "default-scheduler")
        conditions = merged(known, [refusal], self.cluster.stamp())
        self.cluster.set_status(
            pod, {"phase": "Pending", "conditions": conditions, "qosClass": quality_of_service(pod)}
        )

    def _problem(self, pod: Manifest) -> str:
        claims = self._claims_problem(pod)
        if claims:
            return _NONE + claims + _NO_HELP
        node = self.cluster.get("Node", "", NODE)
        if node is None:
            return "no nodes available to schedule pods"
        reason = _node_problem(pod, node)
        return f"{_NONE}1 {reason}.{_NO_HELP}" if reason else ""

    def _claims_problem(self, pod: Manifest) -> str:
        for volume in spec(pod).get("volumes") or ():
            if "persistentVolumeClaim" not in volume:
                continue
            name = str(volume["persistentVolumeClaim"].get("claimName", ""))
            claim = self.cluster.get("PersistentVolumeClaim", namespace_of(pod), name)
            if claim is None:
                return f'persistentvolumeclaim "{name}" not found.'
            if status(claim).get("phase") != "Bound":
                return "pod has unbound immediate PersistentVolumeClaims."
        return ""


def _node_problem(pod: Manifest, node: Manifest) -> str:
    """Return why the node does not take the pod, in the scheduler's words; empty when it does."""
    if spec(node).get("unschedulable") or "unschedulable" in behaviour(pod).flags:
        return "node(s) were unschedulable"
    if not selects({"matchLabels": spec(pod).get("nodeSelector") or {}}, labels_of(node)):
        return "node(s) didn't match Pod's node affinity/selector"
    taint = next((taint for taint in spec(node).get("taints") or () if not _tolerates(pod, taint)), None)
    if taint is not None:
        return f"node(s) had untolerated taint {{{taint.get('key')}: {taint.get('value') or ''}}}"
    room: Mapping[str, object] = status(node).get("allocatable") or {}
    for resource in ("cpu", "memory"):
        if _requested(pod, resource) > amount(room.get(resource, "0")):
            return f"Insufficient {resource}"
    return ""


def _tolerates(pod: Manifest, taint: Manifest) -> bool:
    if taint.get("effect") == "PreferNoSchedule":
        return True
    for one in spec(pod).get("tolerations") or ():
        same_key = one.get("key") in (None, "", taint.get("key"))
        same_value = one.get("operator") == "Exists" or (one.get("value") or "") == (taint.get("value") or "")
        if same_key and same_value and one.get("effect") in (None, "", taint.get("effect")):
            return True
    return False


def _requested(pod: Manifest, resource: str) -> Decimal:
    containers = spec(pod).get("containers") or ()
    return sum((amount(_request(container, resource)) for container in containers), Decimal(0))


def _request(container: Manifest, resource: str) -> object:
    resources = container.get("resources") or {}
    limit = (resources.get("limits") or {}).get(resource, "0")
    return (resources.get("requests") or {}).get(resource, limit)
