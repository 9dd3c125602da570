"""Good practice for what makes pods: several of them, spread, protected, scheduled in time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from flowcore.errors import Severity
from flowcore.lint._bundle import Bundle, Subject, selector_of
from flowcore.lint._pods import Pod
from flowcore.lint._rule import Change, Hit, Rule, at, mapping, mappings

SINGLE: Final = Rule(
    id="replicas-single",
    meaning="a workload behind a service has one replica",
    why="every restart and every drained node is an outage",
    fix="run two or more, or silence the rule where one is meant",
)
BUDGET: Final = Rule(
    id="disruption-budget-missing",
    meaning="no PodDisruptionBudget protects a workload with several replicas",
    why="draining nodes may stop all of them at once",
    fix="add a PodDisruptionBudget that keeps some of them",
)
SPREAD: Final = Rule(
    id="spread-missing",
    meaning="several replicas may land on one node",
    why="the loss of that node takes all of them",
    fix="add topologySpreadConstraints, or an anti-affinity",
)
POLICY: Final = Rule(
    id="network-policy-missing",
    meaning="no NetworkPolicy is about a workload's pods",
    why="everything in the cluster can reach them, and they can reach everything",
    fix="add a NetworkPolicy that allows what is needed",
)
SELECTOR: Final = Rule(
    id="selector-mismatch",
    severity=Severity.ERROR,
    meaning="a workload's selector does not mean the pods it makes",
    why="the API server refuses it",
    fix="give the pods the labels of the selector",
)
SCALED: Final = Rule(
    id="hpa-replicas-set",
    severity=Severity.WARNING,
    meaning="a workload that an autoscaler scales says how many replicas it has",
    why="every deployment undoes what the autoscaler did",
    fix="leave replicas out",
)
NO_SERVICE: Final = Rule(
    id="statefulset-without-service",
    severity=Severity.WARNING,
    meaning="no headless service governs a stateful set",
    why="its pods get no names of their own in the cluster's DNS",
    fix="name a headless service in serviceName",
)
NOT_HEADLESS: Final = Rule(
    id="statefulset-service-not-headless",
    severity=Severity.WARNING,
    meaning="the service that governs a stateful set is not headless",
    why="its pods get no names of their own in the cluster's DNS",
    fix="set clusterIP to None, and use another service to reach any of them",
)
DEADLINE: Final = Rule(
    id="cronjob-deadline-missing",
    meaning="a cron job has no startingDeadlineSeconds",
    why="after 100 missed starts it is never started again",
    fix="set startingDeadlineSeconds to how late a start still makes sense",
)
CONCURRENCY: Final = Rule(
    id="cronjob-concurrency",
    meaning="a cron job may run several times at once",
    why="a run that takes too long piles up and disturbs the next one",
    fix="set concurrencyPolicy to Forbid or Replace",
)
VOLUME_UNUSED: Final = Rule(
    id="volume-unused",
    meaning="a pod has a volume that no container mounts",
    why="a claim or a secret must exist for nothing, else the pod does not start",
    fix="mount it or drop it",
)
RULES: Final = (
    *(SINGLE, BUDGET, SPREAD, POLICY, SELECTOR, SCALED, NO_SERVICE, NOT_HEADLESS),
    *(DEADLINE, CONCURRENCY, VOLUME_UNUSED),
)

_REPLICATED: Final = ("Deployment", "StatefulSet", "ReplicaSet")
_LATE_SECONDS: Final = 300


def replicas_of(subject: Subject, bundle: Bundle) -> int | None:
    """Return the least number of pods that a workload keeps; None for one that counts otherwise."""
    if subject.kind not in _REPLICATED:
        return None
    scaler = bundle.scaler_of(subject)
    found = scaler.spec.get("minReplicas", 1) if scaler else subject.spec.get("replicas", 1)
    return found if isinstance(found, int) else None


def replicas(pod: Pod, subject: Subject, bundle: Bundle) -> Iterator[Hit]:
    """What serves others has several replicas, which are spread and protected."""
    count = replicas_of(subject, bundle)
    if count is None or count == 0:
        return
    if count == 1:
        if id(subject) in bundle.served:
            yield Hit(SINGLE, f"{subject.title} has one replica", ("spec", "replicas"))
        return
    if bundle.is_whole and id(subject) not in bundle.budgeted:
        yield Hit(BUDGET, f"no disruption budget protects the {count} replicas of {subject.title}")
    if not pod.spec.get("topologySpreadConstraints") and not at(pod.spec, "affinity", "podAntiAffinity"):
        path = pod.place("spec", "topologySpreadConstraints")
        message = f"the {count} replicas of {subject.title} may land on one node"
        yield Hit(SPREAD, message, path)


def policies(pod: Pod, subject: Subject, bundle: Bundle) -> Iterator[Hit]:
    """Somebody has said who may talk to the pods."""
    if bundle.is_whole and id(subject) not in bundle.policed and not pod.spec.get("hostNetwork"):
        yield Hit(POLICY, f"no network policy is about the pods of {subject.title}")


def selectors(pod: Pod, subject: Subject, bundle: Bundle) -> Iterator[Hit]:
    """A workload finds the pods that it makes."""
    selector = subject.spec.get("selector")
    if subject.kind not in (*_REPLICATED, "DaemonSet") or not mapping(selector):
        return
    if not selector_of(subject, selector).takes(subject):
        message = f"the selector of {subject.title} does not mean its own pods"
        yield Hit(SELECTOR, message, ("spec", "selector"))


def scaling(pod: Pod, subject: Subject, bundle: Bundle) -> Iterator[Hit]:
    """Only one of them says how many."""
    scaler = bundle.scaler_of(subject)
    if scaler is not None and subject.spec.get("replicas") is not None:
        path = ("spec", "replicas")
        message = f"{subject.title} says how many replicas it has, and {scaler.title} scales it"
        yield Hit(SCALED, message, path, Change(path, remove=True))


def governing_service(pod: Pod, subject: Subject, bundle: Bundle) -> Iterator[Hit]:
    """A stateful set has a headless service."""
    name = subject.spec.get("serviceName")
    if not name:
        yield Hit(NO_SERVICE, f"{subject.title} names no service", ("spec", "serviceName"))
        return
    service = bundle.named("Service", subject.namespace, str(name))
    if service is not None and service.spec.get("clusterIP") != "None":
        yield Hit(NOT_HEADLESS, f"the service {name} of {subject.title} is not headless", ("spec", "serviceName"))


def schedules(pod: Pod, subject: Subject, bundle: Bundle) -> Iterator[Hit]:
    """A cron job catches up, and does not overtake itself."""
    if subject.spec.get("startingDeadlineSeconds") is None:
        path = ("spec", "startingDeadlineSeconds")
        yield Hit(DEADLINE, f"{subject.title} has no deadline for its start", path, Change(path, _LATE_SECONDS))
    if subject.spec.get("concurrencyPolicy", "Allow") == "Allow":
        path = ("spec", "concurrencyPolicy")
        yield Hit(CONCURRENCY, f"{subject.title} may run several times at once", path, Change(path, "Forbid"))


def volumes(pod: Pod, subject: Subject, bundle: Bundle) -> Iterator[Hit]:
    """Every volume is mounted."""
    used = [name for one in pod.containers for name in _mounted(one.spec)]
    for position, volume in mappings(pod.spec.get("volumes")):
        name = volume.get("name")
        if name not in used:
            yield Hit(VOLUME_UNUSED, f"no container mounts the volume {name}", pod.place("spec", "volumes", position))


def _mounted(container: Mapping[str, Any]) -> Iterator[Any]:
    for key in ("volumeMounts", "volumeDevices"):
        for _, mount in mappings(container.get(key)):
            yield mount.get("name")


CHECKS: Final = (replicas, policies, selectors, scaling, volumes)
#: What only some kinds are asked.
KIND_CHECKS: Final[Mapping[str, tuple[Callable[[Pod, Subject, Bundle], Iterator[Hit]], ...]]] = {
    "StatefulSet": (governing_service,),
    "CronJob": (schedules,),
}
