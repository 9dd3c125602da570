"""The pods of a Job and the selector that finds them."""

from __future__ import annotations

from adapters.sandbox._controllers._cluster import Cluster, with_metadata
from adapters.sandbox._controllers._job_status import INDEX
from adapters.sandbox._controllers._objects import annotations_of, name_of, spec, uid_of
from adapters.sandbox._controllers._replicas import pod_from
from flowcore.model import Manifest

_UID, _NAME = "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"


def job_labels(job: Manifest) -> dict[str, str]:
    """Return the labels that mark a Job's pods."""
    uid, name = uid_of(job), name_of(job)
    return {_UID: uid, _NAME: name, "controller-uid": uid, "job-name": name}


def with_selector(cluster: Cluster, job: Manifest) -> Manifest:
    """Return the Job with a selector for its own pods, as the API server would have made it."""
    if spec(job).get("selector") or spec(job).get("manualSelector"):
        return job
    return cluster.update({**job, "spec": {**spec(job), "selector": {"matchLabels": {_UID: uid_of(job)}}}})


def job_pod(job: Manifest, name: str, index: int | None) -> Manifest:
    """Return a new pod of a Job; *index* is its number where completions are numbered."""
    template = spec(job).get("template") or {}
    pod = pod_from(job, template, name, **job_labels(job))
    body = {"restartPolicy": "Never", **(template.get("spec") or {})}
    pod["spec"] = {"terminationGracePeriodSeconds": 30, **body}
    if index is None:
        return pod
    pod = with_metadata(pod, annotations={**annotations_of(pod), INDEX: str(index)})
    pod["metadata"]["labels"] = {**pod["metadata"]["labels"], INDEX: str(index)}
    number = {"name": "JOB_COMPLETION_INDEX", "value": str(index)}
    pod["spec"]["hostname"] = f"{name_of(job)}-{index}"
    pod["spec"]["containers"] = [
        {**container, "env": [*(container.get("env") or ()), number]} for container in body.get("containers") or ()
    ]
    return pod
