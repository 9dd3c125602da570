"""Endpoints: which pods stand behind a Service, as EndpointSlices and as the older Endpoints object."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from attrs import define, field

from adapters.sandbox._controllers._cluster import Cluster
from adapters.sandbox._controllers._objects import (
    canonical,
    is_leaving,
    labels_of,
    name_of,
    namespace_of,
    owner_reference,
    spec,
    status,
    uid_of,
)
from adapters.sandbox._controllers._replicas import is_finished, is_ready
from adapters.sandbox._controllers._seams import Place
from flowcore.model import Manifest

_MANAGER = "endpointslice.kubernetes.io/managed-by"


@define
class ServiceEndpoints:
    """Follows the pods behind Services."""

    name: ClassVar[str] = "endpoints"
    kinds: ClassVar[frozenset[str]] = frozenset({"Service", "Pod"})

    cluster: Cluster
    _behind: dict[Place, tuple[Place, ...]] = field(init=False, factory=dict)

    def concerned(self, change: str, obj: Manifest) -> Iterable[Place]:
        """A pod's change concerns the Services that select it, and those that did before."""
        place = namespace_of(obj), name_of(obj)
        if obj["kind"] == "Service":
            return (place,)
        before = self._behind.pop(place, ())
        if change == "DELETED" or not status(obj).get("podIP"):
            return before
        labels = labels_of(obj).items()
        services = self.cluster.all("Service", place[0])
        now = tuple((place[0], name_of(one)) for one in services if _selector(one) and _selector(one).items() <= labels)
        if now:
            self._behind[place] = now
        return before if before == now else dict.fromkeys((*before, *now))

    def reconcile(self, namespace: str, name: str) -> None:
        """Write down the pods behind a Service."""
        service = self.cluster.get("Service", namespace, name)
        if service is None:
            endpoints = self.cluster.get("Endpoints", namespace, name)
            if endpoints is not None and labels_of(endpoints).get("endpoints.kubernetes.io/managed-by"):
                self.cluster.delete(endpoints)
            return
        if is_leaving(service) or not _selector(service) or spec(service).get("type") == "ExternalName":
            return
        pods = self._pods(service)
        self._write_slices(service, pods)
        self._write_endpoints(service, pods)

    def _pods(self, service: Manifest) -> list[Manifest]:
        wanted = _selector(service).items()
        pods = [pod for pod in self.cluster.all("Pod", namespace_of(service)) if wanted <= labels_of(pod).items()]
        place = namespace_of(service), name_of(service)
        for pod in pods:
            if status(pod).get("podIP"):
                key = namespace_of(pod), name_of(pod)
                self._behind[key] = tuple(dict.fromkeys((*self._behind.get(key, ()), place)))
        return [pod for pod in pods if status(pod).get("podIP") and not is_finished(pod)]

    # ---------------------------------------------------------------- slices

    def _write_slices(self, service: Manifest, pods: Sequence[Manifest]) -> None:
        groups: dict[str, tuple[list[Manifest], list[Manifest]]] = {}
        for pod in pods:
            ports = resolved_ports(service, pod)
            groups.setdefault(canonical(ports), (ports, []))[1].append(endpoint(service, pod))
        wanted = list(groups.values()) or [([], [])]
        known = [one for one in self.cluster.owned(service, "EndpointSlice") if not is_leaving(one)]
        for (ports, endpoints), old in zip(wanted, known, strict=False):
            new = {**old, "endpoints": endpoints, "ports": ports}
            if new != old:
                self.cluster.update(new)
        for ports, endpoints in wanted[len(known) :]:
            self.cluster.create(self._slice(service, ports, endpoints))
        for old in known[len(wanted) :]:
            self.cluster.delete(old)

    def _slice(self, service: Manifest, ports: list[Manifest], endpoints: list[Manifest]) -> Manifest:
        labels = {
            **labels_of(service),
            _MANAGER: "endpointslice-controller.k8s.io",
            "kubernetes.io/service-name": name_of(service),
        }
        if spec(service).get("clusterIP") == "None":
            labels["service.kubernetes.io/headless"] = ""
        return {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": self.cluster.new_name("EndpointSlice", namespace_of(service), name_of(service)),
                "namespace": namespace_of(service),
                "labels": labels,
                "ownerReferences": [owner_reference(service)],
            },
            "addressType": "IPv4",
            "endpoints": endpoints,
            "ports": ports,
        }

    # ---------------------------------------------------------------- the older object

    def _write_endpoints(self, service: Manifest, pods: Sequence[Manifest]) -> None:
        subsets = legacy_subsets(service, pods)
        old = self.cluster.get("Endpoints", namespace_of(service), name_of(service))
        if old is not None:
            if (old.get("subsets") or []) != subsets:
                rest = {key: value for key, value in old.items() if key != "subsets"}
                self.cluster.update({**rest, **({"subsets": subsets} if subsets else {})})
            return
        labels = {**labels_of(service), "endpoints.kubernetes.io/managed-by": "endpoint-controller"}
        meta = {"name": name_of(service), "namespace": namespace_of(service), "labels": labels}
        new: Manifest = {"apiVersion": "v1", "kind": "Endpoints", "metadata": meta}
        self.cluster.create({**new, **({"subsets": subsets} if subsets else {})})


