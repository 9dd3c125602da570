"""What objects refer to that is not among them, or that nothing refers to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from flowcore.errors import Severity
from flowcore.lint._bundle import Bundle, Selector, Subject, selector_of
from flowcore.lint._needs import references
from flowcore.lint._objects import Check
from flowcore.lint._pods import Pod
from flowcore.lint._rule import Hit, Path, Rule, at, mapping, mappings

SERVICE_EMPTY: Final = Rule(
    id="service-selects-nothing",
    severity=Severity.WARNING,
    meaning="a service's selector means no pods here",
    why="its requests lead nowhere",
    fix="give the selector the labels of the pods",
)
SERVICE_PORT: Final = Rule(
    id="service-port-unmatched",
    severity=Severity.WARNING,
    meaning="a service leads to a port that its pods do not declare",
    why="a name that is not declared leads nowhere, and a number is probably wrong",
    fix="use a port that the pods declare",
)
BACKEND: Final = Rule(
    id="ingress-backend-missing",
    severity=Severity.WARNING,
    meaning="an ingress leads to a service, or a port of one, that is not here",
    why="its requests are answered with an error",
    fix="name a service and a port that are here",
)
SCALE_TARGET: Final = Rule(
    id="hpa-target-missing",
    severity=Severity.WARNING,
    meaning="an autoscaler scales something that is not here",
    why="it does nothing",
    fix="name the workload in scaleTargetRef",
)
BUDGET_EMPTY: Final = Rule(
    id="disruption-budget-selects-nothing",
    severity=Severity.WARNING,
    meaning="a PodDisruptionBudget's selector means no pods here",
    why="it protects nothing",
    fix="give the selector the labels of the pods",
)
POLICY_EMPTY: Final = Rule(
    id="network-policy-selects-nothing",
    severity=Severity.WARNING,
    meaning="a NetworkPolicy's selector means no pods here",
    why="it protects nothing",
    fix="give the selector the labels of the pods",
)
MISSING: Final = Rule(
    id="reference-missing",
    meaning="pods need a config map, a secret, a claim or an account that is not here",
    why="they do not start unless it is in the namespace already",
    fix="add it, or make sure that it exists",
)
KEY_MISSING: Final = Rule(
    id="config-key-missing",
    severity=Severity.WARNING,
    meaning="pods need a key that the config map or secret does not have",
    why="they do not start",
    fix="add the key, or name one that is there",
)
UNUSED: Final = Rule(
    id="config-unused",
    meaning="nothing here uses a config map or a secret",
    why="it may be left over, or a link was forgotten",
    fix="link it to what needs it, or drop it",
)
RULES: Final = (
    *(SERVICE_EMPTY, SERVICE_PORT, BACKEND, SCALE_TARGET, BUDGET_EMPTY, POLICY_EMPTY),
    *(MISSING, KEY_MISSING, UNUSED),
)


_FILLED_LATER: Final = frozenset({"Secret"})


def needs(subject: Subject, bundle: Bundle) -> Iterator[Hit]:
    """What pods cannot start without is here, with the keys that they name."""
    told: set[tuple[str, str]] = set()
    for one in references(subject.pod) if subject.pod else ():
        if one.is_optional:
            continue
        found = bundle.named(one.kind, subject.namespace, one.name)
        if found is None and (one.kind, one.name) not in told:
            told.add((one.kind, one.name))
            yield Hit(MISSING, f"{subject.title} needs the {one.kind} {one.name}", one.path)
        elif found is not None and one.key and not _has_key(found, one.key):
            yield Hit(KEY_MISSING, f"{found.title} has no key {one.key}", one.path)


def _has_key(config: Subject, key: str) -> bool:
    """Say whether the key is there; where values are only added when the object is applied, no keys mean any key."""
    keys = {key for part in ("data", "binaryData", "stringData") for key in mapping(config.obj.get(part))}
    return key in keys or (not keys and config.kind in _FILLED_LATER)


def usage(config: Subject, bundle: Bundle) -> Iterator[Hit]:
    """Configuration is used."""
    if (config.kind, config.namespace, config.name) not in bundle.used:
        yield Hit(UNUSED, f"nothing here uses {config.title}")


def service(subject: Subject, bundle: Bundle) -> Iterator[Hit]:
    """A service leads to pods here, and to ports that they declare."""
    labels = mapping(subject.spec.get("selector"))
    if not labels or subject.spec.get("type") == "ExternalName":
        return
    pods = bundle.taken_by(Selector(subject, labels))
    if not pods:
        yield Hit(SERVICE_EMPTY, f"{subject.title} selects nothing here", ("spec", "selector"))
        return
    declared = [port for one in pods if one.pod for port in _ports(one.pod)]
    names = [port.get("name") for port in declared]
    numbers = [port.get("containerPort") for port in declared]
    for position, port in mappings(subject.spec.get("ports")):
        target = port.get("targetPort", port.get("port"))
        if target not in names and target not in numbers and (isinstance(target, str) or numbers):
            path = ("spec", "ports", position, "targetPort")
            yield Hit(SERVICE_PORT, f"{subject.title} leads to the port {target}, which its pods do not declare", path)


def _ports(pod: Pod) -> Iterator[Mapping[str, Any]]:
    for container in pod.containers:
        for _, port in mappings(container.spec.get("ports")):
            yield port


def backends(subject: Subject, bundle: Bundle) -> Iterator[Hit]:
    """An ingress leads to services and ports that are here."""
    for path, backend in _backends(subject.spec):
        found = mapping(backend.get("service"))
        name = str(found.get("name", ""))
        if not name:
            continue
        target = bundle.named("Service", subject.namespace, name)
        if target is None:
            yield Hit(BACKEND, f"{subject.title} leads to the service {name}, which is not here", (*path, "service"))
        elif not _has_port(target, mapping(found.get("port"))):
            yield Hit(BACKEND, f"{target.title} has no such port", (*path, "service", "port"))


def _backends(spec: Mapping[str, Any]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    if spec.get("defaultBackend"):
        yield ("spec", "defaultBackend"), mapping(spec["defaultBackend"])
    for number, rule in mappings(spec.get("rules")):
        for position, path in mappings(at(rule, "http", "paths")):
            place: Path = ("spec", "rules", number, "http", "paths", position, "backend")
            yield place, mapping(path.get("backend"))


def _has_port(target: Subject, port: Mapping[str, Any]) -> bool:
    if target.spec.get("type") == "ExternalName":
        return True
    return any(
        wanted in (found.get("name"), found.get("port"))
        for wanted in (port.get("name"), port.get("number"))
        if wanted is not None
        for _, found in mappings(target.spec.get("ports"))
    )


def scale_target(subject: Subject, bundle: Bundle) -> Iterator[Hit]:
    """An autoscaler scales something that is here."""
    target = mapping(subject.spec.get("scaleTargetRef"))
    kind, name = str(target.get("kind")), str(target.get("name"))
    if all(
        (one.obj.get("kind"), one.namespace, one.name) != (kind, subject.namespace, name) for one in bundle.subjects
    ):
        yield Hit(SCALE_TARGET, f"{subject.title} scales {kind} {name}, which is not here", ("spec", "scaleTargetRef"))


def budget_target(subject: Subject, bundle: Bundle) -> Iterator[Hit]:
    """A disruption budget protects something."""
    if not bundle.taken_by(selector_of(subject, subject.spec.get("selector"))):
        yield Hit(BUDGET_EMPTY, f"{subject.title} selects nothing here", ("spec", "selector"))


def policy_target(subject: Subject, bundle: Bundle) -> Iterator[Hit]:
    """A network policy is about something."""
    if not bundle.taken_by(selector_of(subject, subject.spec.get("podSelector"))):
        yield Hit(POLICY_EMPTY, f"{subject.title} selects nothing here", ("spec", "podSelector"))


CHECKS: Final[Mapping[str, tuple[Check, ...]]] = {
    "Service": (service,),
    "Ingress": (backends,),
    "HorizontalPodAutoscaler": (scale_target,),
    "PodDisruptionBudget": (budget_target,),
    "NetworkPolicy": (policy_target,),
    "ConfigMap": (usage,),
    "Secret": (usage,),
}
