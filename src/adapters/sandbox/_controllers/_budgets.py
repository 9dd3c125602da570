"""Disruption budgets: how many of the pods they select may be evicted now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from attrs import define

from adapters.sandbox._controllers._cluster import Cluster
from adapters.sandbox._controllers._objects import (
    generation_of,
    is_leaving,
    labels_of,
    merged,
    name_of,
    namespace_of,
    selects,
    share,
    spec,
    status,
)
from adapters.sandbox._controllers._replicas import is_active, is_ready
from adapters.sandbox._controllers._seams import Place
from flowcore.model import Manifest


@define
class Budgets:
    """Counts for PodDisruptionBudgets."""

    name: ClassVar[str] = "budget"
    kinds: ClassVar[frozenset[str]] = frozenset({"PodDisruptionBudget", "Pod"})

    cluster: Cluster

    def concerned(self, change: str, obj: Manifest) -> Iterable[Place]:
        """A pod's change concerns the budgets of its namespace."""
        if obj["kind"] == "PodDisruptionBudget":
            return ((namespace_of(obj), name_of(obj)),)
        return [(namespace_of(one), name_of(one)) for one in self.cluster.all("PodDisruptionBudget", namespace_of(obj))]

    def reconcile(self, namespace: str, name: str) -> None:
        """Count the pods that are well and how many of them may go."""
        budget = self.cluster.get("PodDisruptionBudget", namespace, name)
        if budget is None or is_leaving(budget):
            return
        selector = spec(budget).get("selector")
        pods = [pod for pod in self.cluster.all("Pod", namespace) if selects(selector, labels_of(pod))]
        expected = sum(1 for pod in pods if is_active(pod))
        healthy = sum(1 for pod in pods if is_active(pod) and is_ready(pod))
        wanted = _wanted(budget, expected)
        allowed = max(healthy - wanted, 0)
        entry = {
            "type": "DisruptionAllowed",
            "status": "True" if allowed else "False",
            "reason": "SufficientPods" if allowed else "InsufficientPods",
            "message": "",
            "observedGeneration": generation_of(budget),
        }
        self.cluster.set_status(
            budget,
            {
                "conditions": merged(status(budget).get("conditions") or (), [entry], self.cluster.stamp()),
                "currentHealthy": healthy,
                "desiredHealthy": wanted,
                "disruptionsAllowed": allowed,
                "expectedPods": expected,
                "observedGeneration": generation_of(budget),
            },
        )


def _wanted(budget: Manifest, expected: int) -> int:
    most = spec(budget).get("maxUnavailable")
    if most is not None:
        return max(expected - share(most, expected, up=True), 0)
    return share(spec(budget).get("minAvailable", 1), expected, up=True)
