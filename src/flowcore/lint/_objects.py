"""Good practice for objects that make no pods: services, ingresses, configuration, budgets, rights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from flowcore.errors import Severity
from flowcore.lint._bundle import Bundle, Subject, selector_of
from flowcore.lint._containers import looks_secret
from flowcore.lint._rule import Hit, Rule, mapping, mappings
from flowcore.lint._workloads import replicas_of

NODE_PORT: Final = Rule(
    id="service-node-port",
    meaning="a service opens a port on every node",
    why="it is reachable past every ingress, at whatever the nodes' firewall lets through",
    fix="use ClusterIP with an ingress, or a LoadBalancer",
)
EXTERNAL_IPS: Final = Rule(
    id="service-external-ips",
    severity=Severity.WARNING,
    meaning="a service claims addresses outside the cluster",
    why="who may do that can take over traffic meant for others (CVE-2020-8554)",
    fix="use a LoadBalancer",
)
INGRESS_TLS: Final = Rule(
    id="ingress-without-tls",
    meaning="an ingress serves without TLS",
    why="everyone on the way can read and change what is sent",
    fix="add tls with a certificate for its hosts",
)
CONFIG_SECRET: Final = Rule(
    id="config-secret-value",
    severity=Severity.WARNING,
    meaning="a config map holds what looks like a secret",
    why="config maps are readable by many, and are not treated as secrets anywhere",
    fix="put it into a secret",
)
BUDGET_BLOCKS: Final = Rule(
    id="disruption-budget-blocks",
    severity=Severity.WARNING,
    meaning="a PodDisruptionBudget never lets a pod go",
    why="nodes cannot be drained, and upgrades of the cluster hang",
    fix="allow at least one pod to be away",
)
WILDCARD: Final = Rule(
    id="rbac-wildcard",
    severity=Severity.WARNING,
    meaning="a role allows everything on everything",
    why="whoever holds it owns the cluster, or the namespace",
    fix="list the verbs and resources that are needed",
)
CLUSTER_ADMIN: Final = Rule(
    id="rbac-cluster-admin",
    severity=Severity.WARNING,
    meaning="somebody is made cluster-admin",
    why="whoever holds it owns the cluster",
    fix="bind a role with the rights that are needed",
)
RULES: Final = (NODE_PORT, EXTERNAL_IPS, INGRESS_TLS, CONFIG_SECRET, BUDGET_BLOCKS, WILDCARD, CLUSTER_ADMIN)

Check: TypeAlias = Callable[[Subject, Bundle], Iterator[Hit]]


def exposure(service: Subject, bundle: Bundle) -> Iterator[Hit]:
    """A service is reached through an ingress or a load balancer."""
    if service.spec.get("type") == "NodePort":
        yield Hit(NODE_PORT, f"{service.title} opens a port on every node", ("spec", "type"))
    if service.spec.get("externalIPs"):
        yield Hit(EXTERNAL_IPS, f"{service.title} claims external addresses", ("spec", "externalIPs"))


def encryption(ingress: Subject, bundle: Bundle) -> Iterator[Hit]:
    """An ingress serves with TLS."""
    if not ingress.spec.get("tls"):
        yield Hit(INGRESS_TLS, f"{ingress.title} serves without TLS", ("spec", "tls"))


def configuration(config: Subject, bundle: Bundle) -> Iterator[Hit]:
    """Configuration holds no secrets."""
    for key, value in mapping(config.obj.get("data")).items():
        if value is not None and "\n" not in str(value) and looks_secret(str(key), str(value)):
            yield Hit(CONFIG_SECRET, f"{key} in {config.title} looks like a secret", ("data", key))


def budgets(budget: Subject, bundle: Bundle) -> Iterator[Hit]:
    """A budget lets pods go."""
    most, least = budget.spec.get("maxUnavailable"), budget.spec.get("minAvailable")
    if most in (0, "0", "0%"):
        yield Hit(BUDGET_BLOCKS, f"{budget.title} never lets a pod go", ("spec", "maxUnavailable"))
    if least == "100%":
        yield Hit(BUDGET_BLOCKS, f"{budget.title} never lets a pod go", ("spec", "minAvailable"))
    counts = [replicas_of(one, bundle) for one in bundle.taken_by(selector_of(budget, budget.spec.get("selector")))]
    known = [count for count in counts if count is not None]
    if isinstance(least, int) and counts and len(known) == len(counts) and 0 < sum(known) <= least:
        message = f"{budget.title} keeps {least} of {sum(known)} pods"
        yield Hit(BUDGET_BLOCKS, message, ("spec", "minAvailable"))


def roles(role: Subject, bundle: Bundle) -> Iterator[Hit]:
    """A role lists what it allows."""
    for position, rule in mappings(role.obj.get("rules")):
        if all("*" in _listed(rule.get(key)) for key in ("verbs", "resources")):
            yield Hit(WILDCARD, f"{role.title} allows everything on everything", ("rules", position))


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else []


def bindings(binding: Subject, bundle: Bundle) -> Iterator[Hit]:
    """Nobody is made cluster-admin in passing."""
    if mapping(binding.obj.get("roleRef")).get("name") == "cluster-admin":
        yield Hit(CLUSTER_ADMIN, f"{binding.title} makes its subjects cluster-admin", ("roleRef", "name"))


CHECKS: Final[Mapping[str, tuple[Check, ...]]] = {
    "Service": (exposure,),
    "Ingress": (encryption,),
    "ConfigMap": (configuration,),
    "PodDisruptionBudget": (budgets,),
    "Role": (roles,),
    "ClusterRole": (roles,),
    "RoleBinding": (bindings,),
    "ClusterRoleBinding": (bindings,),
}
