"""The namespaces of a new cluster, and what every namespace is given."""

from __future__ import annotations

from collections.abc import Callable

from adapters.sandbox._status import Object
from adapters.sandbox._store import Store

NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
_ROOT = "kube-root-ca.crt"
_ROOT_DATA: Object = {"data": {"ca.crt": "The flowcore sandbox has no certificate authority.\n"}}


def create_namespace(store: Store, name: str) -> Object:
    """A new active namespace. Raises StatusError 409."""
    return store.create(
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}},
            "spec": {"finalizers": ["kubernetes"]},
            "status": {"phase": "Active"},
        }
    )


def follow_namespaces(store: Store) -> Callable[[], None]:
    """Give every namespace its default service account and root certificate; returns what ends that."""

    def furnish(change: str, obj: Object) -> None:
        if change != "ADDED" or obj["kind"] != "Namespace" or obj["apiVersion"] != "v1":
            return
        namespace: str = obj["metadata"]["name"]
        for kind, name, more in (("ServiceAccount", "default", {}), ("ConfigMap", _ROOT, _ROOT_DATA)):
            if store.get("v1", kind, namespace, name) is None:
                store.create(
                    {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": namespace}, **more}
                )

    return store.subscribe(furnish)