def _selector(service: Manifest) -> Manifest:
    result: Manifest = spec(service).get("selector") or {}
    return result


def resolved_ports(service: Manifest, pod: Manifest) -> list[Manifest]:
    """Return a slice's ports for a pod; a named target port that the pod does not have is left out."""
    result = []
    for port in spec(service).get("ports") or ():
        number = _target(port, pod)
        if number is not None:
            entry = {"name": port.get("name", ""), "port": number, "protocol": port.get("protocol", "TCP")}
            result.append({**entry, **({"appProtocol": port["appProtocol"]} if port.get("appProtocol") else {})})
    return result


def _target(port: Manifest, pod: Manifest) -> int | None:
    target = port.get("targetPort") or port.get("port")
    if isinstance(target, int) or str(target).isdigit():
        return int(str(target))
    for container in (*(spec(pod).get("containers") or ()), *(spec(pod).get("initContainers") or ())):
        for entry in container.get("ports") or ():
            same_protocol = entry.get("protocol", "TCP") == port.get("protocol", "TCP")
            if entry.get("name") == target and same_protocol:
                return int(entry.get("containerPort") or 0)
    return None


def endpoint(service: Manifest, pod: Manifest) -> Manifest:
    """Return a slice's entry for a pod."""
    serving, leaving = is_ready(pod), is_leaving(pod)
    ready = bool(spec(service).get("publishNotReadyAddresses")) or (serving and not leaving)
    named = spec(pod).get("hostname") and spec(pod).get("subdomain") == name_of(service)
    return {
        "addresses": [status(pod)["podIP"]],
        "conditions": {"ready": ready, "serving": serving, "terminating": leaving},
        **({"hostname": spec(pod)["hostname"]} if named else {}),
        "nodeName": spec(pod).get("nodeName", ""),
        "targetRef": _reference(pod),
    }


def _reference(pod: Manifest) -> Manifest:
    return {"kind": "Pod", "namespace": namespace_of(pod), "name": name_of(pod), "uid": uid_of(pod)}


def legacy_subsets(service: Manifest, pods: Iterable[Manifest]) -> list[Manifest]:
    """Return the subsets of the Endpoints object: pods grouped by ports, ready ones apart from the others."""
    groups: dict[str, Manifest] = {}
    for pod in pods:
        if is_leaving(pod):
            continue
        entry = {"ip": status(pod)["podIP"], "nodeName": spec(pod).get("nodeName", ""), "targetRef": _reference(pod)}
        ports = resolved_ports(service, pod)
        group = groups.setdefault(canonical(ports), {"addresses": [], "notReadyAddresses": [], "ports": ports})
        ready = bool(spec(service).get("publishNotReadyAddresses")) or is_ready(pod)
        group["addresses" if ready else "notReadyAddresses"].append(entry)
    return [{key: value for key, value in group.items() if value} for group in groups.values()]
