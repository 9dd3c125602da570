"""Ingresses: those of a known class get the address of their controller."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import ClassVar

from attrs import define, field

from adapters.sandbox._controllers._cluster import Cluster
from adapters.sandbox._controllers._objects import (
    annotations_of,
    is_leaving,
    name_of,
    namespace_of,
    spec,
    status,
    uid_of,
)
from adapters.sandbox._controllers._seams import Place
from flowcore.model import Manifest

#: The address of the simulated ingress controller (RFC 2544: it belongs to nobody).
ADDRESS = "198.19.0.10"
INGRESS_CONTROLLER = "k8s.io/ingress-nginx"
_COMPONENT = "nginx-ingress-controller"
_DELAY = (0.3, 0.9)
_DEFAULT = "ingressclass.kubernetes.io/is-default-class"


@define
class Ingresses:
    """Gives Ingresses their address."""

    name: ClassVar[str] = "ingress"
    kinds: ClassVar[frozenset[str]] = frozenset({"Ingress", "IngressClass"})

    cluster: Cluster
    _due: dict[str, datetime] = field(init=False, factory=dict)

    def concerned(self, change: str, obj: Manifest) -> Iterable[Place]:
        """A class's change concerns every Ingress."""
        if obj["kind"] == "Ingress":
            return ((namespace_of(obj), name_of(obj)),)
        return [(namespace_of(one), name_of(one)) for one in self.cluster.all("Ingress")]

    def reconcile(self, namespace: str, name: str) -> None:
        """Give an Ingress its address, or say why it gets none."""
        ingress = self.cluster.get("Ingress", namespace, name)
        if ingress is None or is_leaving(ingress):
            return
        ingress = self._with_class(ingress)
        problem = self._problem(ingress)
        if problem:
            self._due.pop(uid_of(ingress), None)
            if uid_of(ingress) + problem not in self._due:
                self._due[uid_of(ingress) + problem] = self.cluster.now()
                self.cluster.events.warning(ingress, "IngressClassNotFound", problem, _COMPONENT)
            self.cluster.set_status(ingress, {"loadBalancer": {}})
        elif not (status(ingress).get("loadBalancer") or {}).get("ingress"):
            self._admit(ingress)

    def _with_class(self, ingress: Manifest) -> Manifest:
        if _class_of(ingress):
            return ingress
        classes = self.cluster.all("IngressClass")
        default = next((one for one in classes if annotations_of(one).get(_DEFAULT) == "true"), None)
        if default is None:
            return ingress
        return self.cluster.update({**ingress, "spec": {**spec(ingress), "ingressClassName": name_of(default)}})

    def _problem(self, ingress: Manifest) -> str:
        name = _class_of(ingress)
        if not name:
            return "the ingress names no class and the cluster has no default ingress class"
        found = self.cluster.get("IngressClass", "", name)
        if found is None:
            return f'ingressclass.networking.k8s.io "{name}" not found'
        controller = spec(found).get("controller")
        return "" if controller == INGRESS_CONTROLLER else f'no controller "{controller}" runs in the sandbox'

    def _admit(self, ingress: Manifest) -> None:
        uid, place, now = uid_of(ingress), (namespace_of(ingress), name_of(ingress)), self.cluster.now()
        if uid not in self._due:
            delay = self.cluster.chance.between(*_DELAY, "ingress", *place)
            self._due[uid] = now + timedelta(seconds=delay)
            self.cluster.events.normal(ingress, "Sync", "Scheduled for sync", _COMPONENT)
            self.cluster.set_status(ingress, {"loadBalancer": {}})
            self.cluster.wake(self.name, place, delay)
        elif self._due[uid] <= now:
            self.cluster.set_status(ingress, {"loadBalancer": {"ingress": [{"ip": ADDRESS}]}})


def _class_of(ingress: Manifest) -> str:
    annotation = annotations_of(ingress).get("kubernetes.io/ingress.class")
    return str(spec(ingress).get("ingressClassName") or annotation or "")
