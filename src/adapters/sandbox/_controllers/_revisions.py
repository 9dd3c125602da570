"""Revisions of a workload's template, kept as ControllerRevisions."""

from __future__ import annotations

from attrs import frozen

from adapters.sandbox._controllers._cluster import Cluster
from adapters.sandbox._controllers._objects import (
    is_leaving,
    labels_of,
    name_of,
    namespace_of,
    owner_reference,
    spec,
)
from adapters.sandbox._controllers._replicas import template_hash
from flowcore.model import Manifest

#: The label that tells which revision a pod is of.
REVISION = "controller-revision-hash"


@frozen
class Revision:
    """A state of a template: its name, the hash in it, and the template itself."""

    name: str
    mark: str
    template: Manifest


def current_revision(cluster: Cluster, owner: Manifest) -> Revision:
    """Return the revision of the owner's template, kept and numbered as the newest."""
    template = spec(owner).get("template") or {}
    mark = template_hash(template)
    wanted = Revision(f"{name_of(owner)}-{mark}", mark, template)
    cluster.adopt(owner, "ControllerRevision")
    known = revisions_of(cluster, owner)
    newest = max((int(one.get("revision") or 0) for one in known), default=0)
    same = next((one for one in known if name_of(one) == wanted.name), None)
    if same is None:
        cluster.create(_kept(owner, wanted, newest + 1))
    elif int(same.get("revision") or 0) < newest:
        cluster.update({**same, "revision": newest + 1})
    return wanted


def find_revision(cluster: Cluster, owner: Manifest, name: str) -> Revision | None:
    """Return a kept revision by name."""
    for one in revisions_of(cluster, owner):
        if name_of(one) == name:
            template = ((one.get("data") or {}).get("spec") or {}).get("template") or {}
            mark = str(labels_of(one).get(REVISION, ""))
            return Revision(name, mark, {key: value for key, value in template.items() if key != "$patch"})
    return None


def revisions_of(cluster: Cluster, owner: Manifest) -> list[Manifest]:
    """Return the kept revisions of a workload."""
    return [one for one in cluster.owned(owner, "ControllerRevision") if not is_leaving(one)]


def forget_revisions(cluster: Cluster, owner: Manifest, used: set[str]) -> None:
    """Delete the oldest revisions that are not used, as far as the history limit asks for it."""
    limit = spec(owner).get("revisionHistoryLimit")
    unused = [one for one in revisions_of(cluster, owner) if name_of(one) not in used]
    unused.sort(key=lambda one: int(one.get("revision") or 0))
    for one in unused[: max(len(unused) - (10 if limit is None else int(limit)), 0)]:
        cluster.delete(one)


def _kept(owner: Manifest, revision: Revision, number: int) -> Manifest:
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {
            "name": revision.name,
            "namespace": namespace_of(owner),
            "labels": {**labels_of(spec(owner).get("template") or {}), REVISION: revision.mark},
            "ownerReferences": [owner_reference(owner)],
        },
        "data": {"spec": {"template": {**revision.template, "$patch": "replace"}}},
        "revision": number,
    }
