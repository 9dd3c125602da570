"""The controls of the Pod Security Standard ``baseline``, as the admission of Kubernetes 1.37 applies them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from flowcore.errors import Severity
from flowcore.lint._pods import Container, Pod
from flowcore.lint._rule import Change, Hit, Path, Rule, at, mapping, mappings

_APPARMOR_ANNOTATION: Final = "container.apparmor.security.beta.kubernetes.io/"
_PROFILES: Final = ("RuntimeDefault", "Localhost")
_CAPABILITIES: Final = (
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
)
_SELINUX_TYPES: Final = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")
_SYSCTLS: Final = (
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_notsent_lowat",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_slow_start_after_idle",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
)


def _rule(id_: str, meaning: str, why: str, fix: str) -> Rule:
    return Rule(id=f"pss-{id_}", severity=Severity.ERROR, meaning=meaning, why=why, fix=fix)


HOST_NAMESPACES: Final = _rule(
    "host-namespaces",
    "a pod shares the host's network, processes or IPC",
    "it can see and disturb everything else on the node",
    "leave hostNetwork, hostPID and hostIPC out",
)
PRIVILEGED: Final = _rule(
    "privileged",
    "a container is privileged",
    "it can do on the node whatever root can",
    "leave privileged out and add the one capability that is needed",
)
CAPABILITIES: Final = _rule(
    "capabilities",
    "a container has capabilities that the standard does not allow",
    "each one takes down a wall between the container and the node",
    "at baseline add only harmless ones; at restricted drop ALL and add at most NET_BIND_SERVICE",
)
HOST_PATH: Final = _rule(
    "host-path",
    "a volume is a path on the host",
    "files of the node, its credentials among them, can be read or changed",
    "use an emptyDir, a config map, a secret or a claim",
)
HOST_PORTS: Final = _rule(
    "host-ports",
    "a container takes a port of the host",
    "network policies do not apply there, and only one such pod fits on a node",
    "leave hostPort out and use a service",
)
APPARMOR: Final = _rule(
    "apparmor",
    "AppArmor is switched off",
    "the default profile keeps containers from the kernel's dangerous corners",
    "use RuntimeDefault or a Localhost profile, or leave it out",
)
SELINUX: Final = _rule(
    "selinux",
    "SELinux is given a type, user or role that is not meant for containers",
    "the process would leave the container's confinement",
    "leave user and role out, and use one of the container types",
)
PROC_MOUNT: Final = _rule(
    "proc-mount",
    "/proc is mounted without its masks",
    "the masks hide parts of the kernel from the container",
    "leave procMount out",
)
SECCOMP: Final = _rule(
    "seccomp",
    "system calls are not filtered by an allowed seccomp profile",
    "the default profile blocks calls that are used to break out",
    "use RuntimeDefault or a Localhost profile",
)
SYSCTLS: Final = _rule(
    "sysctls",
    "a kernel parameter is set that is not safe",
    "it can change the whole node, or switch a protection off",
    "leave it out, or have an administrator set it on the node",
)
HOST_PROCESS: Final = _rule(
    "windows-host-process",
    "a Windows container runs as a process of the host",
    "it can do on the node whatever the administrator can",
    "leave hostProcess out",
)
HOST_PROBES: Final = _rule(
    "host-probes",
    "a probe or lifecycle hook calls another host",
    "the kubelet makes the call, so it reaches what the pod must not reach",
    "leave host out; the pod itself is called then",
)


def drop(path: Path) -> Change:
    """Return the change that takes a value away."""
    return Change(path, remove=True)


def host_namespaces(pod: Pod) -> Iterator[Hit]:
    """hostNetwork, hostPID and hostIPC must not be true."""
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.spec.get(name):
            path = pod.place("spec", name)
            yield Hit(HOST_NAMESPACES, f"the pod sets {name}", path, drop(path))


def privileged(pod: Pod) -> Iterator[Hit]:
    """No container may be privileged."""
    for container in pod.containers:
        if container.security.get("privileged"):
            path = (*container.path, "securityContext", "privileged")
            yield Hit(PRIVILEGED, f"container {container.name} is privileged", path, drop(path))


def added_capabilities(pod: Pod) -> Iterator[Hit]:
    """Only the capabilities of the default set may be added."""
    for container in pod.containers:
        yield from forbidden_capabilities(container, _CAPABILITIES)


def forbidden_capabilities(container: Container, allowed: tuple[str, ...]) -> Iterator[Hit]:
    """Return a hit for every added capability that is not allowed."""
    for position, name in enumerate(_items(at(container.security, "capabilities", "add"))):
        if name not in allowed:
            path = (*container.path, "securityContext", "capabilities", "add", position)
            yield Hit(CAPABILITIES, f"container {container.name} adds the capability {name}", path, drop(path))


def _items(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else []


def host_paths(pod: Pod) -> Iterator[Hit]:
    """No volume may be a path on the host."""
    for position, volume in mappings(pod.spec.get("volumes")):
        if volume.get("hostPath") is not None:
            message = f"the volume {volume.get('name', '')} is a path on the host"
            yield Hit(HOST_PATH, message, pod.place("spec", "volumes", position, "hostPath"))


def host_ports(pod: Pod) -> Iterator[Hit]:
    """No container may take a port of the host."""
    for container in pod.containers:
        for position, port in mappings(container.spec.get("ports")):
            if port.get("hostPort"):
                path = (*container.path, "ports", position, "hostPort")
                message = f"container {container.name} takes the host's port {port['hostPort']}"
                yield Hit(HOST_PORTS, message, path, drop(path))


def contexts(pod: Pod) -> Iterator[tuple[str, Mapping[str, Any], Path]]:
    """Iterate over the security contexts of the pod and its containers: whose, what it says, and where it stands."""
    yield "the pod", pod.security, pod.place("spec", "securityContext")
    for container in pod.containers:
        yield f"container {container.name}", container.security, (*container.path, "securityContext")


def apparmor(pod: Pod) -> Iterator[Hit]:
    """AppArmor profiles, in fields and in the old annotations, must be the default or one of the node's."""
    for key, value in mapping(pod.metadata.get("annotations")).items():
        if str(key).startswith(_APPARMOR_ANNOTATION) and not _allowed_annotation(value):
            path = pod.place("metadata", "annotations", key)
            yield Hit(APPARMOR, f"{key} is {value}", path, drop(path))
    for owner, context, path in contexts(pod):
        profile = context.get("appArmorProfile")
        if profile is not None and at(profile, "type") not in _PROFILES:
            message = f"{owner} uses the AppArmor profile type {at(profile, 'type')}"
            yield Hit(APPARMOR, message, (*path, "appArmorProfile", "type"), drop((*path, "appArmorProfile")))


