"""The inside of a pod's container, for shells and rehearsed commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from adapters.sandbox._controllers._objects import name_of, namespace_of, spec, status
from adapters.sandbox._controllers._sources import Lookup, UnresolvedError, environment, volume_files
from adapters.sandbox._shell_files import Machine, Process
from flowcore.model import Manifest

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_DIRECTORIES = (
    *("bin", "dev", "etc", "home", "proc", "root", "run", "sbin", "srv", "sys", "tmp"),
    *("usr/bin", "var/log", "var/run"),
)
_SMALL = ("alpine", "busybox")
_SHELLESS = ("distroless", "scratch", "pause")
_NGINX = {
    "/etc/nginx/nginx.conf": "user  nginx;\nworker_processes  auto;\nevents { worker_connections 1024; }\n",
    "/usr/share/nginx/html/index.html": "<!DOCTYPE html>\n<title>flowcore sandbox</title>\n<h1>It is simulated.</h1>\n",
}
_COMMANDS = {
    "nginx": "nginx: master process nginx -g daemon off;",
    "postgres": "postgres",
    "redis": "redis-server *:6379",
    "mysql": "mysqld",
    "mariadb": "mariadbd",
    "mongo": "mongod --bind_ip_all",
}


def machine_of(
    lookup: Lookup,
    pod: Manifest,
    container: Manifest,
    now: Callable[[], datetime],
    disk: dict[str, bytes | None] | None = None,
) -> Machine:
    """Return the inside of a container.

    Args:
        lookup: reads ConfigMaps, Secrets and Services.
        pod: the pod.
        container: the container of its spec.
        now: tells the time.
        disk: what was written in the container before.
    """
    image = str(container.get("image", ""))
    user_id = _user(pod, container)
    mounts = list(_mounts(lookup, pod, container))
    files = {**_image_files(pod, image), **{path: content for _, found, _ in mounts for path, content in found.items()}}
    mounted = [path for path, found, _ in mounts if path not in found]
    directories = frozenset((*map("/".__add__, _DIRECTORIES), *mounted))
    return Machine(
        hostname=hostname_of(pod),
        user="root" if user_id == 0 else f"user{user_id}",
        user_id=user_id,
        environment=shell_environment(lookup, pod, container),
        image_files=files,
        directories=directories,
        read_only=tuple(path for path, _, is_read_only in mounts if is_read_only),
        disk={} if disk is None else disk,
        processes=(Process(1, "root", command_line(container)),),
        now=now,
        working_directory=str(container.get("workingDir") or "/"),
        has_bash=not any(word in image for word in (*_SMALL, *_SHELLESS)),
        has_shell=not any(word in image for word in _SHELLESS),
    )


def hostname_of(pod: Manifest) -> str:
    """Return the host name of a pod."""
    return str(spec(pod).get("hostname") or name_of(pod))


def command_line(container: Manifest) -> str:
    """Return the command of the container's first process."""
    words = [str(word) for word in (*(container.get("command") or ()), *(container.get("args") or ()))]
    image = str(container.get("image", "")).partition("@")[0].rpartition("/")[2].partition(":")[0]
    known = next((command for word, command in _COMMANDS.items() if word in image), f"/{image}")
    return " ".join(words) if container.get("command") else " ".join([known, *words])


def shell_environment(lookup: Lookup, pod: Manifest, container: Manifest) -> dict[str, str]:
    """Return the variables a shell in the container has: the runtime's, the cluster's and the container's own."""
    try:
        own = environment(lookup, pod, container)
    except UnresolvedError:
        own = {}
    cluster = {
        "KUBERNETES_SERVICE_HOST": "10.96.0.1",
        "KUBERNETES_SERVICE_PORT": "443",
        "KUBERNETES_SERVICE_PORT_HTTPS": "443",
        "KUBERNETES_PORT": "tcp://10.96.0.1:443",
    }
    return {"PATH": _PATH, "HOSTNAME": hostname_of(pod), **cluster, **own, "HOME": own.get("HOME", "/root")}


def _user(pod: Manifest, container: Manifest) -> int:
    for context in (container.get("securityContext") or {}, spec(pod).get("securityContext") or {}):
        if context.get("runAsUser") is not None:
            return int(context["runAsUser"])
    return 0


def _image_files(pod: Manifest, image: str) -> dict[str, bytes]:
    name = hostname_of(pod)
    release = "alpine" if any(word in image for word in _SMALL) else "debian"
    domains = f"{namespace_of(pod)}.svc.cluster.local svc.cluster.local cluster.local"
    texts = {
        "/etc/hostname": f"{name}\n",
        "/etc/hosts": f"127.0.0.1\tlocalhost\n{status(pod).get('podIP', '127.0.0.1')}\t{name}\n",
        "/etc/os-release": f'ID={release}\nPRETTY_NAME="{release} (simulated by the flowcore sandbox)"\n',
        "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n",
        "/etc/resolv.conf": f"search {domains}\nnameserver 10.96.0.10\noptions ndots:5\n",
        "/proc/version": "Linux version 6.1.0-sandbox (simulated by the flowcore sandbox)\n",
        **(_NGINX if "nginx" in image else {}),
    }
    return {path: text.encode() for path, text in texts.items()}


def _mounts(lookup: Lookup, pod: Manifest, container: Manifest) -> Iterator[tuple[str, Mapping[str, bytes], bool]]:
    """Yield path, files and whether it is read-only for each mount; a mount of a single file is its own file."""
    volumes = {volume.get("name"): volume for volume in spec(pod).get("volumes") or ()}
    for mount in container.get("volumeMounts") or ():
        volume = volumes.get(mount.get("name")) or {}
        path, part = str(mount.get("mountPath", "/")).rstrip("/") or "/", str(mount.get("subPath") or "")
        try:
            files = volume_files(lookup, pod, volume)
        except UnresolvedError:
            files = {}
        is_source = any(kind in volume for kind in ("configMap", "secret", "projected", "downwardAPI"))
        yield path, _placed(files, path, part), bool(mount.get("readOnly")) or is_source


def _placed(files: Mapping[str, bytes], path: str, part: str) -> dict[str, bytes]:
    if part in files:
        return {path: files[part]}
    inside = f"{part.rstrip('/')}/" if part else ""
    return {f"{path}/{name.removeprefix(inside)}": text for name, text in files.items() if name.startswith(inside)}
