"""What every picture shows: cards for the nodes, wires with short labels, nothing left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from attrs import field, frozen

from flowcore.layout._sizes import Box, Sizer, box_of, card_size
from flowcore.model import Edge, Node


class Drawing(Protocol):
    """What has nodes and edges: a workflow or a version."""

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The resources."""

    @property
    def edges(self) -> tuple[Edge, ...]:
        """The wires."""


@frozen
class Look:
    """How the nodes of a kind are shown.

    Attributes:
        label: the kind's name for people.
        category: decides the colour: workloads, networking, configuration, storage, scaling or anything else.
    """

    label: str
    category: str = ""


#: Looks of the kinds that are known without a catalogue.
_KNOWN: Mapping[str, Look] = {
    "deployment": Look("Deployment", "workloads"),
    "statefulset": Look("StatefulSet", "workloads"),
    "daemonset": Look("DaemonSet", "workloads"),
    "job": Look("Job", "workloads"),
    "cronjob": Look("CronJob", "workloads"),
    "service": Look("Service", "networking"),
    "ingress": Look("Ingress", "networking"),
    "networkpolicy": Look("NetworkPolicy", "networking"),
    "configmap": Look("ConfigMap", "configuration"),
    "secret": Look("Secret", "configuration"),
    "persistentvolumeclaim": Look("PersistentVolumeClaim", "storage"),
    "hpa": Look("Autoscaler", "scaling"),
}
_LONGEST_LABEL = 14


@frozen(kw_only=True)
class Card:
    """One node in a picture.

    Attributes:
        key: its number in the picture as a word, safe in every picture language.
        id: the node's id.
        is_missing: a wire leads to this id, but there is no such node.
    """

    key: str
    id: str
    name: str
    look: Look
    box: Box = field(factory=lambda: Box(0, 0, 0, 0))
    is_missing: bool = False


@frozen(kw_only=True)
class Wire:
    """One edge in a picture; ``label`` is what it means beyond connecting, mostly empty."""

    source: Card
    target: Card
    label: str = ""


@frozen
class Picture:
    """Cards and wires in drawing order."""

    cards: tuple[Card, ...]
    wires: tuple[Wire, ...]


def picture(drawing: Drawing, looks: Mapping[str, Look] | None = None, size: Sizer = card_size) -> Picture:
    """Return what a drawing shows; for wires to nodes that are not there, cards that say so are added."""
    known = {**_KNOWN, **(looks or {})}
    keys = _keys(node.id for node in drawing.nodes)
    cards = [
        Card(key=key, id=node.id, name=node.name, look=known.get(node.type) or Look(node.type), box=box_of(node, size))
        for key, node in zip(keys, drawing.nodes, strict=True)
    ]
    by_id = {card.id: card for card in reversed(cards)}
    ends = (end for edge in drawing.edges for end in (edge.source, edge.target))
    strangers = [end for end in dict.fromkeys(ends) if end not in by_id]
    for number, stranger in enumerate(strangers, 1):
        by_id[stranger] = Card(
            key=f"missing{number}", id=stranger, name=stranger, look=Look("not drawn"), is_missing=True
        )
        cards.append(by_id[stranger])
    wires = [
        Wire(source=by_id[edge.source], target=by_id[edge.target], label=wire_label(edge)) for edge in drawing.edges
    ]
    return Picture(tuple(cards), tuple(wires))


def _keys(ids: Iterable[str]) -> list[str]:
    """Return a word for every id that stays when other nodes come and go: its letters and digits, told apart."""
    seen: dict[str, int] = {}
    found = []
    for node_id in ids:
        word = "n_" + "".join(char if char.isascii() and char.isalnum() else "_" for char in node_id)
        seen[word] = seen.get(word, 0) + 1
        found.append(word if seen[word] == 1 else f"{word}__{seen[word]}")
    return found


def wire_label(edge: Edge) -> str:
    """Return what an edge says beyond connecting: the condition it waits for, or how it hands settings over."""
    for key, usual in (("condition", "started"), ("as", "files"), ("label", "")):
        found = edge.data.get(key)
        if isinstance(found, str) and found and found != usual:
            return found if len(found) <= _LONGEST_LABEL else found[: _LONGEST_LABEL - 1] + "…"
    return ""
