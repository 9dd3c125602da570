"""metrics.k8s.io: usage of pods and nodes, invented but steady, since nothing runs here."""

from __future__ import annotations

from decimal import Decimal
from zlib import crc32

from adapters.sandbox._quantities import parsed
from adapters.sandbox._routes import Target
from adapters.sandbox._selectors import selects
from adapters.sandbox._status import Object, not_found
from adapters.sandbox._store import Store

GROUP = "metrics.k8s.io"
_WINDOW = "30s"
_SIMULATED = {"flowcore.dev/sandbox": "simulated: nothing runs"}
_MEBI = 1024 * 1024
#: What a container is said to use when it requests nothing: millicores and MiB.
_IDLE = (5, 24)


def usage_of(store: Store, target: Target, labels: str) -> Object:
    """The metrics of one object, or the list of all that a label selector chooses. Raises StatusError 404."""
    kind = "Node" if target.resource.plural == "nodes" else "Pod"
    matches = selects(labels, "", target.resource)
    found = [obj for obj in store.list("v1", kind, target.namespace) if matches is None or matches(obj)]
    if kind == "Pod":
        found = [obj for obj in found if obj.get("status", {}).get("phase") == "Running"]
    if not target.name:
        return {
            "kind": f"{target.resource.kind}List",
            "apiVersion": target.resource.api_version,
            "metadata": {},
            "items": [_measured(store, obj, target) for obj in found],
        }
    chosen = next((obj for obj in found if obj["metadata"]["name"] == target.name), None)
    if chosen is None:
        raise not_found(target.resource.plural, GROUP, target.name)
    return _measured(store, chosen, target)


def _measured(store: Store, obj: Object, target: Target) -> Object:
    metadata = {name: obj["metadata"][name] for name in ("name", "namespace", "labels") if name in obj["metadata"]}
    measured: Object = {
        "kind": target.resource.kind,
        "apiVersion": target.resource.api_version,
        "metadata": metadata | {"creationTimestamp": store.now(), "annotations": _SIMULATED},
        "timestamp": store.now(),
        "window": _WINDOW,
    }
    if obj["kind"] == "Pod":
        containers = [(one["name"], _container(obj, one)) for one in obj["spec"].get("containers", ())]
        return measured | {"containers": [{"name": name, "usage": _written(*used)} for name, used in containers]}
    pods = [pod for pod in store.list("v1", "Pod") if pod["spec"].get("nodeName") == obj["metadata"]["name"]]
    used = [_container(pod, one) for pod in pods for one in pod["spec"].get("containers", ())]
    return measured | {"usage": _written(100 + sum(cpu for cpu, _ in used), 512 + sum(memory for _, memory in used))}


def _container(pod: Object, container: Object) -> tuple[int, int]:
    """Millicores and MiB of a container: a steady part of what it requests."""
    requests = container.get("resources", {}).get("requests", {})
    share = Decimal(20 + crc32(f"{pod['metadata']['uid']}/{container['name']}".encode()) % 50) / 100
    cpu, memory = parsed(str(requests.get("cpu", ""))), parsed(str(requests.get("memory", "")))
    millicores = max(int(cpu * 1000 * share), 1) if cpu else _IDLE[0]
    return millicores, max(int(memory * share / _MEBI), 1) if memory else _IDLE[1]


def _written(millicores: int, mebibytes: int) -> Object:
    return {"cpu": f"{millicores}m", "memory": f"{mebibytes * 1024}Ki"}
