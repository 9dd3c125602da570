"""Autoscalers: they report a load near their target and keep the number of pods within its limits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from attrs import define

from adapters.sandbox._controllers._cluster import Cluster
from adapters.sandbox._controllers._objects import (
    is_leaving,
    merged,
    name_of,
    namespace_of,
    spec,
    status,
)
from adapters.sandbox._controllers._seams import Place
from flowcore.model import Manifest

_COMPONENT = "horizontal-pod-autoscaler"
_TARGETS = frozenset({"Deployment", "StatefulSet", "ReplicaSet"})
_PLURALS = {"Deployment": "deployments", "StatefulSet": "statefulsets", "ReplicaSet": "replicasets"}


@define
class Autoscalers:
    """Gives HorizontalPodAutoscalers a status."""

    name: ClassVar[str] = "autoscaler"
    kinds: ClassVar[frozenset[str]] = frozenset({"HorizontalPodAutoscaler", *_TARGETS})

    cluster: Cluster

    def concerned(self, change: str, obj: Manifest) -> Iterable[Place]:
        """A workload's change concerns the autoscalers that name it."""
        if obj["kind"] not in _TARGETS:
            return ((namespace_of(obj), name_of(obj)),)
        scalers = self.cluster.all("HorizontalPodAutoscaler", namespace_of(obj))
        return [(namespace_of(one), name_of(one)) for one in scalers if _target(one) == (obj["kind"], name_of(obj))]

    def reconcile(self, namespace: str, name: str) -> None:
        """Bring the target within the limits and report."""
        scaler = self.cluster.get("HorizontalPodAutoscaler", namespace, name)
        if scaler is None or is_leaving(scaler):
            return
        kind, target_name = _target(scaler)
        target = self.cluster.get(kind, namespace, target_name) if kind in _TARGETS else None
        if target is None:
            self._lost(scaler, kind, target_name)
            return
        wanted = int(spec(target).get("replicas", 1))
        allowed = min(max(wanted, _least(scaler)), int(spec(scaler).get("maxReplicas") or wanted))
        problem = _missing_request(scaler, target)
        if allowed != wanted and wanted and not problem:
            self.cluster.update({**target, "spec": {**spec(target), "replicas": allowed}})
            text = f"New size: {allowed}; reason: Current number of replicas out of the limits"
            self.cluster.events.normal(scaler, "SuccessfulRescale", text, _COMPONENT)
        self._report(scaler, target, allowed, problem)

    def _lost(self, scaler: Manifest, kind: str, name: str) -> None:
        what = f'{_PLURALS.get(kind, kind.lower())}.apps "{name}" not found'
        text = f"the HPA controller was unable to get the target's current scale: {what}"
        entry = {"type": "AbleToScale", "status": "False", "reason": "FailedGetScale", "message": text}
        if not any(known.get("message") == text for known in status(scaler).get("conditions") or ()):
            self.cluster.events.warning(scaler, "FailedGetScale", what, _COMPONENT)
        entries = merged(status(scaler).get("conditions") or (), [entry], self.cluster.stamp())
        self.cluster.set_status(scaler, {"currentReplicas": 0, "desiredReplicas": 0, "conditions": entries})

    def _report(self, scaler: Manifest, target: Manifest, allowed: int, problem: str) -> None:
        entries = [
            _entry("AbleToScale", "True", "ReadyForNewScale", "recommended size matches current size"),
            _entry("ScalingActive", "True", "ValidMetricFound", "the HPA was able to calculate a replica count"),
            _entry("ScalingLimited", "False", "DesiredWithinRange", "the desired count is within the acceptable range"),
        ]
        if int(spec(target).get("replicas", 1)) == 0:
            text = "scaling is disabled since the replica count of the target is zero"
            entries[1] = _entry("ScalingActive", "False", "ScalingDisabled", text)
        elif problem:
            text = f"the HPA was unable to compute the replica count: {problem}"
            entries[1] = _entry("ScalingActive", "False", "FailedGetResourceMetric", text)
            if not any(known.get("message") == text for known in status(scaler).get("conditions") or ()):
                self.cluster.events.warning(scaler, "FailedGetResourceMetric", problem, _COMPONENT)
        metrics = [] if entries[1]["status"] == "False" else self._metrics(scaler)
        wanted: Manifest = {
            "currentReplicas": int(status(target).get("replicas") or 0),
            "desiredReplicas": allowed,
            "conditions": merged(status(scaler).get("conditions") or (), entries, self.cluster.stamp()),
            "currentMetrics": metrics or None,
        }
        self.cluster.set_status(scaler, wanted)

    def _metrics(self, scaler: Manifest) -> list[Manifest]:
        """Return a load a little below each target: near enough that nothing is to be scaled."""
        result = []
        for metric in spec(scaler).get("metrics") or ():
            resource = metric.get("resource") or {}
            percent = (resource.get("target") or {}).get("averageUtilization")
            if percent is not None:
                part = self.cluster.chance.between(0.92, 1.0, "load", name_of(scaler), resource.get("name"))
                current = {"averageUtilization": int(int(percent) * part), "averageValue": f"{int(percent * part)}m"}
                result.append({"type": "Resource", "resource": {"name": resource.get("name"), "current": current}})
        return result


def _target(scaler: Manifest) -> tuple[str, str]:
    reference = spec(scaler).get("scaleTargetRef") or {}
    return str(reference.get("kind", "")), str(reference.get("name", ""))


def _least(scaler: Manifest) -> int:
    wanted = spec(scaler).get("minReplicas")
    return 1 if wanted is None else int(wanted)


def _entry(kind: str, state: str, reason: str, message: str) -> Manifest:
    return {"type": kind, "status": state, "reason": reason, "message": message}


def _missing_request(scaler: Manifest, target: Manifest) -> str:
    """Return why a load in percent cannot be told: a container that requests nothing; empty when it can."""
    containers = ((spec(target).get("template") or {}).get("spec") or {}).get("containers") or ()
    for metric in spec(scaler).get("metrics") or ():
        resource = metric.get("resource") or {}
        if (resource.get("target") or {}).get("averageUtilization") is None:
            continue
        for container in containers:
            resources = container.get("resources") or {}
            known = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
            if resource.get("name") not in known:
                name, where = resource.get("name"), f"in container {container.get('name')}"
                return f"failed to get {name} utilization: missing request for {name} {where}"
    return ""
