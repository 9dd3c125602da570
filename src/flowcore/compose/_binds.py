"""Bind mounts: small files of the project come along as config maps; what stays on the host is told."""

from __future__ import annotations

import posixpath
import re
from typing import Any

from flowcore.compose._bundles import Bundle, bundle_of, draw_bundle
from flowcore.compose._images import SUB_PATH, wants_empty_volume
from flowcore.compose._marks import Block, Value
from flowcore.compose._project import Project
from flowcore.compose._scope import Binds, Scope
from flowcore.errors import Place
from flowcore.files import EntryKind, inside

_SOCKETS = ("docker.sock", "podman.sock", "containerd.sock", "crio.sock")
#: Folders of the host's system, with everything in them.
_SYSTEM = (
    "/proc", "/sys", "/dev", "/run", "/var/run", "/boot", "/lib", "/lib64", "/bin", "/sbin", "/usr/bin", "/usr/lib",
    "/usr/sbin", "/usr/src", "/usr/share/zoneinfo", "/usr/share/ca-certificates", "/var/lib/docker", "/var/lib/kubelet",
    "/var/log", "/etc/localtime", "/etc/timezone", "/etc/passwd", "/etc/shadow", "/etc/group", "/etc/hosts",
    "/etc/hostname", "/etc/resolv.conf", "/etc/ssl", "/etc/ssh", "/etc/pki", "/etc/machine-id", "/etc/os-release",
)  # fmt: skip
_SYSTEM_ROOTS = frozenset({"/", "/etc", "/usr", "/var", "/var/lib", "/home", "/root", "/tmp", "/opt", "/mnt"})  # noqa: S108 - paths of the host
_CLOCK = ("/etc/localtime", "/etc/timezone", "/usr/share/zoneinfo")
_FILE_NAME = re.compile(
    r"[^/]*[^/.][^/]*\.(?!d\Z)[A-Za-z][A-Za-z0-9]{0,9}\Z|Dockerfile\Z|Caddyfile\Z|\.[a-z]+rc\Z|\.env\Z"
)
_LONGEST_PATH = 4096
_DEPENDENCIES = frozenset({"node_modules", "vendor", ".venv", "venv", "bower_components", "__pypackages__"})


def draw_bind(scope: Scope, volume: Block, place: Place) -> None:
    """Draw a bind mount, or tell why it was left out."""
    source = volume["source"]
    if _is_system(source):
        _tell_system(scope, source, place)
        return
    if is_development(scope.project, scope.service, volume):
        scope.warn(
            "bind-build",
            f"{source} is what the image is built from, so it is not mounted over it",
            place,
            why="it serves live editing; in a cluster the image already holds these files",
            fix="rebuild the image after a change",
        )
        return
    kind = scope.project.files.look(source).kind
    if kind in (EntryKind.FILE, EntryKind.FOLDER):
        known, key = scope.drawing.contents, posixpath.normpath(source)
        bundle = known[key] if key in known else known.setdefault(key, bundle_of(scope.project.files, source))
        if isinstance(bundle, Bundle):
            draw_bundle(scope, volume, bundle, place)
            return
        _left(scope, volume, place, f"{source} {bundle}", is_file=kind is EntryKind.FILE)
        return
    reason = "is outside the project's folder" if kind is EntryKind.OUTSIDE else "is not there"
    _left(scope, volume, place, f"{source} {reason}", is_file=_looks_like_file(volume))


def is_development(project: Project, service: Block, volume: Block) -> bool:
    """Whether a bind lays the source code over an image that was built from it."""
    build: Value = service.get("build")
    source = inside(volume.get("source") or "") if volume.get("type") == "bind" else None
    context = inside(build.get("context") or ".") if build is not None else None
    if source is None or context is None:
        return False
    if project.files.look(source).kind is EntryKind.FILE or _looks_like_file(volume):
        return False
    return source == context or "." in (source, context) or _is_below(source, context) or _is_below(context, source)


def is_shield(project: Project, service: Block, target: str) -> bool:
    """Whether a volume only keeps what the image has at *target* from being hidden by a development mount.

    Docker fills a new volume with the image's files; a cluster does not, so mounting it would hide them.
    """
    if posixpath.basename(target) in _DEPENDENCIES:
        return True
    hiding = _hidden_by_code(project, service)
    ends = (match.start() for match in re.finditer("/", target[:_LONGEST_PATH]))
    return bool(hiding) and any(target[:end] in hiding for end in ends)


