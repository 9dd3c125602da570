"""What the Pod Security Standard ``restricted`` asks beyond ``baseline``, as Kubernetes 1.37 applies it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flowcore.errors import Severity
from flowcore.lint._baseline import CAPABILITIES, SECCOMP, bad_profile, forbidden_capabilities, has_bad_profile
from flowcore.lint._pods import Pod
from flowcore.lint._rule import Change, Hit, Rule, at, mappings

_VOLUMES: Final = frozenset(
    {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral"}
    | {"image", "persistentVolumeClaim", "projected", "secret"}
)

VOLUME_TYPES: Final = Rule(
    id="pss-volume-types",
    severity=Severity.ERROR,
    meaning="a volume is of a type that restricted pods may not mount themselves",
    why="such volumes reach into the host or the storage network past the cluster's control",
    fix="use a claim, an emptyDir, a config map, a secret, or another of the allowed types",
)
ESCALATION: Final = Rule(
    id="pss-privilege-escalation",
    severity=Severity.ERROR,
    meaning="a container's processes may gain more rights than they started with",
    why="a set-user-ID program is enough to become root",
    fix="set allowPrivilegeEscalation to false",
)
NON_ROOT: Final = Rule(
    id="pss-run-as-non-root",
    severity=Severity.ERROR,
    meaning="a container may run as root",
    why="root in a container is close to root on the node",
    fix="set runAsNonRoot to true and use an image that has a user",
)
USER_ZERO: Final = Rule(
    id="pss-run-as-user",
    severity=Severity.ERROR,
    meaning="a container runs as user 0",
    why="root in a container is close to root on the node",
    fix="leave runAsUser out or use another number",
)


def volume_types(pod: Pod) -> Iterator[Hit]:
    """Volumes are of the types that hold nothing of the host; a volume without a type is an emptyDir."""
    for position, volume in mappings(pod.spec.get("volumes")):
        for type_, source in volume.items():
            if type_ != "name" and source is not None and type_ not in _VOLUMES:
                message = f"the volume {volume.get('name', '')} is of the type {type_}"
                yield Hit(VOLUME_TYPES, message, pod.place("spec", "volumes", position, type_))


def escalation(pod: Pod) -> Iterator[Hit]:
    """Every container says that it gains no privileges; pods for Windows need not."""
    for container in () if pod.is_windows else pod.containers:
        if container.security.get("allowPrivilegeEscalation") is not False:
            path = (*container.path, "securityContext", "allowPrivilegeEscalation")
            message = f"container {container.name} does not set allowPrivilegeEscalation to false"
            yield Hit(ESCALATION, message, path, Change(path, False))


def non_root(pod: Pod) -> Iterator[Hit]:
    """Every container or its pod says that it runs as another user than root; pods with users of their own need not."""
    if pod.has_own_users:
        return
    own = pod.security.get("runAsNonRoot")
    path = pod.place("spec", "securityContext", "runAsNonRoot")
    unsaid = [one for one in pod.containers if one.security.get("runAsNonRoot") is None]
    if own is not None and own is not True:
        yield Hit(NON_ROOT, "the pod sets runAsNonRoot to false", path, Change(path, True))
    elif own is None and unsaid:
        names = ", ".join(one.name for one in unsaid)
        yield Hit(NON_ROOT, f"neither the pod nor {names} sets runAsNonRoot to true", path, Change(path, True))
    for container in pod.containers:
        if container.security.get("runAsNonRoot") not in (None, True):
            place = (*container.path, "securityContext", "runAsNonRoot")
            message = f"container {container.name} sets runAsNonRoot to false"
            yield Hit(NON_ROOT, message, place, Change(place, True))


def user_zero(pod: Pod) -> Iterator[Hit]:
    """Neither the pod nor a container runs as user 0; pods with users of their own may."""
    if pod.has_own_users:
        return
    owners = [("the pod", pod.security, pod.place("spec"))]
    owners += [(f"container {one.name}", one.security, one.path) for one in pod.containers]
    for owner, context, path in owners:
        user = context.get("runAsUser")
        if user == 0 and user is not False:
            place = (*path, "securityContext", "runAsUser")
            yield Hit(USER_ZERO, f"{owner} runs as user 0", place, Change(place, remove=True))


def seccomp_given(pod: Pod) -> Iterator[Hit]:
    """Every container or its pod gives an allowed seccomp profile; pods for Windows need not."""
    if pod.is_windows:
        return
    path = pod.place("spec", "securityContext")
    unsaid = [one for one in pod.containers if one.security.get("seccompProfile") is None]
    if has_bad_profile(pod.security):
        yield bad_profile("the pod", pod.security, path)
    elif pod.security.get("seccompProfile") is None and unsaid:
        names = ", ".join(one.name for one in unsaid)
        change = Change((*path, "seccompProfile"), {"type": "RuntimeDefault"})
        yield Hit(SECCOMP, f"neither the pod nor {names} gives a seccomp profile", (*path, "seccompProfile"), change)
    for container in pod.containers:
        if has_bad_profile(container.security):
            place = (*container.path, "securityContext")
            yield bad_profile(f"container {container.name}", container.security, place)


def capabilities_dropped(pod: Pod) -> Iterator[Hit]:
    """Every container drops ALL and adds at most NET_BIND_SERVICE; containers for Windows need not."""
    for container in () if pod.is_windows else pod.containers:
        dropped = at(container.security, "capabilities", "drop")
        if not isinstance(dropped, (list, tuple)) or "ALL" not in dropped:
            path = (*container.path, "securityContext", "capabilities", "drop")
            message = f"container {container.name} does not drop ALL capabilities"
            yield Hit(CAPABILITIES, message, path, Change(path, ["ALL"]))
        yield from forbidden_capabilities(container, ("NET_BIND_SERVICE",))
