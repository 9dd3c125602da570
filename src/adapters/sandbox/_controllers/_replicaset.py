"""ReplicaSets: as many pods of a template as are asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from attrs import define

from adapters.sandbox._controllers._cluster import Cluster
from adapters.sandbox._controllers._objects import (
    generation_of,
    is_leaving,
    labels_of,
    name_of,
    namespace_of,
    owner_of,
    selects,
    spec,
)
from adapters.sandbox._controllers._replicas import first_to_go, is_active, pod_from, set_labels, tally
from adapters.sandbox._controllers._seams import Place
from flowcore.model import Manifest

_COMPONENT = "replicaset-controller"


@define
class ReplicaSets:
    """Keeps the number of pods of each ReplicaSet."""

    name: ClassVar[str] = "replicaset"
    kinds: ClassVar[frozenset[str]] = frozenset({"ReplicaSet", "Pod"})

    cluster: Cluster

    def concerned(self, change: str, obj: Manifest) -> Iterable[Place]:
        """A pod's change concerns the set that owns it, an orphan's the sets that select it."""
        if obj["kind"] == "ReplicaSet":
            return ((namespace_of(obj), name_of(obj)),)
        owner = owner_of(obj)
        if owner is not None:
            return ((namespace_of(obj), str(owner["name"])),) if owner["kind"] == "ReplicaSet" else ()
        sets = self.cluster.all("ReplicaSet", namespace_of(obj))
        return [(namespace_of(one), name_of(one)) for one in sets if _selects(one, obj)]

    def reconcile(self, namespace: str, name: str) -> None:
        """Make or delete pods until the number is right, and count them."""
        replica_set = self.cluster.get("ReplicaSet", namespace, name)
        if replica_set is None:
            return
        if not is_leaving(replica_set):
            self.cluster.adopt(replica_set, "Pod")
            self._scale(replica_set)
        self._count(replica_set)

    def _scale(self, replica_set: Manifest) -> None:
        wanted = int(spec(replica_set).get("replicas", 1))
        active = [pod for pod in self.cluster.owned(replica_set, "Pod") if is_active(pod)]
        for _ in range(wanted - len(active)):
            self._create(replica_set)
        for pod in first_to_go(active, len(active) - wanted) if len(active) > wanted else ():
            self.cluster.events.normal(replica_set, "SuccessfulDelete", f"Deleted pod: {name_of(pod)}", _COMPONENT)
            self.cluster.delete(pod)

    def _create(self, replica_set: Manifest) -> None:
        name = self.cluster.new_name("Pod", namespace_of(replica_set), name_of(replica_set))
        self.cluster.create(pod_from(replica_set, spec(replica_set).get("template") or {}, name))
        self.cluster.events.normal(replica_set, "SuccessfulCreate", f"Created pod: {name}", _COMPONENT)

    def _count(self, replica_set: Manifest) -> None:
        pods = self.cluster.owned(replica_set, "Pod")
        count = tally(pods, self.cluster.now(), float(spec(replica_set).get("minReadySeconds") or 0))
        wanted = set_labels(replica_set).items()
        labelled = sum(1 for pod in pods if is_active(pod) and wanted <= labels_of(pod).items())
        result = {
            "replicas": count.active,
            "fullyLabeledReplicas": labelled,
            "readyReplicas": count.ready,
            "availableReplicas": count.available,
            "observedGeneration": generation_of(replica_set),
        }
        self.cluster.set_status(
            replica_set, {key: value for key, value in result.items() if value or key == "replicas"}
        )
        if count.recheck is not None:
            self.cluster.wake(self.name, (namespace_of(replica_set), name_of(replica_set)), count.recheck)


def _selects(replica_set: Manifest, pod: Manifest) -> bool:
    return selects(spec(replica_set).get("selector"), labels_of(pod))
