"""A pod's status from the lives of its containers."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.sandbox._controllers._containers import ContainerRun, Role, Stage
from adapters.sandbox._controllers._objects import is_true, merged, spec, status
from flowcore.model import Manifest

NODE_IP = "172.18.0.2"


def quality_of_service(pod: Manifest) -> str:
    """Return the pod's QoS class from its requests and limits."""
    containers = [*(spec(pod).get("initContainers") or ()), *(spec(pod).get("containers") or ())]
    resources = [container.get("resources") or {} for container in containers]
    if not any(entry.get("requests") or entry.get("limits") for entry in resources):
        return "BestEffort"
    return "Guaranteed" if all(map(_is_guaranteed, resources)) else "Burstable"


def _is_guaranteed(resources: Manifest) -> bool:
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    return all(limits.get(name) and requests.get(name, limits[name]) == limits[name] for name in ("cpu", "memory"))


def phase(runs: Sequence[ContainerRun], restart_policy: str) -> str:
    """Return the pod's phase."""
    inits = [run for run in runs if run.role is Role.INIT]
    apps = [run for run in runs if run.role is Role.APP]
    if any(run.is_done and run.exit_code for run in inits):
        return "Failed"
    if not all(run.has_succeeded for run in inits) or any(run.ended is None and not run.is_running for run in apps):
        return "Pending"
    if any(not run.is_done for run in apps) or restart_policy == "Always":
        return "Running"
    return "Succeeded" if all(run.has_succeeded for run in apps) else "Failed"


def conditions(runs: Sequence[ContainerRun], current_phase: str, *, has_network: bool) -> list[Manifest]:
    """Return the pod's conditions, without their times."""
    waiting = [run.name for run in runs if run.role is Role.INIT and not run.has_succeeded]
    waiting += [run.name for run in runs if run.role is Role.SIDECAR and not run.is_running and not run.is_done]
    unready = [run.name for run in runs if run.role is not Role.INIT and not run.is_ready]
    initialized: Manifest = {"type": "Initialized", "status": "True"}
    if waiting and current_phase in ("Pending", "Failed"):
        text = f"containers with incomplete status: [{' '.join(waiting)}]"
        initialized = {**initialized, "status": "False", "reason": "ContainersNotInitialized", "message": text}
    ready = _readiness(unready, current_phase)
    return [
        {"type": "PodReadyToStartContainers", "status": "True" if has_network else "False"},
        initialized,
        {"type": "Ready", **ready},
        {"type": "ContainersReady", **ready},
        {"type": "PodScheduled", "status": "True"},
    ]


def _readiness(unready: list[str], current_phase: str) -> Manifest:
    if current_phase == "Succeeded":
        return {"status": "False", "reason": "PodCompleted"}
    if current_phase == "Failed":
        return {"status": "False", "reason": "PodFailed"}
    if unready:
        text = f"containers with unready status: [{' '.join(unready)}]"
        return {"status": "False", "reason": "ContainersNotReady", "message": text}
    return {"status": "True"}


def _gated(pod: Manifest, entries: list[Manifest]) -> list[Manifest]:
    """Return the conditions, not ready while a readiness gate of the pod is closed."""
    gates = [str(gate.get("conditionType")) for gate in spec(pod).get("readinessGates") or ()]
    closed = [gate for gate in gates if not is_true(pod, gate)]
    if not closed:
        return entries
    names = ", ".join(f'"{gate}"' for gate in closed)
    text = f"corresponding condition of pod readiness gate {names} does not exist or is not True"
    refusal = {"type": "Ready", "status": "False", "reason": "ReadinessGatesNotReady", "message": text}
    return [refusal if entry["type"] == "Ready" and entry["status"] == "True" else entry for entry in entries]


def pod_status(pod: Manifest, runs: Sequence[ContainerRun], *, pod_ip: str, now: str) -> Manifest:
    """Return the whole status of a pod that is on the node."""
    current = phase(runs, str(spec(pod).get("restartPolicy") or "Always"))
    old = status(pod)
    done = current in ("Succeeded", "Failed")
    own = conditions(runs, current, has_network=bool(pod_ip) and not done)
    kinds = {entry["type"] for entry in own}
    others = [entry for entry in old.get("conditions") or () if entry.get("type") not in kinds]
    entries = [*merged(old.get("conditions") or (), _gated(pod, own), now), *others]
    inits = [run.status() for run in runs if run.role is not Role.APP]
    address = NODE_IP if spec(pod).get("hostNetwork") and pod_ip else pod_ip
    return {
        "phase": current,
        "conditions": entries,
        "hostIP": NODE_IP,
        "hostIPs": [{"ip": NODE_IP}],
        **({"podIP": address, "podIPs": [{"ip": address}]} if address else {}),
        "startTime": old.get("startTime") or now,
        **({"initContainerStatuses": inits} if inits else {}),
        "containerStatuses": [run.status() for run in runs if run.role is Role.APP],
        "qosClass": quality_of_service(pod),
    }


def new_runs(pod: Manifest) -> list[ContainerRun]:
    """Return the containers of a pod in their order, before anything happened."""
    has_inits = bool(spec(pod).get("initContainers"))
    runs = []
    for container in spec(pod).get("initContainers") or ():
        role = Role.SIDECAR if container.get("restartPolicy") == "Always" else Role.INIT
        runs.append(ContainerRun(spec=container, role=role, reason="PodInitializing"))
    reason = "PodInitializing" if has_inits else "ContainerCreating"
    for container in spec(pod).get("containers") or ():
        runs.append(ContainerRun(spec=container, role=Role.APP, reason=reason))
    return runs


def may_start(runs: Sequence[ContainerRun], position: int) -> bool:
    """Whether the container at a position may begin: inits one after another, the others after all of them."""
    run = runs[position]
    if run.stage is not Stage.QUEUED:
        return False
    before = [other for other in runs[:position] if other.role is not Role.APP]
    return all(other.has_succeeded if other.role is Role.INIT else _is_up(other) for other in before)


def _is_up(sidecar: ContainerRun) -> bool:
    return sidecar.is_running and (not sidecar.spec.get("startupProbe") or sidecar.is_ready)
