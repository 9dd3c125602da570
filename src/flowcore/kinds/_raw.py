"""Raw manifests: any Kubernetes object in a node, read, dressed with what makes it ours, and asked about its pods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from flowcore.errors import InvalidInputError, LimitExceededError
from flowcore.manifests import ABSENT, from_yaml, plain

#: Metadata that only the API server writes; an object that states it cannot be applied, or fights the server.
_SERVER_METADATA: Final = (
    *("creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "managedFields"),
    *("resourceVersion", "selfLink", "uid"),
)
_CLUSTER_WIDE: Final = """
    APIService CertificateSigningRequest ClusterRole ClusterRoleBinding ClusterTrustBundle CSIDriver CSINode
    CustomResourceDefinition DeviceClass FlowSchema IngressClass IPAddress MutatingAdmissionPolicy
    MutatingAdmissionPolicyBinding MutatingWebhookConfiguration Namespace Node PersistentVolume PriorityClass
    PriorityLevelConfiguration ResourceSlice RuntimeClass ServiceCIDR StorageClass StorageVersionMigration
    ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration VolumeAttachment
    VolumeAttributesClass
"""
#: Kubernetes' own kinds that belong to the whole cluster.
CLUSTER_WIDE: Final = frozenset(_CLUSTER_WIDE.split())


def raw_object(manifest: Any) -> Any:
    """Return the object that a mapping or a YAML text holds, absent where it holds none or several."""
    found = _parsed(manifest)
    return ABSENT if isinstance(found, str) else found


def raw_problem(manifest: Any) -> Any:
    """Return what is wrong with a mapping or a YAML text that should hold one object, absent when nothing is."""
    found = _parsed(manifest)
    if isinstance(found, str):
        return found
    if isinstance(found.get("items"), list) and str(found.get("kind", "")).endswith("List"):
        return f"a {found['kind']} holds several objects, and a node makes one"
    wrong = [key for key in ("apiVersion", "kind") if not isinstance(found.get(key, ""), str)]
    wrong += [key for key in ("metadata",) if not isinstance(found.get(key, {}), Mapping)]
    return f"{wrong[0]} must be {'an object' if wrong[0] == 'metadata' else 'a text'}" if wrong else ABSENT


def _parsed(manifest: Any) -> dict[str, Any] | str:
    """Return the object, or what is wrong."""
    if isinstance(manifest, Mapping):
        return dict(manifest) if manifest else "the manifest is empty"
    if not isinstance(manifest, str):
        return "there is no manifest" if manifest is ABSENT else "it is neither an object nor a YAML text"
    try:
        documents = from_yaml(manifest)
    except InvalidInputError as error:
        first = error.findings[0]
        return f"{first.message} (line {first.place.line})" if first.place.line else first.message
    except LimitExceededError as error:
        return error.message
    if len(documents) != 1:
        return f"the text holds {len(documents)} objects, and a node makes one" if documents else "the text is empty"
    found = documents[0]
    return found if isinstance(found, dict) and found else "the text is no Kubernetes object"


def is_cluster_wide(kind: Any, namespaced: Any = ABSENT) -> bool:
    """Say whether objects of a kind belong to the whole cluster, by what is *namespaced*, else by Kubernetes' kinds."""
    return not namespaced if isinstance(namespaced, bool) else kind in CLUSTER_WIDE


def server_fields(manifest: Any) -> list[str]:
    """Return the paths of what an object states that only the API server writes."""
    metadata = manifest.get("metadata") if isinstance(manifest, Mapping) else None
    found = [f"metadata.{key}" for key in _SERVER_METADATA if isinstance(metadata, Mapping) and key in metadata]
    return [*found, *(["status"] if isinstance(manifest, Mapping) and "status" in manifest else [])]


def dressed(manifest: Any, given: Any, defaults: Any) -> dict[str, Any]:
    """Return an object with metadata of ours, and without what only the API server writes.

    Args:
        manifest: the object.
        given: metadata that wins over the object's: name, namespace, labels, annotations.
        defaults: metadata that gives way to the object's.
    """
    own = manifest.get("metadata") or {}
    metadata = {key: plain(value) for key, value in own.items() if key not in _SERVER_METADATA}
    metadata = {**defaults, **metadata, **{key: given[key] for key in ("name", "namespace") if key in given}}
    for key in ("labels", "annotations"):
        laid = {**defaults.get(key, {}), **(own.get(key) or {}), **given.get(key, {})}
        metadata |= {key: laid} if laid or key in own else {}
    head = {"apiVersion": manifest.get("apiVersion"), "kind": manifest.get("kind"), "metadata": metadata}
    rest = {key: plain(value) for key, value in manifest.items() if key not in head and key != "status"}
    return {**head, **rest}


def pods_of(manifest: Any) -> Any:
    """Return ``labels``, ``selector`` and ``ports`` of the pods that an object makes or is, absent when it has none."""
    if not isinstance(manifest, Mapping):
        return ABSENT
    spec = _mapping(manifest, "spec")
    template = manifest if manifest.get("kind") == "Pod" else _mapping(spec, "template")
    containers = _mapping(template, "spec").get("containers")
    if not isinstance(containers, list):
        return ABSENT
    labels = _mapping(_mapping(template, "metadata"), "labels")
    ports = [port for one in containers if isinstance(one, Mapping) for port in one.get("ports") or ()]
    selector = _mapping(_mapping(spec, "selector"), "matchLabels") or labels
    return {"labels": plain(labels), "selector": plain(selector), "ports": plain(ports)}


def _mapping(tree: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = tree.get(key)
    return found if isinstance(found, Mapping) else {}


#: What kind files can call about raw manifests, by the name they use.
RAW_FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "raw_object": raw_object,
    "raw_problem": raw_problem,
    "cluster_wide": is_cluster_wide,
    "server_fields": server_fields,
    "dressed": dressed,
    "pods_of": pods_of,
}