def _hidden_by_code(project: Project, service: Block) -> set[str]:
    """Return where development mounts of a service lie, without a slash at the end."""
    if id(service) not in project.hidden_by_code:
        rows: Value = service.get("volumes") or []
        found = {row["target"].rstrip("/") for row in rows if is_development(project, service, row)}
        project.hidden_by_code[id(service)] = (service, found)
    return project.hidden_by_code[id(service)][1]


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip("/") + "/")


def _is_system(source: str) -> bool:
    path = posixpath.normpath(source) if source.startswith("/") else ""
    if source.endswith(_SOCKETS) or path in _SYSTEM_ROOTS:
        return True
    return any(path == folder or _is_below(path, folder) for folder in _SYSTEM)


def _tell_system(scope: Scope, source: str, place: Place) -> None:
    if source.endswith(_SOCKETS):
        why = "whoever holds this socket controls the whole machine, and cluster nodes have no Docker"
        fix = "give the workload a service account with the rights it needs, or leave the tool out"
    elif source.startswith(_CLOCK):
        why, fix = "the clock of a container is set by its environment", "set the variable TZ, like TZ=Europe/Berlin"
    else:
        why = "it belongs to the machine, and a cluster has many of them"
        fix = "remove the mount, or use a DaemonSet with a hostPath when the node itself is meant"
    scope.warn("bind-system", f"{source} of the host is not mounted", place, why=why, fix=fix)


def _looks_like_file(volume: Block) -> bool:
    source, target = volume["source"], volume["target"]
    if source.endswith("/"):
        return False
    return bool(_FILE_NAME.match(posixpath.basename(target)) and _FILE_NAME.match(posixpath.basename(source)))


def _left(scope: Scope, volume: Block, place: Place, problem: str, *, is_file: bool) -> None:
    if is_file and scope.binds is not Binds.REFUSE:
        scope.warn(
            "bind-file",
            f"{problem}; {volume['target']} is left as it is in the image",
            place,
            why="an empty folder in the place of a file would break the image",
            fix="put the file beside the Compose file and import again",
        )
        return
    _stand_in(scope, volume, place, problem)


def _stand_in(scope: Scope, volume: Block, place: Place, problem: str) -> None:
    policy, target = scope.binds, volume["target"]
    if policy is Binds.REFUSE:
        scope.error("bind", f"{problem}; {target} cannot be mounted", place, fix="allow another policy for bind mounts")
    elif policy is Binds.PVC:
        _claim(scope, volume)
        scope.warn("bind", f"{problem}; {target} is an empty claim instead", place, fix="copy the files into the claim")
    elif policy is Binds.HOSTPATH and volume["source"].startswith("/"):
        name = scope.volume_name("host" + target)
        entry: dict[str, Any] = {"type": "hostPath", "name": name, "mountPath": target, "hostPath": volume["source"]}
        scope.mount({**entry, "readOnly": True} if volume.get("read_only") else entry)
        scope.warn("bind", f"{problem}; {volume['source']} of the node that runs the pod is mounted", place)
    else:
        scope.mount({"type": "emptyDir", "name": scope.volume_name("scratch" + target), "mountPath": target})
        scope.warn(
            "bind",
            f"{problem}; {target} is an empty folder that is lost with the pod",
            place,
            why="a cluster cannot see the files of the machine that Compose ran on",
            fix="import with binds pvc to keep what is written, use a named volume, or put the files into the image",
        )


def _claim(scope: Scope, volume: Block) -> None:
    wish = f"{scope.id}-{posixpath.basename(volume['source'].rstrip('/')) or 'files'}"
    name = scope.drawing.name("persistentvolumeclaim", wish)
    data = {"name": name, "storage": "10Gi", "accessModes": ["ReadWriteOnce"]}
    node_id = scope.node("persistentvolumeclaim", scope.drawing.ids.take(wish), data)
    edge: dict[str, Any] = {"mountPath": volume["target"]}
    if wants_empty_volume(scope.get("image") or ""):
        edge["subPath"] = SUB_PATH
    scope.drawing.edge(node_id, scope.id, {**edge, "readOnly": True} if volume.get("read_only") else edge)
    scope.has_claim = True
