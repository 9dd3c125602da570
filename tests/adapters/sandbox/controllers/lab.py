"""A sandbox cluster under a clock that the test moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import define, field

from adapters.sandbox._controllers import Controllers, VirtualClock, seed_cluster
from adapters.sandbox._store import Store

Obj = dict[str, Any]


@define
class Lab:
    """Store, controllers and clock of one simulated cluster."""

    seed: int = 0
    clock: VirtualClock = field(factory=VirtualClock)
    store: Store = field(init=False)
    controllers: Controllers = field(init=False)
    history: list[tuple[str, Obj]] = field(init=False, factory=list)

    def __attrs_post_init__(self) -> None:
        self.store = Store(clock=self.clock.now)
        self.store.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
        seed_cluster(self.store)
        self.controllers = Controllers(self.store, clock=self.clock, seed=self.seed)
        self.store.subscribe(lambda change, obj: self.history.append((change, obj)))
        self.controllers.start()

    def wait(self, seconds: float = 3) -> None:
        self.clock.advance(seconds)
        assert not self.controllers.failures

    def make(self, api_version: str, kind: str, name: str, spec: Obj | None = None, **top: Any) -> Obj:
        meta = {"name": name, **top.pop("metadata", {})}
        body = {} if spec is None else {"spec": spec}
        return self.store.create({"apiVersion": api_version, "kind": kind, "metadata": meta, **body, **top})

    def get(self, kind: str, name: str, namespace: str = "default") -> Obj:
        found = self.store.get(API[kind], kind, namespace, name)
        assert found is not None, f"there is no {kind} {name}"
        return found

    def gone(self, kind: str, name: str) -> bool:
        return self.store.get(API[kind], kind, "default", name) is None

    def all(self, kind: str) -> list[Obj]:
        return self.store.list(API[kind], kind, "" if kind in ("PersistentVolume", "Node") else "default")

    def names(self, kind: str) -> list[str]:
        return [obj["metadata"]["name"] for obj in self.all(kind)]

    def change(self, kind: str, name: str, **spec: Any) -> Obj:
        obj = self.get(kind, name)
        return self.store.update({**obj, "spec": {**obj["spec"], **spec}})

    def status(self, kind: str, name: str) -> Obj:
        return self.get(kind, name).get("status", {})

    def delete(self, kind: str, name: str) -> None:
        self.store.delete(API[kind], kind, "default", name)

    def conditions(self, kind: str, name: str) -> dict[str, tuple[str, str]]:
        entries = self.status(kind, name).get("conditions", [])
        return {entry["type"]: (entry["status"], entry.get("reason", "")) for entry in entries}

    def reasons(self, kind: str, name: str = "") -> list[str]:
        return [event["reason"] for event in self.events(kind, name)]

    def events(self, kind: str, name: str = "") -> list[Obj]:
        events = self.store.list("v1", "Event")
        return [
            event
            for event in events
            if event["involvedObject"]["kind"] == kind and (not name or event["involvedObject"]["name"] == name)
        ]

    # ------------------------------------------------------------ fixtures in one line

    def pod(self, name: str = "p", annotation: str = "", **spec: Any) -> Obj:
        meta: Obj = {"annotations": {"flowcore.dev/sandbox": annotation}} if annotation else {}
        body = {"containers": [{"name": "main", "image": "nginx:1.27"}], **spec}
        return self.make("v1", "Pod", name, body, metadata=meta)

    def deployment(self, name: str = "web", annotation: str = "", replicas: int = 3, **spec: Any) -> Obj:
        return self.make("apps/v1", "Deployment", name, workload(name, annotation, replicas=replicas, **spec))

    def config(self, name: str, **data: str) -> Obj:
        return self.make("v1", "ConfigMap", name, data=data)


class Watched:
    """A view of a store that counts who listens through it."""

    def __init__(self, store: Store) -> None:
        self.inner, self.listeners = store, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def subscribe(self, listener: Callable[[str, Obj], None]) -> Callable[[], None]:
        self.listeners += 1
        end = self.inner.subscribe(listener)

        def unsubscribe() -> None:
            self.listeners -= 1
            end()

        return unsubscribe


API = {
    **dict.fromkeys(("Pod", "Service", "ConfigMap", "Secret", "PersistentVolumeClaim", "PersistentVolume"), "v1"),
    **dict.fromkeys(("Node", "Endpoints", "Event"), "v1"),
    **dict.fromkeys(("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "ControllerRevision"), "apps/v1"),
    **dict.fromkeys(("Job", "CronJob"), "batch/v1"),
    **dict.fromkeys(("Ingress", "IngressClass"), "networking.k8s.io/v1"),
    "EndpointSlice": "discovery.k8s.io/v1",
    "HorizontalPodAutoscaler": "autoscaling/v2",
}


def template(app: str, annotation: str = "", image: str = "nginx:1.27", **spec: Any) -> Obj:
    """A pod template with one container."""
    meta: Obj = {"labels": {"app": app}}
    if annotation:
        meta["annotations"] = {"flowcore.dev/sandbox": annotation}
    return {"metadata": meta, "spec": {"containers": [{"name": "main", "image": image}], **spec}}


def workload(app: str, annotation: str = "", image: str = "nginx:1.27", **spec: Any) -> Obj:
    """The spec of a workload with a selector."""
    body = {"selector": {"matchLabels": {"app": app}}, "template": template(app, annotation, image)}
    return {**body, **spec}
