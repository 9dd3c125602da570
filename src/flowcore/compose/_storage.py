"""A service's volumes: claims for named ones, scratch space for anonymous ones and tmpfs, binds apart."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from attrs import define, field

from flowcore.compose._binds import draw_bind, is_shield
from flowcore.compose._images import SUB_PATH, wants_empty_volume
from flowcore.compose._labels import choice_label, is_object_name
from flowcore.compose._marks import Block, Value, mark_of
from flowcore.compose._names import clean_name
from flowcore.compose._project import Project
from flowcore.compose._scope import Drawing, Scope
from flowcore.compose._units import memory_of, whole_number
from flowcore.errors import Place
from flowcore.files import inside

_DEFAULT_SIZE = "10Gi"
_LONGEST_NAME, _LONGEST_VALUE = 253, 63
_CLAIM_LABELS = ("size", "storage-class-name", "selector")
_VOLUME_TYPES = ("configmap", "persistentvolumeclaim", "emptydir", "hostpath")
_SHARED_MEMORY = "/dev/shm"  # noqa: S108 - a path in the container


@define
class Claims:
    """The named volumes of a project, each drawn once.

    Attributes:
        nodes: id of the claim's node by volume.
        external: name of the existing claim by external volume.
        users: names of the services that mount it, by volume.
    """

    project: Project
    drawing: Drawing
    nodes: dict[str, str] = field(factory=dict)
    external: dict[str, str] = field(factory=dict)
    users: dict[str, list[str]] = field(factory=dict)

    def draw(self) -> None:
        """Draw a claim for every declared volume that a service mounts."""
        used = mounted_volumes(self.project)
        for name, options in self.project.group("volumes").items():
            if name not in used:
                self.project.report.info(
                    "compose-unused",
                    f"volume {name} is not mounted by any service, so no claim was made",
                    self.project.group("volumes").marks[name],
                    path=f"volumes.{name}",
                )
            elif options.get("external"):
                self._external(name, options)
            else:
                self._claim(name, options)

    def _claim(self, name: str, options: Block) -> None:
        claim = self.drawing.name("persistentvolumeclaim", options.get("name") or name)
        labels = self._labels(name, options)
        data: dict[str, Any] = {"name": claim, "storage": _DEFAULT_SIZE, "accessModes": ["ReadWriteOnce"]}
        if "size" in labels:
            data["storage"] = self._size(name, options, labels["size"])
        if "storage-class-name" in labels and self._is_name(name, options, "storage-class-name", labels):
            data["storageClassName"] = labels["storage-class-name"]
        if "selector" in labels and self._is_name(name, options, "selector", labels):
            data["selector"] = {"matchLabels": {"io.kompose.service": labels["selector"]}}
        node_id = self.drawing.ids.take(name)
        self.nodes[name] = self.drawing.node("persistentvolumeclaim", node_id, data, origin=f"volumes.{name}")
        for key in options:
            if key in ("driver_opts", "driver") and options[key] not in (None, "local", {}):
                self.project.report.warn(
                    "compose-volume-driver",
                    f"volume {name}: {key} has no counterpart; the claim {claim} takes the default storage class",
                    mark_of(options, key),
                    path=f"volumes.{name}.{key}",
                    fix="set storageClassName on the claim",
                )

    def _labels(self, name: str, options: Block) -> dict[str, str]:
        """Return what labels say about a volume, by their last word: its own, else those of services that mount it."""
        own: Value = options.get("labels") or {}
        found: dict[str, str] = {}
        for labels in (own, *(service.get("labels") or {} for service in self._users.get(name, ()))):
            for word in _CLAIM_LABELS:
                if labels.get(f"kompose.volume.{word}"):
                    found.setdefault(word, labels[f"kompose.volume.{word}"])
        return found

    def _size(self, name: str, options: Block, written: str) -> str:
        size = memory_of(written)
        if size and size != "0":
            return size
        self._tell_label(name, options, f"size is {written!r}, which is not a size; it is {_DEFAULT_SIZE}")
        return _DEFAULT_SIZE

    def _is_name(self, name: str, options: Block, word: str, labels: dict[str, str]) -> bool:
        text = labels[word]
        if is_object_name(text) and len(text) <= (_LONGEST_VALUE if word == "selector" else _LONGEST_NAME):
            return True
        self._tell_label(name, options, f"{word} is {text!r}, which is not a name; it was left out")
        return False

    def _tell_label(self, name: str, options: Block, problem: str) -> None:
        self.project.report.warn(
            "compose-label",
            f"volume {name}: the label kompose.volume.{problem}",
            mark_of(options, "labels") if options else self.project.tree.mark,
            path=f"volumes.{name}",
            fix="write a size like 5Gi, or a name of small letters, digits, dashes and dots",
        )

    def _external(self, name: str, options: Block) -> None:
        external = options["external"]
        real = (external.get("name") if isinstance(external, dict) else None) or options.get("name") or name
        self.external[name] = clean_name(str(real))
        self.project.report.info(
            "compose-external",
            f"volume {name} is external: a claim {self.external[name]} must be in the namespace already",
            mark_of(options, "external"),
            path=f"volumes.{name}.external",
            fix=f"create the claim {self.external[name]} before deploying",
        )

    def mount(self, scope: Scope, volume: Block, place: Place) -> None:
        """Mount a named volume into the scope's workload; an undeclared one is drawn first."""
        name = volume["source"]
        if name not in self.nodes and name not in self.external:
            self._claim(name, Block())
            scope.warn("volume-undeclared", f"the volume {name} is not declared under volumes; it was made", place)
        data: dict[str, Any] = {"mountPath": volume["target"]}
        if volume.get("read_only"):
            data["readOnly"] = True
        subpath = (volume.get("volume") or {}).get("subpath")
        wish = scope.label("kompose.volume.subpath") or scope.label("kompose.volume.sub-path")
        subpath = subpath or wish.strip("/")
        if subpath and (inside(subpath) is None or ".." in subpath.split("/")):
            scope.error("volume", f"{subpath} is not a path inside the volume", place, fix="write it without / and ..")
        elif subpath:
            data["subPath"] = subpath
        elif name in self._wanted_empty and name not in self.external:
            data["subPath"] = SUB_PATH
        if name in self.external:
            scope.mount({"type": "persistentVolumeClaim", "name": self.external[name], **data})
            return
        self.drawing.edge(self.nodes[name], scope.id, data)
        self.users.setdefault(name, []).append(scope.name)

    @cached_property
    def _wanted_empty(self) -> set[str]:
        """The volumes that some service wants empty at its first start; all that share one mount the same folder."""
        return {
            row["source"]
            for service in self.project.services.values()
            if wants_empty_volume(service.get("image") or "")
            for row in service.get("volumes") or []
            if row["type"] == "volume" and row.get("source")
        }

    @cached_property
    def _users(self) -> dict[str, list[Block]]:
        """The services that mount a named volume, by the volume."""
        found: dict[str, list[Block]] = {}
        for service in self.project.services.values():
            for row in service.get("volumes") or []:
                if row["type"] == "volume" and row.get("source"):
                    found.setdefault(row["source"], []).append(service)
        return found

    def tell_shared(self) -> None:
        """Warn about claims that several services mount."""
        for name, users in self.users.items():
            if len(set(users)) > 1:
                self.project.report.warn(
                    "compose-volume-shared",
                    f"volume {name} is used by several services ({', '.join(dict.fromkeys(users))}), "
                    "but ReadWriteOnce lets the pods of one node only use it",
                    self.project.group("volumes").marks.get(name) or self.project.tree.mark,
                    path=f"volumes.{name}",
                    fix="set accessModes to ReadWriteMany on the claim when the storage class can do that",
                )