def _allowed_annotation(value: Any) -> bool:
    return value in ("", None, "runtime/default") or str(value).startswith("localhost/")


def selinux(pod: Pod) -> Iterator[Hit]:
    """The SELinux type must be one for containers; user and role must not be set."""
    for owner, context, path in contexts(pod):
        options = mapping(context.get("seLinuxOptions"))
        for name in ("type", "user", "role"):
            value = options.get(name) or ""
            if value and (name != "type" or value not in _SELINUX_TYPES):
                place = (*path, "seLinuxOptions", name)
                yield Hit(SELINUX, f"{owner} sets the SELinux {name} {value}", place, drop(place))


def proc_mount(pod: Pod) -> Iterator[Hit]:
    """/proc keeps its masks, unless the pod has users of its own."""
    return iter(()) if pod.has_own_users else masked_proc(pod)


def masked_proc(pod: Pod) -> Iterator[Hit]:
    """/proc keeps its masks."""
    for container in pod.containers:
        value = container.security.get("procMount")
        if value is not None and value != "Default":
            path = (*container.path, "securityContext", "procMount")
            yield Hit(PROC_MOUNT, f"container {container.name} mounts /proc as {value}", path, drop(path))


def seccomp(pod: Pod) -> Iterator[Hit]:
    """Where a seccomp profile is given, it is the default or one of the node's; annotations count no more."""
    for owner, context, path in contexts(pod):
        if has_bad_profile(context):
            yield bad_profile(owner, context, path)


def has_bad_profile(context: Mapping[str, Any]) -> bool:
    """Say whether a security context gives a seccomp profile that is not allowed."""
    profile = context.get("seccompProfile")
    return profile is not None and at(profile, "type") not in _PROFILES


def bad_profile(owner: str, context: Mapping[str, Any], path: Path) -> Hit:
    """Return the hit for such a profile."""
    message = f"{owner} uses the seccomp profile type {at(context, 'seccompProfile', 'type')}"
    change = Change((*path, "seccompProfile"), {"type": "RuntimeDefault"})
    return Hit(SECCOMP, message, (*path, "seccompProfile", "type"), change)


def sysctls(pod: Pod) -> Iterator[Hit]:
    """Only safe kernel parameters may be set."""
    for position, sysctl in mappings(pod.security.get("sysctls")):
        if sysctl.get("name") not in _SYSCTLS:
            path = pod.place("spec", "securityContext", "sysctls", position)
            yield Hit(SYSCTLS, f"the pod sets {sysctl.get('name')}", path, drop(path))


def host_process(pod: Pod) -> Iterator[Hit]:
    """Windows containers must not be processes of the host."""
    for owner, context, path in contexts(pod):
        if at(context, "windowsOptions", "hostProcess"):
            place = (*path, "windowsOptions", "hostProcess")
            yield Hit(HOST_PROCESS, f"{owner} runs as a process of the Windows host", place, drop(place))


_HANDLERS: Final[tuple[Path, ...]] = (
    ("livenessProbe",),
    ("readinessProbe",),
    ("startupProbe",),
    ("lifecycle", "postStart"),
    ("lifecycle", "preStop"),
)


def host_probes(pod: Pod) -> Iterator[Hit]:
    """Probes and lifecycle hooks must call the pod itself."""
    for container in pod.containers:
        for handler in _HANDLERS:
            found = at(container.spec, *handler)
            for way in ("httpGet", "tcpSocket"):
                host = at(found, way, "host")
                if host:
                    path = (*container.path, *handler, way, "host")
                    message = f"{handler[-1]} of container {container.name} calls the host {host}"
                    yield Hit(HOST_PROBES, message, path, drop(path))
