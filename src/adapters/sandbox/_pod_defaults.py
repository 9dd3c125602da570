"""The defaults of pods and pod templates, filled in place."""

from __future__ import annotations

from typing import Any

from adapters.sandbox._status import Object

_FILE_MODE = 420
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_PROBE_NUMBERS = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
_TOLERATED = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")


def default_pod_spec(spec: Object) -> None:
    """What every pod spec gets, in a pod or in a template."""
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("schedulerName", "default-scheduler")
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("securityContext", {})
    if spec.get("serviceAccountName"):
        spec["serviceAccount"] = spec["serviceAccountName"]
    elif spec.get("serviceAccount"):
        spec["serviceAccountName"] = spec["serviceAccount"]
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(name) is False:
            del spec[name]
    for name in ("initContainers", "containers", "ephemeralContainers"):
        for container in _dicts(spec.get(name)):
            _default_container(container, host_network=bool(spec.get("hostNetwork")))
    for volume in _dicts(spec.get("volumes")):
        _default_volume(volume)


def default_pod(obj: Object) -> None:
    """What a pod gets beyond its spec's defaults: requests from limits, links, tolerations and priority."""
    spec = obj.setdefault("spec", {})
    spec.setdefault("enableServiceLinks", True)
    for name in ("initContainers", "containers"):
        for container in _dicts(spec.get(name)):
            limits = container.get("resources", {}).get("limits")
            if limits:
                requests = container["resources"].setdefault("requests", {})
                container["resources"]["requests"] = {**limits, **requests}
    spec.setdefault("serviceAccountName", "default")
    default_pod_spec(spec)
    spec.setdefault("priority", 0)
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
    tolerations = spec.setdefault("tolerations", [])
    for key in _TOLERATED:
        if not any(toleration.get("key") in (key, None, "") for toleration in tolerations):
            tolerations.append({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300})


def _dicts(items: Any) -> list[Object]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _default_container(container: Object, *, host_network: bool) -> None:
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    container.setdefault("resources", {})
    if container.get("image"):
        container.setdefault("imagePullPolicy", _pull_policy(container["image"]))
    for name in ("stdin", "stdinOnce", "tty"):
        if container.get(name) is False:
            del container[name]
    _default_access(container, host_network=host_network)
    for name in _PROBES:
        if isinstance(container.get(name), dict):
            _default_probe(container[name])
    for handler in container.get("lifecycle", {}).values():
        if isinstance(handler, dict):
            _default_http_get(handler)


def _default_access(container: Object, *, host_network: bool) -> None:
    for port in _dicts(container.get("ports")):
        port.setdefault("protocol", "TCP")
        if host_network and "containerPort" in port:
            port.setdefault("hostPort", port["containerPort"])
    for mount in _dicts(container.get("volumeMounts")):
        if mount.get("readOnly") is False:
            del mount["readOnly"]
    for variable in _dicts(container.get("env")):
        _default_field_reference(variable.get("valueFrom"))


def _pull_policy(image: str) -> str:
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return "Always" if not digest and tag in ("", "latest") else "IfNotPresent"


def _default_field_reference(source: Any) -> None:
    if isinstance(source, dict) and isinstance(source.get("fieldRef"), dict):
        source["fieldRef"].setdefault("apiVersion", "v1")


def _default_probe(probe: Object) -> None:
    for name, number in _PROBE_NUMBERS.items():
        if not probe.get(name):
            probe[name] = number
    if isinstance(probe.get("grpc"), dict):
        probe["grpc"].setdefault("service", "")
    _default_http_get(probe)


def _default_http_get(handler: Object) -> None:
    if isinstance(handler.get("httpGet"), dict):
        handler["httpGet"].setdefault("path", "/")
        handler["httpGet"].setdefault("scheme", "HTTP")


def _default_volume(volume: Object) -> None:
    if not any(name != "name" for name in volume):
        volume["emptyDir"] = {}
    for name in ("configMap", "secret", "downwardAPI", "projected"):
        if isinstance(volume.get(name), dict):
            volume[name].setdefault("defaultMode", _FILE_MODE)
    if isinstance(volume.get("hostPath"), dict):
        volume["hostPath"].setdefault("type", "")
    sources = [volume, *_dicts(volume.get("projected", {}).get("sources"))]
    for source in sources:
        for item in _dicts((source.get("downwardAPI") or {}).get("items")):
            _default_field_reference(item)
        if isinstance(source.get("serviceAccountToken"), dict):
            source["serviceAccountToken"].setdefault("expirationSeconds", 3600)
    template = volume.get("ephemeral", {}).get("volumeClaimTemplate", {})
    if isinstance(template.get("spec"), dict):
        template["spec"].setdefault("volumeMode", "Filesystem")
