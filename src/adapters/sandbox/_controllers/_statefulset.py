"""StatefulSets: pods with names and claims of their own, made and replaced in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from attrs import define, frozen

from adapters.sandbox._controllers._cluster import Cluster
from adapters.sandbox._controllers._objects import (
    generation_of,
    is_leaving,
    labels_of,
    name_of,
    namespace_of,
    owner_of,
    spec,
    status,
)
from adapters.sandbox._controllers._ordinals import claims_of, ordinal_of, ordinal_pod
from adapters.sandbox._controllers._replicas import is_active, is_finished, is_ready, tally
from adapters.sandbox._controllers._revisions import (
    REVISION,
    Revision,
    current_revision,
    find_revision,
    forget_revisions,
)
from adapters.sandbox._controllers._seams import Place
from flowcore.model import Manifest

_COMPONENT = "statefulset-controller"


@frozen
class _Plan:
    """A StatefulSet with its pods by ordinal and its two revisions."""

    owner: Manifest
    pods: Mapping[int, Manifest]
    update: Revision
    current: Revision

    @property
    def ordinals(self) -> range:
        """The ordinals that are wanted."""
        start = int((spec(self.owner).get("ordinals") or {}).get("start") or 0)
        return range(start, start + int(spec(self.owner).get("replicas", 1)))

    @property
    def is_ordered(self) -> bool:
        """Whether one pod waits for the one before it."""
        return spec(self.owner).get("podManagementPolicy") != "Parallel"

    @property
    def partition(self) -> int | None:
        """The first ordinal that is updated; None when none is by itself."""
        strategy = spec(self.owner).get("updateStrategy") or {}
        if strategy.get("type") == "OnDelete":
            return None
        return int((strategy.get("rollingUpdate") or {}).get("partition") or 0)

    def revision_for(self, ordinal: int) -> Revision:
        """The revision a new pod is made of."""
        return self.current if self.partition and ordinal < self.partition else self.update

    def is_outdated(self, ordinal: int) -> bool:
        """Whether a pod is of another revision than the newest."""
        return labels_of(self.pods[ordinal]).get(REVISION) != self.update.name


@define
class StatefulSets:
    """Runs StatefulSets."""

    name: ClassVar[str] = "statefulset"
    kinds: ClassVar[frozenset[str]] = frozenset({"StatefulSet", "Pod"})

    cluster: Cluster

    def concerned(self, change: str, obj: Manifest) -> Iterable[Place]:
        """A pod's change concerns the set that owns it."""
        if obj["kind"] == "StatefulSet":
            return ((namespace_of(obj), name_of(obj)),)
        owner = owner_of(obj)
        return ((namespace_of(obj), str(owner["name"])),) if owner and owner["kind"] == "StatefulSet" else ()

    def reconcile(self, namespace: str, name: str) -> None:
        """Make, replace or delete the next pod in order, and count."""
        owner = self.cluster.get("StatefulSet", namespace, name)
        if owner is None:
            return
        if not is_leaving(owner):
            self.cluster.adopt(owner, "Pod")
        update = current_revision(self.cluster, owner)
        current = find_revision(self.cluster, owner, str(status(owner).get("currentRevision") or "")) or update
        plan = _Plan(owner, self._pods(owner), update, current)
        if not is_leaving(owner) and self._fill(plan) and self._shrink(plan):
            self._renew(plan)
        self._report(namespace, name, update, current)

    def _pods(self, owner: Manifest) -> dict[int, Manifest]:
        pods = {ordinal_of(pod): pod for pod in self.cluster.owned(owner, "Pod")}
        return dict(sorted((ordinal, pod) for ordinal, pod in pods.items() if ordinal is not None))

    # ---------------------------------------------------------------- pods

    def _fill(self, plan: _Plan) -> bool:
        """Make the pods that are missing; say whether all are there and, where order matters, ready."""
        complete = True
        for ordinal in plan.ordinals:
            pod = plan.pods.get(ordinal)
            if pod is None:
                self._create(plan, ordinal)
            elif is_finished(pod) and not is_leaving(pod):
                self.cluster.delete(pod)
            elif is_ready(pod) and not is_leaving(pod):
                continue
            complete = False
            if plan.is_ordered:
                return False
        return complete or not plan.is_ordered

    def _create(self, plan: _Plan, ordinal: int) -> None:
        owner, subject = plan.owner, f"{name_of(plan.owner)}-{ordinal}"
        for claim in claims_of(owner, ordinal):
            if self.cluster.get("PersistentVolumeClaim", namespace_of(owner), name_of(claim)) is None:
                self.cluster.create(claim)
                text = f"create Claim {name_of(claim)} Pod {subject} in StatefulSet {name_of(owner)} success"
                self.cluster.events.normal(owner, "SuccessfulCreate", text, _COMPONENT)
        self.cluster.create(ordinal_pod(owner, ordinal, plan.revision_for(ordinal)))
        text = f"create Pod {subject} in StatefulSet {name_of(owner)} successful"
        self.cluster.events.normal(owner, "SuccessfulCreate", text, _COMPONENT)

    def _shrink(self, plan: _Plan) -> bool:
        """Delete the pods that are too many, highest first; say whether none is left."""
        surplus = [ordinal for ordinal in plan.pods if ordinal not in plan.ordinals]
        for ordinal in reversed(surplus):
            self._delete(plan, ordinal)
            if plan.is_ordered:
                break
        if not surplus:
            self._drop_claims(plan)
        return not surplus

    def _delete(self, plan: _Plan, ordinal: int) -> None:
        pod = plan.pods[ordinal]
        if not is_leaving(pod):
            text = f"delete Pod {name_of(pod)} in StatefulSet {name_of(plan.owner)} successful"
            self.cluster.events.normal(plan.owner, "SuccessfulDelete", text, _COMPONENT)
            self.cluster.delete(pod)

    def _drop_claims(self, plan: _Plan) -> None:
        """Delete the claims of pods that were scaled away, where the set says so."""
        policy = spec(plan.owner).get("persistentVolumeClaimRetentionPolicy") or {}
        if policy.get("whenScaled") != "Delete":
            return
        ordinal = plan.ordinals.stop
        while True:
            claims = [
                self.cluster.get("PersistentVolumeClaim", namespace_of(claim), name_of(claim))
                for claim in claims_of(plan.owner, ordinal)
            ]
            found = [claim for claim in claims if claim is not None and not is_leaving(claim)]
            if not found:
                return
            for claim in found:
                self.cluster.delete(claim)
            ordinal += 1

    def _renew(self, plan: _Plan) -> None:
        """Delete the highest pod of an old revision, one at a time, so that it is made anew."""
        if plan.partition is None:
            return
        for ordinal in reversed(plan.ordinals):
            if ordinal < plan.partition or ordinal not in plan.pods:
                return
            pod = plan.pods[ordinal]
            if plan.is_outdated(ordinal):
                self._delete(plan, ordinal)
                return
            if not is_ready(pod) or is_leaving(pod):
                return

    # ---------------------------------------------------------------- report

    def _report(self, namespace: str, name: str, update: Revision, current: Revision) -> None:
        owner = self.cluster.get("StatefulSet", namespace, name)
        if owner is None:
            return
        pods = list(self._pods(owner).values())
        count = tally(pods, self.cluster.now(), float(spec(owner).get("minReadySeconds") or 0))
        by_revision = [labels_of(pod).get(REVISION) for pod in pods if is_active(pod)]
        wanted = int(spec(owner).get("replicas", 1))
        updated = by_revision.count(update.name)
        if updated == wanted == count.ready == len(pods):
            current = update
        self.cluster.set_status(
            owner,
            {
                "observedGeneration": generation_of(owner),
                "replicas": count.active,
                **({"readyReplicas": count.ready} if count.ready else {}),
                **({"currentReplicas": by_revision.count(current.name)} if current.name in by_revision else {}),
                **({"updatedReplicas": updated} if updated else {}),
                "availableReplicas": count.available,
                "currentRevision": current.name,
                "updateRevision": update.name,
                "collisionCount": 0,
            },
        )
        forget_revisions(self.cluster, owner, {update.name, current.name, *map(str, by_revision)})
        if count.recheck is not None:
            self.cluster.wake(self.name, (namespace, name), count.recheck)
