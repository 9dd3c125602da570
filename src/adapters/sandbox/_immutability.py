"""What may not change any more once an object exists."""

from __future__ import annotations

from collections.abc import Callable

from adapters.sandbox._problems import Problems
from adapters.sandbox._quantities import parsed
from adapters.sandbox._status import Object

FIXED = "field is immutable"
_SET_FIELDS = (
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
)
_CLAIM_CHANGES = (
    "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
)
_POD_CHANGES = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def check_unchanged(old: Object, new: Object, problems: Problems) -> None:
    """Check an update against what its kind keeps fixed."""
    check = _BY_KIND.get((new["apiVersion"].rpartition("/")[0], new["kind"]))
    if check is not None:
        check(old, new, problems)


def _fixed(*paths: str) -> Callable[[Object, Object, Problems], None]:
    def check(old: Object, new: Object, problems: Problems) -> None:
        for path in paths:
            before, after = _at(old, path), _at(new, path)
            if before != after:
                problems.invalid(path, after, FIXED)

    return check


def _at(obj: Object, path: str) -> object:
    value: object = obj
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _stateful_set(old: Object, new: Object, problems: Problems) -> None:
    before = {name: part for name, part in old.get("spec", {}).items() if name not in _SET_FIELDS}
    after = {name: part for name, part in new.get("spec", {}).items() if name not in _SET_FIELDS}
    if before != after:
        listed = "'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', "
        listed += "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds'"
        problems.forbidden("spec", f"updates to statefulset spec for fields other than {listed} are forbidden")


def _job(old: Object, new: Object, problems: Problems) -> None:
    _fixed("spec.selector", "spec.completionMode", "spec.podFailurePolicy", "spec.backoffLimitPerIndex")(
        old, new, problems
    )
    before, after = old.get("spec", {}), new.get("spec", {})
    if before.get("completions") != after.get("completions") and not (
        after.get("completionMode") == "Indexed" and after.get("completions") == after.get("parallelism")
    ):
        problems.invalid("spec.completions", after.get("completions"), FIXED)
    never_started = before.get("suspend") and not old.get("status", {}).get("startTime")
    if before.get("template") != after.get("template") and not never_started:
        problems.invalid("spec.template", after.get("template"), FIXED)


def _claim(old: Object, new: Object, problems: Problems) -> None:
    before, after = dict(old.get("spec", {})), dict(new.get("spec", {}))
    asked = (_requested(before), _requested(after))
    bound = old.get("status", {}).get("phase") == "Bound"
    for spec in (before, after):
        spec.pop("resources", None)
        spec.pop("volumeAttributesClassName", None)
    if not old["spec"].get("volumeName"):
        after.pop("volumeName", None)
    if before != after or (asked[0] != asked[1] and not bound):
        problems.forbidden("spec", _CLAIM_CHANGES)
    elif None not in asked and (parsed(str(asked[1])) or 0) < (parsed(str(asked[0])) or 0):
        problems.forbidden("spec.resources.requests.storage", "field can not be less than status.capacity")


def _requested(spec: Object) -> object:
    return spec.get("resources", {}).get("requests", {}).get("storage")


def _service(old: Object, new: Object, problems: Problems) -> None:
    before, after = old.get("spec", {}), new.get("spec", {})
    if "ExternalName" in (before.get("type"), after.get("type")):
        return
    was, now = before.get("clusterIP"), after.get("clusterIP")
    if was and was != now:
        problems.invalid("spec.clusterIPs[0]", now, "may not change once set")


def _config(old: Object, new: Object, problems: Problems) -> None:
    if new["kind"] == "Secret":
        _fixed("type")(old, new, problems)
    if not old.get("immutable"):
        return
    text = "field is immutable when `immutable` is set"
    for name in ("immutable", "data", "binaryData"):
        if old.get(name) != new.get(name):
            problems.forbidden(name, text)


def _pod(old: Object, new: Object, problems: Problems) -> None:
    before, after = _frozen_spec(old), _frozen_spec(new)
    kept = [toleration in new["spec"].get("tolerations", ()) for toleration in old["spec"].get("tolerations", ())]
    if before != after or not all(kept):
        problems.forbidden("spec", _POD_CHANGES)


def _frozen_spec(pod: Object) -> Object:
    spec = {
        name: part
        for name, part in pod["spec"].items()
        if name not in ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "ephemeralContainers")
    }
    for group in ("containers", "initContainers"):
        if group in spec:
            spec[group] = [{**container, "image": ""} for container in spec[group]]
    return spec


def _role_reference(old: Object, new: Object, problems: Problems) -> None:
    if old.get("roleRef") != new.get("roleRef"):
        problems.invalid("roleRef", new.get("roleRef"), "cannot change roleRef")


def _storage_class(old: Object, new: Object, problems: Problems) -> None:
    for name in ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"):
        if old.get(name) != new.get(name):
            problems.forbidden(name, f"updates to {name} are forbidden.")


_Check = Callable[[Object, Object, Problems], None]
_BY_KIND: dict[tuple[str, str], _Check] = {
    ("apps", "Deployment"): _fixed("spec.selector"),
    ("apps", "ReplicaSet"): _fixed("spec.selector"),
    ("apps", "DaemonSet"): _fixed("spec.selector"),
    ("apps", "StatefulSet"): _stateful_set,
    ("batch", "Job"): _job,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "Service"): _service,
    ("", "ConfigMap"): _config,
    ("", "Secret"): _config,
    ("", "Pod"): _pod,
    ("storage.k8s.io", "StorageClass"): _storage_class,
    ("networking.k8s.io", "IngressClass"): _fixed("spec.controller"),
    ("scheduling.k8s.io", "PriorityClass"): _fixed("value"),
    ("rbac.authorization.k8s.io", "RoleBinding"): _role_reference,
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): _role_reference,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _fixed("spec.scope", "spec.group"),
}
