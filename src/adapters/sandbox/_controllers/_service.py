"""Services: cluster addresses, node ports and load balancer addresses."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from ipaddress import IPv4Network
from typing import ClassVar

from attrs import define, field

from adapters.sandbox._controllers._addresses import Pool
from adapters.sandbox._controllers._cluster import Cluster
from adapters.sandbox._controllers._objects import is_leaving, name_of, namespace_of, spec, status, uid_of
from adapters.sandbox._controllers._seams import Place
from flowcore.model import Manifest

_COMPONENT = "service-controller"
_FIRST_PORT, _LAST_PORT = 30000, 32767
_BALANCER = (0.4, 1.0)
#: Benchmarking addresses (RFC 2544): they look real and belong to nobody.
_OUTSIDE = IPv4Network("198.18.0.0/16")


@define
class Services:
    """Gives Services their addresses."""

    name: ClassVar[str] = "service"
    kinds: ClassVar[frozenset[str]] = frozenset({"Service"})

    cluster: Cluster
    _inside: Pool = field(init=False, factory=lambda: Pool(IPv4Network("10.96.0.0/16"), first=20))
    _outside: Pool = field(init=False, factory=lambda: Pool(_OUTSIDE))
    _ports: dict[int, str] = field(init=False, factory=dict)
    _uids: dict[Place, str] = field(init=False, factory=dict)
    _due: dict[str, datetime] = field(init=False, factory=dict)

    def concerned(self, change: str, obj: Manifest) -> Iterable[Place]:
        """A Service's change concerns the Service."""
        return ((namespace_of(obj), name_of(obj)),)

    def reconcile(self, namespace: str, name: str) -> None:
        """Give or take back addresses and ports."""
        place = namespace, name
        service = self.cluster.get("Service", namespace, name)
        uid = uid_of(service) if service else ""
        if self._uids.get(place, uid) != uid:
            self._release(self._uids.pop(place))
        if service is None or is_leaving(service):
            return
        self._uids[place] = uid
        wanted = self._addressed(service)
        if wanted != spec(service):
            service = self.cluster.update({**service, "spec": wanted})
        self._balance(service)

    def _release(self, uid: str) -> None:
        self._inside.release(uid)
        self._outside.release(uid)
        self._due.pop(uid, None)
        self._ports = {port: holder for port, holder in self._ports.items() if holder != uid}

    def _addressed(self, service: Manifest) -> Manifest:
        wanted = dict(spec(service))
        kind = wanted.setdefault("type", "ClusterIP")
        wanted.setdefault("sessionAffinity", "None")
        if kind == "ExternalName":
            self._inside.release(uid_of(service))
            return {key: value for key, value in wanted.items() if key not in ("clusterIP", "clusterIPs")}
        address = wanted.get("clusterIP") or self._inside.take(uid_of(service))
        if address != "None":
            self._inside.claim(uid_of(service), address)
        families = {"ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack", "internalTrafficPolicy": "Cluster"}
        wanted = {**families, **wanted, "clusterIP": address, "clusterIPs": [address]}
        wanted["ports"] = [self._port(service, kind, port) for port in wanted.get("ports") or ()]
        if not wanted["ports"]:
            del wanted["ports"]
        if kind in ("NodePort", "LoadBalancer"):
            wanted.setdefault("externalTrafficPolicy", "Cluster")
        if kind == "LoadBalancer":
            wanted.setdefault("allocateLoadBalancerNodePorts", True)
        return wanted

    def _port(self, service: Manifest, kind: str, port: Manifest) -> Manifest:
        result = {"protocol": "TCP", **port}
        result.setdefault("targetPort", result.get("port"))
        opens = kind == "NodePort" or (
            kind == "LoadBalancer" and spec(service).get("allocateLoadBalancerNodePorts", True)
        )
        if not opens:
            result.pop("nodePort", None)
        elif result.get("nodePort"):
            self._ports[int(result["nodePort"])] = uid_of(service)
        else:
            result["nodePort"] = self._free_port(service, result)
        return result

    def _free_port(self, service: Manifest, port: Manifest) -> int:
        count = _LAST_PORT - _FIRST_PORT + 1
        start = self.cluster.chance.pick(count, "port", namespace_of(service), name_of(service), port.get("port"))
        for step in range(count):
            number = _FIRST_PORT + (start + step) % count
            if number not in self._ports:
                self._ports[number] = uid_of(service)
                return number
        raise ValueError("no node port is free")

    # ---------------------------------------------------------------- load balancer

    def _balance(self, service: Manifest) -> None:
        uid, place = uid_of(service), (namespace_of(service), name_of(service))
        if spec(service).get("type") != "LoadBalancer" or spec(service).get("loadBalancerClass"):
            self._outside.release(uid)
            self._due.pop(uid, None)
            self.cluster.set_status(service, {"loadBalancer": {}})
            return
        if (status(service).get("loadBalancer") or {}).get("ingress"):
            return
        now = self.cluster.now()
        if uid not in self._due:
            self.cluster.events.normal(service, "EnsuringLoadBalancer", "Ensuring load balancer", _COMPONENT)
            delay = self.cluster.chance.between(*_BALANCER, "balancer", *place)
            self._due[uid] = now + timedelta(seconds=delay)
            self.cluster.set_status(service, {"loadBalancer": {}})
            self.cluster.wake(self.name, place, delay)
        elif self._due[uid] <= now:
            address = spec(service).get("loadBalancerIP") or self._outside.take(uid)
            self.cluster.set_status(service, {"loadBalancer": {"ingress": [{"ip": address, "ipMode": "VIP"}]}})
            self.cluster.events.normal(service, "EnsuredLoadBalancer", "Ensured load balancer", _COMPONENT)
