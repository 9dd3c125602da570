"""Which object a node makes: its identity, its place in the order of installing, and what must exist before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from flowcore.kinds._wiring import WiredNode
from flowcore.manifests import ABSENT

#: Helm's order of installing, in steps of ten; custom resources come last.
_INSTALL_ORDER: Final = """
    PriorityClass Namespace NetworkPolicy ResourceQuota LimitRange PodSecurityPolicy PodDisruptionBudget ServiceAccount
    Secret SecretList ConfigMap StorageClass PersistentVolume PersistentVolumeClaim CustomResourceDefinition
    ClusterRole ClusterRoleList ClusterRoleBinding ClusterRoleBindingList Role RoleList RoleBinding RoleBindingList
    Service DaemonSet Pod ReplicationController ReplicaSet Deployment HorizontalPodAutoscaler StatefulSet Job CronJob
    IngressClass Ingress APIService MutatingWebhookConfiguration ValidatingWebhookConfiguration
"""
_RANKS: Final[Mapping[str, int]] = {kind: 10 * number for number, kind in enumerate(_INSTALL_ORDER.split())}
#: Where kinds that are not in that order come.
LAST: Final = 1000
#: Kinds whose objects must be there before others: those that live in them, and those that they define.
_HOLDERS: Final = ("Namespace", "CustomResourceDefinition")
#: Kubernetes' kinds whose objects hold data, or take what holds it with them.
DATA_KINDS: Final = frozenset({"PersistentVolumeClaim", "PersistentVolume", "Namespace", "CustomResourceDefinition"})


class Identity(NamedTuple):
    """What tells an object apart from others; the namespace is empty for the whole cluster and where none is named."""

    api_version: str
    kind: str
    namespace: str
    name: str

    @property
    def group(self) -> str:
        """API group; empty for the core's."""
        return self.api_version.rpartition("/")[0]


class Implied(NamedTuple):
    """An order that no edge says, with what the later node waits for: started or healthy."""

    before: str
    after: str
    waits: str


def install_rank(kind: str) -> int:
    """Return where objects of a kind come in Helm's order of installing, in steps of ten."""
    return _RANKS.get(kind, LAST)


def identity_of(node: WiredNode, default_namespace: str = "") -> Identity:
    """Return which object a node makes; of a raw manifest, what the manifest says."""
    kind, values = node.kind, node.values
    if kind.is_fixed:
        namespace = str(values.get("namespace", default_namespace)) if kind.namespaced else ""
        return Identity(kind.api_version, kind.object_kind, namespace, str(values.get("name")))
    named = node.get("namespace", ABSENT)
    namespace = _text(default_namespace if named is ABSENT else named)
    namespace = "" if node.get("isClusterWide") is True else namespace
    return Identity(_text(node.get("apiVersion")), _text(node.get("kind")), namespace, _text(node.get("name")))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def rank_of(node: WiredNode) -> int:
    """Return where a node comes among those that do not depend on each other; smaller is earlier."""
    return node.kind.apply_rank if node.kind.is_fixed else install_rank(_text(node.get("kind")))


def implied_orders(nodes: Mapping[str, WiredNode], default_namespace: str = "") -> Iterator[Implied]:
    """Yield what must exist before what, without an edge: namespaces before what lives in them, definitions of custom
    resources (until they are served) before those resources.
    """
    firsts = [id_ for id_, node in nodes.items() if _may_hold_others(node)]
    if not firsts:
        return
    found = {id_: identity_of(node, default_namespace) for id_, node in nodes.items()}
    for first in firsts:
        if found[first].kind == _HOLDERS[0] and found[first].group == "":
            inside = [id_ for id_, one in found.items() if one.namespace == found[first].name and id_ != first]
            yield from (Implied(first, id_, "started") for id_ in inside)
        elif found[first].kind == _HOLDERS[1]:
            defined = _defined_by(nodes[first])
            made = [id_ for id_, one in found.items() if (one.group, one.kind) == defined and id_ != first]
            yield from (Implied(first, id_, "healthy") for id_ in made)


def _may_hold_others(node: WiredNode) -> bool:
    return not node.kind.is_fixed or node.kind.object_kind in _HOLDERS


def _defined_by(node: WiredNode) -> tuple[str, str]:
    """Return the group and kind that a definition defines."""
    manifest = node.get("object", node.values)
    spec = manifest.get("spec") if isinstance(manifest, Mapping) else None
    names = spec.get("names") if isinstance(spec, Mapping) else None
    if not isinstance(spec, Mapping) or not isinstance(names, Mapping):
        return ("", "")
    return _text(spec.get("group")), _text(names.get("kind"))
