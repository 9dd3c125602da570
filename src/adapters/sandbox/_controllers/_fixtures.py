"""What every sandbox cluster has from the start: its node, a storage class, an ingress class, its own service."""

from __future__ import annotations

from adapters.sandbox._controllers._events import NODE
from adapters.sandbox._controllers._ingress import INGRESS_CONTROLLER
from adapters.sandbox._controllers._objects import name_of, namespace_of
from adapters.sandbox._controllers._pod_status import NODE_IP
from adapters.sandbox._controllers._seams import Store
from adapters.sandbox._controllers._volumes import PROVISIONER
from flowcore.model import Manifest

#: Name of the ingress class that gets addresses.
INGRESS_CLASS = "nginx"

_CAPACITY = {"cpu": "64", "memory": "256Gi", "ephemeral-storage": "1000Gi", "hugepages-2Mi": "0", "pods": "5000"}


def seed_cluster(store: Store) -> None:
    """Create what is missing of the node ``flowcore-sandbox``, the classes ``standard`` and ``nginx`` and, where the
    namespace ``default`` exists, the service ``kubernetes``."""
    wanted = [_node(), _storage_class(), _ingress_class()]
    if store.get("v1", "Namespace", "", "default") is not None:
        wanted += [_kubernetes_service(), _kubernetes_endpoints(), _kubernetes_slice()]
    for obj in wanted:
        if store.get(obj["apiVersion"], obj["kind"], namespace_of(obj), name_of(obj)) is None:
            store.create(obj)


def _node() -> Manifest:
    labels = {
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": NODE,
        "kubernetes.io/os": "linux",
        "node-role.kubernetes.io/control-plane": "",
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": NODE, "labels": labels, "annotations": {"flowcore.dev/sandbox": "runs no containers"}},
        "spec": {"podCIDR": "10.244.0.0/16", "podCIDRs": ["10.244.0.0/16"], "providerID": f"sandbox://{NODE}"},
        "status": _node_status(),
    }


def _node_status() -> Manifest:
    healthy = [
        ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    ]
    return {
        "addresses": [{"type": "InternalIP", "address": NODE_IP}, {"type": "Hostname", "address": NODE}],
        "allocatable": _CAPACITY,
        "capacity": _CAPACITY,
        "conditions": [
            {"type": kind, "status": state, "reason": reason, "message": message}
            for kind, state, reason, message in healthy
        ],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        "nodeInfo": {
            "architecture": "amd64",
            "bootID": "00000000-0000-4000-8000-000000000001",
            "containerRuntimeVersion": "sandbox://0.1.0",
            "kernelVersion": "6.1.0-sandbox",
            "kubeProxyVersion": "",
            "kubeletVersion": "v1.37.0",
            "machineID": "00000000000040008000000000000002",
            "operatingSystem": "linux",
            "osImage": "flowcore sandbox (runs no containers)",
            "systemUUID": "00000000-0000-4000-8000-000000000003",
        },
    }


def _storage_class() -> Manifest:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": "standard",
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        "provisioner": PROVISIONER,
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "Immediate",
        "allowVolumeExpansion": True,
    }


def _ingress_class() -> Manifest:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {
            "name": INGRESS_CLASS,
            "annotations": {"ingressclass.kubernetes.io/is-default-class": "true"},
        },
        "spec": {"controller": INGRESS_CONTROLLER},
    }


def _kubernetes_service() -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": "kubernetes",
            "namespace": "default",
            "labels": {"component": "apiserver", "provider": "kubernetes"},
        },
        "spec": {
            "type": "ClusterIP",
            "clusterIP": "10.96.0.1",
            "clusterIPs": ["10.96.0.1"],
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "internalTrafficPolicy": "Cluster",
            "sessionAffinity": "None",
            "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}],
        },
        "status": {"loadBalancer": {}},
    }


def _kubernetes_endpoints() -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {"name": "kubernetes", "namespace": "default"},
        "subsets": [{"addresses": [{"ip": NODE_IP}], "ports": [{"name": "https", "port": 6443, "protocol": "TCP"}]}],
    }


def _kubernetes_slice() -> Manifest:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": "kubernetes",
            "namespace": "default",
            "labels": {"kubernetes.io/service-name": "kubernetes"},
        },
        "addressType": "IPv4",
        "endpoints": [{"addresses": [NODE_IP], "conditions": {"ready": True}}],
        "ports": [{"name": "https", "port": 6443, "protocol": "TCP"}],
    }
