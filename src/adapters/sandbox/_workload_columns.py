"""The printer columns of workloads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from adapters.sandbox._columns import AGE, NONE, Column, at, joined, made, number, since, text
from adapters.sandbox._pod_columns import pod_ready, pod_restarts, pod_status
from adapters.sandbox._scaling import selector_text
from adapters.sandbox._status import Object
from adapters.sandbox._times import between, moment


def _containers(*path: str) -> list[Column]:
    def names(field: str) -> Callable[[Object], str]:
        return lambda obj: ",".join(str(one.get(field, "")) for one in at(obj, *path, "containers", default=[]))

    return [made("Containers", names("name"), wide=True), made("Images", names("image"), wide=True)]


_TEMPLATE = _containers("spec", "template", "spec")
_SELECTOR = made("Selector", lambda obj: selector_text(at(obj, "spec", "selector")) or NONE, wide=True)


def _ready(obj: Object) -> str:
    return f"{at(obj, 'status', 'readyReplicas', default=0)}/{at(obj, 'spec', 'replicas', default=0)}"


def _job_status(obj: Object) -> str:
    held = {one["type"] for one in at(obj, "status", "conditions", default=[]) if one.get("status") == "True"}
    for kind, word in (("Complete", "Complete"), ("Failed", "Failed"), ("Suspended", "Suspended")):
        if kind in held:
            return word
    if at(obj, "metadata", "deletionTimestamp"):
        return "Terminating"
    return "FailureTarget" if "FailureTarget" in held else "Running"


def _completions(obj: Object) -> str:
    wanted = at(obj, "spec", "completions")
    done = at(obj, "status", "succeeded", default=0)
    if wanted is not None:
        return f"{done}/{wanted}"
    parallelism = at(obj, "spec", "parallelism", default=0)
    return f"{done}/1 of {parallelism}" if parallelism > 1 else f"{done}/1"


def _job_duration(obj: Object, now: datetime) -> str:
    start, end = at(obj, "status", "startTime"), at(obj, "status", "completionTime")
    if start is None:
        return ""
    return between(moment(start), moment(end) if end else now)


def _targets(obj: Object) -> str:
    shown = []
    current = at(obj, "status", "currentMetrics", default=[]) or []
    for index, metric in enumerate(at(obj, "spec", "metrics", default=[])):
        name = at(metric, "resource", "name", default=str(metric.get("type", "")).lower())
        wanted = at(metric, "resource", "target", "averageUtilization")
        seen = current[index] if index < len(current) else {}
        now = at(seen, "resource", "current", "averageUtilization")
        shown.append(f"{name}: {'<unknown>' if now is None else f'{now}%'}/{wanted}%")
    return ", ".join(shown) or NONE


def _reference(obj: Object) -> str:
    return f"{at(obj, 'spec', 'scaleTargetRef', 'kind')}/{at(obj, 'spec', 'scaleTargetRef', 'name')}"


_REPLICAS = [
    number("Desired", "spec", "replicas"),
    number("Current", "status", "replicas"),
    number("Ready", "status", "readyReplicas"),
    AGE,
    *_TEMPLATE,
    _SELECTOR,
]
COLUMNS: dict[tuple[str, str], list[Column]] = {
    ("", "Pod"): [
        made("Ready", pod_ready),
        made("Status", pod_status),
        Column("Restarts", pod_restarts),
        AGE,
        text("IP", "status", "podIP", wide=True),
        text("Node", "spec", "nodeName", wide=True),
        text("Nominated Node", "status", "nominatedNodeName", wide=True),
        text("Readiness Gates", "spec", "readinessGates", wide=True),
    ],
    ("apps", "Deployment"): [
        made("Ready", _ready),
        number("Up-to-date", "status", "updatedReplicas"),
        number("Available", "status", "availableReplicas"),
        AGE,
        *_TEMPLATE,
        _SELECTOR,
    ],
    ("apps", "ReplicaSet"): _REPLICAS,
    ("", "ReplicationController"): _REPLICAS,
    ("apps", "StatefulSet"): [made("Ready", _ready), AGE, *_TEMPLATE],
    ("apps", "DaemonSet"): [
        number("Desired", "status", "desiredNumberScheduled"),
        number("Current", "status", "currentNumberScheduled"),
        number("Ready", "status", "numberReady"),
        number("Up-to-date", "status", "updatedNumberScheduled"),
        number("Available", "status", "numberAvailable"),
        made("Node Selector", lambda obj: joined(at(obj, "spec", "template", "spec", "nodeSelector", default={}))),
        AGE,
        *_TEMPLATE,
        _SELECTOR,
    ],
    ("apps", "ControllerRevision"): [number("Revision", "revision"), AGE],
    ("batch", "Job"): [
        made("Status", _job_status),
        made("Completions", _completions),
        Column("Duration", _job_duration),
        AGE,
        *_TEMPLATE,
        _SELECTOR,
    ],
    ("batch", "CronJob"): [
        text("Schedule", "spec", "schedule"),
        text("Timezone", "spec", "timeZone"),
        made("Suspend", lambda obj: str(at(obj, "spec", "suspend", default=False))),
        made("Active", lambda obj: len(at(obj, "status", "active", default=[])), kind="integer"),
        since("Last Schedule", "status", "lastScheduleTime"),
        AGE,
        *_containers("spec", "jobTemplate", "spec", "template", "spec"),
    ],
    ("autoscaling", "HorizontalPodAutoscaler"): [
        made(
            "Reference", lambda obj: "/".join(str(at(obj, "spec", "scaleTargetRef", part)) for part in ("kind", "name"))
        ),
        made("Targets", _targets),
        number("MinPods", "spec", "minReplicas"),
        number("MaxPods", "spec", "maxReplicas"),
        number("Replicas", "status", "currentReplicas"),
        AGE,
    ],
    ("policy", "PodDisruptionBudget"): [
        text("Min Available", "spec", "minAvailable", default="N/A"),
        text("Max Unavailable", "spec", "maxUnavailable", default="N/A"),
        number("Allowed Disruptions", "status", "disruptionsAllowed"),
        AGE,
    ],
}
