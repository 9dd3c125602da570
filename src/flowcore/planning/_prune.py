"""What must go: objects of ours that the drawing no longer has."""

from __future__ import annotations

from collections.abc import Iterable

from flowcore.kinds import DATA_KINDS, Catalogue, WiredNode, core_catalogue, identity_of, install_rank
from flowcore.model import Manifest, Node, ObjectRef


def prunable(
    desired: Iterable[ObjectRef],
    live: Iterable[Manifest],
    *,
    catalogue: Catalogue | None = None,
    with_data: bool = False,
) -> tuple[ObjectRef, ...]:
    """Return the live objects that nothing desires any more, in the order to delete them: last applied goes first.

    Objects that others own, that are being deleted, or that are not labelled as ours are never among them.

    Args:
        desired: every object of the drawing; without a namespace it stands for that name in any namespace.
        live: objects found in the cluster with the workflow's label.
        catalogue: says which kinds hold data and in which order kinds are applied; the core's if None.
        with_data: also return objects of kinds that hold data, like claims.
    """
    kinds = {(_group(kind.api_version), kind.object_kind): kind for kind in (catalogue or core_catalogue()).kinds}
    wanted = {_identity(ref) for ref in desired}
    found: dict[ObjectRef, int] = {}
    for manifest in live:
        ref = ObjectRef.of(manifest)
        kind = kinds.get((_group(ref.api_version), ref.kind))
        holds_data = kind.holds_data if kind is not None else ref.kind in DATA_KINDS
        if _is_ours(manifest) and not (holds_data and not with_data) and not wanted & _identities(ref):
            found[ref] = kind.apply_rank if kind is not None else install_rank(ref.kind)
    return tuple(sorted(found, key=lambda ref: -found[ref]))


def raw_kinds(nodes: Iterable[Node], catalogue: Catalogue) -> set[tuple[str, str]]:
    """Return the ``apiVersion`` and ``kind`` of the objects that raw manifests among some nodes make."""
    found: set[tuple[str, str]] = set()
    for node in nodes:
        kind = catalogue.kind(node.type) if node.type in catalogue else None
        if kind is not None and not kind.is_fixed:
            made = identity_of(WiredNode(node, kind, kind.read(node.data, node.id)[0]))
            found |= {(made.api_version, made.kind)} if made.api_version and made.kind else set()
    return found


def _identity(ref: ObjectRef) -> tuple[str, str, str, str]:
    """Return what tells an object apart whatever version of the API shows it."""
    return _group(ref.api_version), ref.kind, ref.name, ref.namespace


def _group(api_version: str) -> str:
    return api_version.rpartition("/")[0]


def _identities(ref: ObjectRef) -> set[tuple[str, str, str, str]]:
    group, kind, name, namespace = _identity(ref)
    return {(group, kind, name, namespace), (group, kind, name, "")}


def _is_ours(manifest: Manifest) -> bool:
    metadata = manifest.get("metadata") or {}
    labels = metadata.get("labels") or {}
    is_ours = labels.get("app.kubernetes.io/managed-by") == "flowcore"
    return is_ours and not metadata.get("ownerReferences") and not metadata.get("deletionTimestamp")
