"""Services, claims, autoscalers and the other built-in kinds beside workloads."""

from __future__ import annotations

import json

from flowcore.health._reading import (
    Condition,
    Tree,
    condition,
    conditions,
    counted,
    number,
    part,
    parts,
    read_conditions,
    text,
)
from flowcore.health._status import Health, degraded, healthy, progressing, suspended, unknown


def _addresses(obj: Tree) -> str:
    found = (text(entry, "ip") or text(entry, "hostname") for entry in parts(obj, "status", "loadBalancer", "ingress"))
    return ", ".join(filter(None, found))


def service(obj: Tree) -> Health:
    """Judge a Service: only one that asks for a load balancer has to wait."""
    if text(part(obj, "spec"), "type") != "LoadBalancer":
        return healthy()
    if parts(obj, "status", "loadBalancer", "ingress"):
        return healthy(f"Reachable at {_addresses(obj)}" if _addresses(obj) else "")
    return progressing("Waiting for the load balancer to get an address")


def ingress(obj: Tree) -> Health:
    """Judge an Ingress."""
    if parts(obj, "status", "loadBalancer", "ingress"):
        return healthy(f"Reachable at {_addresses(obj)}" if _addresses(obj) else "")
    return progressing("Waiting for an ingress controller to give an address")


def claim(obj: Tree) -> Health:
    """Judge a PersistentVolumeClaim."""
    phase = text(part(obj, "status"), "phase")
    if phase == "Bound":
        return healthy("Bound")
    if phase == "Lost":
        return degraded("The bound volume is lost")
    if phase in ("", "Pending"):
        return progressing("Waiting for a volume")
    return unknown(f"The claim's phase is {phase}")


#: Where autoscaling/v1 keeps the conditions it has no field for.
_CONDITIONS_OF_V1 = "autoscaling.alpha.kubernetes.io/conditions"


def _autoscaler_conditions(obj: Tree) -> tuple[Condition, ...]:
    written = text(part(obj, "metadata", "annotations"), _CONDITIONS_OF_V1)
    if not written:
        return conditions(obj)
    try:
        found = json.loads(written)
    except ValueError:
        return ()
    return read_conditions([item for item in found if isinstance(item, dict)] if isinstance(found, list) else [])


def autoscaler(obj: Tree) -> Health:
    """Judge a HorizontalPodAutoscaler of any version."""
    found = _autoscaler_conditions(obj)
    for entry in found:
        if entry.type in ("AbleToScale", "ScalingActive") and entry.reason.startswith(("Failed", "Invalid")):
            return degraded(entry.explained())
    for entry in found:
        if entry.type in ("AbleToScale", "ScalingLimited") and entry.is_true:
            return healthy(entry.message)
    return progressing("Waiting for the first measurements")


def disruption_budget(obj: Tree) -> Health:
    """Judge a PodDisruptionBudget."""
    status = part(obj, "status")
    if not status:
        return progressing("Waiting for its status")
    if number(part(obj, "metadata"), "generation") > number(status, "observedGeneration"):
        return progressing("The newest settings have not been taken up yet")
    allowed = condition(obj, "DisruptionAllowed")
    if allowed.is_false and allowed.reason != "InsufficientPods":
        return degraded(allowed.explained())
    standing, wanted = number(status, "currentHealthy"), number(status, "desiredHealthy")
    if not allowed.status and standing < wanted:
        return progressing(f"{standing} of {counted(wanted, 'pod')} healthy")
    return healthy(f"{standing} pods are healthy, at least {wanted} have to stay" if wanted else "")


def api_service(obj: Tree) -> Health:
    """Judge an APIService."""
    available = condition(obj, "Available")
    if available.is_true:
        return healthy(available.message)
    return progressing(available.explained("Waiting for the service behind it"))


def namespace(obj: Tree) -> Health:
    """Judge a Namespace."""
    if text(part(obj, "status"), "phase") == "Terminating":
        return progressing("Being deleted")
    return healthy()


def definition(obj: Tree) -> Health:
    """Judge a CustomResourceDefinition."""
    if condition(obj, "Terminating").is_true:
        return progressing("Being deleted")
    names, established = condition(obj, "NamesAccepted"), condition(obj, "Established")
    if not names.status and not established.status:
        return progressing("Waiting for its status")
    if names.is_false:
        return degraded(names.explained("The names are taken"))
    if established.is_true:
        violation = condition(obj, "NonStructuralSchema")
        return degraded(violation.explained()) if violation.is_true else healthy("Established")
    if established.reason == "Installing" or not established.status:
        return progressing(established.explained("Being installed"))
    return degraded(established.explained("Not established"))


def volume(obj: Tree) -> Health:
    """Judge a PersistentVolume."""
    phase = text(part(obj, "status"), "phase")
    if phase == "Failed":
        return degraded(text(part(obj, "status"), "message") or "The volume could not be reclaimed")
    if phase == "Pending":
        return progressing("Waiting to become available")
    return healthy(phase)


def node(obj: Tree) -> Health:
    """Judge a Node."""
    ready = condition(obj, "Ready")
    if not ready.is_true:
        return degraded(ready.explained("The node is not ready"))
    if part(obj, "spec").get("unschedulable") is True:
        return suspended("Cordoned: it takes no new pods")
    return healthy()
