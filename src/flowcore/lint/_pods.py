"""Finds the pods that a manifest makes, and their containers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import field, frozen

from flowcore.lint._rule import Path, at, mapping, mappings

#: Where the pod stands in each kind that makes pods.
TEMPLATES: Final[Mapping[str, Path]] = {
    "Pod": (),
    "PodTemplate": ("template",),
    "Deployment": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
_GROUPS: Final = ("apps", "autoscaling", "batch", "extensions", "policy")
_LISTS: Final = ("initContainers", "containers", "ephemeralContainers")


@frozen(eq=False)
class Container:
    """A container of a pod.

    Attributes:
        spec: what the manifest says about it.
        path: where it stands in the manifest.
        role: the pod's list it stands in.
    """

    spec: Mapping[str, Any]
    path: Path
    role: str

    @property
    def name(self) -> str:
        """What the container is called."""
        return str(self.spec.get("name", ""))

    @property
    def security(self) -> Mapping[str, Any]:
        """The container's security context."""
        return mapping(self.spec.get("securityContext"))

    @property
    def keeps_running(self) -> bool:
        """Whether it runs as long as the pod: a main container, or an init container that is restarted always."""
        return self.role == "containers" or (
            self.role != "ephemeralContainers" and self.spec.get("restartPolicy") == "Always"
        )


@frozen(eq=False)
class Pod:
    """The pod of a Pod, or the one that a workload makes.

    Attributes:
        metadata, spec: its parts.
        path: where the pod stands in the manifest.
        containers: its containers: first the init ones, last the ephemeral ones.
    """

    metadata: Mapping[str, Any]
    spec: Mapping[str, Any]
    path: Path
    containers: tuple[Container, ...] = field(init=False)

    @containers.default
    def _find_containers(self) -> tuple[Container, ...]:
        return tuple(
            Container(spec, (*self.path, "spec", role, position), role)
            for role in _LISTS
            for position, spec in mappings(self.spec.get(role))
        )

    @property
    def security(self) -> Mapping[str, Any]:
        """The pod's security context."""
        return mapping(self.spec.get("securityContext"))

    @property
    def is_windows(self) -> bool:
        """Whether the pod says that it needs Windows."""
        return bool(at(self.spec, "os", "name") == "windows")

    @property
    def has_own_users(self) -> bool:
        """Whether the pod runs in a user namespace of its own, where its root is nobody on the host."""
        return self.spec.get("hostUsers") is False

    def place(self, *path: str | int) -> Path:
        """Return the path in the manifest of something in the pod."""
        return (*self.path, *path)


def is_builtin(obj: Mapping[str, Any]) -> bool:
    """Say whether an object is of one of Kubernetes' own groups; one without a version is taken for that."""
    group, slash, _ = str(obj.get("apiVersion", "")).rpartition("/")
    return not slash or group in _GROUPS or group.endswith(".k8s.io")


def pod_of(obj: Mapping[str, Any]) -> Pod | None:
    """Return the pod that an object is or makes; None when it makes none."""
    path = TEMPLATES.get(str(obj.get("kind")))
    if path is None or not is_builtin(obj):
        return None
    root = mapping(at(obj, *path))
    return Pod(mapping(root.get("metadata")), mapping(root.get("spec")), path)
