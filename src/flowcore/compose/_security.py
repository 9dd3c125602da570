"""Whom a container runs as, and what it may do."""

from __future__ import annotations

import re
from typing import Any

from flowcore.compose._images import volume_group
from flowcore.compose._labels import number_label
from flowcore.compose._marks import Value
from flowcore.compose._scope import Scope
from flowcore.compose._units import whole_number

#: Settings that Kubernetes calls safe: they are a pod's own, and no other pod feels them.
_SAFE_SYSCTLS = frozenset(
    {
        "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range", "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_rmem", "net.ipv4.tcp_syncookies", "net.ipv4.tcp_wmem",
    }
)  # fmt: skip
_ROOT_NAMES = {"root": 0}
_LARGEST_ID = 2**31 - 1
_IDS = re.compile(r"([^:]*)(?::(.*))?\Z", re.DOTALL)


def draw_security(scope: Scope) -> None:
    """Set the container's and the pod's security context.

    Most images that Compose files name start as root and lower their rights themselves, so less is taken from them
    than from a workload that somebody draws.
    """
    scope.data["podSecurity"] = "baseline"
    _user(scope)
    _volume_group(scope)
    _capabilities(scope)
    _options(scope)
    if scope.get("privileged"):
        scope.container_security()["privileged"] = True
        # The API server refuses a privileged container that may not gain privileges.
        scope.container_security().pop("allowPrivilegeEscalation", None)
        scope.warn(
            "privileged",
            "the container runs privileged, which many clusters refuse",
            scope.place("privileged"),
            fix="drop privileged and add the few capabilities that are needed",
        )
    if scope.get("read_only"):
        scope.container_security()["readOnlyRootFilesystem"] = True
    _sysctls(scope)
    groups = [whole_number(group) for group in scope.get("group_add") or []]
    if any(group is None for group in groups):
        scope.warn(
            "group", "groups of group_add that are names were left out", scope.place("group_add"), fix="use numbers"
        )
    numbers = [group for group in groups if group is not None and 0 <= group <= _LARGEST_ID]
    if numbers:
        _pod_security(scope)["supplementalGroups"] = numbers


def _sysctls(scope: Scope) -> None:
    """Set the kernel's settings that every node allows to pods; the others need the kubelet's permission."""
    settings: Value = scope.get("sysctls") or {}
    safe = [{"name": name, "value": value} for name, value in settings.items() if name in _SAFE_SYSCTLS]
    if safe:
        _pod_security(scope)["sysctls"] = safe
    for name in settings:
        if name not in _SAFE_SYSCTLS:
            scope.warn(
                "sysctl",
                f"the kernel setting {name} was left out, because a node refuses it to pods by default",
                scope.place("sysctls", name, settings),
                why="a pod with it is never started where the kubelet does not allow it",
                fix="allow it there (allowedUnsafeSysctls) and set podSecurityContext.sysctls on the node",
            )
    if safe and scope.get("network_mode") == "host":
        _pod_security(scope).pop("sysctls")
        message = "kernel settings were left out, because the pod uses the network of its node"
        scope.warn("sysctl", message, scope.place("sysctls"))


def _volume_group(scope: Scope) -> None:
    """Make claims writable for who runs the container: a new disk is root's, while Docker copies the image's owner."""
    if not scope.has_claim:
        _fill_group(scope, None)
        return
    security = scope.container_security()
    group = security.get("runAsGroup") or security.get("runAsUser")
    if "runAsUser" not in security and group is None:
        image = scope.data["image"]
        group = volume_group(image)
        if group is not None:
            message = (
                f"the image {image} is known not to run as root, so its claims are made writable for group {group}"
            )
            scope.info("volume-group", message, scope.place("image"), fix="set user if it runs as another one")
    _fill_group(scope, group)


def _fill_group(scope: Scope, group: int | None) -> None:
    wish = number_label(scope, "kompose.security-context.fsgroup", 0, _LARGEST_ID)
    if wish is not None:
        _pod_security(scope)["fsGroup"] = wish
    elif group:
        # Files that are right already keep their modes, which some databases insist on.
        _pod_security(scope).update(fsGroup=group, fsGroupChangePolicy="OnRootMismatch")


def _pod_security(scope: Scope) -> dict[str, Any]:
    found: dict[str, Any] = scope.data.setdefault("podSecurityContext", {})
    return found


def _user(scope: Scope) -> None:
    user: str = scope.get("user") or ""
    if not user:
        return
    match = _IDS.match(user)
    parts = match.groups() if match else (user, None)
    for text, field, what in ((parts[0], "runAsUser", "user"), (parts[1], "runAsGroup", "group")):
        if not text:
            continue
        number = _ROOT_NAMES.get(text, whole_number(text))
        if number is not None and 0 <= number <= _LARGEST_ID:
            scope.container_security()[field] = number
            continue
        scope.warn(
            "user-name",
            f"the {what} {text} is a name, which only the image can look up; the image's own {what} holds",
            scope.place("user"),
            why="a cluster takes numbers only",
            fix=f"write its number (docker run --rm IMAGE id {text})",
        )


def _capabilities(scope: Scope) -> None:
    capabilities: dict[str, list[str]] = {}
    for key, field in (("cap_add", "add"), ("cap_drop", "drop")):
        names = [name.upper().removeprefix("CAP_") for name in scope.get(key) or []]
        if names:
            capabilities[field] = list(dict.fromkeys(names))
    if capabilities:
        scope.container_security()["capabilities"] = capabilities
    if "add" in capabilities:
        scope.info(
            "capabilities",
            f"the capabilities {', '.join(capabilities['add'])} are asked for; strict clusters refuse them",
            scope.place("cap_add"),
        )


def _options(scope: Scope) -> None:
    options: Value = scope.get("security_opt") or []
    for position, option in enumerate(options):
        name, _, value = option.replace("=", ":", 1).partition(":")
        if name == "no-new-privileges" and value in ("", "true"):
            scope.container_security()["allowPrivilegeEscalation"] = False
        elif name == "seccomp" and value == "unconfined":
            scope.container_security()["seccompProfile"] = {"type": "Unconfined"}
        elif name == "apparmor" and value == "unconfined":
            scope.container_security()["appArmorProfile"] = {"type": "Unconfined"}
        elif (name, value) not in (("no-new-privileges", "false"), ("label", "disable")):
            scope.warn(
                "security-option",
                f"the security option {option} has no counterpart and was left out",
                scope.place("security_opt", position, options),
                fix="set securityContext on the node",
            )
