"""What the controllers need of the store, and what the cluster needs of a controller."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar, Protocol, TypeAlias

from flowcore.model import Manifest

#: Namespace and name.
Place: TypeAlias = tuple[str, str]


class Store(Protocol):
    """The objects of the cluster. They are never changed in place: copy what you change."""

    def get(self, api_version: str, kind: str, namespace: str, name: str) -> Manifest | None:
        """Return the object, None when there is none."""
        ...

    def list(
        self, api_version: str, kind: str, namespace: str = "", labels: dict[str, str] | None = None
    ) -> list[Manifest]:
        """Return the objects of a kind; an empty namespace means all."""
        ...

    def create(self, obj: Manifest) -> Manifest:
        """Store a new object and return it as stored."""
        ...

    def update(self, obj: Manifest, *, subresource: str = "") -> Manifest:
        """Store a changed object and return it as stored; with ``status`` only the status is written."""
        ...

    def delete(
        self,
        api_version: str,
        kind: str,
        namespace: str,
        name: str,
        *,
        propagation: str = "Background",
        grace_seconds: int | None = None,
    ) -> object:
        """Delete an object and what it owns; a running pod is only marked unless it gets no grace."""
        ...

    def subscribe(self, listener: Callable[[str, Manifest], None]) -> Callable[[], None]:
        """Call *listener* with ADDED, MODIFIED or DELETED and the object at each change; the result ends it."""
        ...


class Controller(Protocol):
    """Brings one kind of object to the state it asks for.

    Attributes:
        name: names the controller in keys and logs.
        kinds: the kinds whose changes concern it.
    """

    name: ClassVar[str]
    kinds: ClassVar[frozenset[str]]

    def concerned(self, change: str, obj: Manifest) -> Iterable[Place]:
        """Return which objects have to be looked at after a change."""
        ...

    def reconcile(self, namespace: str, name: str) -> None:
        """Bring one object a step further; called again after every change that concerns it."""
        ...
