"""Compose networks to network policies: who shares a network may talk, the others may not."""

from __future__ import annotations

from typing import Any

from attrs import define, field

from flowcore.compose._marks import Block, Value, mark_of
from flowcore.compose._network import outside_ports
from flowcore.compose._project import Project
from flowcore.compose._scope import Drawing, Scope
from flowcore.compose._sidecars import SHARED
from flowcore.errors import Place

_DEFAULT = "default"
#: Where the cluster's name servers are: those of kube-system, and the cache on the node that some clusters have.
_NAME_SERVERS = [
    {"type": "namespaceSelector", "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}},
    {"type": "ipBlock", "ipBlock": {"cidr": "169.254.20.10/32"}},
]
_DNS_PORTS = [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]


@define
class Policies:
    """The networks of a project with the pods on them.

    Attributes:
        members: the workloads on each network, by the network's name.
        joined: the networks of each workload.
    """

    project: Project
    drawing: Drawing
    scopes: dict[str, Scope]
    members: dict[str, list[Scope]] = field(factory=dict)
    joined: dict[str, set[str]] = field(factory=dict)

    def draw(self) -> None:
        """Draw a policy for each network that a service joins, and one for each pod that is reached from outside."""
        for scope in self.scopes.values():
            self._join(scope)
        for name, members in self.members.items():
            self._network(name, members)
        for scope in self.scopes.values():
            self._published(scope)

    def _join(self, scope: Scope) -> None:
        mode = scope.get("network_mode") or ""
        pod = scope.pod
        if mode == "none":
            self._alone(scope)
        elif mode == "host":
            message = "network policies do not hold for it, because it uses the network of its node"
            scope.warn("network-policy", message, scope.place("network_mode"))
        elif not mode.startswith(SHARED) or scope is pod:
            for name in scope.get("networks") or (_DEFAULT,):
                if name not in self.joined.setdefault(pod.id, set()):
                    self.joined[pod.id].add(name)
                    self.members.setdefault(name, []).append(pod)

    def _options(self, name: str) -> Block:
        options: Value = self.project.group("networks").get(name)
        return options if isinstance(options, Block) else Block()

    def _place(self, name: str) -> Place:
        networks = self.project.group("networks")
        mark = networks.marks.get(name) or mark_of(self.project.tree, "services")
        return mark.place(f"networks.{name}")

    def _network(self, name: str, members: list[Scope]) -> None:
        rule = {"id": "members"}
        policy = self._policy(
            f"{name}-network", f"networks.{name}", {"policyTypes": ["Ingress"], "ingressRules": [rule]}
        )
        for member in members:
            self.drawing.edge(policy, member.id, handle="header")
        for member in members:
            self.drawing.edge(policy, member.id, handle="members")
        names = ", ".join(member.name for member in members)
        self.project.report.info(
            "compose-network",
            f"the network {name} is a policy: {names} may talk to each other, and nobody else to them but through "
            "published ports",
            self._place(name),
            fix="the cluster's network plugin must enforce network policies",
        )
        if self._options(name).get("external"):
            self.project.report.warn(
                "compose-network",
                f"the network {name} is external: what is on it outside this file is not let in",
                self._place(name),
                fix=f"add a peer to the policy {name}-network",
            )
        if self._options(name).get("internal"):
            self._internal(name, members)

    def _internal(self, name: str, members: list[Scope]) -> None:
        """Keep those inside that are on internal networks only; others reach out through their other networks."""
        kept = [m for m in members if all(self._options(n).get("internal") for n in self.joined[m.id])]
        if not kept:
            return
        dns = {"id": "dns", "to": _NAME_SERVERS, "ports": _DNS_PORTS}
        rules = {"policyTypes": ["Egress"], "egressRules": [{"id": "members"}, dns]}
        policy = self._policy(f"{name}-egress", f"networks.{name}", rules)
        for member in kept:
            self.drawing.edge(policy, member.id, handle="header")
        for member in members:
            self.drawing.edge(policy, member.id, handle="members")
        self.project.report.info(
            "compose-network",
            f"the network {name} is internal: {', '.join(m.name for m in kept)} may connect to its members and to the "
            "cluster's name servers only",
            self._place(name),
        )

    def _alone(self, scope: Scope) -> None:
        name = f"{scope.id}-no-network"
        policy = self._policy(name, f"services.{scope.name}", {"policyTypes": ["Ingress", "Egress"]})
        self.drawing.edge(policy, scope.pod.id, handle="header")
        scope.info(
            "network-policy", "with network_mode none, a policy lets nothing in or out", scope.place("network_mode")
        )

    def _published(self, scope: Scope) -> None:
        ports = outside_ports(scope)
        if not ports or scope.get("network_mode") == "host":
            return
        rows = [{"protocol": protocol.upper(), "port": number} for number, protocol in ports]
        rule: dict[str, Any] = {"id": "published", "allowAll": True, "ports": rows}
        rules = {"policyTypes": ["Ingress"], "ingressRules": [rule]}
        policy = self._policy(f"{scope.id}-from-outside", f"services.{scope.name}", rules)
        self.drawing.edge(policy, scope.pod.id, handle="header")

    def _policy(self, wish: str, origin: str, data: dict[str, Any]) -> str:
        named = {"name": self.drawing.name("networkpolicy", wish), **data}
        return self.drawing.node("networkpolicy", self.drawing.ids.take(wish), named, origin=origin)