def _wants_scratch(service: Block) -> bool:
    """Whether a service's label asks for scratch space in the place of claims."""
    labels: Value = service.get("labels") or {}
    return str(labels.get("kompose.volume.type", "")).lower() == "emptydir"


def mounts_claims(scope: Scope) -> bool:
    """Whether a service mounts a named volume that is a claim."""
    if _wants_scratch(scope.service):
        return False
    rows: Value = scope.get("volumes") or []
    return any(row["type"] == "volume" and row.get("source") for row in rows)


def mounted_volumes(project: Project) -> set[str]:
    """Return the named volumes that are really mounted by some service."""
    return {
        row["source"]
        for service in project.services.values()
        for row in service.get("volumes") or []
        if row["type"] == "volume"
        and row.get("source")
        and not _wants_scratch(service)
        and not is_shield(project, service, row["target"].rstrip("/"))
    }


def draw_storage(scope: Scope, claims: Claims) -> None:
    """Draw every mount of a service's ``volumes``, ``tmpfs`` and ``shm_size``."""
    rows: Value = scope.get("volumes") or []
    choice_label(scope, "kompose.volume.type", dict.fromkeys(_VOLUME_TYPES, True))
    for position, volume in enumerate(rows):
        place = scope.place("volumes", position, rows)
        volume["target"] = _target(volume["target"])
        if scope.takes_path(volume["target"], place):
            _draw(scope, volume, place, claims)
    for position, spec in enumerate(scope.get("tmpfs") or []):
        target, _, options = spec.partition(":")
        if scope.takes_path(_target(target), scope.place("tmpfs", position, scope.get("tmpfs"))):
            sizes = [o.partition("=")[2] for o in options.split(",") if o.startswith("size=")]
            _scratch(scope, _target(target), "Memory", memory_of(sizes[0]) if sizes else None)
    _shared_memory(scope)


