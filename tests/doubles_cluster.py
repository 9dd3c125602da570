"""A cluster that is played in memory: it keeps what is applied, tells watchers, and behaves as the test wants."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from flowcore.errors import UnavailableError
from flowcore.model import Cluster, Manifest, ObjectRef
from flowcore.ports.cluster import Applied, Changed, Deleted, Operation, RejectedError, Selection, Synced, WatchEvent


class PlayedCluster:
    """The objects of one cluster, and how it behaves.

    Attributes:
        heals: workloads are ready as soon as they are applied.
        refused: error by object name, raised instead of applying it.
        held: names of objects whose apply does not return before ``release``.
        applied: names of what was applied, in order.
        is_down: nothing answers.
        is_silent: reading an object never comes to an end.
    """

    def __init__(self, *, heals: bool = True) -> None:
        self.heals = heals
        self.refused: dict[str, RejectedError] = {}
        self.is_down = False
        self.is_silent = False
        self.applied: list[str] = []
        self.deleted: list[ObjectRef] = []
        self.objects: dict[ObjectRef, Manifest] = {}
        self.held: set[str] = set()
        self.connections = 0
        self.watches = 0
        self._released = asyncio.Event()
        self._versions = count(1)
        self._watchers: list[tuple[Selection, asyncio.Queue[WatchEvent]]] = []

    def find(self, kind: str, name: str) -> Manifest:
        """Return an object by kind and name."""
        return next(live for ref, live in self.objects.items() if (ref.kind, ref.name) == (kind, name))

    def release(self) -> None:
        """Let every held apply go on."""
        self.held.clear()
        self._released.set()

    def set_status(self, kind: str, name: str, status: Mapping[str, Any]) -> None:
        """Give an object another status, as its controller would."""
        live = self.find(kind, name)
        self._put({**live, "status": dict(status)})

    def heal(self, kind: str, name: str) -> None:
        """Make an object as its controller would when all is well."""
        live = self.find(kind, name)
        self._put({**live, "status": good_status(live)})

    async def version(self) -> str:
        self._answer()
        return "v1.37.0-played"

    async def apply(self, manifest: Manifest, *, force: bool = False, dry_run: bool = False) -> Applied:
        self._answer()
        ref = ObjectRef.of(manifest)
        while ref.name in self.held:
            await self._released.wait()
        await asyncio.sleep(0)
        if ref.name in self.refused:
            raise self.refused[ref.name]
        self.applied.append(ref.name)
        live = self.objects.get(ref)
        if live is not None and all(live.get(key) == value for key, value in manifest.items() if key != "metadata"):
            return Applied(
                self._put({**live, "metadata": {**live["metadata"], **manifest["metadata"]}}), Operation.UNCHANGED
            )
        made = self._merged(manifest, live)
        return Applied(self._put(made), Operation.CONFIGURED if live else Operation.CREATED)

    async def get(self, ref: ObjectRef) -> Manifest | None:
        self._answer()
        if self.is_silent:
            await asyncio.Event().wait()
        return copy.deepcopy(self.objects.get(ref))

    async def delete(self, ref: ObjectRef) -> bool:
        self._answer()
        live = self.objects.pop(ref, None)
        if live is None:
            return False
        self.deleted.append(ref)
        gone = {**live, "metadata": {**live["metadata"], "resourceVersion": str(next(self._versions))}}
        self._tell(Deleted(gone), gone)
        return True

    async def list(self, selection: Selection) -> list[Manifest]:
        self._answer()
        return [copy.deepcopy(live) for live in self.objects.values() if _selects(selection, live)]

    async def watch(self, selection: Selection) -> AsyncIterator[WatchEvent]:
        self._answer()
        self.watches += 1
        queue: asyncio.Queue[WatchEvent] = asyncio.Queue()
        self._watchers.append((selection, queue))
        try:
            yield Synced(tuple(await self.list(selection)))
            while True:
                yield await queue.get()
        finally:
            self._watchers.remove((selection, queue))

    async def logs(
        self, namespace: str, pod: str, *, container: str = "", follow: bool = False, tail: int | None = None
    ) -> AsyncIterator[str]:
        for line in ():
            yield line

    def _answer(self) -> None:
        if self.is_down:
            raise UnavailableError("the cluster does not answer")

    def _merged(self, manifest: Manifest, live: Manifest | None) -> Manifest:
        made = copy.deepcopy(manifest)
        before = live["metadata"] if live else {"uid": f"uid-{next(self._versions)}", "generation": 0}
        made["metadata"] = {**before, **made["metadata"], "generation": before["generation"] + 1}
        made["status"] = good_status(made) if self.heals else (live or {}).get("status", {})
        return made

    def _put(self, live: Manifest) -> Manifest:
        live = {**live, "metadata": {**live["metadata"], "resourceVersion": str(next(self._versions))}}
        self.objects[ObjectRef.of(live)] = live
        self._tell(Changed(copy.deepcopy(live)), live)
        return copy.deepcopy(live)

    def _tell(self, event: WatchEvent, live: Manifest) -> None:
        for selection, queue in self._watchers:
            if _selects(selection, live):
                queue.put_nowait(event)


class PlayedClusters:
    """Ways into played clusters; every registered cluster leads to the one of its name, or to the only one."""

    def __init__(self, cluster: PlayedCluster | None = None, **named: PlayedCluster) -> None:
        self.cluster = cluster or PlayedCluster()
        self.named = named

    @asynccontextmanager
    async def connect(self, cluster: Cluster) -> AsyncIterator[PlayedCluster]:
        found = self.named.get(cluster.name, self.cluster)
        if found.is_down:
            raise UnavailableError("the cluster does not answer")
        found.connections += 1
        try:
            yield found
        finally:
            found.connections -= 1

    async def vet(self, cluster: Cluster) -> None:
        return None

    def seal(self, cluster: Cluster, credentials: Mapping[str, str]) -> str:
        return f"sealed for {cluster.id}" if credentials else ""


def good_status(live: Manifest) -> dict[str, Any]:
    """Return the status that a controller writes when all is well."""
    generation = live["metadata"]["generation"]
    replicas = (live.get("spec") or {}).get("replicas", 1)
    names = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "currentReplicas")
    counts = dict.fromkeys(names, replicas)
    match live["kind"]:
        case "Deployment":
            available = {"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable"}
            rolled_out = {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}
            return {"observedGeneration": generation, **counts, "conditions": [available, rolled_out]}
        case "StatefulSet":
            return {"observedGeneration": generation, **counts, "currentRevision": "r", "updateRevision": "r"}
        case "Job":
            return {"succeeded": 1, "conditions": [{"type": "Complete", "status": "True"}]}
        case "PersistentVolumeClaim":
            return {"phase": "Bound"}
        case "Ingress":
            return {"loadBalancer": {"ingress": [{"ip": "10.0.0.1"}]}}
        case _:
            return {}


def _selects(selection: Selection, live: Manifest) -> bool:
    labels = live["metadata"].get("labels") or {}
    return (
        (live["apiVersion"], live["kind"]) == (selection.api_version, selection.kind)
        and selection.namespace in ("", live["metadata"].get("namespace", ""))
        and all(key in labels and value in ("", labels[key]) for key, value in selection.labels.items())
    )
