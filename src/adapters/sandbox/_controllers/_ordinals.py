"""What the pods of a StatefulSet have of their own: name, labels, host name and claims."""

from __future__ import annotations

from adapters.sandbox._controllers._objects import (
    annotations_of,
    labels_of,
    name_of,
    namespace_of,
    owner_reference,
    spec,
)
from adapters.sandbox._controllers._replicas import pod_from
from adapters.sandbox._controllers._revisions import REVISION, Revision
from flowcore.model import Manifest


def ordinal_of(pod: Manifest) -> int | None:
    """Return the number at the end of a pod's name; None when there is none."""
    ending = name_of(pod).rpartition("-")[2]
    return int(ending) if ending.isdigit() else None


def ordinal_pod(owner: Manifest, ordinal: int, revision: Revision) -> Manifest:
    """Return the pod of an ordinal."""
    name = f"{name_of(owner)}-{ordinal}"
    labels = {
        "apps.kubernetes.io/pod-index": str(ordinal),
        REVISION: revision.name,
        "statefulset.kubernetes.io/pod-name": name,
    }
    pod = pod_from(owner, revision.template, name, **labels)
    claims = {str(claim["metadata"]["name"]): claim for claim in _templates(owner)}
    volumes = [volume for volume in spec(pod).get("volumes") or () if volume.get("name") not in claims]
    volumes += [{"name": claim, "persistentVolumeClaim": {"claimName": f"{claim}-{name}"}} for claim in claims]
    body = {**spec(pod), "hostname": name, "subdomain": spec(owner).get("serviceName") or ""}
    return {**pod, "spec": {**body, **({"volumes": volumes} if volumes else {})}}


def claims_of(owner: Manifest, ordinal: int) -> list[Manifest]:
    """Return the claims of the pod of an ordinal."""
    policy = spec(owner).get("persistentVolumeClaimRetentionPolicy") or {}
    reference = {key: value for key, value in owner_reference(owner).items() if key != "controller"}
    owners = {"ownerReferences": [reference]} if policy.get("whenDeleted") == "Delete" else {}
    selector = (spec(owner).get("selector") or {}).get("matchLabels") or {}
    claims = []
    for template in _templates(owner):
        meta = {
            "name": f"{name_of(template)}-{name_of(owner)}-{ordinal}",
            "namespace": namespace_of(owner),
            "labels": {**labels_of(template), **selector},
            **({"annotations": annotations_of(template)} if annotations_of(template) else {}),
            **owners,
        }
        body = {"volumeMode": "Filesystem", **spec(template)}
        claims.append({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": body})
    return claims


def _templates(owner: Manifest) -> list[Manifest]:
    result: list[Manifest] = spec(owner).get("volumeClaimTemplates") or []
    return result