def _target(target: str) -> str:
    return target.rstrip("/") or "/"


def _draw(scope: Scope, volume: Block, place: Place, claims: Claims) -> None:
    kind, target = volume["type"], volume["target"]
    if kind == "volume" and is_shield(scope.project, scope.service, target):
        scope.info(
            "volume-shield",
            f"{target} is left as it is in the image: Docker fills a new volume from the image, a cluster does not",
            place,
        )
    elif kind == "volume" and volume.get("source") and _wants_scratch(scope.service):
        _scratch(scope, target)
        message = f"the label makes {volume['source']} scratch space, which is empty at every start of the pod"
        scope.warn("volume-scratch", message, place)
    elif kind == "volume" and volume.get("source"):
        claims.mount(scope, volume, place)
        scope.has_claim = True
    elif kind == "volume":
        _scratch(scope, target)
        scope.info("volume-anonymous", f"the anonymous volume {target} is empty at every start of the pod", place)
    elif kind == "tmpfs":
        size = (volume.get("tmpfs") or {}).get("size")
        _scratch(scope, target, "Memory", memory_of(size) if size is not None else None)
    elif kind == "bind" and volume.get("source"):
        draw_bind(scope, volume, place)
    else:
        scope.warn("volume", f"a volume of type {kind} has no counterpart; {target} is not mounted", place)


def _scratch(scope: Scope, target: str, medium: str = "", size: str | None = None) -> None:
    entry = {"type": "emptyDir", "name": scope.volume_name(f"scratch{target}"), "mountPath": target}
    if medium:
        entry["medium"] = medium
    if size and size != "0":
        entry["sizeLimit"] = size
    scope.mount(entry)


def _shared_memory(scope: Scope) -> None:
    wish = scope.get("shm_size")
    if wish is None:
        return
    size = memory_of(wish)
    if size is None or whole_number(size) == 0:
        scope.error("quantity", f"{wish!r} is not a size like 64m", scope.place("shm_size"))
    elif scope.takes_path(_SHARED_MEMORY, scope.place("shm_size")):
        _scratch(scope, _SHARED_MEMORY, "Memory", size)
