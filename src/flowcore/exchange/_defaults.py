"""What the API server fills into objects that leave it out; live objects are freed of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from flowcore.exchange._images import Image, containers
from flowcore.exchange._paths import MISSING, same
from flowcore.model import Manifest

#: A tree of defaults: ``*`` stands for every item of a list; a tuple holds several values, any of which is a default.
Defaults: TypeAlias = Mapping[str, Any]

_ANY: Final = object()
_PROBE: Final[Defaults] = {
    "timeoutSeconds": 1,
    "periodSeconds": 10,
    "successThreshold": 1,
    "failureThreshold": 3,
    "httpGet": {"scheme": "HTTP"},
    "grpc": {"service": ""},
}
_CONTAINER: Final[Defaults] = {
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
    "resources": {},
    "ports": {"*": {"protocol": "TCP"}},
    "env": {"*": {"valueFrom": {"fieldRef": {"apiVersion": "v1"}}}},
    "livenessProbe": _PROBE,
    "readinessProbe": _PROBE,
    "startupProbe": _PROBE,
}
_POD: Final[Defaults] = {
    "dnsPolicy": "ClusterFirst",
    "schedulerName": "default-scheduler",
    "serviceAccount": _ANY,
    "terminationGracePeriodSeconds": 30,
    "enableServiceLinks": True,
    "securityContext": {},
    "containers": {"*": _CONTAINER},
    "initContainers": {"*": _CONTAINER},
    "volumes": {
        "*": {
            "configMap": {"defaultMode": 420},
            "secret": {"defaultMode": 420},
            "projected": {"defaultMode": 420},
            "downwardAPI": {"defaultMode": 420},
            "hostPath": {"type": ""},
        }
    },
}
_TEMPLATE: Final[Defaults] = {"metadata": {"creationTimestamp": _ANY}, "spec": _POD}
_LASTING: Final[Defaults] = {**_TEMPLATE, "spec": {**_POD, "restartPolicy": "Always"}}
_JOB: Final[Defaults] = {
    "completionMode": "NonIndexed",
    "suspend": False,
    "manualSelector": False,
    "podReplacementPolicy": "TerminatingOrFailed",
    "backoffLimit": 6,
    "completions": 1,
    "parallelism": 1,
    "selector": _ANY,
    "template": {
        "metadata": {
            "labels": {
                "controller-uid": _ANY,
                "job-name": _ANY,
                "batch.kubernetes.io/controller-uid": _ANY,
                "batch.kubernetes.io/job-name": _ANY,
            },
        },
        "spec": _POD,
    },
}
_ROLLING: Final[Defaults] = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}}

_BY_KIND: Final[Mapping[str, Defaults]] = {
    "Deployment": {
        "spec": {
            "progressDeadlineSeconds": 600,
            "revisionHistoryLimit": 10,
            "strategy": _ROLLING,
            "template": _LASTING,
        }
    },
    "StatefulSet": {
        "spec": {
            "podManagementPolicy": "OrderedReady",
            "revisionHistoryLimit": 10,
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
            "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
            "template": _LASTING,
            "volumeClaimTemplates": {
                "*": {"apiVersion": _ANY, "kind": _ANY, "status": _ANY, "spec": {"volumeMode": "Filesystem"}}
            },
        }
    },
    "DaemonSet": {
        "spec": {
            "revisionHistoryLimit": 10,
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
            "template": _LASTING,
        }
    },
    "Job": {"spec": _JOB},
    "CronJob": {
        "spec": {
            "concurrencyPolicy": "Allow",
            "suspend": False,
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 1,
            "jobTemplate": {"metadata": {"creationTimestamp": _ANY}, "spec": _JOB},
        }
    },
    "Service": {
        "spec": {
            "clusterIPs": _ANY,
            "internalTrafficPolicy": "Cluster",
            "externalTrafficPolicy": "Cluster",
            "ipFamilies": _ANY,
            "ipFamilyPolicy": "SingleStack",
            "sessionAffinity": "None",
            "allocateLoadBalancerNodePorts": True,
            "healthCheckNodePort": _ANY,
        }
    },
    "PersistentVolumeClaim": {
        "metadata": {"finalizers": ["kubernetes.io/pvc-protection"]},
        "spec": {"volumeMode": "Filesystem", "volumeName": _ANY},
    },
}


def without_defaults(live: Manifest) -> Manifest:
    """Return a live object without what the API server or a controller filled in."""
    kind = str(live.get("kind", ""))
    made: Manifest = _freed(live, _BY_KIND.get(kind, {}))
    for _, container in containers(made):
        image = Image.of(str(container.get("image", "")))
        usual = "Always" if image.tag in ("", "latest") and not image.digest else "IfNotPresent"
        if container.get("imagePullPolicy") == usual:
            del container["imagePullPolicy"]
    return _without_addresses(made) if kind == "Service" else made


def _freed(value: Any, defaults: Any) -> Any:
    if isinstance(value, list) and isinstance(defaults, Mapping) and "*" in defaults:
        return [_freed(item, defaults["*"]) for item in value]
    if not isinstance(value, dict) or not isinstance(defaults, Mapping):
        return value
    found: dict[str, Any] = {}
    for key, item in value.items():
        default = defaults.get(key, MISSING)
        if default is _ANY or same(item, default):
            continue
        kept = _freed(item, default)
        # What consisted of defaults alone was filled in as a whole.
        if kept or not item or not isinstance(default, Mapping):
            found[key] = kept
    return found


def _without_addresses(service: Manifest) -> Manifest:
    """Return a service without the addresses and ports that the cluster has given it."""
    spec = dict(service.get("spec") or {})
    if spec.get("clusterIP") != "None":
        spec.pop("clusterIP", None)
    if spec.get("type") == "LoadBalancer":
        ports = [{key: value for key, value in port.items() if key != "nodePort"} for port in spec.get("ports") or ()]
        spec["ports"] = ports
    return {**service, "spec": spec}
