"""How a node stands, for those who look at the canvas: the run's phase and the cluster's health in one value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import field, frozen

from flowcore.health import Health, HealthStatus, assess
from flowcore.model import Manifest, NodePhase, NodeState


@frozen(kw_only=True)
class NodeStatus:
    """How one node stands.

    Attributes:
        type: the node's kind.
        health: Argo CD's word for its live objects.
        message: for people, without secrets.
        phase: how far the newest run has come with it; empty when there was none.
        operation: what applying did; empty before.
        details: numbers and addresses of the live object, by their names on the wire.
        is_hopeless: whether it will never get better by itself.
    """

    node_id: str
    type: str
    health: str = "Unknown"
    message: str = ""
    phase: str = ""
    operation: str = ""
    details: Mapping[str, Any] = field(factory=dict)
    is_hopeless: bool = False

    @property
    def has_failed(self) -> bool:
        """Whether the newest run gave it up before anything of it was applied, or with what is there now."""
        return self.phase == NodePhase.FAILED and (not self.operation or self.health != "Healthy")


@frozen
class Seen:
    """What a watch says of a node's objects."""

    health: Health
    details: Mapping[str, Any] = field(factory=dict)
    is_hopeless: bool = False


def see(live: Manifest | None, belonging: Iterable[Manifest] = ()) -> Seen:
    """Judge a node's object, with what belongs to it (pods, replica sets)."""
    related = [other for other in belonging if other is not live]
    if live is None:
        return Seen(Health(HealthStatus.MISSING, "not in the cluster"))
    return Seen(assess(live, related), details(live), _has_failed_for_good(live))


def status_of(node_id: str, type_: str, seen: Seen | None, state: NodeState | None) -> NodeStatus:
    """Bring together what a watch sees (None: nothing yet) and what the newest run knows (None: there was none)."""
    failed = state is not None and state.phase is NodePhase.FAILED
    by_run = state is not None and (failed or seen is None or state.phase is NodePhase.SKIPPED)
    health = seen.health if seen is not None else Health(HealthStatus(state.health if state else "Unknown"))
    message = state.message if state is not None and by_run and state.message else health.message
    return NodeStatus(
        node_id=node_id,
        type=type_,
        health=str(health.status),
        message=message,
        phase=str(state.phase) if state else "",
        operation=state.operation if state else "",
        details=seen.details if seen else {},
        is_hopeless=seen.is_hopeless if seen else False,
    )


def details(live: Manifest) -> dict[str, Any]:
    """Return the numbers and addresses of a live object that a canvas shows."""
    spec: dict[str, Any] = live.get("spec") or {}
    status: dict[str, Any] = live.get("status") or {}
    found: dict[str, Any] = {}
    match live["kind"]:
        case "Deployment" | "StatefulSet":
            found = {"replicas": spec.get("replicas", 1), "readyReplicas": status.get("readyReplicas", 0)}
        case "DaemonSet":
            found = {name: status.get(name, 0) for name in ("desiredNumberScheduled", "numberReady")}
        case "Job":
            found = {name: status.get(name, 0) for name in ("active", "succeeded", "failed")}
        case "Service":
            found = _service(spec, status)
        case "Ingress":
            address = _address(status)
            found = {"loadBalancerIP": address.get("ip", ""), "loadBalancerHostname": address.get("hostname", "")}
            found["rulesCount"] = len(spec.get("rules") or ())
        case "PersistentVolumeClaim":
            found = {
                "capacity": (status.get("capacity") or {}).get("storage", ""),
                "volumeName": spec.get("volumeName", ""),
            }
    return found


def _service(spec: Mapping[str, Any], status: Mapping[str, Any]) -> dict[str, Any]:
    address = _address(status)
    node_ports = [port["nodePort"] for port in spec.get("ports") or () if port.get("nodePort")]
    found = {"clusterIP": spec.get("clusterIP", ""), "externalIP": address.get("ip") or address.get("hostname") or ""}
    return {**found, "nodePort": node_ports[0]} if node_ports else found


def _address(status: Mapping[str, Any]) -> dict[str, Any]:
    ingress = (status.get("loadBalancer") or {}).get("ingress") or [{}]
    return dict(ingress[0])


def _has_failed_for_good(live: Manifest) -> bool:
    """A job that has used up its tries never completes; everything else may recover."""
    conditions = (live.get("status") or {}).get("conditions") or ()
    return live["kind"] == "Job" and any(c.get("type") == "Failed" and c.get("status") == "True" for c in conditions)
