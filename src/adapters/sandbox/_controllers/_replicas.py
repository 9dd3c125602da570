"""Pods of a set of equal pods: how they are made, counted, and which of them goes first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from attrs import frozen

from adapters.sandbox._controllers._chance import safe_hash
from adapters.sandbox._controllers._objects import (
    annotations_of,
    canonical,
    condition,
    is_leaving,
    is_true,
    labels_of,
    metadata,
    moment_of,
    name_of,
    namespace_of,
    owner_reference,
    spec,
    status,
)
from flowcore.model import Manifest

TEMPLATE_HASH = "pod-template-hash"


def template_hash(template: Manifest) -> str:
    """Return the name part that stands for a pod template."""
    return safe_hash(canonical(template))


def pod_from(owner: Manifest, template: Manifest, name: str, **labels: str) -> Manifest:
    """Return a pod of the template, controlled by *owner*."""
    meta = metadata(template)
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": namespace_of(owner),
            "labels": {**(meta.get("labels") or {}), **labels},
            **({"annotations": meta["annotations"]} if meta.get("annotations") else {}),
            **({"finalizers": meta["finalizers"]} if meta.get("finalizers") else {}),
            "ownerReferences": [owner_reference(owner)],
        },
        "spec": {"restartPolicy": "Always", "terminationGracePeriodSeconds": 30, **(template.get("spec") or {})},
        "status": {"phase": "Pending"},
    }


def is_finished(pod: Manifest) -> bool:
    """Whether its containers ended for good."""
    return status(pod).get("phase") in ("Succeeded", "Failed")


def is_active(pod: Manifest) -> bool:
    """Whether it counts as a replica."""
    return not is_finished(pod) and not is_leaving(pod)


def is_ready(pod: Manifest) -> bool:
    """Whether it is ready."""
    return is_true(pod, "Ready")


def available_at(pod: Manifest, min_ready_seconds: float) -> datetime | None:
    """Return since when, or from when on, the pod counts as available; None while it is not ready."""
    ready = condition(pod, "Ready")
    if ready is None or ready.get("status") != "True":
        return None
    since = moment_of(ready.get("lastTransitionTime"))
    return None if since is None else since + timedelta(seconds=min_ready_seconds)


@frozen
class Tally:
    """How many pods a set has.

    Attributes:
        active: pods that neither ended nor leave.
        ready: those of them that are ready.
        available: those of them that have been ready long enough.
        recheck: seconds until another pod is available; None when none will be by time alone.
    """

    active: int
    ready: int
    available: int
    recheck: float | None = None


def tally(pods: Iterable[Manifest], now: datetime, min_ready_seconds: float = 0) -> Tally:
    """Count pods."""
    active = [pod for pod in pods if is_active(pod)]
    moments = [moment for pod in active if (moment := available_at(pod, min_ready_seconds))]
    later = [(moment - now).total_seconds() for moment in moments if moment > now]
    if not min_ready_seconds:
        return Tally(len(active), len(moments), len(moments))
    return Tally(len(active), len(moments), len(moments) - len(later), min(later, default=None))


def first_to_go(pods: Sequence[Manifest], count: int) -> list[Manifest]:
    """Return the pods a set gives up first: without node, pending, not ready, restarted, young."""

    def worth(entry: tuple[int, Manifest]) -> tuple[object, ...]:
        position, pod = entry
        restarts = sum(int(run.get("restartCount") or 0) for run in status(pod).get("containerStatuses") or ())
        cost = str(annotations_of(pod).get("controller.kubernetes.io/pod-deletion-cost") or "0")
        return (
            bool(spec(pod).get("nodeName")),
            status(pod).get("phase") == "Running",
            is_ready(pod),
            int(cost) if cost.lstrip("-").isdigit() else 0,
            -restarts,
            -position,
        )

    ranked = sorted(enumerate(pods), key=worth)
    return [pod for _, pod in ranked[:count]]


def set_labels(obj: Manifest) -> Manifest:
    """Return the labels of the pods of a set."""
    return labels_of(spec(obj).get("template") or {})


def pod_names(pods: Iterable[Manifest]) -> set[str]:
    """Return the names of pods."""
    return {name_of(pod) for pod in pods}
