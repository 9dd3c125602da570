"""DaemonSets: one pod on every node that takes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    share,
    spec,
)
from adapters.sandbox._controllers._replicas import is_active, is_finished, is_ready, pod_from, tally
from adapters.sandbox._controllers._revisions import REVISION, Revision, current_revision, forget_revisions
from adapters.sandbox._controllers._seams import Place
from flowcore.model import Manifest

_COMPONENT = "daemonset-controller"


@define
class DaemonSets:
    """Keeps the pods of DaemonSets."""

    name: ClassVar[str] = "daemonset"
    kinds: ClassVar[frozenset[str]] = frozenset({"DaemonSet", "Pod", "Node"})

    cluster: Cluster

    def concerned(self, change: str, obj: Manifest) -> Iterable[Place]:
        """A pod's change concerns the set that owns it, a node's all sets."""
        if obj["kind"] == "DaemonSet":
            return ((namespace_of(obj), name_of(obj)),)
        if obj["kind"] == "Node":
            return [(namespace_of(one), name_of(one)) for one in self.cluster.all("DaemonSet")]
        owner = owner_of(obj)
        return ((namespace_of(obj), str(owner["name"])),) if owner and owner["kind"] == "DaemonSet" else ()

    def reconcile(self, namespace: str, name: str) -> None:
        """Make the pods that are missing, replace old ones, and count."""
        owner = self.cluster.get("DaemonSet", namespace, name)
        if owner is None:
            return
        if not is_leaving(owner):
            self.cluster.adopt(owner, "Pod")
        revision = current_revision(self.cluster, owner)
        wanted = sum(1 for node in self.cluster.all("Node") if _takes(node, owner))
        if not is_leaving(owner):
            self._fill(owner, wanted, revision)
            self._renew(owner, wanted, revision)
        self._report(owner, wanted, revision)

    def _fill(self, owner: Manifest, wanted: int, revision: Revision) -> None:
        pods = self.cluster.owned(owner, "Pod")
        for pod in pods:
            if is_finished(pod) and not is_leaving(pod):
                text = f"Found failed daemon pod {namespace_of(pod)}/{name_of(pod)} on node, will try to kill it"
                self.cluster.events.warning(owner, "FailedDaemonPod", text, _COMPONENT)
                self.cluster.delete(pod)
        present = [pod for pod in pods if not is_finished(pod)]
        for _ in range(wanted - len(present)):
            self._create(owner, revision)
        for pod in present[wanted:]:
            self._delete(owner, pod)

    def _create(self, owner: Manifest, revision: Revision) -> None:
        name = self.cluster.new_name("Pod", namespace_of(owner), name_of(owner))
        labels = {REVISION: revision.mark, "pod-template-generation": str(generation_of(owner))}
        self.cluster.create(pod_from(owner, revision.template, name, **labels))
        self.cluster.events.normal(owner, "SuccessfulCreate", f"Created pod: {name}", _COMPONENT)

    def _delete(self, owner: Manifest, pod: Manifest) -> None:
        if not is_leaving(pod):
            self.cluster.events.normal(owner, "SuccessfulDelete", f"Deleted pod: {name_of(pod)}", _COMPONENT)
            self.cluster.delete(pod)

    def _renew(self, owner: Manifest, wanted: int, revision: Revision) -> None:
        strategy = spec(owner).get("updateStrategy") or {}
        if strategy.get("type") == "OnDelete":
            return
        limit = share((strategy.get("rollingUpdate") or {}).get("maxUnavailable", 1), wanted, up=True) or 1
        pods = self.cluster.owned(owner, "Pod")
        missing = wanted - sum(1 for pod in pods if is_active(pod) and is_ready(pod))
        for pod in _outdated(pods, revision):
            if not is_ready(pod):
                self._delete(owner, pod)
            elif missing < limit:
                self._delete(owner, pod)
                missing += 1

    def _report(self, owner: Manifest, wanted: int, revision: Revision) -> None:
        owner = self.cluster.get("DaemonSet", namespace_of(owner), name_of(owner)) or owner
        pods = self.cluster.owned(owner, "Pod")
        count = tally(pods, self.cluster.now(), float(spec(owner).get("minReadySeconds") or 0))
        updated = sum(1 for pod in pods if is_active(pod)) - len(_outdated(pods, revision))
        unavailable = max(wanted - count.available, 0)
        self.cluster.set_status(
            owner,
            {
                "observedGeneration": generation_of(owner),
                "currentNumberScheduled": min(count.active, wanted),
                "desiredNumberScheduled": wanted,
                "numberMisscheduled": max(count.active - wanted, 0),
                "numberReady": count.ready,
                **({"updatedNumberScheduled": updated} if updated else {}),
                **({"numberAvailable": count.available} if count.available else {}),
                **({"numberUnavailable": unavailable} if unavailable else {}),
            },
        )
        forget_revisions(self.cluster, owner, {revision.name, *(f"{name_of(owner)}-{mark}" for mark in _marks(pods))})
        if count.recheck is not None:
            self.cluster.wake(self.name, (namespace_of(owner), name_of(owner)), count.recheck)


def _takes(node: Manifest, owner: Manifest) -> bool:
    template = (spec(owner).get("template") or {}).get("spec") or {}
    return selects({"matchLabels": template.get("nodeSelector") or {}}, labels_of(node))


def _marks(pods: Iterable[Manifest]) -> set[str]:
    return {str(labels_of(pod).get(REVISION)) for pod in pods}


def _outdated(pods: Sequence[Manifest], revision: Revision) -> list[Manifest]:
    return [pod for pod in pods if is_active(pod) and labels_of(pod).get(REVISION) != revision.mark]
