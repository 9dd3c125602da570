"""Good practice for probes: they are there, they differ, and they call a port that is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from flowcore.errors import Severity
from flowcore.lint._bundle import Bundle, Subject
from flowcore.lint._pods import Container, Pod
from flowcore.lint._rule import Change, Hit, Rule, at, mapping, mappings

READINESS: Final = Rule(
    id="probe-readiness-missing",
    severity=Severity.WARNING,
    meaning="a container that serves others has no readiness probe",
    why="requests arrive before it can answer, and go on while it cannot",
    fix="add a readinessProbe that tells whether it can answer",
)
LIVENESS: Final = Rule(
    id="probe-liveness-missing",
    meaning="a container that keeps running has no liveness probe",
    why="one that hangs is never restarted",
    fix="add a livenessProbe that only fails when a restart helps",
)
IDENTICAL: Final = Rule(
    id="probe-identical",
    severity=Severity.WARNING,
    meaning="liveness and readiness ask the same",
    why="a container that is only busy is restarted, which makes it worse",
    fix="let liveness ask less, or wait longer",
)
PORT: Final = Rule(
    id="probe-port-unknown",
    severity=Severity.WARNING,
    meaning="a probe or hook calls a port that the container does not declare",
    why="a name that is not declared always fails, and a number is probably wrong",
    fix="declare the port, or call one that is declared",
)
RULES: Final = (READINESS, LIVENESS, IDENTICAL, PORT)

_PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")
_WAYS: Final = ("httpGet", "tcpSocket", "grpc", "exec")
_SHORT: Final = ("Job", "CronJob")


def probes(container: Container, pod: Pod, subject: Subject, bundle: Bundle) -> Iterator[Hit]:
    """A main container that keeps running has both probes, and they are not the same."""
    if container.role != "containers" or subject.kind in _SHORT:
        return
    live, ready = (mapping(container.spec.get(key)) for key in _PROBES[:2])
    if not ready and (container.spec.get("ports") or id(subject) in bundle.served):
        yield Hit(READINESS, f"container {container.name} has no readiness probe", (*container.path, "readinessProbe"))
    if not live:
        yield Hit(LIVENESS, f"container {container.name} has no liveness probe", (*container.path, "livenessProbe"))
    if live and ready and _asked(live) == _asked(ready) and _timing(live) <= _timing(ready):
        message = f"the probes of container {container.name} ask the same"
        yield Hit(IDENTICAL, message, (*container.path, "livenessProbe"))


def _asked(probe: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(probe.get(way) for way in _WAYS)


def _timing(probe: Mapping[str, Any]) -> float:
    """Return after how many seconds of failure a probe gives up."""
    period, failures = (probe.get(key) for key in ("periodSeconds", "failureThreshold"))
    return (period if isinstance(period, int) else 10) * (failures if isinstance(failures, int) else 3)


def probe_ports(container: Container, pod: Pod, subject: Subject, bundle: Bundle) -> Iterator[Hit]:
    """Probes and hooks call declared ports; a container that declares none is left alone for numbers."""
    declared = [port for _, port in mappings(container.spec.get("ports"))]
    names = [port.get("name") for port in declared]
    numbers = [port.get("containerPort") for port in declared]
    for handler in (*((probe,) for probe in _PROBES), ("lifecycle", "postStart"), ("lifecycle", "preStop")):
        found = at(container.spec, *handler)
        for way in ("httpGet", "tcpSocket", "grpc"):
            port = at(found, way, "port")
            if port is None or port in names or port in numbers or _as_number(port) in numbers:
                continue
            if isinstance(port, str) or numbers:
                path = (*container.path, *handler, way, "port")
                message = f"{handler[-1]} of container {container.name} calls the port {port}, which is not declared"
                change = Change(path, declared[0]["containerPort"]) if _is_only(declared) else None
                yield Hit(PORT, message, path, change)


def _is_only(declared: list[Mapping[str, Any]]) -> bool:
    return len(declared) == 1 and isinstance(declared[0].get("containerPort"), int)


def _as_number(port: Any) -> int | None:
    return int(port) if isinstance(port, str) and port.isascii() and port.isdigit() else None


CHECKS: Final = (probes, probe_ports)
