"""The verdict over one live object: by its kind, by general rules, refined by what belongs to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flowcore.health._batch import cron_job, job, workflow
from flowcore.health._builtin import (
    api_service,
    autoscaler,
    claim,
    definition,
    disruption_budget,
    ingress,
    namespace,
    node,
    service,
    volume,
)
from flowcore.health._custom import custom
from flowcore.health._pods import pod
from flowcore.health._reading import Tree, group_of, part, text
from flowcore.health._related import refine
from flowcore.health._status import Health, HealthStatus, healthy, progressing
from flowcore.health._workloads import daemon_set, deployment, replica_set, stateful_set

#: Rules by API group and kind.
_RULES: Mapping[tuple[str, str], Callable[[Tree], Health]] = {
    ("apps", "Deployment"): deployment,
    ("apps", "ReplicaSet"): replica_set,
    ("apps", "StatefulSet"): stateful_set,
    ("apps", "DaemonSet"): daemon_set,
    ("extensions", "Deployment"): deployment,
    ("extensions", "ReplicaSet"): replica_set,
    ("extensions", "DaemonSet"): daemon_set,
    ("extensions", "Ingress"): ingress,
    ("argoproj.io", "Workflow"): workflow,
    ("batch", "Job"): job,
    ("batch", "CronJob"): cron_job,
    ("", "Pod"): pod,
    ("", "Service"): service,
    ("", "PersistentVolumeClaim"): claim,
    ("", "PersistentVolume"): volume,
    ("", "ReplicationController"): replica_set,
    ("", "Namespace"): namespace,
    ("", "Node"): node,
    ("networking.k8s.io", "Ingress"): ingress,
    ("autoscaling", "HorizontalPodAutoscaler"): autoscaler,
    ("policy", "PodDisruptionBudget"): disruption_budget,
    ("apiregistration.k8s.io", "APIService"): api_service,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): definition,
}


def assess(obj: Mapping[str, Any] | None, related: Iterable[Mapping[str, Any]] = ()) -> Health:
    """Return how a live object is, as Argo CD judges it.

    Args:
        obj: the object as the API server gives it; None or an empty one is missing.
        related: what belongs to it: its pods, replica sets and events. They explain what is not well, and a workload
            that still progresses counts as degraded when pods of its newest template plainly cannot start.
    """
    if not obj:
        return Health(HealthStatus.MISSING, "The object is not in the cluster")
    if part(obj, "metadata").get("deletionTimestamp"):
        return progressing("Being deleted")
    return refine(obj, _judge(obj), related)


def _judge(obj: Tree) -> Health:
    rule = _RULES.get((group_of(obj), text(obj, "kind")))
    if rule:
        return rule(obj)
    return custom(obj) if group_of(obj) else healthy()
