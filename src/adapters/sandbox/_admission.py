"""What the server adds beyond defaults: what needs the cluster's state, the object's own uid, or its first status."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from adapters.sandbox._history import place_of
from adapters.sandbox._schema import definition_name
from adapters.sandbox._status import Cause, Object, invalid
from adapters.sandbox._store import Store

_ADDRESSES = [f"10.96.{third}.{last}" for third in range(1, 4) for last in range(1, 255)]
_NODE_PORTS = range(30000, 32768)
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
_DEFAULT_INGRESS = "ingressclass.kubernetes.io/is-default-class"
_ALLOCATED = ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy")
_FIRST_STATUS: dict[str, Object] = {
    "Service": {"loadBalancer": {}},
    "Ingress": {"loadBalancer": {}},
    "ReplicaSet": {"replicas": 0},
    "ReplicationController": {"replicas": 0},
    "StatefulSet": {"availableReplicas": 0, "replicas": 0},
    "DaemonSet": {
        "currentNumberScheduled": 0,
        "desiredNumberScheduled": 0,
        "numberMisscheduled": 0,
        "numberReady": 0,
    },
    "HorizontalPodAutoscaler": {"desiredReplicas": 0, "currentMetrics": None},
    "PodDisruptionBudget": {"currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0},
    "PersistentVolumeClaim": {"phase": "Pending"},
    "PersistentVolume": {"phase": "Pending"},
    "Namespace": {"phase": "Active"},
    "Pod": {"phase": "Pending"},
}
_WITH_STATUS = ("Deployment", "Job", "CronJob", "Node", "ResourceQuota")


def admitted(obj: Object, store: Store) -> Object:
    """A new object (with its uid) as the server stores it. Raises StatusError 422 on a taken address or port."""
    kind = obj["kind"]
    if definition_name(obj["apiVersion"], kind) is None:
        return obj
    if kind in _FIRST_STATUS:
        obj = {**obj, "status": dict(_FIRST_STATUS[kind])}
    elif kind in _WITH_STATUS and "status" not in obj:
        obj = {**obj, "status": {}}
    add = _ON_CREATE.get(kind)
    return add(obj, store) if add is not None else obj


def readmitted(old: Object, new: Object, store: Store) -> Object:
    """An update as the server stores it: what was allocated stays, what the new state needs is allocated."""
    if new["kind"] == "Service" and new["apiVersion"] == "v1":
        return _with_addresses(_carried_over(old, new), store)
    return new


def _pod(obj: Object, store: Store) -> Object:
    return {**obj, "status": {**obj["status"], "qosClass": _quality(obj["spec"])}}


def _quality(spec: Object) -> str:
    containers = [*spec.get("initContainers", ()), *spec.get("containers", ())]
    resources = [container.get("resources", {}) for container in containers]
    if not any(part.get("limits") or part.get("requests") for part in resources):
        return "BestEffort"
    guaranteed = all(
        {"cpu", "memory"} <= part.get("limits", {}).keys() and part.get("requests", part["limits"]) == part["limits"]
        for part in resources
    )
    return "Guaranteed" if guaranteed else "Burstable"


def _job(obj: Object, store: Store) -> Object:
    spec = obj["spec"]
    if spec.get("manualSelector"):
        return obj
    uid, name = obj["metadata"]["uid"], obj["metadata"]["name"]
    added = {
        "batch.kubernetes.io/controller-uid": uid,
        "batch.kubernetes.io/job-name": name,
        "controller-uid": uid,
        "job-name": name,
    }
    template = spec["template"]
    metadata = template.get("metadata", {})
    labelled = {**template, "metadata": {**metadata, "labels": {**metadata.get("labels", {}), **added}}}
    selector = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
    return {**obj, "spec": {**spec, "selector": selector, "template": labelled}}


def _claim(obj: Object, store: Store) -> Object:
    if "storageClassName" in obj["spec"]:
        return obj
    chosen = _default_of(store, "storage.k8s.io/v1", "StorageClass", _DEFAULT_CLASS)
    return {**obj, "spec": {**obj["spec"], "storageClassName": chosen}} if chosen else obj


def _ingress(obj: Object, store: Store) -> Object:
    if "ingressClassName" in obj["spec"]:
        return obj
    chosen = _default_of(store, "networking.k8s.io/v1", "IngressClass", _DEFAULT_INGRESS)
    return {**obj, "spec": {**obj["spec"], "ingressClassName": chosen}} if chosen else obj


def _default_of(store: Store, api_version: str, kind: str, annotation: str) -> str:
    marked = [
        obj["metadata"]["name"]
        for obj in store.list(api_version, kind)
        if obj["metadata"].get("annotations", {}).get(annotation) == "true"
    ]
    return min(marked, default="")


# -- services


def _with_addresses(obj: Object, store: Store) -> Object:
    spec = dict(obj["spec"])
    kind = spec.get("type")
    if kind == "ExternalName":
        for name in (*_ALLOCATED, "internalTrafficPolicy"):
            spec.pop(name, None)
        return {**obj, "spec": spec}
    services = [other for other in store.list("v1", "Service") if place_of(other) != place_of(obj)]
    spec["clusterIP"] = spec.get("clusterIP") or _free_address(services)
    _refuse_taken_address(obj, spec["clusterIP"], services)
    spec["clusterIPs"] = [spec["clusterIP"]]
    spec.setdefault("ipFamilies", ["IPv4"])
    spec.setdefault("ipFamilyPolicy", "SingleStack")
    opens = kind == "NodePort" or (kind == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts", True))
    if opens and "ports" in spec:
        spec["ports"] = _with_node_ports(obj, spec["ports"], services)
    return {**obj, "spec": spec}


def _free_address(services: list[Object]) -> str:
    taken = {service["spec"].get("clusterIP") for service in services}
    return next(address for address in _ADDRESSES if address not in taken)


def _refuse_taken_address(obj: Object, address: str, services: list[Object]) -> None:
    if address != "None" and any(service["spec"].get("clusterIP") == address for service in services):
        text = f'Invalid value: ["{address}"]: failed to allocate IP {address}: provided IP is already allocated'
        raise _refusal(obj, Cause("FieldValueInvalid", text, "spec.clusterIPs"))


def _with_node_ports(obj: Object, ports: list[Object], services: list[Object]) -> list[Object]:
    others = [port for service in services for port in service["spec"].get("ports", ())]
    taken = {port["nodePort"] for port in others if port.get("nodePort")}
    for index, port in enumerate(ports):
        if port.get("nodePort") in taken:
            text = f"Invalid value: {port['nodePort']}: provided port is already allocated"
            raise _refusal(obj, Cause("FieldValueInvalid", text, f"spec.ports[{index}].nodePort"))
    taken |= {port["nodePort"] for port in ports if port.get("nodePort")}
    free: Iterator[int] = (number for number in _NODE_PORTS if number not in taken)
    return [port if port.get("nodePort") else {**port, "nodePort": next(free)} for port in ports]


def _refusal(obj: Object, cause: Cause) -> Exception:
    return invalid("Service", "", obj["metadata"]["name"], [cause])


def _carried_over(old: Object, new: Object) -> Object:
    before, after = old["spec"], dict(new["spec"])
    if "ExternalName" in (before.get("type"), after.get("type")):
        return new
    for name in _ALLOCATED:
        if name in before:
            after.setdefault(name, before[name])
    opens = after.get("type") in ("NodePort", "LoadBalancer")
    held = {(port.get("port"), port.get("protocol")): port.get("nodePort") for port in before.get("ports", ())}
    ports = []
    for port in after.get("ports", ()):
        number = held.get((port.get("port"), port.get("protocol")))
        if opens and number:
            ports.append({"nodePort": number, **port} if not port.get("nodePort") else port)
        elif not opens and number and port.get("nodePort") == number:
            ports.append({name: part for name, part in port.items() if name != "nodePort"})
        else:
            ports.append(port)
    if ports:
        after["ports"] = ports
    if not opens and before.get("type") != after.get("type"):
        after.pop("externalTrafficPolicy", None)
        after.pop("allocateLoadBalancerNodePorts", None)
    return {**new, "spec": after}


_ON_CREATE: dict[str, Callable[[Object, Store], Object]] = {
    "Pod": _pod,
    "Job": _job,
    "PersistentVolumeClaim": _claim,
    "Ingress": _ingress,
    "Service": _with_addresses,
}
