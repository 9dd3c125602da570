"""What the API server refuses although it can read it: metadata, each kind's rules, and what may not change."""

from __future__ import annotations

from collections.abc import Callable

from adapters.sandbox._immutability import check_unchanged
from adapters.sandbox._network_validation import check_ingress, check_network_policy, check_service
from adapters.sandbox._pod_validation import check_pod_spec
from adapters.sandbox._problems import Problems
from adapters.sandbox._quantities import parsed
from adapters.sandbox._status import Cause, Object
from adapters.sandbox._workload_validation import (
    check_autoscaler,
    check_cron_job,
    check_daemon_set,
    check_deployment,
    check_disruption_budget,
    check_job,
    check_replica_set,
    check_stateful_set,
)

_DATA_LIMIT = 1024 * 1024
_ANNOTATIONS_LIMIT = 256 * 1024
_ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_RBAC = "rbac.authorization.k8s.io"


def problems_of(obj: Object, old: Object | None) -> list[Cause]:
    """Everything wrong with an object, by itself and (with `old`) as an update."""
    problems = Problems()
    group, kind = obj["apiVersion"].rpartition("/")[0], obj["kind"]
    _check_metadata(obj["metadata"], (group, kind), problems)
    check = _BY_KIND.get((group, kind))
    if check is not None:
        spec = obj.get("spec")
        check(obj, spec if isinstance(spec, dict) else {}, problems)
    if old is not None:
        check_unchanged(old, obj, problems)
    return problems.causes


def _check_metadata(metadata: Object, key: tuple[str, str], problems: Problems) -> None:
    name = metadata.get("name") or metadata.get("generateName", "")
    if not metadata.get("name") and name.endswith(("-", ".")):
        name = name.rstrip("-.") + "-x"
    if name:
        _check_name(name, key, problems)
    problems.labels("metadata.labels", metadata.get("labels", {}))
    annotations = metadata.get("annotations", {})
    for annotation in annotations:
        problems.qualified_name("metadata.annotations", annotation.lower())
    if sum(len(annotation) + len(text) for annotation, text in annotations.items()) > _ANNOTATIONS_LIMIT:
        problems.too_long("metadata.annotations", _ANNOTATIONS_LIMIT)
    for index, finalizer in enumerate(metadata.get("finalizers", ())):
        problems.qualified_name(f"metadata.finalizers[{index}]", finalizer)
    for index, owner in enumerate(metadata.get("ownerReferences", ())):
        if not owner.get("uid"):
            problems.required(f"metadata.ownerReferences[{index}].uid", "must not be empty")


def _check_name(name: str, key: tuple[str, str], problems: Problems) -> None:
    if key == ("", "Namespace"):
        problems.label("metadata.name", name)
    elif key == ("", "Service"):
        problems.label_1035("metadata.name", name)
    elif key[0] == _RBAC:
        if name in (".", "..") or "/" in name or "%" in name:
            problems.invalid("metadata.name", name, "may not contain '/' or '%'")
    else:
        problems.subdomain("metadata.name", name)


def _check_pod(obj: Object, spec: Object, problems: Problems) -> None:
    check_pod_spec(spec, "spec", problems)


def _check_data(obj: Object, spec: Object, problems: Problems) -> None:
    data, binary = obj.get("data", {}), obj.get("binaryData", {})
    for part, values in (("data", data), ("binaryData", binary)):
        for name in values:
            problems.config_key(part, name)
    for name in binary:
        if name in data:
            problems.invalid(f"data[{name}]", name, "duplicate of key present in binaryData")
    if sum(len(text.encode()) for values in (data, binary) for text in values.values()) > _DATA_LIMIT:
        problems.too_long("", _DATA_LIMIT)


