"""A Kubernetes cluster, as the core needs it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from typing import Protocol, TypeAlias

from attrs import field, frozen

from flowcore.errors import FlowcoreError
from flowcore.model import Cluster, Manifest, ObjectRef


class Operation(StrEnum):
    """What an apply did to the object; kubectl's words."""

    CREATED = "created"
    CONFIGURED = "configured"
    UNCHANGED = "unchanged"


class RejectedError(FlowcoreError):
    """The API server refused an object for what is in it; another try with the same object fails again.

    Attributes:
        reason: Kubernetes' machine word: Invalid, Forbidden, Conflict, AlreadyExists, NotFound, BadRequest …
        causes: one ``field: message`` per problem, as the server gave them.
    """

    code = "cluster.rejected"

    def __init__(self, message: str, *, reason: str = "", causes: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.reason = reason
        self.causes = causes


@frozen
class Applied:
    """The outcome of an apply: the object as it now is in the cluster, and what was done to it."""

    live: Manifest
    operation: Operation


@frozen
class Synced:
    """The whole truth at one moment: every object the watch selects. What is not in it does not exist."""

    objects: tuple[Manifest, ...]


@frozen
class Changed:
    """An object that is new or has changed."""

    object: Manifest


@frozen
class Deleted:
    """An object that is gone, in its last state."""

    object: Manifest


WatchEvent: TypeAlias = Synced | Changed | Deleted


@frozen(kw_only=True)
class Selection:
    """Which objects a list or a watch is about.

    Attributes:
        namespace: empty for all namespaces, and for cluster-scoped kinds.
        labels: labels an object must have; an empty value means any value.
    """

    api_version: str
    kind: str
    namespace: str = ""
    labels: Mapping[str, str] = field(factory=dict)


class ClusterGateway(Protocol):
    """Read and write objects of one cluster.

    Every method raises UnavailableError when the API server does not answer after the gateway's own retries,
    UnauthenticatedError and ForbiddenError when it refuses the credentials, and RejectedError as said there.
    """

    async def version(self) -> str:
        """Return the API server's version, like ``v1.37.0``."""
        ...

    async def apply(self, manifest: Manifest, *, force: bool = False, dry_run: bool = False) -> Applied:
        """Apply with server-side apply under flowcore's field manager.

        Args:
            manifest: the desired object; fields it leaves out stay with their owners.
            force: take over fields that another manager owns.
            dry_run: let the server judge it and change nothing.

        Raises:
            RejectedError: the object is invalid, its kind is unknown, an immutable field would change, or (reason
                ``Conflict``, without *force*) another manager owns a field.
        """
        ...

    async def get(self, ref: ObjectRef) -> Manifest | None:
        """Return the live object, None when there is none."""
        ...

    async def delete(self, ref: ObjectRef) -> bool:
        """Delete in the background; say whether there was one."""
        ...

    async def list(self, selection: Selection) -> list[Manifest]:
        """Return every selected object, read in pages."""
        ...

    def watch(self, selection: Selection) -> AsyncIterator[WatchEvent]:
        """Follow the selected objects until the caller stops iterating.

        The first event is ``Synced``. Lost connections resume from the last resource version; where the server has
        forgotten it (410, or 504 right after a write) the gateway lists again and sends ``Synced``, so no deletion is
        lost. Waits between tries grow from 5 to 60 s with jitter. Never ends by itself; an unknown kind raises
        RejectedError.
        """
        ...


class PodAccess(Protocol):
    """Look into one pod."""

    def logs(
        self, namespace: str, pod: str, *, container: str = "", follow: bool = False, tail: int | None = None
    ) -> AsyncIterator[str]:
        """Yield log lines without their line ends; with *follow*, until the container ends or the caller stops."""
        ...


class ClusterConnection(ClusterGateway, PodAccess, Protocol):
    """All that one connection can do."""


class Clusters(Protocol):
    """Ways into registered clusters."""

    def connect(self, cluster: Cluster) -> AbstractAsyncContextManager[ClusterConnection]:
        """Open a connection with the cluster's (still encrypted) credentials; leaving the context closes it.

        Raises:
            UnavailableError: the cluster does not answer.
            InvalidInputError: the credentials cannot be read or want what is not allowed (commands, files).
            ForbiddenError: its address is not allowed (code ``network.forbidden_address``).
        """
        ...

    async def vet(self, cluster: Cluster) -> None:
        """Look at a cluster's address before it is kept; nothing connects, and one that has no address yet passes.

        Raises:
            InvalidInputError: the address is not allowed or cannot be one.
        """
        ...

    def seal(self, cluster: Cluster, credentials: Mapping[str, str]) -> str:
        """Return credentials in the encrypted form that ``Cluster.credentials`` keeps.

        Raises:
            InvalidInputError: a needed credential of the cluster's ``auth_type`` is missing or not allowed.
        """
        ...
