"""Deployments: a ReplicaSet per pod template, and the way from one to the next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from attrs import define

from adapters.sandbox._controllers._cluster import Cluster, with_metadata
from adapters.sandbox._controllers._deployment_status import counts, deployment_status, is_complete, overdue_at
from adapters.sandbox._controllers._objects import (
    annotations_of,
    is_leaving,
    labels_of,
    metadata,
    name_of,
    namespace_of,
    owner_of,
    owner_reference,
    spec,
    status,
)
from adapters.sandbox._controllers._replicas import TEMPLATE_HASH, template_hash
from adapters.sandbox._controllers._rollout import Limits, SetSize, first_size, rolling_step
from adapters.sandbox._controllers._seams import Place
from flowcore.model import Manifest

_COMPONENT = "deployment-controller"
_REVISION = "deployment.kubernetes.io/revision"
_DESIRED, _MAXIMUM = "deployment.kubernetes.io/desired-replicas", "deployment.kubernetes.io/max-replicas"
_NOT_COPIED = ("kubectl.kubernetes.io/last-applied-configuration", _REVISION, _DESIRED, _MAXIMUM)


@define
class Deployments:
    """Rolls Deployments out."""

    name: ClassVar[str] = "deployment"
    kinds: ClassVar[frozenset[str]] = frozenset({"Deployment", "ReplicaSet", "Pod"})

    cluster: Cluster

    def concerned(self, change: str, obj: Manifest) -> Iterable[Place]:
        """A set's change concerns the Deployment that owns it, a pod's end the one that waits for it."""
        if obj["kind"] == "Deployment":
            return ((namespace_of(obj), name_of(obj)),)
        if obj["kind"] == "Pod":
            owner = owner_of(obj) if change == "DELETED" else None
            replica_set = self.cluster.get("ReplicaSet", namespace_of(obj), str(owner["name"])) if owner else None
            return self.concerned("", replica_set) if replica_set else ()
        owner = owner_of(obj)
        return ((namespace_of(obj), str(owner["name"])),) if owner and owner["kind"] == "Deployment" else ()

    def reconcile(self, namespace: str, name: str) -> None:
        """Take the rollout a step further and tell how far it is."""
        deployment = self.cluster.get("Deployment", namespace, name)
        if deployment is None:
            return
        if not is_leaving(deployment):
            self.cluster.adopt(deployment, "ReplicaSet")
        new, old = self._sets(deployment)
        if not is_leaving(deployment):
            if not spec(deployment).get("paused"):
                deployment, new = self._renew(deployment, new, old)
            self._scale(deployment, new, old)
        self._report(namespace, name)

    def _sets(self, deployment: Manifest) -> tuple[Manifest | None, list[Manifest]]:
        """Return the set of the current template, and the others from old to young."""
        sets = self.cluster.owned(deployment, "ReplicaSet")
        wanted = template_hash(spec(deployment).get("template") or {})
        new = next((one for one in sets if labels_of(one).get(TEMPLATE_HASH) == wanted), None)
        return new, sorted((one for one in sets if one is not new), key=_revision)

    # ---------------------------------------------------------------- the new set

    def _renew(self, deployment: Manifest, new: Manifest | None, old: Sequence[Manifest]) -> tuple[Manifest, Manifest]:
        """Make sure that the set of the current template exists and has the highest revision."""
        revision = max((_revision(one) for one in old), default=0) + 1
        if new is None:
            new = self._create(deployment, old, revision)
        else:
            revision = max(_revision(new), revision)
            wanted = {**annotations_of(new), **_annotations(deployment, revision)}
            if wanted != annotations_of(new):
                new = self.cluster.update(with_metadata(new, annotations=wanted))
        if annotations_of(deployment).get(_REVISION) != str(revision):
            annotations = {**annotations_of(deployment), _REVISION: str(revision)}
            deployment = self.cluster.update(with_metadata(deployment, annotations=annotations))
        return deployment, new

    def _create(self, deployment: Manifest, old: Sequence[Manifest], revision: int) -> Manifest:
        wanted = int(spec(deployment).get("replicas", 1))
        sizes = [SetSize.of(one) for one in old]
        if _recreates(deployment):
            first = 0 if self._has_pods(old) else wanted
        else:
            first = first_size(wanted, Limits.of(deployment), sizes)
        new = self.cluster.create(_new_set(deployment, first, revision))
        if first:
            self._tell(deployment, name_of(new), 0, first)
        return new

    # ---------------------------------------------------------------- sizes

    def _scale(self, deployment: Manifest, new: Manifest | None, old: Sequence[Manifest]) -> None:
        wanted = int(spec(deployment).get("replicas", 1))
        if spec(deployment).get("paused"):
            active = [one for one in (*old, *([new] if new else [])) if spec(one).get("replicas")]
            if len(active) == 1 or (new is not None and not active):
                self._resize(deployment, active[0] if active else new, wanted)
        elif new is not None and _recreates(deployment):
            for one in old:
                self._resize(deployment, one, 0)
            if not self._has_pods(old):
                self._resize(deployment, new, wanted)
        elif new is not None:
            size, rest = rolling_step(wanted, Limits.of(deployment), SetSize.of(new), [SetSize.of(one) for one in old])
            self._resize(deployment, new, size.wanted)
            for one, smaller in zip(old, rest, strict=True):
                self._resize(deployment, one, smaller.wanted)

    def _has_pods(self, sets: Iterable[Manifest]) -> bool:
        return any(self.cluster.owned(one, "Pod") for one in sets)

    def _resize(self, deployment: Manifest, replica_set: Manifest | None, wanted: int) -> None:
        if replica_set is None or int(spec(replica_set).get("replicas", 1)) == wanted:
            return
        before = int(spec(replica_set).get("replicas", 1))
        current = self.cluster.get("ReplicaSet", namespace_of(replica_set), name_of(replica_set)) or replica_set
        self.cluster.update({**current, "spec": {**spec(current), "replicas": wanted}})
        self._tell(deployment, name_of(replica_set), before, wanted)

    def _tell(self, deployment: Manifest, name: str, before: int, after: int) -> None:
        way = "up" if after > before else "down"
        text = f"Scaled {way} replica set {name} from {before} to {after}"
        self.cluster.events.normal(deployment, "ScalingReplicaSet", text, _COMPONENT)

    # ---------------------------------------------------------------- report

    def _report(self, namespace: str, name: str) -> None:
        deployment = self.cluster.get("Deployment", namespace, name)
        if deployment is None:
            return
        new, old = self._sets(deployment)
        self.cluster.set_status(deployment, deployment_status(deployment, new, old, self.cluster.now()))
        if is_complete(deployment, counts(deployment, new, old)) and not is_leaving(deployment):
            self._clean(deployment, old)
        current = self.cluster.get("Deployment", namespace, name) or deployment
        overdue = overdue_at(current)
        if overdue is not None:
            delay = (overdue - self.cluster.now()).total_seconds()
            self.cluster.wake(self.name, (namespace, name), max(delay, 0.01))

    def _clean(self, deployment: Manifest, old: Sequence[Manifest]) -> None:
        limit = spec(deployment).get("revisionHistoryLimit")
        empty = [one for one in old if not spec(one).get("replicas") and not status(one).get("replicas")]
        for one in empty[: max(len(empty) - (10 if limit is None else int(limit)), 0)]:
            if not is_leaving(one):
                self.cluster.delete(one)


def _revision(replica_set: Manifest) -> int:
    text = str(annotations_of(replica_set).get(_REVISION) or "0")
    return int(text) if text.isdigit() else 0


def _recreates(deployment: Manifest) -> bool:
    return (spec(deployment).get("strategy") or {}).get("type") == "Recreate"


def _annotations(deployment: Manifest, revision: int) -> dict[str, str]:
    wanted = int(spec(deployment).get("replicas", 1))
    surge = 0 if _recreates(deployment) else Limits.of(deployment).surge
    copied = {key: value for key, value in annotations_of(deployment).items() if key not in _NOT_COPIED}
    return {**copied, _DESIRED: str(wanted), _MAXIMUM: str(wanted + surge), _REVISION: str(revision)}


def _new_set(deployment: Manifest, replicas: int, revision: int) -> Manifest:
    template = spec(deployment).get("template") or {}
    mark = template_hash(template)
    labels = {**labels_of(template), TEMPLATE_HASH: mark}
    selector = spec(deployment).get("selector") or {}
    minimum = spec(deployment).get("minReadySeconds")
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{name_of(deployment)}-{mark}",
            "namespace": namespace_of(deployment),
            "labels": labels,
            "annotations": _annotations(deployment, revision),
            "ownerReferences": [owner_reference(deployment)],
        },
        "spec": {
            "replicas": replicas,
            **({"minReadySeconds": minimum} if minimum else {}),
            "selector": {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), TEMPLATE_HASH: mark}},
            "template": {**template, "metadata": {**metadata(template), "labels": labels}},
        },
        "status": {"replicas": 0},
    }