def _check_secret(obj: Object, spec: Object, problems: Problems) -> None:
    _check_data(obj, spec, problems)
    needed = {
        "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
        "kubernetes.io/dockercfg": (".dockercfg",),
        "kubernetes.io/tls": ("tls.crt", "tls.key"),
        "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    }
    for name in needed.get(obj.get("type", ""), ()):
        if name not in obj.get("data", {}):
            problems.required(f"data[{name}]")


def _check_claim(obj: Object, spec: Object, problems: Problems) -> None:
    modes = spec.get("accessModes")
    if not modes:
        problems.required("spec.accessModes", "at least 1 access mode is required")
    for mode in modes or ():
        problems.one_of("spec.accessModes", mode, _ACCESS_MODES)
    storage = spec.get("resources", {}).get("requests", {}).get("storage")
    if storage is None:
        problems.required("spec.resources[storage]")
    elif (parsed(str(storage)) or 0) <= 0:
        problems.invalid("spec.resources[storage]", storage, "must be greater than zero")
    problems.one_of("spec.volumeMode", spec.get("volumeMode"), ("Block", "Filesystem"))
    if spec.get("storageClassName"):
        problems.subdomain("spec.storageClassName", spec["storageClassName"])


def _check_volume(obj: Object, spec: Object, problems: Problems) -> None:
    if not spec.get("accessModes"):
        problems.required("spec.accessModes")
    if not spec.get("capacity"):
        problems.required("spec.capacity")


def _check_role_binding(obj: Object, spec: Object, problems: Problems) -> None:
    reference = obj.get("roleRef", {})
    kinds = ("ClusterRole",) if obj["kind"] == "ClusterRoleBinding" else ("ClusterRole", "Role")
    problems.one_of("roleRef.kind", reference.get("kind"), kinds)
    for index, subject in enumerate(obj.get("subjects", ())):
        problems.one_of(f"subjects[{index}].kind", subject.get("kind"), ("Group", "ServiceAccount", "User"))
        if subject.get("kind") == "ServiceAccount" and not subject.get("namespace"):
            problems.required(f"subjects[{index}].namespace")


def _check_definition(obj: Object, spec: Object, problems: Problems) -> None:
    names, group = spec.get("names", {}), spec.get("group", "")
    expected = f"{names.get('plural', '')}.{group}"
    if obj["metadata"].get("name") != expected:
        problems.invalid("metadata.name", obj["metadata"].get("name"), 'must be spec.names.plural+"."+spec.group')
    problems.one_of("spec.scope", spec.get("scope"), ("Cluster", "Namespaced"))
    versions = spec.get("versions", ())
    if sum(1 for version in versions if version.get("storage")) != 1:
        problems.invalid("spec.versions", [], "must have exactly one version marked as storage version")
    for index, version in enumerate(versions):
        if not version.get("schema", {}).get("openAPIV3Schema"):
            problems.required(f"spec.versions[{index}].schema.openAPIV3Schema", "schemas are required")


_Check = Callable[[Object, Object, Problems], None]


def _by_spec(check: Callable[[Object, Problems], None]) -> _Check:
    return lambda obj, spec, problems: check(spec, problems)


_BY_KIND: dict[tuple[str, str], _Check] = {
    ("", "Pod"): _check_pod,
    ("", "ConfigMap"): _check_data,
    ("", "Secret"): _check_secret,
    ("", "Service"): _by_spec(check_service),
    ("", "PersistentVolumeClaim"): _check_claim,
    ("", "PersistentVolume"): _check_volume,
    ("apps", "Deployment"): _by_spec(check_deployment),
    ("apps", "StatefulSet"): _by_spec(check_stateful_set),
    ("apps", "DaemonSet"): _by_spec(check_daemon_set),
    ("apps", "ReplicaSet"): _by_spec(check_replica_set),
    ("batch", "Job"): _by_spec(check_job),
    ("batch", "CronJob"): check_cron_job,
    ("autoscaling", "HorizontalPodAutoscaler"): _by_spec(check_autoscaler),
    ("policy", "PodDisruptionBudget"): _by_spec(check_disruption_budget),
    ("networking.k8s.io", "Ingress"): _by_spec(check_ingress),
    ("networking.k8s.io", "NetworkPolicy"): _by_spec(check_network_policy),
    (_RBAC, "RoleBinding"): _check_role_binding,
    (_RBAC, "ClusterRoleBinding"): _check_role_binding,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _check_definition,
}
