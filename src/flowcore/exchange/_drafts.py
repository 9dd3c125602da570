"""Nodes and wires while they are being made out of objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import IntEnum
from typing import Any, Final

from attrs import define, field, frozen

from flowcore.exchange._inverse import Spot, spots_of
from flowcore.exchange._objects import Found
from flowcore.exchange._paths import MISSING, Path, at, text_at
from flowcore.kinds import Catalogue, Kind
from flowcore.model import Manifest, ObjectRef

#: Name of the kind that takes any object.
RAW_KIND: Final = "manifest"


class Trust(IntEnum):
    """How much of the reading of an object is used; it sinks when what comes of it would be wrong."""

    FULL = 3
    NO_WIRES = 2
    OVERRIDES_ONLY = 1
    RAW = 0


@define(eq=False)
class Draft:
    """An object on its way to a node.

    Attributes:
        found: the object.
        id: id of the node.
        kind: the kind that models the object, None for none.
        data: the node's data.
        trust: how much of the reading is used.
        reasons: why the trust has sunk.
        name, namespace: of the object; the namespace is empty when it names none.
        pod_path: where the object has its pods' spec, None when it has none.
        pod_labels: labels of its pods.
    """

    found: Found
    id: str
    kind: Kind | None
    data: dict[str, Any] = field(factory=dict)
    trust: Trust = Trust.FULL
    reasons: list[str] = field(factory=list)

    name: str = field(init=False)
    namespace: str = field(init=False)
    pod_path: Path | None = field(init=False)
    pod_labels: Mapping[str, Any] = field(init=False)

    def __attrs_post_init__(self) -> None:
        ref = self.found.ref
        self.name, self.namespace = ref.name, ref.namespace
        self.pod_path = _pod_path(self.kind)
        labels = at(self.object, (*self.pod_path[:-1], "metadata", "labels")) if self.pod_path else MISSING
        self.pod_labels = labels if isinstance(labels, Mapping) else {}

    def distrust(self, reason: str) -> None:
        """Use nothing of the reading: the object is kept as it is."""
        self.trust = Trust.RAW
        self.reasons = [reason]

    @property
    def object(self) -> Manifest:
        """Return the object."""
        return self.found.object

    @property
    def is_modelled(self) -> bool:
        """Whether a kind models the object."""
        return self.kind is not None and self.trust > Trust.RAW

    @property
    def kind_name(self) -> str:
        """Return the name of the node's kind."""
        return self.kind.name if self.kind is not None and self.is_modelled else RAW_KIND

    def spots(self) -> Iterator[Spot]:
        """Iterate over the places of the kind's parameters."""
        return iter(spots_of(self.kind) if self.kind is not None else ())


def _pod_path(kind: Kind | None) -> Path | None:
    if kind is None or not kind.is_a("workload"):
        return None
    image = next((spot for spot in spots_of(kind) if spot.name == "image"), None)
    return image.path[:-3] if image is not None else None


@frozen(kw_only=True)
class Wish:
    """A wire that the objects imply.

    Attributes:
        source: id of the node it starts at.
        target: id of the node it ends at.
        handle: the source's handle, empty for the node itself.
        data: what the link carries.
    """

    source: str
    target: str
    handle: str = ""
    data: Mapping[str, Any] = field(factory=dict)


@define
class Board:
    """All drafts, and what may be wired.

    Attributes:
        catalogue: the kinds.
        drafts: by id, in the order of the objects.
        banned: pairs of ids between which wires would be wrong.
    """

    catalogue: Catalogue
    drafts: dict[str, Draft]
    banned: set[tuple[str, str]] = field(factory=set)
    _by_name: dict[tuple[str, str, str], Draft] = field(init=False, factory=dict)
    _workloads: dict[str, list[Draft]] = field(init=False, factory=dict)
    _definitions: dict[tuple[str, str], Draft] = field(init=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        for draft in self.drafts.values():
            self._by_name[(draft.namespace, draft.found.ref.kind, draft.name)] = draft
            if draft.pod_path:
                self._workloads.setdefault(draft.namespace, []).append(draft)
            if draft.found.ref.kind == "CustomResourceDefinition":
                group, kind = text_at(draft.object, "spec", "group"), text_at(draft.object, "spec", "names", "kind")
                self._definitions[(group, kind)] = draft

    def named(self, beside: Draft, object_kind: str, name: str) -> Draft | None:
        """Return the object of a kind and a name in the namespace of another."""
        return self._by_name.get((beside.namespace, object_kind, name))

    def definition(self, ref: ObjectRef) -> Draft | None:
        """Return the definition of a custom resource's kind, None when it is not among the objects."""
        return self._definitions.get((ref.api_version.partition("/")[0], ref.kind))

    def can_wire(self, source: Draft, target: Draft) -> bool:
        """Say whether an edge from one to the other would mean something."""
        if source is target or (source.id, target.id) in self.banned:
            return False
        if any(Trust.RAW < one.trust < Trust.FULL for one in (source, target)):
            return False
        kinds = (source.kind_name, target.kind_name)
        return all(kind in self.catalogue for kind in kinds) and bool(self.catalogue.links_between(*kinds))

    def handle(self, source: Draft, target: Draft) -> str:
        """Return the handle at which the first of the links between two nodes starts, empty for the node itself."""
        return self.catalogue.links_between(source.kind_name, target.kind_name)[0].handle

    def workloads(self, beside: Draft) -> Iterable[Draft]:
        """Return what has pods in the namespace of an object."""
        return self._workloads.get(beside.namespace, ())
