"""When a started container becomes ready, and how its probe complains until then."""

from __future__ import annotations

from adapters.sandbox._controllers._behaviour import ANNOTATION
from flowcore.model import Manifest

_DEFAULT_PERIOD = 10.0


def probe_delay(container: Manifest) -> float:
    """Return the seconds a container's startup and readiness probes wait before they first pass."""
    probes = (container.get("startupProbe"), container.get("readinessProbe"))
    return sum(float(probe.get("initialDelaySeconds") or 0) for probe in probes if probe)


def has_probe(container: Manifest) -> bool:
    """Whether readiness depends on a probe."""
    return bool(container.get("startupProbe") or container.get("readinessProbe"))


def probe_period(container: Manifest) -> float:
    """Return the seconds between two tries of the probe that decides on readiness."""
    probe = container.get("readinessProbe") or container.get("startupProbe") or {}
    return float(probe.get("periodSeconds") or _DEFAULT_PERIOD)


def probe_failure(container: Manifest, pod_ip: str) -> str:
    """Return what the probe says while the container is not ready, in the kubelet's words."""
    kind = "Startup" if container.get("startupProbe") and not container.get("readinessProbe") else "Readiness"
    probe = container.get("readinessProbe") or container.get("startupProbe")
    return f"{kind} probe failed: {_reason(probe, pod_ip)}"


def _reason(probe: Manifest | None, pod_ip: str) -> str:
    if not probe:
        return f"the container has no probe, the annotation {ANNOTATION} says it is not ready"
    if "httpGet" in probe:
        return "HTTP probe failed with statuscode: 503"
    if "tcpSocket" in probe:
        return f"dial tcp {pod_ip}:{probe['tcpSocket'].get('port')}: connect: connection refused"
    if "grpc" in probe:
        return 'service unhealthy (responded with "NOT_SERVING")'
    return "command exited with exit code 1"
